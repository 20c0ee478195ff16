/* main.c
 * toa-watch: what toa-scan --watch runs. An endless capture in, incidents out. A program of its own for the same reason as
 * toa-read: captures are hostile, and are read where nothing else is.
 *
 * SIGTERM, SIGINT: stops in good order. SIGHUP: writes the metrics anew at once, and looks at the folder.
 *
 * Exit status: 0 stopped, or the input has ended in good order; 2 an error, or the input cannot be read any further. Standard
 * error says why.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "native/settings.h"
#include "watch/input.h"
#include "watch/metrics.h"
#include "watch/say.h"
#include "watch/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK_US (200 * (gint64)1000)
#define METRICS_US (10 * (gint64)G_USEC_PER_SEC)
#define DEFAULT_AFTER 5

typedef struct program {
    toa_settings settings;
    toa_watch_limits limits;
    toa_reporter reporter;
    char *folder, *metrics_path, *input_path;
    guint after;
    gboolean notes;
    toa_watch watch;
    toa_watch_input *input;
    gint64 next_tick, next_metrics;
    gboolean metrics_failed; /* was told */
} program;

static volatile sig_atomic_t stop_signal, hup_signal;

static void on_signal(int number)
{
    if (number == SIGHUP) {
        hup_signal = 1;
    } else {
        stop_signal = number;
    }
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that is too large is an error like a full disk */
}

static const char usage[] =
    "Usage: toa-watch [--json] [--memory BYTES] [--evidence FOLDER] [--ring BYTES] [--after SECONDS] [--metrics FILE]\n"
    "                 [--records FD] [--host NAME] [--notes] [-o NAME:VALUE]... INPUT\n"
    "Run by toa-scan --watch, which has the manual. INPUT is - or the folder of a ring buffer.\n";

static bool take_number(const char *text, guint64 low, guint64 high, guint64 *ret_value)
{
    return g_ascii_string_to_unsigned(text, 10, low, high, ret_value, NULL);
}

static bool take_option(program *self, int option, const char *value)
{
    guint64 number = 0;
    char *error = NULL;

    switch (option) {
    case 'j':
        self->reporter.json = TRUE;
        return true;
    case 'n':
        self->notes = TRUE;
        return true;
    case 'm':
        if (take_number(value, 1, G_MAXUINT64 / 2, &number)) {
            self->limits.memory = number;
            return true;
        }
        break;
    case 'r':
        if (take_number(value, 1, G_MAXUINT64 / 2, &number)) {
            self->limits.ring = number;
            return true;
        }
        break;
    case 'a':
        if (take_number(value, 0, 3600, &number)) {
            self->after = (guint)number;
            return true;
        }
        break;
    case 'f':
        if (take_number(value, 3, 1024, &number)) {
            self->reporter.records = fdopen((int)number, "w");
            return self->reporter.records != NULL;
        }
        break;
    case 'e':
        self->folder = optarg;
        return true;
    case 'M':
        self->metrics_path = optarg;
        return true;
    case 'h':
        self->reporter.host = optarg;
        return true;
    case 'o':
        if (toa_settings_take(&self->settings, value, &error)) {
            return true;
        }
        toa_watch_say("%s", error);
        g_free(error);
        break;
    default:
        break;
    }
    return false;
}

static bool read_arguments(program *self, int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},           {"notes", no_argument, NULL, 'n'},
        {"memory", required_argument, NULL, 'm'},   {"ring", required_argument, NULL, 'r'},
        {"after", required_argument, NULL, 'a'},    {"records", required_argument, NULL, 'f'},
        {"evidence", required_argument, NULL, 'e'}, {"metrics", required_argument, NULL, 'M'},
        {"host", required_argument, NULL, 'h'},     {0}};
    int option;

    while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
        if (!take_option(self, option, optarg)) {
            fputs(usage, stderr);
            return false;
        }
    }
    if (optind + 1 != argc) {
        fputs(usage, stderr);
        return false;
    }
    self->input_path = argv[optind];
    toa_settings_finish(&self->settings);
    if (!self->folder) {
        self->limits.ring = 0;
    }
    return true;
}

/* ---- what is done now and then ---- */

static void write_metrics(program *self)
{
    GError *error = NULL;

    if (!self->metrics_path) {
        return;
    }
    if (toa_watch_metrics(self->metrics_path, &self->watch, self->input, &error)) {
        self->metrics_failed = FALSE;
    } else {
        if (!self->metrics_failed) {
            toa_watch_say("%s", error->message);
        }
        self->metrics_failed = TRUE;
        g_error_free(error);
    }
}

/* False: stop. */
static bool tick(void *context)
{
    program *self = context;
    gint64 clock = g_get_monotonic_time();

    if (clock >= self->next_tick) {
        self->next_tick = clock + TICK_US;
        toa_watch_tick(&self->watch);
    }
    if (clock >= self->next_metrics || hup_signal) {
        self->next_metrics = clock + METRICS_US;
        hup_signal = 0;
        write_metrics(self);
    }
    return !stop_signal && !self->watch.events.failed;
}

/* ---- the whole ---- */

static void say_sums(const program *self)
{
    const toa_watch_counts *counts = &self->watch.counts;
    toa_watch_missed missed = toa_watch_input_missed(self->input);

    toa_watch_say(
        "%" G_GUINT64_FORMAT " packets, %u conversations; forgotten: %" G_GUINT64_FORMAT " closed, %" G_GUINT64_FORMAT " idle",
        counts->frames, toa_engine_conversations(self->watch.engine), self->watch.limit.closed, self->watch.limit.idle);
    if (counts->unread) {
        toa_watch_say("%" G_GUINT64_FORMAT " packets may hold TCP that is not read: IP fragments, unknown protocols",
                      counts->unread);
    }
    if (missed.files || toa_watch_input_drops(self->input)) {
        toa_watch_say("missed: %" G_GUINT64_FORMAT " files (about %" G_GUINT64_FORMAT
                      " bytes) of the ring, and %" G_GUINT64_FORMAT " packets that the capture has lost",
                      missed.files, missed.bytes, toa_watch_input_drops(self->input));
    }
}

static bool run(program *self)
{
    toa_frame_bytes frame;
    toa_watch_read read = TOA_WATCH_STOPPED;
    unsigned busy = 0;

    toa_watch_notify("READY=1\nSTATUS=watching");
    while (!stop_signal && (read = toa_watch_input_next(self->input, &frame)) == TOA_WATCH_FRAME) {
        toa_watch_take(&self->watch, &frame, toa_watch_input_file(self->input));
        if (++busy % 256 == 0 && !tick(self)) {
            break;
        }
    }
    toa_watch_notify("STOPPING=1");
    if (read == TOA_WATCH_BROKEN) {
        toa_watch_say("standard input: behind packet %u: %s", self->watch.place.frame, toa_watch_input_reason(self->input));
    }
    return read != TOA_WATCH_BROKEN && !self->watch.events.failed;
}

static bool check_folder(const char *folder)
{
    struct stat status;

    if (folder && (stat(folder, &status) != 0 || access(folder, W_OK | X_OK) != 0)) {
        toa_watch_say("%s: %s", folder, g_strerror(errno));
        return false;
    }
    if (folder && !S_ISDIR(status.st_mode)) {
        toa_watch_say("%s: no folder", folder);
        return false;
    }
    return true;
}

static int work(program *self)
{
    const char *error;
    bool ok;

    if (!check_folder(self->folder)) {
        return 2;
    }
    self->input = toa_watch_input_new(self->input_path, tick, self);
    if (!self->input) {
        toa_watch_say("%s: %s", self->input_path, g_strerror(errno));
        return 2;
    }
    self->reporter.point = strcmp(self->input_path, "-") == 0 ? "watch" : self->input_path;
    if (!toa_watch_init(&self->watch, &self->settings.config, &self->limits, &self->reporter, &error)) {
        toa_watch_say("%s", error);
        toa_watch_input_free(self->input);
        return 2;
    }
    self->watch.events.files.folder = self->folder;
    self->watch.events.files.after = (gint64)self->after * TOA_SECOND;
    self->watch.events.notes = self->notes;
    ok = run(self);
    say_sums(self);
    toa_watch_finish(&self->watch);
    write_metrics(self);
    toa_watch_clear(&self->watch);
    toa_watch_input_free(self->input);
    return ok ? 0 : 2;
}

int main(int argc, char **argv)
{
    program self = {.reporter = {.out = stdout, .host = g_get_host_name()},
                    .limits = {(gsize)1 << 30, (gsize)64 << 20},
                    .after = DEFAULT_AFTER};
    int code = 2;

    setlocale(LC_ALL, "");
    catch_signals();
    toa_settings_init(&self.settings);
    if (read_arguments(&self, argc, argv)) {
        code = work(&self);
    }
    toa_settings_clear(&self.settings);
    return code;
}
