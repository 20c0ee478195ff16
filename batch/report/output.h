/* output.h
 * Files that are written: checked before the work, in place only when they are complete.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_OUTPUT_H
#define TOA_SCAN_OUTPUT_H

#include "scan.h"

#include <stdio.h>

typedef struct scan_output {
    FILE *file;
    char *path, *part; /* part: what is written, and becomes path; NULL: path is written itself (a pipe, a device, "-") */
} scan_output;

/* Whether a file of that name could be written, without touching it. */
gboolean scan_output_check(const char *path, GError **error);

/* "-" is standard output. What has that name stays as it is until the output is closed. Only the owner can read it. */
gboolean scan_output_open(scan_output *self, const char *path, GError **error);
gboolean scan_output_close(scan_output *self, GError **error);
/* Instead of close, or after it: nothing stays of what was not closed. */
void scan_output_discard(scan_output *self);

#endif
