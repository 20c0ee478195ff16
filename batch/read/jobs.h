/* jobs.h
 * Runs toa-read over the chains, or tshark over each file, several at a time, and hands the records of each file on when it is
 * read. What toa-read leaves to Wireshark is read again, by tshark.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_JOBS_H
#define TOA_SCAN_JOBS_H

#include "read/chains.h"
#include "read/progress.h"
#include "read/tshark.h"

#include <stdio.h>

/* A capture's records, at their start; state and engine as in scan_result. False stops the run. */
typedef gboolean (*scan_take)(void *data, const scan_file *file, FILE *records, const char *state, const char *engine,
                              GError **error);

typedef struct scan_run {
    const scan_tshark *tshark;
    int jobs;
    int timeout; /* seconds for a file; 0: by its size */
    gint64 memory; /* bytes that all that run together may take; one runs however much it takes */
    gboolean retake; /* what is told again of known files is taken, too */
    scan_take take;
    void *data;
    scan_progress *progress;
    scan_counts *counts;
    gboolean quiet; /* do not say which files tshark reads, and why */
} scan_run;

/* Files that could not be read are told with scan_warn() and counted in run->counts, and so are those that were read
 * but not to the end. False with an error: nothing more could be done at all (a full disk); with scan_stop set:
 * interrupted. The chains (scan_chain) are taken over and the array emptied; with tshark as the only reader
 * each must be of one file. */
gboolean scan_jobs_run(const scan_run *run, GPtrArray *chains, GError **error);

#endif
