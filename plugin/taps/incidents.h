/* incidents.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TAP_INCIDENTS_H
#define TOA_TAP_INCIDENTS_H

/* Once, from toa_taps_register. */
void toa_tap_incidents_register(void);

#endif
