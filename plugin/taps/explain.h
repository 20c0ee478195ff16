/* explain.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TAP_EXPLAIN_H
#define TOA_TAP_EXPLAIN_H

/* Once, from toa_taps_register. */
void toa_tap_explain_register(void);

#endif
