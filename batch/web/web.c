/* web.c
 * toa-scan for a page in the browser: what the page calls. Captures are read as toa-read reads them, kept, joined and told
 * as toa-scan does, by the same files of C; instead of programs that read and write files, the page hands in what was
 * dropped on it (files of a WASI file system that it makes up), and keeps what is written to standard output and error.
 *
 * The order: web_open, web_add for each capture, web_read, web_join, then web_print as often as wanted. Each returns 0, or
 * another number with a message on standard error.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "native/chain.h"
#include "read/chains.h"
#include "reduce/reduce.h"
#include "report/html.h"
#include "report/json.h"
#include "report/text.h"

#include <errno.h>
#include <sys/stat.h>

/* For the engine, as without --memory; the rest of the 4 GiB is for what was read. */
#define MEMORY ((size_t)1 << 30)

#define EXPORT(name) __attribute__((export_name(#name), used))

/* One answer a page: it begins anew by making a new instance of the module. */
static struct {
    scan_db db;
    scan_counts counts;
    scan_report report;
    GPtrArray *files; /* scan_file, to be read */
    GHashTable *seen; /* their ids, gint64 */
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
    const scan_chain *chain;
    const toa_native *native;
    const scan_file *file; /* the present one, and what is in it: */
    gint64 records;
    guint64 refused;
    GError *error;
    scan_record record;
    GString *line;
    gboolean failed; /* something could not be kept */
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

/* ---- the captures of one point ---- */

static void say_missed(const char *path, const toa_native *native)
{
    const toa_native_counts *counts = &native->counts;
    char what[80];

    toa_found_name(counts->space, counts->protocol, what, sizeof what);
    scan_warn("%s: some frames may hold TCP that this page does not read: IP fragments %" G_GUINT64_FORMAT
              ", other protocols %" G_GUINT64_FORMAT " (first: frame %u, %s). Wireshark with the plugin reads them", path,
              counts->found[TOA_FOUND_FRAGMENT], counts->found[TOA_FOUND_UNKNOWN], counts->frame, what);
}

static gboolean keep(intake *self, const char *state)
{
    scan_result result = {.state = state, .host = "", .engine = scan_chain_engine(self->chain), .local = TRUE,
                          .records = self->records, .refused = self->refused};

    if (self->error || !scan_db_commit(&web.db, self->file, "toa.html " TOA_VERSION, &result, &self->error)) {
        tell(self->error);
        self->error = NULL;
        self->failed = TRUE;
        return FALSE;
    }
    web.counts.read++;
    web.counts.refused += self->refused > 0;
    web.counts.refused_records += self->refused;
    web.counts.empty += self->records == 0;
    return TRUE;
}

static void begin_file(void *data, unsigned number)
{
    intake *self = data;

    self->file = self->chain->files->pdata[number];
    self->records = 0;
    self->refused = 0;
    scan_db_begin(&web.db, self->file->id, &self->error);
}

static void end_file(void *data, unsigned number G_GNUC_UNUSED, toa_ending ending, const char *why)
{
    intake *self = data;
    const char *path = self->file->path;
    gboolean cut = ending == TOA_ENDING_CUT;

    if (ending == TOA_ENDING_FAILED) {
        scan_warn("%s: %s", path, why);
    } else if (toa_native_missed(self->native)) {
        say_missed(path, self->native);
    }
    if (cut) {
        scan_warn("%s: cut short in the middle of a packet; what is before that was read", path);
        web.counts.cut_short++;
    }
    if (ending == TOA_ENDING_FAILED || !keep(self, cut ? "cut short" : "done")) {
        g_clear_error(&self->error);
        scan_db_rollback(&web.db);
        web.counts.failed++;
    }
}

static gboolean take_chain(const scan_chain *files)
{
    toa_native native;
    intake self = {.chain = files, .native = &native, .line = g_string_new(NULL)};
    const toa_chain_watch watch = {.begin = begin_file, .end = end_file, .data = &self};
    FILE *lines = fopencookie(&self, "w", (cookie_io_functions_t){.write = take_text});
    toa_chain chain;

    toa_chain_init(&chain);
    chain.all = true;
    chain.watch = &watch;
    for (guint i = 0; i < files->files->len; i++) {
        const scan_file *file = files->files->pdata[i];
        toa_chain_add(&chain, file->path, file->content.whole, false);
    }
    scan_record_init(&self.record);
    toa_native_init(&native, &web.config, lines);
    toa_native_set_memory(&native, MEMORY);
    toa_chain_read(&chain, &native);
    toa_native_clear(&native);
    fclose(lines);
    scan_record_clear(&self.record);
    g_string_free(self.line, TRUE);
    toa_chain_clear(&chain);
    return !self.failed;
}

/* ---- what the page calls ---- */

EXPORT(web_open) int web_open(void)
{
    GError *error = NULL;

    toa_config_init(&web.config);
    web.files = g_ptr_array_new_with_free_func(scan_file_free);
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

/* The capture of that path, which becomes ours, is to be read. */
EXPORT(web_add) int web_add(char *path)
{
    scan_file *file = g_new0(scan_file, 1);
    GError *error = NULL;
    struct stat status;
    gboolean ok = TRUE;

    *file = (scan_file){.path = path, .point = point_of(path), .named = TRUE};
    if (stat(path, &status) != 0) {
        g_set_error(&error, SCAN_FAILURE, errno, "%s: %s", path, g_strerror(errno));
        ok = FALSE;
    } else {
        file->size = status.st_size;
        ok = scan_file_identify(file, &error);
    }
    if (ok && g_hash_table_add(web.seen, g_memdup2(&file->id, sizeof file->id))) {
        g_ptr_array_add(web.files, file);
    } else {
        web.counts.copies += ok;
        scan_file_free(file);
    }
    return ok ? 0 : tell(error);
}

EXPORT(web_read) int web_read(void)
{
    GPtrArray *chains = scan_chains_by_point(web.files);
    gboolean ok = TRUE;

    for (guint i = 0; i < chains->len; i++) {
        ok &= take_chain(chains->pdata[i]);
        scan_chain_free(chains->pdata[i]);
    }
    g_ptr_array_unref(chains);
    return ok ? 0 : 1;
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
