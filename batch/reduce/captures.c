/* captures.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/captures.h"

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
