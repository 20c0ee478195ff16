/* job.h
 * One program that reads: toa-read over the files of a chain, or tshark over one file. What it writes is taken apart into the
 * records of each file, which are handed on one file at a time; it waits until they were taken.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_JOB_H
#define TOA_SCAN_JOB_H

#include "read/chains.h"
#include "read/tshark.h"

#include <stdio.h>

/* A file's records, complete. */
typedef struct scan_piece {
    const scan_file *file;
    gboolean known; /* its records were known; these prevail */
    FILE *records; /* a file without a name, at its start; owned */
    char *state;   /* toa-read's: "done", "cut short", "left" (to Wireshark), "failed"; NULL: the exit status tells */
    char *why;     /* NULL: nothing to say */
} scan_piece;

void scan_piece_free(scan_piece *part);

typedef struct scan_job {
    const scan_tshark *tshark;
    scan_chain *chain; /* owned */
    gboolean native;   /* it is toa-read, else tshark */
    GSubprocess *process;
    FILE *said;        /* on standard error; a file without a name */
    GInputStream *output;
    GCancellable *given_up; /* something that it has started may keep the pipe open */
    guint8 buffer[65536];
    GString *line;     /* the beginning of a line that is not complete */
    GHashTable *names; /* of content to scan_file, borrowed: files that it has told nothing of */
    GHashTable *known; /* likewise, of known files; those that come behind a new one are told of again */
    scan_piece *open;   /* the file that is being told of */
    GQueue parts;      /* scan_piece */
    GError *spill;     /* its output could not be kept */
    gboolean ended;
    gint64 deadline;   /* monotonic, us */
    gint64 started;    /* monotonic, us */
    gint64 expected;   /* bytes of memory */
    char memory[24];   /* that toa-read may take, as text */
    gboolean postponed; /* asked to end for want of memory: to be read again when it is alone */
    gint64 killed;     /* when it was asked to end; 0: it was not */
    int timeout;       /* s, for a file; 0: by its size */
    void (*notify)(struct scan_job *job, void *data); /* there are parts, or it has ended */
    void *data;
} scan_job;

/* chain is taken over, also on failure. memory: bytes that toa-read may take. notify is called from the main loop. NULL with an error. */
scan_job *scan_job_start(const scan_tshark *tshark, scan_chain *chain, gboolean native, gint64 memory, int timeout,
                         void (*notify)(scan_job *job, void *data), void *data, GError **error);
void scan_job_free(scan_job *job);

/* Its parts were taken: on with it. */
void scan_job_go_on(scan_job *job);

/* Asks it to end, or ends it if it was asked some time ago. */
void scan_job_press(scan_job *job, gint64 now);

/* Seconds that it may take for so many bytes. */
gint64 scan_job_limit(const scan_job *job, gint64 bytes);

#endif
