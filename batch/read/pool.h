/* pool.h
 * Which programs run, and which wait: as many as there are cores, together within the memory.
 *
 * Not here: what they have read, and what becomes of a file whose reader failed (jobs.c).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_POOL_H
#define TOA_SCAN_POOL_H

#include "read/chains.h"
#include "read/job.h"
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
    gint64 native_memory; /* of them, for all toa-reads together: they forget connections rather than take more */
    gboolean retake; /* what is told again of known files is taken, too */
    scan_take take;
    void *data;
    scan_progress *progress;
    scan_counts *counts;
    gboolean quiet; /* do not say which files tshark reads, and why */
} scan_run;

typedef struct scan_pool {
    const scan_run *run;
    GMainLoop *loop;
    GQueue waiting; /* scan_chain, owned */
    GQueue again;   /* files that toa-read has left to tshark, or that tshark is to read another time */
    GHashTable *alone; /* of these, files that are to run alone */
    GQueue ready;   /* jobs that have something for us */
    GPtrArray *running;
    gint64 share; /* bytes that each toa-read may take */
    GError *error;
} scan_pool;

/* Bytes that each toa-read may take when the chains are read (scan_memory_share). */
gint64 scan_pool_share(const scan_run *run, const GPtrArray *chains);

/* Starts what there is room for, the files of `again` first. */
void scan_pool_start(scan_pool *pool);

/* Too much memory is taken: the tshark that was started last has to wait until it can be alone. */
void scan_pool_watch_memory(scan_pool *pool);

/* Ends what runs, and drops what waits. */
void scan_pool_stop(scan_pool *pool);
/* Nothing is to be done any more: an error, or somebody has asked to stop. */
gboolean scan_pool_is_over(const scan_pool *pool);

#endif
