/* database.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/database.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA_VERSION 5
#define APPLICATION_ID 1416585555 /* "ToaS", which tells our databases from others' */

static gboolean fail(scan_db *self, const char *what, GError **error)
{
    int code = sqlite3_errcode(self->sqlite);

    g_set_error(error, SCAN_FAILURE, code, "database, %s: %s", what,
                code == SQLITE_FULL ? "the disk is full" : sqlite3_errmsg(self->sqlite));
    return FALSE;
}

gboolean scan_db_exec(scan_db *self, const char *what, const char *sql, GError **error)
{
    return sqlite3_exec(self->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK || fail(self, what, error);
}

sqlite3_stmt *scan_db_prepare(scan_db *self, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(self->sqlite, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail(self, sql, error);
    }
    return statement;
}

gboolean scan_db_step(scan_db *self, sqlite3_stmt *statement, GError **error)
{
    int code = sqlite3_step(statement);

    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        fail(self, sqlite3_sql(statement), error);
    }
    return code == SQLITE_ROW;
}

static const char *sql_type(const scan_column *column)
{
    const char *type = column->kind == COLUMN_NUMBER || column->kind == COLUMN_BOOL || column->kind == COLUMN_FILE ? "BIGINT" : "TEXT";

    return column->kind == COLUMN_ENDPOINT && column->required ? "TEXT NOT NULL" : type;
}

static gboolean create_table(scan_db *self, const scan_table *table, GError **error)
{
    GString *sql = g_string_new(NULL);
    gboolean ok;

    g_string_printf(sql, "CREATE TABLE IF NOT EXISTS %s (file BIGINT NOT NULL, point TEXT NOT NULL", table->name);
    for (unsigned i = 0; i < table->n_columns; i++) {
        g_string_append_printf(sql, ", %s %s", table->columns[i].name, sql_type(&table->columns[i]));
    }
    /* as the reduction joins them; with one of (file, frame) SQLite goes through all of a file for each conversation */
    g_string_append_printf(sql, "); DROP INDEX IF EXISTS %s_at; CREATE INDEX IF NOT EXISTS %s_of ON %s(file, %s)",
                           table->name, table->name, table->name, table->index ? table->index : "stream");
    ok = scan_db_exec(self, "making the tables", sql->str, error);
    g_string_free(sql, TRUE);
    return ok;
}

static gboolean prepare_insert(scan_db *self, unsigned number, GError **error)
{
    const scan_table *table = &scan_tables[number];
    GString *sql = g_string_new(NULL);

    g_string_printf(sql, "INSERT INTO %s VALUES (?, ?", table->name);
    for (unsigned i = 0; i < table->n_columns; i++) {
        g_string_append(sql, ", ?");
    }
    g_string_append_c(sql, ')');
    self->insert[number] = scan_db_prepare(self, sql->str, error);
    g_string_free(sql, TRUE);
    return self->insert[number] != NULL;
}

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS capture_file (file BIGINT PRIMARY KEY, host TEXT, path TEXT, point TEXT, size BIGINT,"
    " mtime BIGINT, signature TEXT, state TEXT, packets BIGINT, first_time BIGINT, last_time BIGINT, records BIGINT,"
    " content TEXT, head TEXT, local BIGINT, refused BIGINT, engine TEXT, forgotten_closed BIGINT, forgotten_idle BIGINT);"
    "CREATE INDEX IF NOT EXISTS capture_file_point ON capture_file(point);"
    "CREATE INDEX IF NOT EXISTS capture_file_head ON capture_file(head);"
    "CREATE TABLE IF NOT EXISTS capture_name (path TEXT PRIMARY KEY, size BIGINT, mtime BIGINT, file BIGINT)";

/* For what was open at the end of what is known of a point (captures.c). */
static const char conversations_at[] =
    "CREATE INDEX IF NOT EXISTS conversation_end ON conversation(point, last_time)";

static guint32 big_endian(const guint8 *bytes)
{
    return (guint32)bytes[0] << 24 | (guint32)bytes[1] << 16 | (guint32)bytes[2] << 8 | bytes[3];
}

/* Looks at the file before SQLite does, which would recover, convert and lock it. A file that is not there is made. */
static gboolean check_file(const char *path, GError **error)
{
    guint8 start[100] = {0};
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    struct stat status;
    const char *why = NULL;

    if (fd < 0 || fstat(fd, &status) != 0) {
        g_set_error(error, SCAN_FAILURE, errno, "%s: %s", path, g_strerror(errno));
    } else if (!S_ISREG(status.st_mode) ||
               (status.st_size > 0 && (pread(fd, start, sizeof start, 0) != (ssize_t)sizeof start ||
                                       memcmp(start, "SQLite format 3", 16) != 0))) {
        why = "no SQLite database";
    } else if (status.st_size > 0 && big_endian(start + 68) != APPLICATION_ID) {
        why = big_endian(start + 68) == 0 && big_endian(start + 60) == 1
                  ? "no database of toa-scan's, or one of its first version; name a new file"
                  : "a database, but not one of toa-scan's";
    } else if (status.st_size > 0 && big_endian(start + 60) != SCHEMA_VERSION) {
        why = "made by another version of toa-scan; name a new file";
    }
    if (why) {
        g_set_error(error, SCAN_FAILURE, 0, "%s: %s. Nothing in it was changed", path, why);
    }
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 && !why;
}

/* path "": on disk, private, removed by SQLite itself. */
static gboolean connect(scan_db *self, const char *path, GError **error)
{
    if (sqlite3_open(path, &self->sqlite) != SQLITE_OK) {
        g_set_error(error, SCAN_FAILURE, 0, "%s: %s", *path ? path : "temporary database",
                    sqlite3_errmsg(self->sqlite));
        return FALSE;
    }
    sqlite3_busy_timeout(self->sqlite, 10000);
    return scan_db_exec(self, "opening",
                        "PRAGMA cache_size = -262144; PRAGMA temp_store = FILE; PRAGMA threads = 4", error) &&
           (*path || scan_db_exec(self, "opening", "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF", error));
}

static void disconnect(scan_db *self)
{
    for (unsigned i = 0; i < TABLE_MAX; i++) {
        g_clear_pointer(&self->insert[i], sqlite3_finalize);
    }
    g_clear_pointer(&self->sqlite, sqlite3_close);
}

gboolean scan_db_reopen(scan_db *self, const char *path, GError **error)
{
    sqlite3_stmt *statement;
    GError *local = NULL;

    disconnect(self);
    if (!connect(self, "", error) || !(statement = scan_db_prepare(self, "ATTACH ? AS records", error))) {
        return FALSE;
    }
    sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
    scan_db_step(self, statement, &local);
    sqlite3_finalize(statement);
    if (local) {
        g_propagate_error(error, local);
    }
    return !local && scan_db_exec(self, "opening", "PRAGMA records.cache_size = -65536", error);
}

gboolean scan_db_open(scan_db *self, const char *path, GError **error)
{
    if ((path && !check_file(path, error)) || !connect(self, path ? path : "", error) ||
        /* the marks before the log: they are then in the file itself from the start */
        !scan_db_exec(self, "making the tables",
                      "PRAGMA application_id = " G_STRINGIFY(APPLICATION_ID) ";"
                      "PRAGMA user_version = " G_STRINGIFY(SCHEMA_VERSION), error) ||
        (path && !scan_db_exec(self, "opening", "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", error)) ||
        !scan_db_exec(self, "making the tables", schema, error)) {
        return FALSE;
    }
    for (unsigned i = 0; i < TABLE_MAX; i++) {
        if (!create_table(self, &scan_tables[i], error) ||
            (i == TABLE_CONVERSATION && !scan_db_exec(self, "making the tables", conversations_at, error)) || !prepare_insert(self, i, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

void scan_db_close(scan_db *self)
{
    disconnect(self);
}

sqlite3_stmt *scan_db_prepare_with(scan_db *self, GError **error, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement = scan_db_prepare(self, sql, error);
    va_list values;

    va_start(values, types);
    for (int i = 0; statement && types[i]; i++) {
        if (types[i] == 'i') {
            sqlite3_bind_int64(statement, i + 1, va_arg(values, gint64));
        } else {
            sqlite3_bind_text(statement, i + 1, va_arg(values, const char *), -1, SQLITE_TRANSIENT);
        }
    }
    va_end(values);
    return statement;
}

gboolean scan_db_each(scan_db *self, sqlite3_stmt *statement, scan_db_take take, void *data, GError **error)
{
    GError *local = NULL;

    while (statement && scan_db_step(self, statement, &local)) {
        take(statement, data);
    }
    sqlite3_finalize(statement);
    if (local) {
        g_propagate_error(error, local);
    }
    return statement && !local;
}

gboolean scan_db_run_once(scan_db *self, sqlite3_stmt *statement, GError **error)
{
    GError *local = NULL;

    if (!statement) {
        return FALSE;
    }
    scan_db_step(self, statement, &local);
    sqlite3_finalize(statement);
    if (local) {
        g_propagate_error(error, local);
    }
    return local == NULL;
}

/* ---- records ---- */

gboolean scan_db_drop(scan_db *self, gint64 file, GError **error)
{
    static const char *const names[] = {"capture_file", "conversation", "finding", "unexplained", "verdict", "forgotten",
                                        "capture_name"};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        char *sql = g_strdup_printf("DELETE FROM %s WHERE file = %" G_GINT64_FORMAT, names[i], file);
        gboolean ok = scan_db_exec(self, "dropping an earlier reading of the file", sql, error);
        g_free(sql);
        if (!ok) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean scan_db_begin(scan_db *self, gint64 file, GError **error)
{
    if (!scan_db_exec(self, "starting a file", "BEGIN IMMEDIATE", error)) {
        return FALSE;
    }
    if (!scan_db_drop(self, file, error)) {
        scan_db_rollback(self);
        return FALSE;
    }
    return TRUE;
}

gboolean scan_db_add(scan_db *self, const scan_file *file, const char *host, const scan_record *record, GError **error)
{
    const scan_table *table = &scan_tables[record->table];
    sqlite3_stmt *statement = self->insert[record->table];
    gboolean ok;

    sqlite3_bind_int64(statement, 1, file->id);
    sqlite3_bind_text(statement, 2, file->point, -1, SQLITE_STATIC);
    for (unsigned i = 0; i < table->n_columns; i++) {
        const scan_value *value = &record->values[i];
        if (value->type == VALUE_TEXT && table->columns[i].kind == COLUMN_FILE) {
            sqlite3_bind_int64(statement, (int)i + 3, scan_file_id(host, value->text));
        } else if (value->type == VALUE_TEXT) {
            sqlite3_bind_text(statement, (int)i + 3, value->text, -1, SQLITE_STATIC);
        } else if (value->type == VALUE_NUMBER) {
            sqlite3_bind_int64(statement, (int)i + 3, value->number);
        } else {
            sqlite3_bind_null(statement, (int)i + 3);
        }
    }
    ok = sqlite3_step(statement) == SQLITE_DONE || fail(self, "adding a record", error);
    sqlite3_reset(statement);
    return ok;
}

/* What the records of the file add up to. */
static gboolean sum_up(scan_db *self, gint64 file, scan_result *result, GError **error)
{
    sqlite3_stmt *statement = scan_db_prepare(
        self, "SELECT COALESCE(SUM(frames), 0), COALESCE(MIN(first_time), 0), COALESCE(MAX(last_time), 0),"
              " (SELECT COALESCE(SUM(closed), 0) FROM forgotten WHERE file = ?1),"
              " (SELECT COALESCE(SUM(idle), 0) FROM forgotten WHERE file = ?1)"
              " FROM conversation WHERE file = ?1 AND frames > 0", error);
    gboolean ok;

    if (!statement) {
        return FALSE;
    }
    sqlite3_bind_int64(statement, 1, file);
    ok = scan_db_step(self, statement, error);
    if (ok) {
        result->packets = sqlite3_column_int64(statement, 0);
        result->first_time = sqlite3_column_int64(statement, 1);
        result->last_time = sqlite3_column_int64(statement, 2);
        result->forgotten_closed = sqlite3_column_int64(statement, 3);
        result->forgotten_idle = sqlite3_column_int64(statement, 4);
    }
    sqlite3_finalize(statement);
    return ok;
}

gboolean scan_db_commit(scan_db *self, const scan_file *file, const char *signature, scan_result *result, GError **error)
{
    if (!sum_up(self, file->id, result, error)) {
        return FALSE;
    }
    return scan_db_run_once(self, scan_db_prepare_with(self, error,
                                       "INSERT OR REPLACE INTO capture_file VALUES"
                                       " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                       "itttiittiiiittiitii", file->id, result->host, file->path,
                                       file->point, file->size, file->mtime, signature, result->state, result->packets,
                                       result->first_time, result->last_time, result->records, file->content.whole,
                                       file->content.head, (gint64)result->local, (gint64)result->refused,
                                       result->engine, result->forgotten_closed, result->forgotten_idle), error) &&
           scan_db_exec(self, "finishing a file", "COMMIT", error);
}

void scan_db_rollback(scan_db *self)
{
    if (!sqlite3_get_autocommit(self->sqlite)) {
        sqlite3_exec(self->sqlite, "ROLLBACK", NULL, NULL, NULL);
    }
}
