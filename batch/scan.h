/* scan.h
 * What the parts of toa-scan share: the options, the files, the way errors are told.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_H
#define TOA_SCAN_H

#include <gio/gio.h>

/* Exit codes, as of grep. */
enum { SCAN_CLEAN = 0, SCAN_FINDINGS = 1, SCAN_ERROR = 2 };

#define SCAN_NS_PER_S G_GINT64_CONSTANT(1000000000)

/* All errors of toa-scan's own; the message says it all. */
#define SCAN_FAILURE scan_failure_quark()
GQuark scan_failure_quark(void);

/* Prints "toa-scan: ..." on standard error, on a line of its own (the progress line is wiped first). */
void scan_warn(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* True while a signal (INT, TERM, HUP) has not asked to stop. */
extern volatile int scan_stop;

#endif
