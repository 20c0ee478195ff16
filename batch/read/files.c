/* files.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/files.h"

#include "printable.h"
#include "read/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MINUTE_US (G_GINT64_CONSTANT(60) * G_USEC_PER_SEC)

typedef struct listing {
    const scan_options *options;
    GPtrArray *files;
    GHashTable *seen; /* absolute paths of files, identities of folders */
    scan_counts *counts;
    gboolean records; /* looks for records now, not for captures */
    guint passed;     /* files of records where captures were looked for */
} listing;

/* ---- one file ---- */

gboolean scan_file_fetch(scan_file *self, GError **error)
{
    return !self->is_pipe || self->spool ||
           scan_spool(self->path, &self->spool_fd, &self->spool, &self->size, error);
}

/* -1: cannot be told. A lease to read is refused while anybody has the file open for writing. */
static int is_open_for_writing(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), answer;

    if (fd < 0) {
        return -1;
    }
    answer = fcntl(fd, F_SETLEASE, F_RDLCK) == 0 ? 0 : errno == EAGAIN ? 1 : -1;
    close(fd);
    return answer;
}

gboolean scan_file_is_growing(const scan_file *self)
{
    struct stat now;
    int writing;

    if (self->is_pipe || stat(self->path, &now) != 0) {
        return FALSE;
    }
    if (now.st_size != self->size || (writing = is_open_for_writing(self->path)) == 1) {
        return TRUE;
    }
    return writing < 0 && g_get_real_time() - now.st_mtim.tv_sec * G_USEC_PER_SEC < MINUTE_US;
}

static gboolean looks_like_capture(const char *name)
{
    static const char *const globs[] = {"*.pcap*", "*.cap", "*.cap.gz", "*.dmp"};

    for (unsigned i = 0; i < G_N_ELEMENTS(globs); i++) {
        if (g_pattern_match_simple(globs[i], name)) {
            return TRUE;
        }
    }
    return FALSE;
}

static char *capture_point(const scan_options *options, const char *path)
{
    for (guint i = 0; i < options->points->len; i++) {
        const scan_point *point = options->points->pdata[i];
        char *name = g_path_get_basename(path);
        gboolean match =
            g_pattern_spec_match_string(point->glob, path) || g_pattern_spec_match_string(point->glob, name);
        g_free(name);
        if (match) {
            return g_strdup(point->name);
        }
    }
    char *text = scan_printable(path), *name = strchr(text, '/') ? scan_file_point(text) : g_strdup(text);
    g_free(text);
    if (options->export_path) { /* it will meet the files of other hosts */
        char *own = g_strconcat(options->host, ":", name, NULL);
        g_free(name);
        name = own;
    }
    return name;
}

static void complain(listing *self, const char *path, const GError *error)
{
    scan_warn("%s: %s", path, error->message);
    self->counts->failed++;
}

static void add_path(listing *self, const char *path, gboolean named);

static void add_folder(listing *self, const char *path, GFileInfo *info)
{
    const char *name, *identity = g_file_info_get_attribute_string(info, "id::file");
    GError *error = NULL;
    GDir *folder;

    if (!g_hash_table_add(self->seen, g_strdup(identity ? identity : path))) {
        return; /* by a link: a loop of links would give each file forty names */
    }
    if (!(folder = g_dir_open(path, 0, &error))) {
        complain(self, path, error);
        g_error_free(error);
        return;
    }
    while ((name = g_dir_read_name(folder))) {
        char *child = g_build_filename(path, name, NULL);
        add_path(self, child, FALSE);
        g_free(child);
    }
    g_dir_close(folder);
}

static void add_pipe(listing *self, const char *path)
{
    scan_file *file = g_new0(scan_file, 1);

    file->path = g_strdup(path);
    file->point = capture_point(self->options, path);
    file->named = file->is_pipe = TRUE;
    file->mtime = g_get_real_time();
    g_ptr_array_add(self->files, file);
    g_hash_table_add(self->seen, g_strdup(path));
}

static gboolean is_fifo(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

static void add_file(listing *self, const char *path, GFileInfo *info, gboolean named)
{
    scan_file *file = g_new0(scan_file, 1);
    GDateTime *time = g_file_info_get_modification_date_time(info);

    file->path = g_strdup(path);
    file->point = capture_point(self->options, path);
    file->named = named;
    file->size = g_file_info_get_size(info);
    file->is_records = self->records || g_str_has_suffix(path, ".records");
    if (time) {
        file->mtime = g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
        g_date_time_unref(time);
    }
    g_ptr_array_add(self->files, file);
    g_hash_table_add(self->seen, g_strdup(path));
}

/* What is found in folders must look like what is looked for. Records are taken from a folder only if that was asked for:
 * whoever can write there could tell stories. */
static gboolean looks_right(listing *self, const char *name)
{
    gboolean is_records = g_str_has_suffix(name, ".records");

    if (is_records && !self->records) {
        self->passed++;
    }
    return is_records ? self->records : !self->records && looks_like_capture(name);
}

/* named: on the command line. */
static void add_path(listing *self, const char *path, gboolean named)
{
    GFile *gfile = g_file_new_for_path(path);
    GError *error = NULL;
    GFileInfo *info =
        g_file_query_info(gfile, "standard::type,standard::size,time::modified,time::modified-usec,id::file",
                          G_FILE_QUERY_INFO_NONE, NULL, &error);
    char *name = g_file_get_basename(gfile), *absolute = g_file_get_path(gfile);

    if (!info) {
        complain(self, path, error);
        g_error_free(error);
    } else if (g_file_info_get_file_type(info) == G_FILE_TYPE_DIRECTORY) {
        add_folder(self, absolute, info);
    } else if ((!named && !looks_right(self, name)) || g_hash_table_contains(self->seen, absolute)) {
        /* no name of a capture, or here already */
    } else if (named && !self->records && is_fifo(absolute)) {
        add_pipe(self, absolute);
    } else if (g_file_info_get_file_type(info) != G_FILE_TYPE_REGULAR) {
        scan_warn("%s: a pipe, socket or device, skipped", path);
        self->counts->skipped++;
        self->counts->failed += named ? 1 : 0;
        g_hash_table_add(self->seen, g_strdup(absolute));
    } else {
        add_file(self, absolute, info, named);
    }
    g_clear_object(&info);
    g_object_unref(gfile);
    g_free(name);
    g_free(absolute);
}

/* "client_9" before "client_10". */
static int compare_files(gconstpointer a, gconstpointer b)
{
    const scan_file *const *x = a, *const *y = b;
    char *xk = g_utf8_collate_key_for_filename((*x)->path, -1), *yk = g_utf8_collate_key_for_filename((*y)->path, -1);
    int order = strcmp(xk, yk);

    g_free(xk);
    g_free(yk);
    return order ? order : strcmp((*x)->path, (*y)->path);
}

GPtrArray *scan_files_list(const scan_options *options, scan_counts *counts)
{
    listing self = {.options = options, .counts = counts,
                    .files = g_ptr_array_new_with_free_func(scan_file_free),
                    .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};

    for (char **input = options->inputs; input && *input; input++) {
        if (g_str_equal(*input, "-")) {
            if (!g_hash_table_contains(self.seen, SCAN_STANDARD_INPUT)) {
                add_pipe(&self, SCAN_STANDARD_INPUT);
            }
            continue;
        }
        add_path(&self, *input, TRUE);
    }
    if (self.passed) {
        scan_warn("%u files of records in the folders, not taken: name them, or use --records-from", self.passed);
        counts->skipped += self.passed;
    }
    g_hash_table_remove_all(self.seen);
    self.records = TRUE;
    for (char **input = options->records_from; input && *input; input++) {
        add_path(&self, *input, TRUE);
    }
    g_ptr_array_sort(self.files, compare_files);
    g_hash_table_unref(self.seen);
    return self.files;
}
