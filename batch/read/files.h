/* files.h
 * The list of captures: folders expanded, capture points named, sizes known.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_FILES_H
#define TOA_SCAN_FILES_H

#include "options.h"

typedef struct scan_file {
    char *path;   /* absolute */
    char *point;  /* capture point */
    gint64 id;    /* from host and path: the same in every run */
    gint64 size;  /* bytes */
    gint64 mtime; /* us since the epoch */
    gboolean is_records; /* records of an earlier --records, not a capture */
} scan_file;

/* Stable over runs and hosts: 63 bits of a hash of both names. */
gint64 scan_file_id(const char *host, const char *path);
void scan_file_free(gpointer file);

/* scan_file, in the order of the paths (digits by value), each once. What cannot be read is told with scan_warn() and
 * counted in *ret_bad. */
GPtrArray *scan_files_list(const scan_options *options, unsigned *ret_bad);

#endif
