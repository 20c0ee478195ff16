/* scan.h
 * What the parts of toa-scan share: exit codes, how errors are reported, the request to stop.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_H
#define TOA_SCAN_H

#include <gio/gio.h>

#include <signal.h>

/* Exit codes; both at a time are their sum. */
enum { SCAN_CLEAN = 0, SCAN_FINDINGS = 1, SCAN_ERROR = 2 };

#define SCAN_NS_PER_S G_GINT64_CONSTANT(1000000000)

/* All errors of toa-scan's own; the message says it all. */
#define SCAN_FAILURE scan_failure_quark()
GQuark scan_failure_quark(void);

/* Prints "toa-scan: ..." on standard error, printable, on a line of its own (what scan_line shows is wiped first). */
void scan_warn(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Shows a line on standard error that lasts until something else is printed there; NULL wipes it. For terminals. */
void scan_line(const char *line);

/* Number of the signal (INT, TERM, HUP) that has asked to stop; 0: none has. */
extern volatile sig_atomic_t scan_stop;

#endif
