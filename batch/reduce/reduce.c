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
    "DROP TABLE IF EXISTS records.incident_flow;"
    "CREATE TABLE records.incident_flow AS SELECT * FROM main.r_flow WHERE conn IN"
    " (SELECT a FROM main.incident UNION SELECT b FROM main.incident);"
    "DROP TABLE IF EXISTS records.clock_skew; CREATE TABLE records.clock_skew AS SELECT * FROM main.clock_skew;"
    "COMMIT";

static gboolean run_text(scan_db *db, const unsigned char *source, GError **error)
{
    char *sql = statements(source);
    gboolean ok = scan_db_exec(db, "reducing", sql, error);

    g_free(sql);
    return ok;
}

gboolean scan_reduce(scan_db *db, const char *path, GError **error)
{
    gboolean ok;

    if (path && !scan_db_reopen(db, path, error)) {
        return FALSE;
    }
    sqlite3_progress_handler(db->sqlite, 100000, on_tick, NULL);
    ok = scan_db_exec(db, "reducing", "BEGIN", error) && run_text(db, toa_clocks_sql, error) && scan_clocks(db, error) &&
         run_text(db, toa_reduce_sql, error) && scan_db_exec(db, "reducing", "COMMIT", error) &&
         (!path || scan_db_exec(db, "keeping the results", keep_sql, error));
    sqlite3_progress_handler(db->sqlite, 0, NULL, NULL);
    if (!ok) {
        scan_db_rollback(db);
    }
    return ok;
}
