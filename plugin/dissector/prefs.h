/* prefs.h
 * Preferences (Protocols > TCP-TOA; plugin/doc/reference.md, Preferences) and the two tables of the user, turned into a toa_config.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_PREFS_H
#define TOA_PREFS_H

#include "core/option/config.h"

/* Registers the module for protocol proto_toa. Every change makes Wireshark dissect the file again, which begins with
 * the init routines: they take the preferences over, so no callback is needed. */
void toa_prefs_register(int proto_toa);

/* Fills *config (fresh from toa_config_init) from the preferences in force. */
void toa_prefs_apply(toa_config *config);

/* Whether findings are shown in the Info column. */
bool toa_prefs_info(void);

#endif
