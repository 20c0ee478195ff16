/* tshark.h
 * Which tshark, which plugin it has, and under which settings it is run.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_TSHARK_H
#define TOA_SCAN_TSHARK_H

#include "scan.h"

typedef struct scan_tshark {
    char *path;
    GPtrArray *settings; /* "-o", "NAME:VALUE" ...: every preference of the plugin, then the map, then the user's */
    char *signature;     /* of what makes the records of a file differ: plugin, settings; NULL before the check */
} scan_tshark;

/* wanted (--tshark), else $TSHARK, else the launcher of the build tree if this very program is the one that was built
 * there, else "tshark". */
void scan_tshark_init(scan_tshark *self, const char *wanted);
void scan_tshark_clear(scan_tshark *self);

/* The map (unless NULL) and the settings of the user, which come last and so prevail. */
gboolean scan_tshark_configure(scan_tshark *self, const char *map_path, char **settings, GError **error);

/* tshark ignores plugins it does not like and exits 0: this asks it what it has loaded, and whether it takes the
 * settings. Sets the signature. Once is enough: later calls return at once. */
gboolean scan_tshark_check(scan_tshark *self, GError **error);

#endif
