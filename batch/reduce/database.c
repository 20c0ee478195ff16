/* database.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/database.h"

#define SCHEMA_VERSION 1

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
    return column->kind == COLUMN_NUMBER     ? "BIGINT"
           : column->kind == COLUMN_ENDPOINT ? "TEXT NOT NULL"
                                             : "TEXT";
}

static gboolean create_table(scan_db *self, const scan_table *table, GError **error)
{
    GString *sql = g_string_new(NULL);
    gboolean ok;

    g_string_printf(sql, "CREATE TABLE IF NOT EXISTS %s (file BIGINT NOT NULL, point TEXT NOT NULL", table->name);
    for (unsigned i = 0; i < table->n_columns; i++) {
        g_string_append_printf(sql, ", %s %s", table->columns[i].name, sql_type(&table->columns[i]));
    }
    g_string_append_printf(sql, "); CREATE INDEX IF NOT EXISTS %s_at ON %s(file, %s)", table->name,
                           table->name, table == &scan_tables[TABLE_CONVERSATION] ? "stream" : "frame");
    ok = scan_db_exec(self, "making the tables", sql->str, error);
    g_string_free(sql, TRUE);
    return ok;
}

/* Appends the expression of the column's value; ?3 is the record's text. */
static void append_value(GString *sql, const scan_column *column)
{
    const char *member = column->member ? column->member : column->name;

    switch (column->kind) {
    case COLUMN_ENDPOINT:
    case COLUMN_ENDPOINT_IF_KNOWN:
        g_string_append_printf(sql,
                               ", CASE WHEN instr(json_extract(?3, '$.%s_ip'), ':') THEN '[' || json_extract(?3, '$.%s_ip')"
                               " || ']:' ELSE json_extract(?3, '$.%s_ip') || ':' END || json_extract(?3, '$.%s_port')",
                               member, member, member, member);
        break;
    case COLUMN_WORDS: /* ["seq","ack"] */
        g_string_append_printf(sql, ", replace(trim(json_extract(?3, '$.%s'), '[]\"'), '\",\"', ',')", member);
        break;
    case COLUMN_NUMBER:
    case COLUMN_TEXT:
        g_string_append_printf(sql, ", json_extract(?3, '$.%s')", member);
    }
}

/* SQLite's own JSON functions take the record apart: three times as fast as a tree of objects. */
static gboolean prepare_insert(scan_db *self, unsigned number, GError **error)
{
    const scan_table *table = &scan_tables[number];
    GString *sql = g_string_new(NULL);

    g_string_printf(sql, "INSERT INTO %s SELECT ?1, ?2", table->name);
    for (unsigned i = 0; i < table->n_columns; i++) {
        append_value(sql, &table->columns[i]);
    }
    g_string_append_printf(sql, " WHERE json_extract(?3, '$.record') = '%s'", table->name);
    self->insert[number] = scan_db_prepare(self, sql->str, error);
    g_string_free(sql, TRUE);
    return self->insert[number] != NULL;
}

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS capture_file (file BIGINT PRIMARY KEY, host TEXT, path TEXT, point TEXT, size BIGINT,"
    " mtime BIGINT, signature TEXT, state TEXT, packets BIGINT, first_time BIGINT, last_time BIGINT, records BIGINT)";

static gboolean check_version(scan_db *self, const char *path, GError **error)
{
    sqlite3_stmt *statement = scan_db_prepare(self, "PRAGMA user_version", error);
    int version;

    if (!statement) {
        return FALSE;
    }
    if (!scan_db_step(self, statement, error)) {
        sqlite3_finalize(statement);
        return FALSE;
    }
    version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    if (version != 0 && version != SCHEMA_VERSION) {
        g_set_error(error, SCAN_FAILURE, 0, "%s: made by another version of toa-scan; use a new file", path);
        return FALSE;
    }
    return TRUE;
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
    if (!connect(self, path ? path : "", error) || !check_version(self, path ? path : "database", error) ||
        (path && !scan_db_exec(self, "opening", "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", error)) ||
        !scan_db_exec(self, "making the tables", schema, error)) {
        return FALSE;
    }
    for (unsigned i = 0; i < TABLE_MAX; i++) {
        if (!create_table(self, &scan_tables[i], error) || !prepare_insert(self, i, error)) {
            return FALSE;
        }
    }
    return scan_db_exec(self, "making the tables", "PRAGMA user_version = " G_STRINGIFY(SCHEMA_VERSION), error);
}

void scan_db_close(scan_db *self)
{
    disconnect(self);
}

gboolean scan_db_has(scan_db *self, const scan_file *file, const char *signature, gboolean *ret_has, GError **error)
{
    sqlite3_stmt *statement = scan_db_prepare(
        self, "SELECT 1 FROM capture_file WHERE file = ? AND size = ? AND mtime = ? AND signature = ? AND point = ?"
              " AND state = 'done'", error);
    GError *local = NULL;

    if (!statement) {
        return FALSE;
    }
    sqlite3_bind_int64(statement, 1, file->id);
    sqlite3_bind_int64(statement, 2, file->size);
    sqlite3_bind_int64(statement, 3, file->mtime);
    sqlite3_bind_text(statement, 4, signature, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 5, file->point, -1, SQLITE_STATIC);
    *ret_has = scan_db_step(self, statement, &local);
    sqlite3_finalize(statement);
    if (local) {
        g_propagate_error(error, local);
        return FALSE;
    }
    return TRUE;
}

gboolean scan_db_begin(scan_db *self, gint64 file, GError **error)
{
    static const char *const names[] = {"capture_file", "conversation", "finding", "unexplained"};

    if (!scan_db_exec(self, "starting a file", "BEGIN IMMEDIATE", error)) {
        return FALSE;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        char *sql = g_strdup_printf("DELETE FROM %s WHERE file = %" G_GINT64_FORMAT, names[i], file);
        gboolean ok = scan_db_exec(self, "dropping an earlier reading of the file", sql, error);
        g_free(sql);
        if (!ok) {
            scan_db_rollback(self);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean scan_db_add(scan_db *self, gint64 file, const char *point, const char *record, size_t length,
                     gboolean *ret_taken, GError **error)
{
    gboolean ok = TRUE, taken = FALSE;

    for (unsigned i = 0; ok && !taken && i < TABLE_MAX; i++) {
        sqlite3_stmt *statement = self->insert[i];
        sqlite3_bind_int64(statement, 1, file);
        sqlite3_bind_text(statement, 2, point, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 3, record, (int)length, SQLITE_STATIC);
        ok = sqlite3_step(statement) == SQLITE_DONE || fail(self, "adding a record", error);
        taken = ok && sqlite3_changes(self->sqlite) > 0;
        sqlite3_reset(statement);
    }
    *ret_taken = taken;
    return ok;
}

/* What the records of the file add up to. */
static gboolean sum_up(scan_db *self, gint64 file, scan_result *result, GError **error)
{
    sqlite3_stmt *statement = scan_db_prepare(
        self, "SELECT COALESCE(SUM(frames), 0), COALESCE(MIN(first_time), 0), COALESCE(MAX(last_time), 0)"
              " FROM conversation WHERE file = ?", error);
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
    }
    sqlite3_finalize(statement);
    return ok;
}

gboolean scan_db_commit(scan_db *self, const scan_file *file, const char *signature, scan_result *result, GError **error)
{
    if (!sum_up(self, file->id, result, error)) {
        return FALSE;
    }
    sqlite3_stmt *statement = scan_db_prepare(
        self, "INSERT OR REPLACE INTO capture_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", error);
    const char *const texts[] = {result->host, file->path, file->point};
    const gint64 numbers[] = {result->packets, result->first_time, result->last_time, result->records};
    gboolean ok;

    if (!statement) {
        return FALSE;
    }
    sqlite3_bind_int64(statement, 1, file->id);
    for (int i = 0; i < 3; i++) {
        sqlite3_bind_text(statement, 2 + i, texts[i], -1, SQLITE_STATIC);
    }
    sqlite3_bind_int64(statement, 5, file->size);
    sqlite3_bind_int64(statement, 6, file->mtime);
    sqlite3_bind_text(statement, 7, signature, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 8, result->state, -1, SQLITE_STATIC);
    for (int i = 0; i < 4; i++) {
        sqlite3_bind_int64(statement, 9 + i, numbers[i]);
    }
    ok = sqlite3_step(statement) == SQLITE_DONE || fail(self, "adding a file", error);
    sqlite3_finalize(statement);
    return ok && scan_db_exec(self, "finishing a file", "COMMIT", error);
}

void scan_db_rollback(scan_db *self)
{
    if (!sqlite3_get_autocommit(self->sqlite)) {
        sqlite3_exec(self->sqlite, "ROLLBACK", NULL, NULL, NULL);
    }
}
