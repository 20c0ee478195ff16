/* records.h
 * From NDJSON ("-z toa,records", or a file of --records) into the database.
 *
 * A file of --records holds, for each capture, a line {"record":"file", ...}, the plugin's lines unchanged, and a line
 * {"record":"end", ...}. A capture without its end line is not taken.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_RECORDS_H
#define TOA_SCAN_RECORDS_H

#include "reduce/database.h"

#include <stdio.h>

typedef struct scan_totals {
    guint64 files, packets;
} scan_totals;

/* One capture's records, from the stream's position to its end, in one transaction. */
gboolean scan_records_load(scan_db *db, FILE *input, const scan_file *file, const char *signature,
                           const char *host, const char *state, scan_totals *totals, GError **error);

/* A file of --records: all its captures, one transaction each; those that are in already are passed over. */
gboolean scan_records_import(scan_db *db, const char *path, scan_totals *totals, GError **error);

/* Copies one capture's records to a file of --records. */
gboolean scan_records_export(FILE *input, FILE *output, const scan_file *file, const char *signature,
                             const char *host, const char *state, GError **error);

#endif
