/* taps.h
 * What users ask the plugin for beside the packet tree (README, Findings): conversations, statistics, incidents,
 * plain words, records, follow. One part per file, toa-tap-*.c; none of them listens to anything unless asked for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TAPS_H
#define TOA_TAPS_H

#include "dissector/compat.h"

#include <epan/packet.h>

struct toa_conversation;

/* From proto_register_toa, after register_tap("toa"). */
void toa_taps_register(int proto_toa);

/* Remembers, for the conversation filter "TOA", that this TCP layer of the frame belongs to conv. Does nothing unless
 * the frame is dissected to be looked at. */
void toa_tap_filter_note(packet_info *pinfo, proto_tree *tree, const struct toa_conversation *conv);

#endif
