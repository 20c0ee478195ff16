/* progress.h
 * One line on a terminal's standard error; nothing elsewhere.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_PROGRESS_H
#define TOA_SCAN_PROGRESS_H

#include "scan.h"

typedef struct scan_progress {
    gboolean shown;
    guint files, files_done;
    gint64 bytes, bytes_done;
    guint64 packets; /* of the files that are done */
    gint64 start;    /* monotonic, us */
} scan_progress;

void scan_progress_init(scan_progress *self, gboolean quiet);
void scan_progress_update(const scan_progress *self);
/* Wipes the line, so that other text can follow. */
void scan_progress_wipe(void);

#endif
