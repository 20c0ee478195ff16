/* files.h
 * The list of captures: folders expanded, capture points named, sizes known.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_FILES_H
#define TOA_SCAN_FILES_H

#include "counts.h"
#include "options.h"
#include "read/content.h"

typedef struct scan_file {
    char *path;   /* absolute, as the system has it: any bytes */
    char *point;  /* capture point; UTF-8 */
    gint64 id;    /* from the content, see scan_file_identify(); 0: not yet */
    gint64 size;  /* bytes */
    gint64 mtime; /* us since the epoch */
    scan_content content;
    gboolean named;      /* on the command line, not found in a folder */
    gboolean is_records; /* records of an earlier --records, not a capture */
} scan_file;

void scan_file_free(gpointer file);

/* Reads the content and sets id. One and the same for a copy, a link, another name. */
gboolean scan_file_identify(scan_file *self, GError **error);
/* 63 bits of a hash. Local files and what records say of files of others (host not NULL) never share one. */
gint64 scan_file_id(const char *host, const char *content);

/* Whether somebody has it open for writing, or it has another size by now; where that cannot be told, whether it was
 * written to within the last minute. */
gboolean scan_file_is_growing(const scan_file *self);
/* Whether it begins as a capture does (pcap, pcapng, and the like) or is compressed. Wireshark takes some texts for media
 * files and then finds no packet in them. */
gboolean scan_file_has_magic(const scan_file *self);

/* scan_file, in the order of the paths (digits by value), each once. What is not there, or is no regular file, is told
 * with scan_warn() and counted. Nothing is opened but folders. */
GPtrArray *scan_files_list(const scan_options *options, scan_counts *counts);

#endif
