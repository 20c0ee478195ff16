/* main.c
 * toa-read: the records of "tshark -z toa,records" without Wireshark. A program of its own, so that captures, which are
 * hostile, are read in a process that has nothing else, and can crash without harm.
 *
 * Exit status: 0 read; 2 an error, or damaged: what was read before counts, and is printed; 3 Wireshark can read more of it
 * than this: nothing printed is all of it. Standard error says why, in one line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "native/chain.h"
#include "native/input.h"
#include "native/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_DONE = 0, READ_ERROR = 2, READ_MORE = 3 };

typedef struct reading {
    toa_settings settings;
    toa_chain chain;
    size_t memory; /* 0: no limit */
    bool listed; /* files are named on standard input */
} reading;

static const char usage[] = "Usage: toa-read [-a] [-m BYTES] [-o NAME:VALUE]... FILE...\n"
                            "Prints what tshark -z toa,records prints, without Wireshark. - is standard input. Several files are\n"
                            "one rotated capture; they are read in the order of their first packets.\n"
                            "  -a  take what can be read, though Wireshark could find more\n"
                            "  -l  the files are listed on standard input: + or - (to learn from, nothing is printed of it),\n"
                            "      a name for the records, a line feed, the path, a NUL\n"
                            "  -m  forget connections, silent ones first, rather than take more memory than this\n"
                            "  -o  a preference of the plugin, as for tshark\n";

static bool complain(const char *text)
{
    fputs(text, stderr);
    return false;
}

static bool read_memory(const char *text, size_t *ret_bytes)
{
    guint64 bytes;

    if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXSIZE / 2, &bytes, NULL)) {
        return false;
    }
    *ret_bytes = bytes;
    return true;
}

/* False with what is wrong printed. */
static bool read_arguments(reading *self, int argc, char **argv)
{
    char *error = NULL;
    int letter;

    while ((letter = getopt(argc, argv, "alm:o:")) != -1) {
        if (letter == 'a') {
            self->chain.all = true;
        } else if (letter == 'l') {
            self->listed = true;
        } else if (letter == 'm') {
            if (!read_memory(optarg, &self->memory)) {
                return complain("-m: no number of bytes\n");
            }
        } else if (letter != 'o') {
            return complain(usage);
        } else if (!toa_settings_take(&self->settings, optarg, &error)) {
            fprintf(stderr, "%s\n", error);
            g_free(error);
            return false;
        }
    }
    if (self->listed != (optind == argc)) {
        return complain(usage);
    }
    for (int i = optind; i < argc; i++) {
        if (strcmp(argv[i], "-") == 0 && argc - optind > 1) {
            return complain("standard input cannot be one of several files\n");
        }
        toa_chain_add(&self->chain, argv[i], argv[i], false);
    }
    if (self->listed && !toa_chain_add_list(&self->chain, stdin)) {
        return complain("the list of files is not understood\n");
    }
    toa_settings_finish(&self->settings);
    return true;
}

static int exit_code(toa_ending ending)
{
    return ending == TOA_ENDING_DONE ? READ_DONE : ending == TOA_ENDING_LEFT ? READ_MORE : READ_ERROR;
}

/* As tshark tells it; one that is for Wireshark is given up at once, and nothing of it is told at the end. */
static int read_one(const reading *self, const char *path, toa_native *native)
{
    toa_read last = TOA_READ_FAILED;
    toa_frame_bytes frame;
    const char *why;
    toa_input input;
    char room[256];
    int code;

    if (!toa_input_open(&input, path)) {
        fprintf(stderr, "%s\n", strerror(errno));
        return READ_ERROR;
    }
    while ((self->chain.all || !toa_native_missed(native)) &&
           (last = toa_capture_next(&input.capture, &frame)) == TOA_READ_FRAME) {
        if (!toa_native_take(native, &frame)) {
            errno = ENOMEM;
            last = TOA_READ_FAILED;
            break;
        }
    }
    code = exit_code(toa_chain_judge(last, &input.capture, native, self->chain.all, room, sizeof room, &why));
    if (why) {
        fprintf(stderr, "%s\n", why);
    }
    toa_input_close(&input);
    if (code != READ_MORE) {
        toa_native_finish(native);
    }
    return code;
}

static int read_all(reading *self)
{
    const GArray *links = self->chain.links;
    toa_native native;
    int code;

    toa_native_init(&native, &self->settings.config, stdout);
    toa_native_set_memory(&native, self->memory);
    code = self->listed || links->len > 1 ? exit_code(toa_chain_read(&self->chain, &native))
                                          : read_one(self, g_array_index(links, toa_link, 0).path, &native);
    if (ferror(stdout)) {
        fprintf(stderr, "standard output: %s\n", strerror(errno));
        code = READ_ERROR;
    }
    toa_native_clear(&native);
    return code;
}

int main(int argc, char **argv)
{
    reading self = {0};
    int code = READ_ERROR;

    toa_settings_init(&self.settings);
    toa_chain_init(&self.chain);
    if (read_arguments(&self, argc, argv)) {
        code = read_all(&self);
    }
    toa_chain_clear(&self.chain);
    toa_settings_clear(&self.settings);
    return code;
}
