/* jobs.h
 * Runs tshark over the files, several at a time, and hands each one's records on when it has ended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_JOBS_H
#define TOA_SCAN_JOBS_H

#include "read/files.h"
#include "read/progress.h"

#include <stdio.h>

/* A capture's records, at their start; state as in scan_result. False stops the run. */
typedef gboolean (*scan_take)(void *data, const scan_file *file, FILE *records, const char *state, GError **error);

typedef struct scan_run {
    const char *tshark;
    const GPtrArray *arguments; /* more arguments of tshark's */
    int jobs;
    scan_take take;
    void *data;
    scan_progress *progress;
} scan_run;

/* Files that tshark could not read (or not to the end) are told with scan_warn() and counted in *ret_bad. False with an
 * error: nothing more could be done at all (a full disk); with scan_stop set: interrupted. */
gboolean scan_jobs_run(const scan_run *run, const GPtrArray *files, unsigned *ret_bad, GError **error);

#endif
