/* filter.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TAP_FILTER_H
#define TOA_TAP_FILTER_H

/* Once, from toa_taps_register. */
void toa_tap_filter_register(void);

#endif
