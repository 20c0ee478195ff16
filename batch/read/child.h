/* child.h
 * Programs that are run: each in a process group of its own, so that a signal reaches what it has started, too (the
 * launcher of the build tree is a shell). It ends when toa-scan does, however that ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_CHILD_H
#define TOA_SCAN_CHILD_H

#include "scan.h"

#include <stdio.h>

/* What is asked to end gets so long before it is killed. */
#define SCAN_CHILD_GRACE_US (G_GINT64_CONSTANT(2) * G_USEC_PER_SEC)

/* Starts the program with its standard output in a pipe. Wireshark's profile is an empty folder: what this user has
 * set up changes nothing. stdin_fd is taken over; -1: nothing is there. So is stderr_fd; -1: what it says is thrown away.
 * Unref the result. */
GSubprocess *scan_child_start(const char *const *arguments, int stdin_fd, int stderr_fd, GError **error);

/* To the whole group. Without effect when it has ended. */
void scan_child_signal(GSubprocess *process, int number);

/* Runs it to the end, for at most so many seconds, unless scan_stop is set before. *ret_output is its standard output
 * (free with g_free()), untouched on failure; the error ends with the last thing that it said. */
gboolean scan_child_run(const char *const *arguments, int seconds, char **ret_output, GError **error);

/* A file without a name in the folder for temporary files; NULL with an error. */
FILE *scan_child_unnamed_file(GError **error);

/* The last line of what was said that is not about running as root, without "tshark: "; free with g_free(). */
char *scan_child_complaint(FILE *said);

/* Removes the empty profile. */
void scan_child_clean_up(void);

#endif
