/* content.h
 * What makes two captures the same: what is in them, whatever their names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_CONTENT_H
#define TOA_SCAN_CONTENT_H

#include "scan.h"

/* Bytes that the head is made of. */
#define SCAN_CONTENT_HEAD 4096

typedef struct scan_content {
    char whole[33]; /* hash of the size and of all bytes; above 16 MiB of both ends and of 64 places between them */
    char head[33];  /* hash of the first bytes; "" if the file has fewer */
} scan_content;

/* Of the first so many bytes of the file: a file that has grown still begins with what it was. */
gboolean scan_content_read(const char *path, gint64 size, scan_content *ret_content, GError **error);

#endif
