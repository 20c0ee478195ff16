/* tshark.h
 * Which tshark, which plugin it has, and under which settings it is run; and toa-read, which takes the same settings.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_TSHARK_H
#define TOA_SCAN_TSHARK_H

#include "options.h"

typedef struct scan_tshark {
    char *path;
    char *native;        /* toa-read; NULL: not to be run, or not there */
    char *missing;       /* why there is no tshark, where toa-read will do; NULL: there is one */
    scan_reader reader;
    GPtrArray *settings; /* "-o", "NAME:VALUE" ...: every preference of the plugin, then the map, then the user's */
    char *signature;     /* of what makes the records of a file differ: plugin, settings; NULL before the check */
} scan_tshark;

/* options->tshark, else $TSHARK, else the launcher of the build tree if this very program is the one that was built
 * there, else "tshark". */
void scan_tshark_init(scan_tshark *self, const scan_options *options);
void scan_tshark_clear(scan_tshark *self);

/* The map in these files (unless NULL) and the settings of the user, which come last and so prevail. */
gboolean scan_tshark_configure(scan_tshark *self, char **map_paths, char **settings, GError **error);

/* tshark ignores plugins it does not like and exits 0: this asks it what it has loaded, and whether it takes the
 * settings. Without one, toa-read has to do if it may. Sets the signature. Once is enough: later calls return at once. */
gboolean scan_tshark_check(scan_tshark *self, GError **error);

#endif
