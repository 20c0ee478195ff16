/* intake.h
 * Reads shards and results (exchange.h) that other machines may have written.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_INTAKE_H
#define TOA_SCAN_INTAKE_H

#include "counts.h"
#include "reduce/exchange.h"

/* Takes a shard into an empty database, for scan_reduce_shard(); all of it, or none with an error. Rows that are not as they
 * must be are an error, too: the rest would be another answer. */
gboolean scan_shard_read(scan_db *db, FILE *input, const char *name, scan_part *ret_part, GError **error);

/* Takes results into an empty database for scan_report_load(): files, and *.results of folders. A shard's second result is
 * passed over. What cannot be taken, and shards that are missing, are told and counted in counts->failed. */
gboolean scan_results_read(scan_db *db, char **paths, scan_counts *counts, GError **error);

#endif
