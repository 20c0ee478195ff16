/* watch.h
 * toa-scan --watch: toa-watch does the work; here it is started, and what it has for the database is put there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_WATCH_H
#define TOA_SCAN_WATCH_H

#include "options.h"
#include "read/tshark.h"

/* Until it is stopped. Without a database this process becomes toa-watch, and does not come back. Returns the exit code of
 * toa-watch, or SCAN_ERROR with an error. */
int scan_watch_run(const scan_options *options, scan_tshark *tshark, GError **error);

#endif
