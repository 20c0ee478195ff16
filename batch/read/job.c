/* job.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/job.h"

#include "read/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* How toa-read's lines between files begin. */
#define CAPTURE "{\"record\":\"capture\",\"file\":\""
#define CAPTURE_END "{\"record\":\"capture_end\",\"state\":\""
#define LINE_KEPT 70000u

#define WHY "\",\"why\":\""

void scan_piece_free(scan_piece *part)
{
    if (part->records) {
        fclose(part->records);
    }
    g_free(part->state);
    g_free(part->why);
    g_free(part);
}

void scan_job_free(scan_job *self)
{
    scan_piece *part;

    while ((part = g_queue_pop_head(&self->parts))) {
        scan_piece_free(part);
    }
    g_clear_pointer(&self->open, scan_piece_free);
    g_clear_pointer(&self->names, g_hash_table_unref);
    g_clear_pointer(&self->known, g_hash_table_unref);
    g_clear_object(&self->process);
    if (self->said) {
        fclose(self->said);
    }
    if (self->line) {
        g_string_free(self->line, TRUE);
    }
    g_clear_error(&self->spill);
    g_clear_object(&self->given_up);
    scan_chain_free(self->chain);
    g_free(self);
}

void scan_job_press(scan_job *self, gint64 now)
{
    if (!self->killed) {
        scan_child_signal(self->process, SIGTERM);
        self->killed = now;
    } else if (now > self->killed + SCAN_CHILD_GRACE_US) {
        scan_child_signal(self->process, SIGKILL);
        g_cancellable_cancel(self->given_up);
    }
}

/* A tshark reads some 5 MB/s on a busy core; ten times as long is a tshark that hangs. */
gint64 scan_job_limit(const scan_job *self, gint64 bytes)
{
    return self->timeout ? self->timeout : 1800 + bytes / 500000;
}

static void set_deadline(scan_job *self, gint64 bytes)
{
    self->deadline = g_get_monotonic_time() + scan_job_limit(self, bytes) * G_USEC_PER_SEC;
}

/* ---- what it writes ---- */

static void open_part(scan_job *self, const scan_file *file)
{
    self->open = g_new0(scan_piece, 1);
    self->open->file = file;
    g_hash_table_remove(self->names, file->content.whole);
    self->open->records = scan_child_unnamed_file(self->spill ? NULL : &self->spill);
}

static void flush_part(scan_job *self)
{
    if (!self->spill && fflush(self->open->records) != 0) {
        g_set_error(&self->spill, SCAN_FAILURE, errno, "%s", g_strerror(errno));
    }
}

static void close_part(scan_job *self)
{
    flush_part(self);
    g_queue_push_tail(&self->parts, self->open);
    self->open = NULL;
}

static void begin_file(scan_job *self, const char *name, size_t length)
{
    char *text = g_strndup(name, length);
    const scan_file *file = g_hash_table_lookup(self->names, text), *known = g_hash_table_lookup(self->known, text);

    if ((file || known) && !self->open) {
        file = file ? file : known;
        open_part(self, file);
        self->open->known = file == known;
        set_deadline(self, file->size);
    }
    g_free(text);
}

static void end_file(scan_job *self, const char *line, size_t length)
{
    const char *state = line + strlen(CAPTURE_END), *end = memchr(state, '"', length - strlen(CAPTURE_END));
    const char *why = end ? g_strstr_len(end, (gssize)length - (end - line), WHY) : NULL;

    if (self->open && end) {
        self->open->state = g_strndup(state, (gsize)(end - state));
        if (why) {
            why += strlen(WHY);
            self->open->why = g_strndup(why, length - (gsize)(why - line) - strlen("\"}"));
        }
        close_part(self);
    }
}

/* Of one file, or with the lines between files that toa-read writes. */
static void take_line(scan_job *self, const char *line, size_t length)
{
    if (self->native && length > strlen(CAPTURE_END) && memcmp(line, CAPTURE_END, strlen(CAPTURE_END)) == 0) {
        end_file(self, line, length);
    } else if (self->native && length > strlen(CAPTURE) && memcmp(line, CAPTURE, strlen(CAPTURE)) == 0) {
        begin_file(self, line + strlen(CAPTURE), length - strlen(CAPTURE "\"}"));
    } else if (self->open && self->open->records && !self->spill &&
               (fwrite(line, 1, length, self->open->records) != length || putc('\n', self->open->records) == EOF)) {
        g_set_error(&self->spill, SCAN_FAILURE, errno, "%s", g_strerror(errno));
    }
}

/* What is longer is no record, and need not be kept. */
static void keep(scan_job *self, const char *at, size_t length)
{
    g_string_append_len(self->line, at, (gssize)MIN(length, LINE_KEPT - self->line->len));
}

static void take_output(scan_job *self, const char *at, size_t left)
{
    const char *feed;

    while ((feed = memchr(at, '\n', left))) {
        size_t length = (size_t)(feed - at);
        if (self->line->len) {
            keep(self, at, length);
            take_line(self, self->line->str, self->line->len);
            g_string_truncate(self->line, 0);
        } else {
            take_line(self, at, length);
        }
        at += length + 1;
        left -= length + 1;
    }
    keep(self, at, left);
}

static void on_end(GObject *source, GAsyncResult *result, gpointer data)
{
    scan_job *self = data;

    g_subprocess_wait_finish(G_SUBPROCESS(source), result, NULL);
    self->ended = TRUE;
    self->notify(self, self->data);
}

static void finish_output(scan_job *self)
{
    if (self->line->len) {
        take_line(self, self->line->str, self->line->len);
    }
    if (self->open) {
        flush_part(self);
    }
    g_input_stream_close(self->output, NULL, NULL);
    g_subprocess_wait_async(self->process, NULL, on_end, self);
}

/* Read here, and not left to GIO: that would not notice a full disk. */
static void on_output(GObject *source, GAsyncResult *result, gpointer data)
{
    scan_job *self = data;
    gssize got = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);

    if (got <= 0) {
        finish_output(self);
        return;
    }
    take_output(self, (const char *)self->buffer, (size_t)got);
    if (self->spill && !self->killed) {
        scan_job_press(self, g_get_monotonic_time());
    }
    if (g_queue_is_empty(&self->parts)) {
        scan_job_go_on(self);
    } else {
        self->notify(self, self->data);
    }
}

void scan_job_go_on(scan_job *self)
{
    if (!self->ended) {
        g_input_stream_read_async(self->output, self->buffer, sizeof self->buffer, G_PRIORITY_DEFAULT, self->given_up,
                                  on_output, self);
    }
}

/* ---- starting ---- */

static void list_file(FILE *list, char mark, const scan_file *file)
{
    fprintf(list, "%c%s\n%s", mark, file->content.whole, scan_file_source(file));
    putc(0, list);
}

/* The files for toa-read's standard input; -1 with an error. */
static int list_files(const scan_chain *chain, GError **error)
{
    FILE *list = scan_child_unnamed_file(error);
    int fd = -1;

    if (!list) {
        return -1;
    }
    for (guint i = 0; i < chain->known->len; i++) {
        list_file(list, '-', chain->known->pdata[i]);
    }
    for (guint i = 0; i < chain->files->len; i++) {
        list_file(list, '+', chain->files->pdata[i]);
    }
    if (fflush(list) != 0 || fseek(list, 0, SEEK_SET) != 0 || (fd = dup(fileno(list))) < 0) {
        g_set_error(error, SCAN_FAILURE, errno, "the list of files: %s", g_strerror(errno));
    }
    fclose(list);
    return fd;
}

static GPtrArray *command(const scan_job *self)
{
    const scan_tshark *tshark = self->tshark;
    const char *const with_tshark[] = {tshark->path, "-n", "-q", "-z", "toa,records", NULL};
    const char *const natively[] = {tshark->native, "-l", "-m", self->memory, tshark->reader == SCAN_READER_NATIVE ? "-a" : NULL, NULL};
    const scan_file *only = self->chain->files->pdata[0];
    GPtrArray *arguments = g_ptr_array_new();

    for (const char *const *argument = self->native ? natively : with_tshark; *argument; argument++) {
        g_ptr_array_add(arguments, (gpointer)*argument);
    }
    g_ptr_array_extend(arguments, tshark->settings, NULL, NULL);
    if (!self->native) {
        g_ptr_array_add(arguments, (gpointer) "-r");
        g_ptr_array_add(arguments, (gpointer)(only->spool ? "-" : only->path));
    }
    g_ptr_array_add(arguments, NULL);
    return arguments;
}

/* What it finds on standard input, -1: nothing. A launcher may run tshark as somebody else, who may not open what we keep. */
static gboolean open_input(const scan_job *self, int *ret_fd, GError **error)
{
    const scan_file *only = self->chain->files->pdata[0];

    *ret_fd = -1;
    if (self->native) {
        *ret_fd = list_files(self->chain, error);
        return *ret_fd >= 0;
    }
    if (only->spool && (*ret_fd = open(only->spool, O_RDONLY | O_CLOEXEC)) < 0) {
        g_set_error(error, SCAN_FAILURE, errno, "%s: %s", only->path, g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

static gboolean spawn(scan_job *self, GError **error)
{
    GPtrArray *arguments;
    int list;

    if (!open_input(self, &list, error)) {
        return FALSE;
    }
    if (!(self->said = scan_child_unnamed_file(error))) {
        if (list >= 0) {
            close(list);
        }
        return FALSE;
    }
    arguments = command(self);
    self->process = scan_child_start((const char *const *)(void *)arguments->pdata, list, dup(fileno(self->said)), error);
    g_ptr_array_unref(arguments);
    return self->process != NULL;
}

static GHashTable *by_content(const GPtrArray *files)
{
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < files->len; i++) {
        scan_file *file = files->pdata[i];
        g_hash_table_insert(names, file->content.whole, file);
    }
    return names;
}

scan_job *scan_job_start(const scan_tshark *tshark, scan_chain *chain, gboolean native, gint64 memory, int timeout,
                         void (*notify)(scan_job *job, void *data), void *data, GError **error)
{
    scan_job *self = g_new0(scan_job, 1);

    *self = (scan_job){.tshark = tshark, .chain = chain, .native = native, .timeout = timeout, .notify = notify,
                       .data = data, .parts = G_QUEUE_INIT, .line = g_string_new(NULL)};
    g_snprintf(self->memory, sizeof self->memory, "%" G_GINT64_FORMAT, memory);
    self->names = by_content(chain->files);
    self->known = by_content(chain->known);
    if (!native) {
        open_part(self, chain->files->pdata[0]);
    }
    if (self->spill || !spawn(self, self->spill ? NULL : error)) {
        if (self->spill) {
            g_propagate_error(error, g_steal_pointer(&self->spill));
        }
        scan_job_free(self);
        return NULL;
    }
    self->started = g_get_monotonic_time();
    set_deadline(self, scan_chain_size(chain));
    self->given_up = g_cancellable_new();
    self->output = g_subprocess_get_stdout_pipe(self->process);
    scan_job_go_on(self);
    return self;
}
