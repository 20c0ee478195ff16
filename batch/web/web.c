/* web.c
 * toa-scan for a page in the browser: what the page calls. Captures are read as toa-read reads them, kept, joined and told
 * as toa-scan does, by the same files of C; instead of programs that read and write files, the page hands in what was
 * dropped on it (files of a WASI file system that it makes up), and keeps what is written to standard output and error.
 *
 * The order: web_open, web_read for each capture, web_join, then web_print as often as wanted. Each returns 0, or another
 * number with a message on standard error.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/capture.h"
#include "native/run.h"
#include "read/file.h"
#include "reduce/reduce.h"
#include "report/html.h"
#include "report/json.h"
#include "report/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT(name) __attribute__((export_name(#name), used))

/* One answer a page: it begins anew by making a new instance of the module. */
static struct {
    scan_db db;
    scan_counts counts;
    scan_report report;
    GHashTable *seen; /* gint64 ids of what was read */
    toa_config config;
} web;

static int tell(GError *error)
{
    scan_warn("%s", error ? error->message : "failed");
    g_clear_error(&error);
    return 1;
}

/* ---- records, from the reader's lines to the database ---- */

typedef struct intake {
    const scan_file *file;
    scan_record record;
    GString *line;
    gint64 records;
    guint64 refused;
    GError *error;
} intake;

static void take_line(intake *self)
{
    scan_record_parse(&self->record, self->line->str, self->line->len);
    if (self->record.kind == RECORD_REFUSED) {
        if (self->refused++ < 3) {
            scan_warn("%s: a record was refused: %s", self->file->path, self->record.why);
        }
    } else if (self->record.kind == RECORD_ROW && self->record.table < TABLE_MAX && !self->error) {
        scan_db_add(&web.db, self->file, NULL, &self->record, &self->error);
        self->records++;
    }
    g_string_truncate(self->line, 0);
}

static ssize_t take_text(void *cookie, const char *text, size_t length)
{
    intake *self = cookie;
    const char *end = text + length, *newline;

    for (; text < end; text = newline + 1) {
        newline = memchr(text, '\n', (size_t)(end - text));
        g_string_append_len(self->line, text, (newline ? newline : end) - text);
        if (!newline) {
            break;
        }
        take_line(self);
    }
    return (ssize_t)length;
}

/* ---- one capture ---- */

static void say_missed(const char *path, const toa_native *native)
{
    const toa_native_counts *counts = &native->counts;
    char what[80];

    toa_found_name(counts->space, counts->protocol, what, sizeof what);
    scan_warn("%s: some frames may hold TCP that this page does not read: IP fragments %" G_GUINT64_FORMAT
              ", other protocols %" G_GUINT64_FORMAT " (first: frame %u, %s). Wireshark with the plugin reads them", path,
              counts->found[TOA_FOUND_FRAGMENT], counts->found[TOA_FOUND_UNKNOWN], counts->frame, what);
}

/* The state of what was read; NULL: nothing of it can be used, which was said. */
static const char *read_frames(const char *path, int fd, FILE *lines)
{
    const char *state = "done";
    toa_frame_bytes frame;
    toa_capture capture;
    toa_native native;
    toa_read last;

    toa_capture_init(&capture, toa_source_fd(&fd));
    toa_native_init(&native, &web.config, lines);
    while ((last = toa_capture_next(&capture, &frame)) == TOA_READ_FRAME) {
        if (!toa_native_take(&native, &frame)) {
            last = TOA_READ_FAILED;
            break;
        }
    }
    toa_records_finish(&native.records);
    if (last == TOA_READ_UNKNOWN || last == TOA_READ_FAILED) {
        scan_warn("%s: %s", path, last == TOA_READ_FAILED ? g_strerror(errno) : capture.reason);
        state = NULL;
    } else if (toa_native_missed(&native)) {
        say_missed(path, &native);
    }
    if (state && last != TOA_READ_END) {
        scan_warn("%s: cut short in the middle of a packet; what is before that was read", path);
        web.counts.cut_short++;
        state = "cut short";
    }
    toa_native_clear(&native);
    toa_capture_clear(&capture);
    return state;
}

static gboolean keep(intake *self, const char *state, GError **error)
{
    scan_result result = {.state = state, .host = "", .engine = self->file->content.whole, .local = TRUE, .records = self->records, .refused = self->refused};

    if (self->error) {
        g_propagate_error(error, self->error);
        return FALSE;
    }
    web.counts.read++;
    web.counts.refused += self->refused > 0;
    web.counts.refused_records += self->refused;
    if (!scan_db_commit(&web.db, self->file, "toa.html " TOA_VERSION, &result, error)) {
        return FALSE;
    }
    web.counts.empty += self->records == 0;
    return TRUE;
}

static gboolean take_capture(const scan_file *file, GError **error)
{
    intake self = {.file = file, .line = g_string_new(NULL)};
    int fd = open(file->path, O_RDONLY);
    FILE *lines = fopencookie(&self, "w", (cookie_io_functions_t){.write = take_text});
    const char *state;
    gboolean ok;

    scan_record_init(&self.record);
    ok = scan_db_begin(&web.db, file->id, error);
    if (ok) {
        state = read_frames(file->path, fd, lines);
        fflush(lines);
        ok = !state || keep(&self, state, error);
        if (!state || !ok) {
            scan_db_rollback(&web.db);
            web.counts.failed++;
        }
    }
    fclose(lines);
    close(fd);
    scan_record_clear(&self.record);
    g_string_free(self.line, TRUE);
    return ok;
}

/* ---- what the page calls ---- */

EXPORT(web_open) int web_open(void)
{
    GError *error = NULL;

    toa_config_init(&web.config);
    web.seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return scan_db_open(&web.db, NULL, &error) ? 0 : tell(error);
}

/* A text of so many bytes for the page to write a path into. */
EXPORT(web_text) char *web_text(size_t length)
{
    return g_malloc(length + 1);
}

/* What was dropped on the page has no folder. */
static char *point_of(const char *path)
{
    char *point = scan_file_point(path), *name = g_strdup(point + (strncmp(point, "./", 2) == 0 ? 2 : 0));

    g_free(point);
    return name;
}

/* The capture of that path, which becomes ours. */
EXPORT(web_read) int web_read(char *path)
{
    scan_file file = {.path = path, .point = point_of(path), .named = TRUE};
    GError *error = NULL;
    struct stat status;
    gboolean ok = TRUE;

    if (stat(path, &status) != 0) {
        g_set_error(&error, SCAN_FAILURE, errno, "%s: %s", path, g_strerror(errno));
        ok = FALSE;
    } else {
        file.size = status.st_size;
        ok = scan_file_identify(&file, &error);
    }
    if (ok && !g_hash_table_add(web.seen, g_memdup2(&file.id, sizeof file.id))) {
        web.counts.copies++;
    } else if (ok) {
        ok = take_capture(&file, &error);
    }
    g_free(file.path);
    g_free(file.point);
    return ok ? 0 : tell(error);
}

EXPORT(web_join) int web_join(int notes)
{
    GError *error = NULL;

    scan_report_clear(&web.report);
    web.report.counts = web.counts;
    return scan_reduce(&web.db, NULL, &error) &&
                   scan_report_load(&web.report, &web.db, notes, G_MININT64, G_MAXINT64, &error)
               ? 0
               : tell(error);
}

/* 't' text, with so many incidents in full (0: all); 'j' JSON; 'h' the page of --html. To standard output. */
EXPORT(web_print) int web_print(int what, unsigned max)
{
    GError *error = NULL;
    gboolean ok = TRUE;

    if (what == 't') {
        scan_report_text(&web.report, max, stdout);
    } else if (what == 'j') {
        scan_report_json(&web.report, stdout);
    } else {
        ok = scan_report_html(&web.report, NULL, "", &error);
    }
    fflush(stdout);
    return ok ? 0 : tell(error);
}
