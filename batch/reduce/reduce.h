/* reduce.h
 * Runs clocks.sql and reduce.sql, which join the records of all files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_REDUCE_H
#define TOA_SCAN_REDUCE_H

#include "reduce/database.h"

/* The texts of clocks.sql and reduce.sql. */
extern const unsigned char toa_clocks_sql[], toa_reduce_sql[];

/* Makes the tables of results anew. With a path, db is from then on a temporary database that has the one of that path
 * attached, and the results are in both. */
gboolean scan_reduce(scan_db *db, const char *path, GError **error);

#endif
