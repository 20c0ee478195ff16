/* spool.h
 * Bytes that come once, kept so that they can be read as often as a file: to be known by, by toa-read, and by tshark if need be.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_SPOOL_H
#define TOA_SCAN_SPOOL_H

#include "scan.h"

/* Path of what comes from there. */
#define SCAN_STANDARD_INPUT "standard input"

/* Reads the pipe (SCAN_STANDARD_INPUT, or the path of a FIFO) to its end, into a file without a name in the folder for
 * temporary files. *ret_path leads there for programs of this user while the descriptor is open; g_free it. False with an error:
 * unreadable, a full disk, or scan_stop. */
gboolean scan_spool(const char *pipe, int *ret_fd, char **ret_path, gint64 *ret_size, GError **error);

#endif
