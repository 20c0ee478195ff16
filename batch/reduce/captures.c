/* captures.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/captures.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void scan_stored_clear(scan_stored *self)
{
    g_free(self->path);
    g_free(self->point);
    g_free(self->state);
    *self = (scan_stored){0};
}

gboolean scan_db_find(scan_db *self, gint64 file, const char *signature, scan_stored *ret_stored, GError **error)
{
    sqlite3_stmt *statement = scan_db_prepare_with(
        self, error, "SELECT path, point, state, packets, signature = ?2 FROM capture_file WHERE file = ?1", "it", file,
        signature);
    GError *local = NULL;

    if (!statement) {
        return FALSE;
    }
    *ret_stored = (scan_stored){.found = scan_db_step(self, statement, &local)};
    if (ret_stored->found) {
        ret_stored->path = g_strdup((const char *)sqlite3_column_text(statement, 0));
        ret_stored->point = g_strdup((const char *)sqlite3_column_text(statement, 1));
        ret_stored->state = g_strdup((const char *)sqlite3_column_text(statement, 2));
        ret_stored->packets = sqlite3_column_int64(statement, 3);
        ret_stored->current = sqlite3_column_int(statement, 4) && g_strcmp0(ret_stored->state, "growing") != 0;
    }
    sqlite3_finalize(statement);
    if (local) {
        g_propagate_error(error, local);
        return FALSE;
    }
    return TRUE;
}

gboolean scan_db_recall(scan_db *self, scan_file *file)
{
    sqlite3_stmt *statement = scan_db_prepare_with(
        self, NULL, "SELECT f.file, f.content, f.head FROM capture_name n JOIN capture_file f ON f.file = n.file"
                    " WHERE n.path = ? AND n.size = ? AND n.mtime = ? AND f.local = 1",
        "tii", file->path, file->size, file->mtime);
    gboolean found = statement && scan_db_step(self, statement, NULL);

    if (found) {
        file->id = sqlite3_column_int64(statement, 0);
        g_strlcpy(file->content.whole, (const char *)sqlite3_column_text(statement, 1), sizeof file->content.whole);
        g_strlcpy(file->content.head, (const char *)sqlite3_column_text(statement, 2), sizeof file->content.head);
    }
    sqlite3_finalize(statement);
    return found;
}

gboolean scan_db_remember(scan_db *self, const scan_file *file, GError **error)
{
    scan_stored stored;

    if (!scan_db_run_once(self, scan_db_prepare_with(self, error, "INSERT OR REPLACE INTO capture_name VALUES (?, ?, ?, ?)", "tiii",
                                     file->path, file->size, file->mtime, file->id), error) ||
        !scan_db_find(self, file->id, "", &stored, error)) {
        return FALSE;
    }
    gboolean moved = stored.found && g_strcmp0(stored.path, file->path) != 0 && access(stored.path, F_OK) != 0;
    scan_stored_clear(&stored);
    return !moved || scan_db_run_once(self, scan_db_prepare_with(self, error, "UPDATE capture_file SET path = ? WHERE file = ?", "ti",
                                                 file->path, file->id), error);
}

gint64 scan_db_earlier(scan_db *self, const scan_file *file)
{
    sqlite3_stmt *statement = scan_db_prepare_with(
        self, NULL, "SELECT file, size, content FROM capture_file WHERE local = 1 AND size < ?1 AND size > 0 AND"
                    " ((head = ?2 AND head <> '') OR file IN (SELECT file FROM capture_name WHERE path = ?3))"
                    " ORDER BY size DESC LIMIT 8",
        "itt", file->size, file->content.head, file->path);
    gint64 found = 0;

    while (!found && statement && scan_db_step(self, statement, NULL)) {
        scan_content then;
        if (scan_content_read(file->path, sqlite3_column_int64(statement, 1), &then, NULL) &&
            g_strcmp0(then.whole, (const char *)sqlite3_column_text(statement, 2)) == 0) {
            found = sqlite3_column_int64(statement, 0);
        }
    }
    sqlite3_finalize(statement);
    return found;
}

gboolean scan_db_drop_grown(scan_db *self, const scan_file *file, const char *host, GError **error)
{
    sqlite3_stmt *statement = scan_db_prepare_with(
        self, error, "SELECT file FROM capture_file WHERE local = 0 AND host = ? AND path = ?"
                     " AND (state = 'growing' OR (head = ? AND head <> '')) AND size < ?", "ttti", host, file->path, file->content.head, file->size);
    GError *local = NULL;
    gint64 earlier = 0;

    while (statement && scan_db_step(self, statement, &local)) {
        earlier = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    if (local) {
        g_propagate_error(error, local);
    }
    return statement && !local && (!earlier || scan_db_drop(self, earlier, error));
}

/* ---- what files that follow need ---- */

/* An idle connection is given up after two hours, as everywhere; a closed one matters for as long as its addresses rest
 * (toa.time_wait is a minute unless set). */
#define PAST_IDLE (7200 * SCAN_NS_PER_S)
#define PAST_CLOSED (300 * SCAN_NS_PER_S)

void scan_past_clear(scan_past *self)
{
    g_clear_pointer(&self->files, g_ptr_array_unref);
    g_clear_pointer(&self->engine, g_free);
}

/* One number; 0: there is none. */
static gint64 ask(scan_db *self, sqlite3_stmt *statement, GError **error)
{
    gint64 answer = statement && scan_db_step(self, statement, error) ? sqlite3_column_int64(statement, 0) : 0;

    sqlite3_finalize(statement);
    return answer;
}

/* When the first of the connections began that were open at the end. */
static gint64 oldest_open(scan_db *self, const char *point, gint64 end, GError **error)
{
    return ask(self, scan_db_prepare_with(
                         self, error, "SELECT MIN(o.began) FROM (SELECT COALESCE(c.began_time, c.first_time) AS began,"
                                      " MAX(c.closed_time) AS closed FROM conversation c"
                                      " WHERE c.point = ?1 AND c.last_time > ?2 AND c.file IN"
                                      " (SELECT f.file FROM capture_file f WHERE f.point = ?1 AND f.local = 1)"
                                      " GROUP BY c.client, c.server, began) o WHERE o.closed IS NULL OR o.closed > ?3",
                         "tii", point, end - PAST_IDLE, end - PAST_CLOSED), error);
}

/* A name that leads to the capture; NULL: it is gone. The files of a ring are of one size, so that alone says nothing. */
static char *present_path(scan_db *self, gint64 file, gint64 size, const char *content)
{
    sqlite3_stmt *statement = scan_db_prepare_with(
        self, NULL, "SELECT path FROM capture_name WHERE file = ?1 UNION SELECT path FROM capture_file WHERE file = ?1",
        "i", file);
    struct stat status;
    scan_content now;
    char *path = NULL;

    while (!path && statement && scan_db_step(self, statement, NULL)) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        if (stat(name, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == size &&
            scan_content_read(name, size, &now, NULL) && strcmp(now.whole, content) == 0) {
            path = g_strdup(name);
        }
    }
    sqlite3_finalize(statement);
    return path;
}

/* The row is file, size, mtime, content, engine, head. */
static void add_past(scan_db *self, sqlite3_stmt *row, const char *point, scan_past *past)
{
    scan_file *file = g_new0(scan_file, 1);

    file->id = sqlite3_column_int64(row, 0);
    file->size = sqlite3_column_int64(row, 1);
    file->mtime = sqlite3_column_int64(row, 2);
    g_strlcpy(file->content.whole, (const char *)sqlite3_column_text(row, 3), sizeof file->content.whole);
    g_strlcpy(file->content.head, (const char *)sqlite3_column_text(row, 5), sizeof file->content.head);
    file->point = g_strdup(point);
    file->path = present_path(self, file->id, file->size, file->content.whole);
    if (file->path) {
        g_ptr_array_add(past->files, file);
        return;
    }
    past->missing = TRUE;
    g_ptr_array_set_size(past->files, 0);
    scan_file_free(file);
}

gboolean scan_db_past(scan_db *self, const char *point, const char *signature, GHashTable *skip, scan_past *ret_past,
                      GError **error)
{
    GError *local = NULL;
    sqlite3_stmt *statement;
    gint64 end, since = 0;

    *ret_past = (scan_past){.files = g_ptr_array_new_with_free_func(scan_file_free)};
    end = ask(self, scan_db_prepare_with(self, &local, "SELECT MAX(last_time) FROM capture_file WHERE point = ? AND local = 1",
                                         "t", point), &local);
    if (end && !local) {
        since = oldest_open(self, point, end, &local);
    }
    if (!end || local) {
        if (local) {
            g_propagate_error(error, local);
        }
        return !local;
    }
    statement = scan_db_prepare_with(
        self, error, "SELECT file, size, mtime, content, engine, head FROM capture_file WHERE point = ?1 AND local = 1 AND"
                     " signature = ?2 AND last_time >= ?3 ORDER BY first_time, last_time",
        "tti", point, signature, since ? since : end);
    while (statement && scan_db_step(self, statement, &local)) {
        gint64 file = sqlite3_column_int64(statement, 0);
        g_free(ret_past->engine);
        ret_past->engine = g_strdup((const char *)sqlite3_column_text(statement, 4));
        if (!g_hash_table_contains(skip, &file)) {
            add_past(self, statement, point, ret_past);
        }
    }
    sqlite3_finalize(statement);
    if (ret_past->missing) {
        g_clear_pointer(&ret_past->engine, g_free);
    }
    if (local) {
        g_propagate_error(error, local);
    }
    return statement && !local;
}

/* ---- pruning ---- */

/* Whether none of the names of a capture leads to a file of its size. */
static gboolean is_gone(scan_db *self, gint64 file)
{
    sqlite3_stmt *statement = scan_db_prepare_with(
        self, NULL, "SELECT path, size FROM capture_name WHERE file = ?1"
                    " UNION SELECT path, size FROM capture_file WHERE file = ?1", "i", file);
    gboolean there = FALSE;
    struct stat status;

    while (!there && statement && scan_db_step(self, statement, NULL)) {
        there = stat((const char *)sqlite3_column_text(statement, 0), &status) == 0 &&
                status.st_size == sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    return !there;
}

/* The captures to drop; NULL with an error. */
static GArray *to_drop(scan_db *self, gboolean prune, int days, GError **error)
{
    gint64 oldest = days > 0 ? (g_get_real_time() / G_USEC_PER_SEC - days * G_GINT64_CONSTANT(86400)) * SCAN_NS_PER_S : 0;
    GArray *files = g_array_new(FALSE, FALSE, sizeof(gint64));
    GError *local = NULL;
    sqlite3_stmt *statement = scan_db_prepare(
        self, "SELECT file, local, CASE WHEN last_time > 0 THEN last_time ELSE mtime * 1000 END FROM capture_file",
        &local);

    while (statement && scan_db_step(self, statement, &local)) {
        gint64 file = sqlite3_column_int64(statement, 0);
        if (sqlite3_column_int64(statement, 2) < oldest ||
            (prune && sqlite3_column_int64(statement, 1) && is_gone(self, file))) {
            g_array_append_val(files, file);
        }
    }
    sqlite3_finalize(statement);
    if (local) {
        g_array_unref(files);
        g_propagate_error(error, local);
        return NULL;
    }
    return files;
}

gboolean scan_db_prune(scan_db *self, gboolean prune, int days, guint *ret_dropped, GError **error)
{
    GArray *files = to_drop(self, prune, days, error);
    gboolean ok = files && scan_db_exec(self, "pruning", "BEGIN IMMEDIATE", error);

    for (guint i = 0; ok && i < files->len; i++) {
        ok = scan_db_drop(self, g_array_index(files, gint64, i), error);
    }
    ok = ok && scan_db_exec(self, "pruning", "COMMIT", error);
    if (ok) {
        *ret_dropped = files->len;
    } else {
        scan_db_rollback(self);
    }
    g_clear_pointer(&files, g_array_unref);
    return ok;
}
