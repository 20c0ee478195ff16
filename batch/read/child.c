/* child.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/child.h"

#include <gio/gunixoutputstream.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static char *profile; /* the empty one, made by the first start */

static gboolean make_profile(GError **error)
{
    if (!profile && !(profile = g_dir_make_tmp("toa-scan-XXXXXX", error))) {
        return FALSE;
    }
    chmod(profile, 0755); /* when run by root, the launcher runs tshark as another user, who must be able to open the folder */
    return TRUE;
}

void scan_child_clean_up(void)
{
    if (profile) {
        rmdir(profile);
        g_clear_pointer(&profile, g_free);
    }
}

/* Between fork and exec: only what a signal handler may do. */
static void in_child(gpointer parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != GPOINTER_TO_INT(parent)) {
        _exit(127);
    }
}

GSubprocess *scan_child_start(const char *const *arguments, int stdin_fd, int stderr_fd, GError **error)
{
    GSubprocessFlags flags = G_SUBPROCESS_FLAGS_STDOUT_PIPE;
    GSubprocessLauncher *launcher;
    GSubprocess *process = NULL;

    if (stderr_fd < 0) {
        flags |= G_SUBPROCESS_FLAGS_STDERR_SILENCE;
    }
    launcher = g_subprocess_launcher_new(flags);
    if (stdin_fd >= 0) {
        g_subprocess_launcher_take_stdin_fd(launcher, stdin_fd);
    }
    if (stderr_fd >= 0) {
        g_subprocess_launcher_take_stderr_fd(launcher, stderr_fd);
    }
    if (make_profile(error)) {
        g_subprocess_launcher_set_child_setup(launcher, in_child, GINT_TO_POINTER(getpid()), NULL);
        g_subprocess_launcher_setenv(launcher, "WIRESHARK_CONFIG_DIR", profile, TRUE);
        g_subprocess_launcher_setenv(launcher, "TOA_CONFIG_DIR", profile, TRUE); /* for the launcher */
        process = g_subprocess_launcher_spawnv(launcher, arguments, error);
    }
    g_object_unref(launcher);
    return process;
}

void scan_child_signal(GSubprocess *process, int number)
{
    const char *name = g_subprocess_get_identifier(process); /* NULL: it has ended and was waited for */
    pid_t pid = name ? (pid_t)g_ascii_strtoll(name, NULL, 10) : 0;

    if (pid > 0 && kill(-pid, number) != 0) {
        g_subprocess_send_signal(process, number); /* so early that it has no group yet */
    }
}

FILE *scan_child_unnamed_file(GError **error)
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

char *scan_child_complaint(FILE *said)
{
    char tail[4097], *last = NULL, **lines;
    size_t length;

    if (fseek(said, -(long)(sizeof tail - 1), SEEK_END) != 0) {
        rewind(said);
    }
    length = fread(tail, 1, sizeof tail - 1, said);
    tail[length] = 0;
    lines = g_strsplit(tail, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_strstrip(*line);
        if (**line && !g_str_has_prefix(*line, "Running as user")) {
            last = g_str_has_prefix(*line, "tshark: ") ? *line + strlen("tshark: ") : *line;
        }
    }
    last = last ? g_utf8_make_valid(last, -1) : g_strdup("it did not say why");
    g_strfreev(lines);
    return last;
}

/* ---- to the end ---- */

typedef struct child_run {
    GMainLoop *loop;
    GSubprocess *process;
    GOutputStream *output;
    GCancellable *given_up; /* something that it has started may hold the pipe */
    GError *spill;
    gint64 deadline, killed; /* monotonic, us; killed 0: not asked to end yet */
    gboolean late;
} child_run;

static void on_ended(GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
    child_run *self = data;

    g_subprocess_wait_finish(self->process, result, NULL);
    g_main_loop_quit(self->loop);
}

static void on_output(GObject *source, GAsyncResult *result, gpointer data)
{
    child_run *self = data;

    g_output_stream_splice_finish(G_OUTPUT_STREAM(source), result, &self->spill);
    g_subprocess_wait_async(self->process, NULL, on_ended, self);
}

static gboolean on_tick(gpointer data)
{
    child_run *self = data;
    gint64 now = g_get_monotonic_time();

    self->late |= now > self->deadline;
    if (self->killed && now > self->killed + SCAN_CHILD_GRACE_US) {
        scan_child_signal(self->process, SIGKILL);
        g_cancellable_cancel(self->given_up);
    } else if (!self->killed && (self->late || scan_stop)) {
        scan_child_signal(self->process, SIGTERM);
        self->killed = now;
    }
    return G_SOURCE_CONTINUE;
}

static void wait_for(child_run *self)
{
    guint timer = g_timeout_add(100, on_tick, self);

    g_output_stream_splice_async(self->output, g_subprocess_get_stdout_pipe(self->process),
                                 G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                                 G_PRIORITY_DEFAULT, self->given_up, on_output, self);
    g_main_loop_run(self->loop);
    g_source_remove(timer);
}

static gboolean check_end(const child_run *self, const char *name, int seconds, FILE *said, GError **error)
{
    char *complaint;

    if (scan_stop) {
        g_set_error(error, SCAN_FAILURE, 0, "%s: interrupted", name);
    } else if (self->late) {
        g_set_error(error, SCAN_FAILURE, 0, "%s did not end within %d s", name, seconds);
    } else if (self->spill) {
        g_propagate_error(error, g_error_copy(self->spill));
    } else if (!g_subprocess_get_successful(self->process)) {
        complaint = scan_child_complaint(said);
        g_set_error(error, SCAN_FAILURE, 0, "%s failed: %s", name, complaint);
        g_free(complaint);
    } else {
        return TRUE;
    }
    return FALSE;
}

gboolean scan_child_run(const char *const *arguments, int seconds, char **ret_output, GError **error)
{
    child_run self = {.deadline = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC};
    FILE *said = scan_child_unnamed_file(error);
    gboolean ok = FALSE;

    self.process = said ? scan_child_start(arguments, -1, dup(fileno(said)), error) : NULL;
    if (self.process) {
        self.loop = g_main_loop_new(NULL, FALSE);
        self.output = g_memory_output_stream_new_resizable();
        self.given_up = g_cancellable_new();
        wait_for(&self);
        ok = check_end(&self, arguments[0], seconds, said, error);
        if (ok) {
            GMemoryOutputStream *memory = G_MEMORY_OUTPUT_STREAM(self.output);
            *ret_output = g_strndup(g_memory_output_stream_get_data(memory),
                                    g_memory_output_stream_get_data_size(memory));
        }
        g_main_loop_unref(self.loop);
        g_object_unref(self.output);
        g_object_unref(self.given_up);
        g_object_unref(self.process);
    }
    g_clear_error(&self.spill);
    if (said) {
        fclose(said);
    }
    return ok;
}
