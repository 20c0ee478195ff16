/* taps.h
 * What users ask the plugin for beside the packet tree (README, Findings): conversations, statistics, incidents,
 * plain words, records, follow. One output per file; none of them listens to anything unless asked for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TAPS_H
#define TOA_TAPS_H

/* From plugin.c, when the dissector has registered itself and its tap "toa". */
void toa_taps_register(int proto_toa);

#endif
