/* intake.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/intake.h"

#include "reduce/records.h"

#include <errno.h>
#include <string.h>

typedef struct import {
    scan_db *db;
    const scan_table *tables; /* the last one is the first line's */
    unsigned n_tables;
    sqlite3_stmt *insert[12];
    scan_part part;
} import;

/* A table that is not there yet gets the columns of the rows; of one that is, the others stay empty. */
static gboolean prepare_table(import *self, unsigned number, GError **error)
{
    const scan_table *table = &self->tables[number];
    GString *create = g_string_new(NULL), *insert = g_string_new(NULL), *marks = g_string_new(NULL);
    gboolean ok, unique = strcmp(table->name, "clock_skew") == 0;

    g_string_printf(create, "CREATE TABLE IF NOT EXISTS %s (", table->name);
    g_string_printf(insert, "INSERT OR REPLACE INTO %s (", table->name);
    for (unsigned i = 0; i < table->n_columns; i++) {
        const scan_column *column = &table->columns[i];
        const char *comma = i ? ", " : "";
        g_string_append_printf(create, "%s%s %s%s", comma, column->name,
                               column->kind == COLUMN_NUMBER ? "BIGINT" : "TEXT", unique && !i ? " PRIMARY KEY" : "");
        if (strcmp(column->name, "home") != 0) {
            g_string_append_printf(insert, "%s%s", comma, column->name);
            g_string_append_printf(marks, "%s?%u", comma, i + 1);
        }
    }
    g_string_append_c(create, ')');
    g_string_append_printf(insert, ") VALUES (%s)", marks->str);
    ok = scan_db_exec(self->db, "making the tables", create->str, error) &&
         (self->insert[number] = scan_db_prepare(self->db, insert->str, error)) != NULL;
    g_string_free(create, TRUE);
    g_string_free(insert, TRUE);
    g_string_free(marks, TRUE);
    return ok;
}

static gboolean import_init(import *self, scan_db *db, const scan_table *tables, unsigned n_tables, GError **error)
{
    *self = (import){.db = db, .tables = tables, .n_tables = n_tables};
    for (unsigned i = 0; i < n_tables; i++) {
        if (!prepare_table(self, i, error)) {
            return FALSE;
        }
    }
    return scan_db_exec(db, "making the tables",
                        "CREATE TABLE IF NOT EXISTS reduction (split TEXT, shard BIGINT, shards BIGINT, conversations BIGINT,"
                        " crowds BIGINT)", error);
}

static void import_clear(import *self)
{
    for (unsigned i = 0; i < self->n_tables; i++) {
        g_clear_pointer(&self->insert[i], sqlite3_finalize);
    }
}

static gboolean add_row(import *self, const scan_record *record, GError **error)
{
    sqlite3_stmt *statement = self->insert[record->table];
    const scan_table *table = &self->tables[record->table];
    GError *local = NULL;

    for (unsigned i = 0; i < table->n_columns; i++) {
        const scan_value *value = &record->values[i];
        if (strcmp(table->columns[i].name, "home") == 0) {
            continue;
        }
        if (value->type == VALUE_TEXT) {
            sqlite3_bind_text(statement, (int)i + 1, value->text, -1, SQLITE_TRANSIENT);
        } else if (value->type == VALUE_NUMBER) {
            sqlite3_bind_int64(statement, (int)i + 1, value->number);
        } else {
            sqlite3_bind_null(statement, (int)i + 1);
        }
    }
    scan_db_step(self->db, statement, &local);
    sqlite3_reset(statement);
    if (local) {
        g_propagate_error(error, local);
    }
    return local == NULL;
}

static gboolean read_part(import *self, const scan_record *record, GError **error)
{
    const scan_value *values = record->values;

    if (record->kind != RECORD_ROW || record->table != self->n_tables) {
        g_set_error(error, SCAN_FAILURE, 0, "does not begin as a %s", self->tables[self->n_tables].name);
        return FALSE;
    }
    if (values[PART_SCHEMA].number != SCAN_EXCHANGE_VERSION) {
        g_set_error(error, SCAN_FAILURE, 0, "made by another version of toa-scan");
        return FALSE;
    }
    if (values[PART_SHARD].number > values[PART_SHARDS].number ||
        strlen(values[PART_SPLIT].text) >= sizeof self->part.split ||
        strspn(values[PART_SPLIT].text, "0123456789abcdef-") != strlen(values[PART_SPLIT].text)) {
        g_set_error(error, SCAN_FAILURE, 0, "is no shard of anything");
        return FALSE;
    }
    g_strlcpy(self->part.split, values[PART_SPLIT].text, sizeof self->part.split);
    self->part.shard = values[PART_SHARD].number;
    self->part.shards = values[PART_SHARDS].number;
    self->part.conversations = values[PART_CONVERSATIONS].number;
    self->part.crowds = values[PART_CROWDS].type == VALUE_NUMBER ? values[PART_CROWDS].number : 0;
    return TRUE;
}

static gboolean next_line(scan_lines *lines, scan_record *record, GError **error)
{
    if (!scan_lines_next(lines, error)) {
        if (!*error) {
            g_set_error(error, SCAN_FAILURE, 0, "cut short");
        }
        return FALSE;
    }
    scan_record_parse(record, lines->line, lines->length);
    if (record->kind == RECORD_REFUSED) {
        g_set_error(error, SCAN_FAILURE, 0, "line %" G_GUINT64_FORMAT ": %s", lines->number, record->why);
        return FALSE;
    }
    return TRUE;
}

/* FALSE without an error: it is a part that is there already, and was not read. */
typedef gboolean (*wanted)(import *self, GError **error);

static gboolean take_lines(import *self, scan_lines *lines, scan_record *record, wanted is_wanted, GError **error)
{
    GError *local = NULL;
    gboolean ok = next_line(lines, record, &local) && read_part(self, record, &local) &&
                  (!is_wanted || is_wanted(self, &local));

    while (ok && (ok = next_line(lines, record, &local)) && record->kind != RECORD_END) {
        if (scan_stop) {
            g_set_error(&local, SCAN_FAILURE, 0, "interrupted");
        } else if (record->kind == RECORD_ROW && record->table == self->n_tables) {
            g_set_error(&local, SCAN_FAILURE, 0, "line %" G_GUINT64_FORMAT ": begins again", lines->number);
        } else if (record->kind == RECORD_ROW) {
            add_row(self, record, &local);
        }
        ok = !local;
    }
    if (local) {
        g_propagate_error(error, local);
    }
    return ok;
}

/* All of the input, or nothing. */
static gboolean take(import *self, FILE *input, wanted is_wanted, GError **error)
{
    scan_record record;
    scan_lines lines;
    GError *local = NULL;
    gboolean ok = scan_db_exec(self->db, "reading a part", "BEGIN", error);

    if (!ok) {
        return FALSE;
    }
    scan_lines_init(&lines, input);
    scan_record_init_for(&record, self->tables, self->n_tables + 1);
    ok = take_lines(self, &lines, &record, is_wanted, &local) &&
         scan_db_run_once(self->db, scan_db_prepare_with(self->db, &local, "INSERT INTO reduction VALUES (?, ?, ?, ?, ?)",
                                                         "tiiii", self->part.split, self->part.shard, self->part.shards,
                                                         self->part.conversations, self->part.crowds), &local) &&
         scan_db_exec(self->db, "reading a part", "COMMIT", &local);
    scan_lines_clear(&lines);
    scan_record_clear(&record);
    if (!ok) {
        scan_db_rollback(self->db);
    }
    if (local) {
        g_propagate_error(error, local);
    }
    return ok;
}

gboolean scan_shard_read(scan_db *db, FILE *input, const char *name, scan_part *ret_part, GError **error)
{
    import self;
    gboolean ok = import_init(&self, db, scan_shard_tables, scan_n_shard_tables, error) && take(&self, input, NULL, error);

    if (!ok) {
        g_prefix_error(error, "%s: ", name);
    }
    *ret_part = self.part;
    import_clear(&self);
    return ok;
}

/* ---- results of several ---- */

static gboolean count(scan_db *db, const char *sql, const scan_part *part, gint64 *ret_count, GError **error)
{
    sqlite3_stmt *statement = scan_db_prepare_with(db, error, sql, "tii", part->split, part->shard, part->shards);
    gboolean ok = statement && scan_db_step(db, statement, error);

    *ret_count = ok ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return ok;
}

static gboolean is_new(import *self, GError **error)
{
    gint64 others, same;

    if (!count(self->db, "SELECT COUNT(*) FROM reduction WHERE (split <> ?1 OR shards <> ?3) AND ?2 > 0", &self->part, &others,
               error) ||
        !count(self->db, "SELECT COUNT(*) FROM reduction WHERE split = ?1 AND shard = ?2 AND shards = ?3", &self->part, &same,
               error)) {
        return FALSE;
    }
    if (others) {
        g_set_error(error, SCAN_FAILURE, 0, "of another split than the results before it");
    }
    return !others && !same;
}

static void take_results(import *self, const char *path, scan_counts *counts)
{
    FILE *input = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    GError *local = NULL;
    gboolean taken = FALSE;

    if (!input) {
        g_set_error(&local, SCAN_FAILURE, errno, "%s", g_strerror(errno));
    } else {
        taken = take(self, input, is_new, &local);
    }
    if (local) {
        scan_warn("%s: %s; not taken", path, local->message);
        counts->failed++;
        g_error_free(local);
    } else {
        counts->read += taken ? 1 : 0;
        counts->copies += taken ? 0 : 1;
    }
    if (input && input != stdin) {
        fclose(input);
    }
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void take_folder(import *self, const char *path, scan_counts *counts)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GError *local = NULL;
    GDir *folder = g_dir_open(path, 0, &local);
    const char *name;

    while (folder && (name = g_dir_read_name(folder))) {
        if (g_str_has_suffix(name, ".results")) {
            g_ptr_array_add(names, g_build_filename(path, name, NULL));
        }
    }
    g_ptr_array_sort(names, by_name);
    for (guint i = 0; i < names->len && !scan_stop; i++) {
        take_results(self, names->pdata[i], counts);
    }
    if (local) {
        scan_warn("%s", local->message);
        counts->failed++;
        g_error_free(local);
    }
    g_clear_pointer(&folder, g_dir_close);
    g_ptr_array_unref(names);
}

/* Those that are not there are told: the answer lacks them. */
static void tell_missing(sqlite3_stmt *row, void *data)
{
    scan_counts *counts = data;

    if (sqlite3_column_type(row, 1) == SQLITE_NULL) {
        scan_warn("no results");
    } else {
        scan_warn("the result of shard %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " is missing; its incidents are not told",
                  (gint64)sqlite3_column_int64(row, 0), (gint64)sqlite3_column_int64(row, 1));
    }
    counts->failed++;
}

static gboolean look_for_missing(scan_db *db, scan_counts *counts, GError **error)
{
    sqlite3_stmt *statement = scan_db_prepare(
        db, "WITH RECURSIVE k(k, n) AS (SELECT 1, MAX(shards) FROM reduction UNION ALL SELECT k + 1, n FROM k WHERE k < n)"
            " SELECT k, n FROM k WHERE k NOT IN (SELECT shard FROM reduction)", error);

    return scan_db_each(db, statement, tell_missing, counts, error);
}

gboolean scan_results_read(scan_db *db, char **paths, scan_counts *counts, GError **error)
{
    import self;
    gboolean ok = import_init(&self, db, scan_result_tables, scan_n_result_tables, error);

    for (char **path = paths; ok && *path && !scan_stop; path++) {
        if (g_file_test(*path, G_FILE_TEST_IS_DIR)) {
            take_folder(&self, *path, counts);
        } else {
            take_results(&self, *path, counts);
        }
    }
    ok = ok && scan_db_exec(db, "making the tables",
                            "CREATE INDEX incident_fact_pair ON incident_fact(x, y);"
                            "CREATE INDEX incident_flow_conn ON incident_flow(conn);"
                            "CREATE INDEX incident_place_conn ON incident_place(conn)", error) &&
         look_for_missing(db, counts, error);
    import_clear(&self);
    return ok;
}
