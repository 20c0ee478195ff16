/* gather.h
 * From what was named to records in the database (or in a file of --records): which files are new, which of them are the
 * same, and reading those that are not in yet.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_GATHER_H
#define TOA_SCAN_GATHER_H

#include "read/jobs.h"
#include "reduce/records.h"

typedef struct scan_gather {
    const scan_options *options;
    scan_tshark *tshark;
    scan_db *db;      /* not open if there is an export */
    FILE *export;     /* of --records; NULL: none */
    scan_counts counts;
    scan_progress progress;
    GPtrArray *passed;    /* scan_file, borrowed while it runs: captures that are known by --known */
    GHashTable *seen;     /* ids of the captures of this run, *gint64 */
    GHashTable *wanted;   /* ids, *gint64: those that are read in this run, and what they were when they were smaller */
    GHashTable *known;    /* of --known; NULL: none */
    GHashTable *replaces; /* id of a capture, *gint64, to that of what it was when it was smaller */
} scan_gather;

/* False with an error: nothing more can be done; with scan_stop set: interrupted. Files that cannot be read are told,
 * counted, and no failure. */
gboolean scan_gather_run(scan_gather *self, GError **error);
void scan_gather_clear(scan_gather *self);

#endif
