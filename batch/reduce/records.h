/* records.h
 * From NDJSON ("-z toa,records", or a file of --records) into the database.
 *
 * A file of --records holds, for each capture, a line {"record":"file", ...}, the plugin's lines unchanged, and a line
 * {"record":"end"}. A capture without its end line is not taken. Each line is checked (record.h); what is refused is told
 * and counted, and the rest is taken.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_RECORDS_H
#define TOA_SCAN_RECORDS_H

#include "counts.h"
#include "reduce/captures.h"

#include <stdio.h>

/* Lines of records, one at a time; of bounded memory whatever the input. */
typedef struct scan_lines {
    FILE *input;
    char *line; /* of SCAN_RECORD_MAX and a little more */
    size_t length;
    guint64 number;
} scan_lines;

void scan_lines_init(scan_lines *self, FILE *input);
void scan_lines_clear(scan_lines *self);
/* False at the end, or with error set. A line that is too long is cut, and so no record. */
gboolean scan_lines_next(scan_lines *self, GError **error);

/* One capture's records, from the stream's position to its end, in one transaction; state and host of result are the
 * caller's, the rest is filled in. replaces: a capture whose place it takes, or 0. */
gboolean scan_records_load(scan_db *db, FILE *input, const scan_file *file, const char *signature, gint64 replaces,
                           scan_result *result, GError **error);

/* A file of --records: all its captures, one transaction each; those that are in already are passed over. "-" is standard
 * input. */
gboolean scan_records_import(scan_db *db, const char *path, scan_counts *counts, GError **error);
/* The same of an open file; name is for what is told. */
gboolean scan_records_import_from(scan_db *db, FILE *input, const char *name, scan_counts *counts, GError **error);

/* Copies one capture's records to a file of --records; *ret_refused are lines that were left out, *ret_taken the others. */
gboolean scan_records_export(FILE *input, FILE *output, const scan_file *file, const char *signature, const char *host,
                             const char *state, const char *engine, guint64 *ret_taken, guint64 *ret_refused,
                             GError **error);

/* Adds the ids of the captures that the file of records has (its "file" lines alone are enough), as *gint64, to the set:
 * what --known leaves out. Hostile like all records. */
gboolean scan_records_known(const char *path, const char *host, GHashTable *ids, GError **error);

#endif
