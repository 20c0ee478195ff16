/* reduce.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/reduce.h"

#include "reduce/clocks.h"

#include <string.h>

/* Lines that start with this are for SQLite only (indexes); any other database reads them as comments. */
#define SQLITE_ONLY "--sqlite "

static char *statements(const unsigned char *source)
{
    char **lines = g_strsplit((const char *)source, "\n", -1), *text;

    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, SQLITE_ONLY)) {
            memset(*line, ' ', strlen(SQLITE_ONLY));
        }
    }
    text = g_strjoinv("\n", lines);
    g_strfreev(lines);
    return text;
}

static int on_tick(void *data G_GNUC_UNUSED)
{
    return scan_stop;
}

/* The results are of use in the database of records too; the steps, as large as the records, are not. */
static const char keep_sql[] =
    "BEGIN IMMEDIATE;"
    "DROP TABLE IF EXISTS records.incident; CREATE TABLE records.incident AS SELECT * FROM main.incident;"
    "DROP TABLE IF EXISTS records.incident_fact;"
    "CREATE TABLE records.incident_fact AS SELECT * FROM main.incident_fact;"
    "CREATE INDEX records.incident_fact_pair ON incident_fact(x, y);"
    "DROP TABLE IF EXISTS records.incident_flow; CREATE TABLE records.incident_flow AS SELECT * FROM main.incident_flow;"
    "DROP TABLE IF EXISTS records.incident_place;"
    "CREATE TABLE records.incident_place AS SELECT * FROM main.incident_place;"
    "DROP TABLE IF EXISTS records.incident_victim;"
    "CREATE TABLE records.incident_victim AS SELECT * FROM main.incident_victim;"
    "DROP TABLE IF EXISTS records.incident_unseen;"
    "CREATE TABLE records.incident_unseen AS SELECT * FROM main.incident_unseen;"
    "DROP TABLE IF EXISTS records.clock_skew; CREATE TABLE records.clock_skew AS SELECT * FROM main.clock_skew;"
    "COMMIT";

static gboolean run_text(scan_db *db, const unsigned char *source, GError **error)
{
    char *sql = statements(source);
    gboolean ok = scan_db_exec(db, "reducing", sql, error);

    g_free(sql);
    return ok;
}

/* What is told with the incidents, and is no table of theirs. */
static const char whole_sql[] =
    "DROP TABLE IF EXISTS main.reduction;"
    "CREATE TABLE main.reduction AS SELECT '' AS split, 1 AS shard, 1 AS shards,"
    " (SELECT COUNT(*) FROM conversation) AS conversations, (SELECT COUNT(*) FROM r_crowd) AS crowds";

static gboolean end(scan_db *db, gboolean ok)
{
    sqlite3_progress_handler(db->sqlite, 0, NULL, NULL);
    if (!ok) {
        scan_db_rollback(db);
    }
    return ok;
}

static gboolean prepare(scan_db *db, const char *path, GError **error)
{
    if (path && !scan_db_reopen(db, path, error)) {
        return FALSE;
    }
    sqlite3_progress_handler(db->sqlite, 100000, on_tick, NULL);
    return scan_db_exec(db, "reducing", "BEGIN", error) && run_text(db, toa_clocks_sql, error) && scan_clocks(db, error);
}

gboolean scan_reduce(scan_db *db, const char *path, GError **error)
{
    return end(db, prepare(db, path, error) && run_text(db, toa_reduce_sql, error) && run_text(db, toa_results_sql, error) &&
                       scan_db_exec(db, "reducing", whole_sql, error) && scan_db_exec(db, "reducing", "COMMIT", error) &&
                       (!path || scan_db_exec(db, "keeping the results", keep_sql, error)));
}

gboolean scan_reduce_prepare(scan_db *db, const char *path, GError **error)
{
    return end(db, prepare(db, path, error) && scan_db_exec(db, "reducing", "COMMIT", error));
}

gboolean scan_reduce_shard(scan_db *db, GError **error)
{
    static const char indexes[] =
        "CREATE INDEX r_fragment_flow ON r_fragment(flow); CREATE INDEX r_fragment_stream ON r_fragment(file, stream);"
        "CREATE INDEX r_flow_flow ON r_flow(flow); CREATE INDEX r_flow_conn ON r_flow(conn)";

    sqlite3_progress_handler(db->sqlite, 100000, on_tick, NULL);
    return end(db, scan_db_exec(db, "reducing", "BEGIN", error) && scan_db_exec(db, "reducing", indexes, error) &&
                       run_text(db, toa_reduce_sql, error) && run_text(db, toa_results_sql, error) &&
                       scan_db_exec(db, "reducing", "UPDATE reduction SET crowds = (SELECT COUNT(*) FROM r_crowd)", error) &&
                       scan_db_exec(db, "reducing", "COMMIT", error));
}
