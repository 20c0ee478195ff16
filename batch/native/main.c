/* main.c
 * toa-read: the records of "tshark -z toa,records" without Wireshark. A program of its own, so that captures, which are
 * hostile, are read in a process that has nothing else, and can crash without harm.
 *
 * Exit status: 0 read; 2 an error, or damaged: what was read before counts, and is printed; 3 Wireshark can read more of it
 * than this: nothing printed is all of it. Standard error says why, in one line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/capture.h"
#include "frames/unpack.h"
#include "native/run.h"
#include "native/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_DONE = 0, READ_ERROR = 2, READ_MORE = 3 };

typedef struct reading {
    toa_settings settings;
    const char *path; /* "-": standard input */
    bool all;         /* what can be read will do */
} reading;

static const char usage[] = "Usage: toa-read [-a] [-o NAME:VALUE]... FILE\n"
                            "Prints what tshark -z toa,records prints, without Wireshark. - is standard input.\n"
                            "  -a  take what can be read, though Wireshark could find more\n"
                            "  -o  a preference of the plugin, as for tshark\n";

/* False with what is wrong printed. */
static bool read_arguments(reading *self, int argc, char **argv)
{
    char *error = NULL;
    int letter;

    while ((letter = getopt(argc, argv, "ao:")) != -1) {
        if (letter == 'a') {
            self->all = true;
        } else if (letter != 'o') {
            fputs(usage, stderr);
            return false;
        } else if (!toa_settings_take(&self->settings, optarg, &error)) {
            fprintf(stderr, "%s\n", error);
            g_free(error);
            return false;
        }
    }
    if (optind + 1 != argc) {
        fputs(usage, stderr);
        return false;
    }
    self->path = argv[optind];
    toa_settings_finish(&self->settings);
    return true;
}

static void say_missed(const toa_native *native)
{
    const toa_native_counts *counts = &native->counts;
    char what[80];

    toa_found_name(counts->space, counts->protocol, what, sizeof what);
    fprintf(stderr, "may hold TCP that is not read: IP fragments %" G_GUINT64_FORMAT ", other protocols %" G_GUINT64_FORMAT
                    "; first frame %u, %s\n",
            counts->found[TOA_FOUND_FRAGMENT], counts->found[TOA_FOUND_UNKNOWN], counts->frame, what);
}

/* How it ended, as exit status. */
static int judge(const reading *self, toa_read last, const toa_capture *capture, const toa_native *native)
{
    switch (last) {
    case TOA_READ_FAILED:
        fprintf(stderr, "%s\n", strerror(errno));
        return READ_ERROR;
    case TOA_READ_UNKNOWN:
        fprintf(stderr, "%s\n", capture->reason);
        return self->all ? READ_ERROR : READ_MORE;
    default:
        break;
    }
    if (toa_native_missed(native)) {
        say_missed(native);
        if (!self->all) {
            return READ_MORE;
        }
    }
    if (last != TOA_READ_END) {
        fprintf(stderr, "cut short or damaged behind packet %u: %s\n", capture->n_frames, capture->reason);
        return READ_ERROR;
    }
    return READ_DONE;
}

static int read_capture(const reading *self, toa_source source)
{
    toa_frame_bytes frame;
    toa_capture capture;
    toa_native native;
    toa_read last;
    int code;

    toa_capture_init(&capture, source);
    toa_native_init(&native, &self->settings.config, stdout);
    while ((last = toa_capture_next(&capture, &frame)) == TOA_READ_FRAME) {
        if (!toa_native_take(&native, &frame)) {
            last = TOA_READ_FAILED;
            break;
        }
        if (!self->all && toa_native_missed(&native)) {
            break; /* all of it is for Wireshark */
        }
    }
    code = judge(self, last, &capture, &native);
    if (code != READ_MORE) {
        toa_records_finish(&native.records);
    }
    if (ferror(stdout)) {
        fprintf(stderr, "standard output: %s\n", strerror(errno));
        code = READ_ERROR;
    }
    toa_native_clear(&native);
    toa_capture_clear(&capture);
    return code;
}

static int read_file(const reading *self)
{
    int fd = strcmp(self->path, "-") == 0 ? STDIN_FILENO : open(self->path, O_RDONLY | O_CLOEXEC), code = READ_ERROR;
    toa_unpack *unpack;

    if (fd < 0) {
        fprintf(stderr, "%s\n", strerror(errno));
        return READ_ERROR;
    }
    unpack = toa_unpack_new(toa_source_fd(&fd));
    if (unpack) {
        code = read_capture(self, toa_unpack_source(unpack));
    }
    toa_unpack_free(unpack);
    if (fd != STDIN_FILENO) {
        close(fd);
    }
    return code;
}

int main(int argc, char **argv)
{
    reading self = {0};
    int code = READ_ERROR;

    toa_settings_init(&self.settings);
    if (read_arguments(&self, argc, argv)) {
        code = read_file(&self);
    }
    toa_settings_clear(&self.settings);
    return code;
}
