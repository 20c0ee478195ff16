/* settings.h
 * The plugin's preferences from tshark's words ("toa.rewriting:no", "uat:toa.map:..."), so that a reading without Wireshark
 * is configured by the same arguments as one with it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_NATIVE_SETTINGS_H
#define TOA_NATIVE_SETTINGS_H

#include "core/option/config.h"

#include <glib.h>

typedef struct toa_settings {
    toa_config config;
    GArray *map; /* toa_map_row, until toa_settings_finish */
} toa_settings;

void toa_settings_init(toa_settings *settings);
void toa_settings_clear(toa_settings *settings);

/* One argument of -o. False with *ret_error (g_free it): not understood here. Preferences that change no record
 * (toa.info) are taken and ignored. */
bool toa_settings_take(toa_settings *settings, const char *text, char **ret_error);

/* When all are taken: settings->config can be used. */
void toa_settings_finish(toa_settings *settings);

#endif
