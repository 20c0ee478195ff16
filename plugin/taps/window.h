/* window.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TAP_WINDOW_H
#define TOA_TAP_WINDOW_H

/* Once, from toa_taps_register. */
void toa_tap_window_register(void);

#endif
