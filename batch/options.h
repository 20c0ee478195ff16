/* options.h
 * The command line of toa-scan.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_OPTIONS_H
#define TOA_SCAN_OPTIONS_H

#include "scan.h"

/* --capture-point NAME=GLOB */
typedef struct scan_point {
    char *name;
    GPatternSpec *glob;
} scan_point;

typedef struct scan_options {
    char **inputs;     /* files and folders, at least one unless db_path names an earlier run's database */
    GPtrArray *points; /* scan_point, in the order given: the first match wins */
    char *db_path;     /* NULL: a temporary one */
    char *html_path;
    char *export_path; /* --records; "-" is standard output */
    char *map_path;
    char *tshark;      /* NULL: look for one */
    char *host;        /* name of this host in file identities */
    gint64 since, until; /* ns since the epoch; G_MININT64 and G_MAXINT64: no limit */
    int jobs;
    int max; /* incidents told in full in the text; 0: all */
    gboolean json, notes, quiet, no_reduce;
} scan_options;

/* Parses argv; false with an error that says what to correct. --help and --version print and exit. */
gboolean scan_options_parse(scan_options *self, int *argc, char ***argv, GError **error);
void scan_options_clear(scan_options *self);

#endif
