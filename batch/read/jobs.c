/* jobs.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/jobs.h"

#include "read/child.h"
#include "read/memory.h"

#include <gio/gunixoutputstream.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef struct scan_pool scan_pool;

typedef struct scan_job {
    scan_pool *pool;
    const scan_file *file;
    GSubprocess *process;
    gboolean native; /* it is toa-read, else tshark */
    FILE *output; /* what it wrote; a file without a name */
    FILE *complaints;
    GError *spill;          /* its output could not be kept */
    GCancellable *given_up; /* something that it has started may keep the pipe open */
    gint64 deadline;        /* monotonic, us */
    gint64 started;         /* monotonic, us */
    gint64 killed;          /* when it was asked to end; 0: it was not */
    gint64 expected;        /* bytes of memory */
    gboolean postponed;     /* asked to end for want of memory: to be read again when it is alone */
} scan_job;

struct scan_pool {
    const scan_run *run;
    const GPtrArray *files;
    GMainLoop *loop;
    GQueue again; /* files that toa-read has left to tshark, or that tshark is to read another time */
    GHashTable *alone; /* files that are to run alone */
    GQueue ended; /* jobs whose records are to be taken */
    GPtrArray *running;
    guint next;
    GError *error;
};

static void job_free(scan_job *self)
{
    g_clear_object(&self->process);
    if (self->output) {
        fclose(self->output);
    }
    if (self->complaints) {
        fclose(self->complaints);
    }
    g_clear_error(&self->spill);
    g_clear_object(&self->given_up);
    g_free(self);
}

/* Asks it to end, or ends it if it was asked some time ago. */
static void press(scan_job *self, gint64 now)
{
    if (!self->killed) {
        scan_child_signal(self->process, SIGTERM);
        self->killed = now;
    } else if (now > self->killed + SCAN_CHILD_GRACE_US) {
        scan_child_signal(self->process, SIGKILL);
        g_cancellable_cancel(self->given_up);
    }
}

static void stop(scan_pool *self)
{
    gint64 now = g_get_monotonic_time();

    for (guint i = 0; i < self->running->len; i++) {
        press(self->running->pdata[i], now);
    }
    self->next = self->files->len;
    g_queue_clear(&self->again);
}

static void on_end(GObject *source, GAsyncResult *result, gpointer data)
{
    scan_job *self = data;
    scan_pool *pool = self->pool;

    g_subprocess_wait_finish(G_SUBPROCESS(source), result, NULL);
    g_ptr_array_remove_fast(pool->running, self);
    g_queue_push_tail(&pool->ended, self);
    g_main_loop_quit(pool->loop);
}

/* The pipe is copied here, and not left to the reader: that would not notice a full disk. */
static void on_output_end(GObject *source, GAsyncResult *result, gpointer data)
{
    scan_job *self = data;

    g_output_stream_splice_finish(G_OUTPUT_STREAM(source), result, &self->spill);
    g_subprocess_wait_async(self->process, NULL, on_end, self);
}

/* ---- starting ---- */

/* What toa-read ends with when Wireshark can read more. */
#define NATIVE_LEFT 3

static GPtrArray *command(const scan_pool *self, const scan_job *job)
{
    const scan_tshark *tshark = self->run->tshark;
    const char *const with_tshark[] = {tshark->path, "-n", "-q", "-z", "toa,records", NULL};
    const char *const natively[] = {tshark->native, tshark->reader == SCAN_READER_NATIVE ? "-a" : NULL, NULL};
    GPtrArray *arguments = g_ptr_array_new();

    for (const char *const *argument = job->native ? natively : with_tshark; *argument; argument++) {
        g_ptr_array_add(arguments, (gpointer)*argument);
    }
    g_ptr_array_extend(arguments, tshark->settings, NULL, NULL);
    if (!job->native) {
        g_ptr_array_add(arguments, (gpointer) "-r");
    }
    g_ptr_array_add(arguments, job->file->path);
    g_ptr_array_add(arguments, NULL);
    return arguments;
}

static GSubprocess *spawn(const scan_pool *self, scan_job *job, GError **error)
{
    GPtrArray *arguments = command(self, job);
    GSubprocess *process = scan_child_start((const char *const *)(void *)arguments->pdata,
                                            dup(fileno(job->complaints)), error);

    g_ptr_array_unref(arguments);
    return process;
}

/* A tshark reads some 5 MB/s on a busy core; ten times as long is a tshark that hangs. */
static gint64 time_limit(const scan_run *run, const scan_file *file)
{
    gint64 seconds = run->timeout ? run->timeout : 1800 + file->size / 500000;

    return seconds * G_USEC_PER_SEC;
}

/* ---- memory ---- */

static gint64 expected(const scan_pool *self, const scan_file *file, gboolean native)
{
    return g_hash_table_contains(self->alone, file) ? self->run->memory
                                                    : scan_memory_expected(file->path, file->size, native);
}

static gboolean has_room(const scan_pool *self, const scan_file *file, gboolean native)
{
    gint64 taken = expected(self, file, native);

    for (guint i = 0; i < self->running->len; i++) {
        const scan_job *job = self->running->pdata[i];
        taken += MAX(job->expected, scan_memory_of(job->process));
    }
    return !self->running->len || taken <= self->run->memory;
}

/* They take more than was expected: the tshark that was started last has to wait until it can be alone. */
static void watch_memory(scan_pool *self)
{
    scan_job *last = NULL;
    gint64 taken = 0;
    guint running = 0;

    for (guint i = 0; i < self->running->len; i++) {
        scan_job *job = self->running->pdata[i];
        if (job->killed) {
            continue; /* it is on its way out */
        }
        running++;
        taken += scan_memory_of(job->process);
        last = !job->native && (!last || job->started > last->started) ? job : last;
    }
    if (last && running > 1 && taken > self->run->memory) {
        g_hash_table_add(self->alone, (gpointer)last->file);
        last->postponed = TRUE;
        press(last, g_get_monotonic_time());
    }
}

static gboolean start(scan_pool *self, const scan_file *file, gboolean native, GError **error)
{
    scan_job *job = g_new0(scan_job, 1);
    GOutputStream *keep;

    job->pool = self;
    job->file = file;
    job->native = native;
    job->expected = expected(self, file, native);
    if (!(job->output = scan_child_unnamed_file(error)) || !(job->complaints = scan_child_unnamed_file(error)) ||
        !(job->process = spawn(self, job, error))) {
        job_free(job);
        return FALSE;
    }
    job->given_up = g_cancellable_new();
    job->started = g_get_monotonic_time();
    job->deadline = job->started + time_limit(self->run, file);
    g_ptr_array_add(self->running, job);
    keep = g_unix_output_stream_new(fileno(job->output), FALSE);
    g_output_stream_splice_async(keep, g_subprocess_get_stdout_pipe(job->process),
                                 G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE, G_PRIORITY_DEFAULT, job->given_up,
                                 on_output_end, job);
    g_object_unref(keep);
    return TRUE;
}

static void start_more(scan_pool *self)
{
    while (!self->error && !scan_stop && self->running->len < (guint)self->run->jobs) {
        const scan_file *left = g_queue_peek_head(&self->again), *file;
        gboolean native = !left && self->run->tshark->native;
        if (!left && self->next >= self->files->len) {
            return;
        }
        file = left ? left : self->files->pdata[self->next];
        if (!has_room(self, file, native)) {
            return;
        }
        self->next += left ? 0 : 1;
        g_queue_remove(&self->again, left);
        if (!start(self, file, native, &self->error)) {
            stop(self);
        }
    }
}

/* ---- ending ---- */

/* Sought in all that was said: a tshark that complains of every packet says this at the end. */
static gboolean was_cut_short(FILE *said)
{
    gboolean found = FALSE;
    char line[4096];

    rewind(said);
    while (!found && fgets(line, sizeof line, said)) {
        found = strstr(line, "\" appears to have been cut short in the middle of a packet") != NULL ||
                g_str_has_prefix(line, "cut short or damaged behind packet ");
    }
    return found;
}

static void tell_failure(const scan_job *self)
{
    const char *reader = self->native ? "toa-read" : "tshark";
    int number = g_subprocess_get_if_signaled(self->process) ? g_subprocess_get_term_sig(self->process)
                                                             : g_subprocess_get_exit_status(self->process) - 128;

    if (self->killed) {
        scan_warn("%s: %s did not end within %d s and was stopped; nothing of the file was taken (--timeout)",
                  self->file->path, reader, (int)(time_limit(self->pool->run, self->file) / G_USEC_PER_SEC));
    } else if (number > 0) { /* above 128: through the launcher's shell */
        scan_warn("%s: %s crashed (%s)", self->file->path, reader, g_strsignal(number));
    } else {
        char *said = scan_child_complaint(self->complaints);
        scan_warn("%s: %s exit status %d: %s", self->file->path, reader, number + 128, said);
        g_free(said);
    }
}

/* NULL: nothing of the file can be used. */
static const char *judge(scan_job *self)
{
    scan_counts *counts = self->pool->run->counts;
    gboolean whole = !self->killed && g_subprocess_get_successful(self->process);

    if (!whole && (self->killed || !was_cut_short(self->complaints))) {
        tell_failure(self);
        counts->failed++;
        return NULL;
    }
    if (scan_file_is_growing(self->file)) {
        counts->growing++;
        return "growing";
    }
    if (whole) {
        return "done";
    }
    scan_warn("%s: cut short in the middle of a packet; what is before that was read", self->file->path);
    counts->cut_short++;
    return "cut short";
}

/* Why toa-read has left the file to tshark; NULL: it has not. One that crashes shall not be the end of it. */
static char *why_left(const scan_job *job)
{
    if (!job->native || job->killed) {
        return NULL;
    }
    if (g_subprocess_get_if_signaled(job->process) && job->pool->run->tshark->reader == SCAN_READER_AUTO) {
        return g_strdup_printf("toa-read crashed (%s)", g_strsignal(g_subprocess_get_term_sig(job->process)));
    }
    if (g_subprocess_get_if_exited(job->process) && g_subprocess_get_exit_status(job->process) == NATIVE_LEFT) {
        return scan_child_complaint(job->complaints);
    }
    return NULL;
}

/* TRUE: the job is done with, its file is for a tshark to come. */
static gboolean leave(scan_pool *self, const scan_job *job)
{
    const scan_tshark *tshark = self->run->tshark;
    char *why = self->error || scan_stop ? NULL : why_left(job);

    if (job->postponed && !self->error && !scan_stop) {
        g_queue_push_tail(&self->again, (gpointer)job->file);
        return TRUE;
    }
    if (!why) {
        return FALSE;
    }
    if (tshark->missing) {
        scan_warn("%s: toa-read cannot read all of it (%s), and there is no tshark: %s", job->file->path, why,
                  tshark->missing);
        self->run->counts->failed++;
        self->run->progress->files_done++;
    } else {
        if (!self->run->quiet) {
            scan_warn("%s: read by tshark: %s", job->file->path, why);
        }
        g_queue_push_tail(&self->again, (gpointer)job->file);
    }
    g_free(why);
    return TRUE;
}

static void finish(scan_pool *self, scan_job *job)
{
    const char *state = NULL;
    GError *error = NULL;

    if (!self->error && !scan_stop && job->spill && !job->killed) {
        g_propagate_prefixed_error(&self->error, g_steal_pointer(&job->spill), "%s: keeping its records in %s: ",
                                   job->file->path, g_get_tmp_dir());
        stop(self);
    } else if (!self->error && !scan_stop) {
        state = judge(job);
    }
    if (state) {
        rewind(job->output);
        if (!self->run->take(self->run->data, job->file, job->output, state, &error) && !scan_stop) {
            g_prefix_error(&error, "%s: ", job->file->path);
            self->error = error;
            stop(self);
        } else {
            g_clear_error(&error);
        }
    }
    self->run->progress->files_done++;
    self->run->progress->bytes_done += job->file->size;
    scan_progress_update(self->run->progress);
    job_free(job);
}

static gboolean look_for_stop(gpointer data)
{
    scan_pool *self = data;
    gint64 now = g_get_monotonic_time();

    for (guint i = 0; i < self->running->len; i++) {
        scan_job *job = self->running->pdata[i];
        if (job->killed || now > job->deadline) {
            press(job, now);
        }
    }
    if (scan_stop) {
        stop(self);
        g_main_loop_quit(self->loop);
    } else {
        watch_memory(self);
    }
    scan_progress_update(self->run->progress);
    return G_SOURCE_CONTINUE;
}

gboolean scan_jobs_run(const scan_run *run, const GPtrArray *files, GError **error)
{
    scan_pool self = {.run = run, .files = files, .again = G_QUEUE_INIT, .ended = G_QUEUE_INIT};
    guint timer;
    scan_job *job;

    self.loop = g_main_loop_new(NULL, FALSE);
    self.running = g_ptr_array_new();
    self.alone = g_hash_table_new(NULL, NULL);
    timer = g_timeout_add(200, look_for_stop, &self);
    start_more(&self);
    while (self.running->len || !g_queue_is_empty(&self.ended)) {
        if (g_queue_is_empty(&self.ended)) {
            g_main_loop_run(self.loop);
        }
        if ((job = g_queue_pop_head(&self.ended))) {
            start_more(&self); /* before its records are taken: no core waits for that */
            if (leave(&self, job)) {
                job_free(job);
            } else {
                finish(&self, job);
            }
            start_more(&self); /* what was left */
        }
    }
    g_source_remove(timer);
    g_main_loop_unref(self.loop);
    g_hash_table_unref(self.alone);
    g_ptr_array_unref(self.running);
    if (self.error) {
        g_propagate_error(error, self.error);
        return FALSE;
    }
    return !scan_stop;
}
