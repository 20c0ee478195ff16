/* files.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/files.h"

#include "printable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MINUTE_US (60 * G_USEC_PER_SEC)

typedef struct listing {
    const scan_options *options;
    GPtrArray *files;
    GHashTable *seen; /* absolute paths of files, identities of folders */
    scan_counts *counts;
    gboolean records; /* looks for records now, not for captures */
    guint passed;     /* files of records where captures were looked for */
} listing;

/* ---- one file ---- */

gint64 scan_file_id(const char *host, const char *content)
{
    const char *const parts[] = {host ? "records" : "local", host ? host : "", content};
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize length = sizeof digest;
    guint64 id = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_checksum_update(sum, (const guchar *)parts[i], (gssize)strlen(parts[i]) + 1);
    }
    g_checksum_get_digest(sum, digest, &length);
    g_checksum_free(sum);
    for (unsigned i = 0; i < 8; i++) {
        id = id << 8 | digest[i];
    }
    return (gint64)(id >> 1);
}

gboolean scan_file_identify(scan_file *self, GError **error)
{
    if (!scan_content_read(self->path, self->size, &self->content, error)) {
        return FALSE;
    }
    self->id = scan_file_id(NULL, self->content.whole);
    return TRUE;
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

    if (stat(self->path, &now) != 0) {
        return FALSE;
    }
    if (now.st_size != self->size || (writing = is_open_for_writing(self->path)) == 1) {
        return TRUE;
    }
    return writing < 0 && g_get_real_time() - now.st_mtim.tv_sec * G_USEC_PER_SEC < MINUTE_US;
}

gboolean scan_file_has_magic(const scan_file *self)
{
    static const struct {
        unsigned char length, bytes[8];
    } magics[] = {{4, {0xa1, 0xb2, 0xc3, 0xd4}}, {4, {0xd4, 0xc3, 0xb2, 0xa1}}, {4, {0xa1, 0xb2, 0x3c, 0x4d}},
                  {4, {0x4d, 0x3c, 0xb2, 0xa1}}, {4, {0xa1, 0xb2, 0xcd, 0x34}}, {4, {0x34, 0xcd, 0xb2, 0xa1}},
                  {4, {0x0a, 0x0d, 0x0d, 0x0a}}, {2, {0x1f, 0x8b}},             {4, {0x28, 0xb5, 0x2f, 0xfd}},
                  {4, {0x04, 0x22, 0x4d, 0x18}}, {8, "snoop"},                  {4, "GMBU"},
                  {4, "RTSS"},                   {8, {'T', 'R', 'S', 'N', 'I', 'F', 'F', ' '}},               {4, "XCP"},
                  {8, "btsnoop"}};
    unsigned char start[8] = {0};
    int fd = open(self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t got = fd >= 0 ? read(fd, start, sizeof start) : 0;

    if (fd >= 0) {
        close(fd);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(magics); i++) {
        if (got >= magics[i].length && memcmp(start, magics[i].bytes, magics[i].length) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

void scan_file_free(gpointer data)
{
    scan_file *file = data;

    g_free(file->path);
    g_free(file->point);
    g_free(file);
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

/* The path, its last part without suffix, digits, and the separators that are then at its end. */
static char *default_point(const char *path)
{
    char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path), *point;
    char *suffix = strstr(name, ".pcap");
    GString *stem = g_string_new(NULL);

    if (!suffix) {
        suffix = strrchr(name, '.');
    }
    for (const char *c = name; *c && c != suffix; c++) {
        if (!g_ascii_isdigit(*c)) {
            g_string_append_c(stem, *c);
        }
    }
    while (stem->len && strchr("-_. ", stem->str[stem->len - 1])) {
        g_string_truncate(stem, stem->len - 1);
    }
    point = g_build_filename(folder, stem->len ? stem->str : "capture", NULL);
    g_string_free(stem, TRUE);
    g_free(folder);
    g_free(name);
    return point;
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
    char *text = scan_printable(path), *name = default_point(text);
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
