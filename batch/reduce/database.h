/* database.h
 * The SQLite database of records. One transaction a file: it is there with all its records or not at all.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_DATABASE_H
#define TOA_SCAN_DATABASE_H

#include "reduce/record.h"
#include "read/file.h"

#include <sqlite3.h>

typedef struct scan_db {
    sqlite3 *sqlite;
    sqlite3_stmt *insert[TABLE_MAX];
} scan_db;

/* What is known of a file after it was read. */
typedef struct scan_result {
    const char *state; /* "done"; "cut short" or "growing": its records up to there are in */
    const char *host;
    const char *engine; /* files of one reading have one; of other hosts with the host in front */
    gboolean local;    /* a capture of this host, not records from elsewhere */
    gint64 packets;    /* TCP segments of its conversations */
    gint64 first_time, last_time; /* ns; 0: no conversation */
    gint64 records;
    guint64 refused;   /* lines */
    gint64 forgotten_closed, forgotten_idle; /* conversations that its reader forgot, to stay within its memory */
} scan_result;

/* path NULL: a temporary database that goes with the process. A file that is no database of toa-scan's is not touched. A
 * new one is readable by its owner only. */
gboolean scan_db_open(scan_db *self, const char *path, GError **error);
void scan_db_close(scan_db *self);

/* A temporary database instead, with the one of the path attached as "records": what is made from the records and no
 * longer needed afterwards is not written there. No more inserts from then on. */
gboolean scan_db_reopen(scan_db *self, const char *path, GError **error);

/* Any statements; the error names what was being done. */
gboolean scan_db_exec(scan_db *self, const char *what, const char *sql, GError **error);
sqlite3_stmt *scan_db_prepare(scan_db *self, const char *sql, GError **error);
/* With its parameters: "i" gint64, "t" text. */
sqlite3_stmt *scan_db_prepare_with(scan_db *self, GError **error, const char *sql, const char *types, ...);
/* Calls take for each row, and finalizes the statement; NULL: it could not be prepared, which was told. */
typedef void (*scan_db_take)(sqlite3_stmt *row, void *data);
gboolean scan_db_each(scan_db *self, sqlite3_stmt *statement, scan_db_take take, void *data, GError **error);
/* Steps once and ends the statement; NULL is an error that was told already. */
gboolean scan_db_run_once(scan_db *self, sqlite3_stmt *statement, GError **error);
/* True: a row. False at the end, or with error set. */
gboolean scan_db_step(scan_db *self, sqlite3_stmt *statement, GError **error);

/* Begin drops what an earlier run left of the file. */
gboolean scan_db_begin(scan_db *self, gint64 file, GError **error);
/* Within it: another capture whose place it takes. */
gboolean scan_db_drop(scan_db *self, gint64 file, GError **error);
/* One row of a table. host: whose files its names are; NULL: this one's. */
gboolean scan_db_add(scan_db *self, const scan_file *file, const char *host, const scan_record *record, GError **error);
/* Fills in the sums of the result. */
gboolean scan_db_commit(scan_db *self, const scan_file *file, const char *signature, scan_result *result,
                        GError **error);
void scan_db_rollback(scan_db *self);

#endif
