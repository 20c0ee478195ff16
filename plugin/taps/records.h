/* records.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TAP_RECORDS_H
#define TOA_TAP_RECORDS_H

/* Once, from toa_taps_register. */
void toa_tap_records_register(void);

#endif
