/* plan.h
 * Which files go into one reading: those of one capture point, behind what an earlier run had open at its end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_PLAN_H
#define TOA_SCAN_PLAN_H

#include "counts.h"
#include "read/chains.h"
#include "reduce/captures.h"

typedef struct scan_plan {
    const GPtrArray *captures; /* scan_file, borrowed: to be read */
    const GPtrArray *passed;   /* scan_file, borrowed: known ones of this run; used where there is no db */
    scan_db *db;               /* NULL: records are only written */
    const char *signature;
    GHashTable *skip;          /* ids, *gint64, that are read anew or replaced */
    gboolean together;         /* FALSE: each file for itself, as tshark reads */
    scan_counts *counts;
} scan_plan;

/* The chains, for scan_jobs_run. NULL with an error. */
GPtrArray *scan_plan_make(const scan_plan *plan, GError **error);

#endif
