/* input.h
 * Where an endless capture comes from: standard input, or a folder in which dumpcap -b or tcpdump -C writes one file after the
 * other. Waits for what is not written yet, and lets the caller do other things meanwhile.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WATCH_INPUT_H
#define TOA_WATCH_INPUT_H

#include "frames/capture.h"

#include <glib.h>

typedef struct toa_watch_input toa_watch_input;

typedef enum toa_watch_read {
    TOA_WATCH_FRAME,
    TOA_WATCH_END,     /* of standard input, in good order */
    TOA_WATCH_STOPPED, /* the caller did not want to wait any longer */
    TOA_WATCH_BROKEN   /* of standard input: what comes cannot be read, reason tells why */
} toa_watch_read;

/* What was not read of a ring because it was overwritten first; and files that could not be read to their end. */
typedef struct toa_watch_missed {
    uint64_t files, bytes; /* bytes: estimated for files that were never seen */
    uint64_t damaged;
} toa_watch_missed;

/* Called often while waiting, and at least so often that waiting is no reason to be late; false: stop. */
typedef bool (*toa_watch_ticker)(void *context);

/* "-" or a folder. NULL with errno: it cannot be opened. */
toa_watch_input *toa_watch_input_new(const char *path, toa_watch_ticker tick, void *context);
void toa_watch_input_free(toa_watch_input *input);

/* The next frame, frame->number counted from 1 in its file. Files that begin, were missed or are damaged are told by
 * toa_watch_say as they come. */
toa_watch_read toa_watch_input_next(toa_watch_input *input, toa_frame_bytes *ret_frame);

/* The file being read; NULL: standard input, or none yet. */
const char *toa_watch_input_file(const toa_watch_input *input);
/* Why it is TOA_WATCH_BROKEN. */
const char *toa_watch_input_reason(const toa_watch_input *input);
toa_watch_missed toa_watch_input_missed(const toa_watch_input *input);
/* Packets that whoever captured says to have lost. */
uint64_t toa_watch_input_drops(const toa_watch_input *input);
#endif
