/* jobs.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/jobs.h"

#include <gio/gunixoutputstream.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef struct scan_pool scan_pool;

typedef struct scan_job {
    scan_pool *pool;
    const scan_file *file;
    GSubprocess *process;
    FILE *output; /* what tshark wrote; a file without a name */
    FILE *complaints;
    char *errors; /* its complaints, read when it has ended */
    GError *spill; /* its output could not be kept */
} scan_job;

struct scan_pool {
    const scan_run *run;
    const GPtrArray *files;
    GMainLoop *loop;
    GQueue ended; /* jobs whose records are to be taken */
    GPtrArray *running;
    GCancellable *stopped; /* a child of tshark's may keep the pipe open */
    guint next;
    unsigned bad;
    GError *error;
};

static FILE *unnamed_file(GError **error)
{
    char *path = g_build_filename(g_get_tmp_dir(), "toa-scan-XXXXXX", NULL);
    int fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w+") : NULL;

    if (!file) {
        g_set_error(error, SCAN_FAILURE, errno, "%s: %s", path, g_strerror(errno));
    }
    if (fd >= 0) {
        unlink(path);
        if (!file) {
            close(fd);
        }
    }
    g_free(path);
    return file;
}

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
    g_free(self->errors);
    g_free(self);
}

static void stop(scan_pool *self)
{
    for (guint i = 0; i < self->running->len; i++) {
        g_subprocess_send_signal(((scan_job *)self->running->pdata[i])->process, SIGTERM);
    }
    g_cancellable_cancel(self->stopped);
    self->next = self->files->len;
}

static void on_end(GObject *source, GAsyncResult *result, gpointer data)
{
    scan_job *self = data;
    scan_pool *pool = self->pool;
    char text[4096];
    size_t length;

    g_subprocess_wait_finish(G_SUBPROCESS(source), result, NULL);
    rewind(self->complaints);
    length = fread(text, 1, sizeof text, self->complaints);
    self->errors = g_utf8_make_valid(text, (gssize)length);
    g_ptr_array_remove_fast(pool->running, self);
    g_queue_push_tail(&pool->ended, self);
    g_main_loop_quit(pool->loop);
}

/* The pipe is copied here, and not left to tshark: that would not notice a full disk. */
static void on_output_end(GObject *source, GAsyncResult *result, gpointer data)
{
    scan_job *self = data;

    g_output_stream_splice_finish(G_OUTPUT_STREAM(source), result, &self->spill);
    g_subprocess_wait_async(self->process, NULL, on_end, self);
}

/* ---- starting ---- */

static GPtrArray *command(const scan_pool *self, const scan_file *file)
{
    const char *const fixed[] = {self->run->tshark, "-n", "-q", "-z", "toa,records"};
    GPtrArray *arguments = g_ptr_array_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(fixed); i++) {
        g_ptr_array_add(arguments, (gpointer)fixed[i]);
    }
    for (guint i = 0; i < self->run->arguments->len; i++) {
        g_ptr_array_add(arguments, self->run->arguments->pdata[i]);
    }
    g_ptr_array_add(arguments, (gpointer) "-r");
    g_ptr_array_add(arguments, file->path);
    g_ptr_array_add(arguments, NULL);
    return arguments;
}

static GSubprocess *spawn(const scan_pool *self, scan_job *job, GError **error)
{
    GSubprocessLauncher *launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    GPtrArray *arguments = command(self, job->file);
    GSubprocess *process;

    g_subprocess_launcher_take_stderr_fd(launcher, dup(fileno(job->complaints)));
    process = g_subprocess_launcher_spawnv(launcher, (const char *const *)(void *)arguments->pdata, error);
    g_ptr_array_unref(arguments);
    g_object_unref(launcher);
    return process;
}

static gboolean start(scan_pool *self, const scan_file *file, GError **error)
{
    scan_job *job = g_new0(scan_job, 1);
    GOutputStream *keep;

    job->pool = self;
    job->file = file;
    if (!(job->output = unnamed_file(error)) || !(job->complaints = unnamed_file(error)) ||
        !(job->process = spawn(self, job, error))) {
        job_free(job);
        return FALSE;
    }
    g_ptr_array_add(self->running, job);
    keep = g_unix_output_stream_new(fileno(job->output), FALSE);
    g_output_stream_splice_async(keep, g_subprocess_get_stdout_pipe(job->process),
                                 G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE, G_PRIORITY_DEFAULT, self->stopped,
                                 on_output_end, job);
    g_object_unref(keep);
    return TRUE;
}

static void start_more(scan_pool *self)
{
    while (!self->error && !scan_stop && self->next < self->files->len &&
           self->running->len < (guint)self->run->jobs) {
        if (!start(self, self->files->pdata[self->next++], &self->error)) {
            stop(self);
        }
    }
}

/* ---- ending ---- */

/* The last line of tshark's that is not about running as root. */
static char *complaint(const scan_job *self)
{
    char **lines = g_strsplit(self->errors ? self->errors : "", "\n", -1), *last = NULL;

    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        if (**line && !g_str_has_prefix(*line, "Running as user")) {
            g_free(last);
            last = g_str_has_prefix(*line, "tshark: ") ? g_strdup(*line + 8) : g_strdup(*line);
        }
    }
    g_strfreev(lines);
    return last ? last : g_strdup("it did not say why");
}

/* NULL: nothing of the file can be used. */
static const char *judge(scan_job *self)
{
    char *said;
    const char *state = NULL;

    if (g_subprocess_get_successful(self->process)) {
        return "done";
    }
    said = complaint(self);
    if (g_subprocess_get_if_signaled(self->process)) {
        int number = g_subprocess_get_term_sig(self->process);
        scan_warn("%s: tshark crashed (%s)", self->file->path, g_strsignal(number));
    } else if (g_subprocess_get_exit_status(self->process) > 128) { /* through the launcher's shell */
        scan_warn("%s: tshark crashed (%s)", self->file->path,
                  g_strsignal(g_subprocess_get_exit_status(self->process) - 128));
    } else if (strstr(self->errors ? self->errors : "", "cut short")) {
        scan_warn("%s: cut short in the middle of a packet; what is before that was read", self->file->path);
        state = "cut short";
    } else {
        scan_warn("%s: tshark exit status %d: %s", self->file->path,
                  g_subprocess_get_exit_status(self->process), said);
    }
    g_free(said);
    return state;
}

static void finish(scan_pool *self, scan_job *job)
{
    const char *state = NULL;
    GError *error = NULL;

    if (!self->error && !scan_stop && job->spill) {
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
    self->bad += !state || strcmp(state, "done") != 0;
    self->run->progress->files_done++;
    self->run->progress->bytes_done += job->file->size;
    scan_progress_update(self->run->progress);
    job_free(job);
}

static gboolean look_for_stop(gpointer data)
{
    scan_pool *self = data;

    if (scan_stop) {
        stop(self);
        g_main_loop_quit(self->loop);
    }
    scan_progress_update(self->run->progress);
    return G_SOURCE_CONTINUE;
}

gboolean scan_jobs_run(const scan_run *run, const GPtrArray *files, unsigned *ret_bad, GError **error)
{
    scan_pool self = {.run = run, .files = files, .ended = G_QUEUE_INIT};
    guint timer;
    scan_job *job;

    self.loop = g_main_loop_new(NULL, FALSE);
    self.running = g_ptr_array_new();
    self.stopped = g_cancellable_new();
    timer = g_timeout_add(200, look_for_stop, &self);
    start_more(&self);
    while (self.running->len || !g_queue_is_empty(&self.ended)) {
        if (g_queue_is_empty(&self.ended)) {
            g_main_loop_run(self.loop);
        }
        if ((job = g_queue_pop_head(&self.ended))) {
            start_more(&self); /* before its records are taken: no core waits for that */
            finish(&self, job);
        }
    }
    g_source_remove(timer);
    g_main_loop_unref(self.loop);
    g_ptr_array_unref(self.running);
    g_object_unref(self.stopped);
    *ret_bad = self.bad;
    if (self.error) {
        g_propagate_error(error, self.error);
        return FALSE;
    }
    return !scan_stop;
}
