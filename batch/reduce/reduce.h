/* reduce.h
 * Runs clocks.sql, reduce.sql and results.sql, which join the records of all files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_REDUCE_H
#define TOA_SCAN_REDUCE_H

#include "reduce/database.h"

/* Those texts. */
extern const unsigned char toa_clocks_sql[], toa_reduce_sql[], toa_results_sql[];

/* Makes the tables of results anew. With a path, db is from then on a temporary database that has the one of that path
 * attached, and the results are in both. */
gboolean scan_reduce(scan_db *db, const char *path, GError **error);

/* The first half alone: connections (r_flow, r_fragment) and clock_skew, for scan_split(). db as with scan_reduce(). */
gboolean scan_reduce_prepare(scan_db *db, const char *path, GError **error);
/* The second half, of a shard that scan_shard_read() took. */
gboolean scan_reduce_shard(scan_db *db, GError **error);

#endif
