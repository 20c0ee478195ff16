/* file.h
 * One capture: what makes it the same as another, whether it is one, what its capture point is called.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_FILE_H
#define TOA_SCAN_FILE_H

#include "read/content.h"

typedef struct scan_file {
    char *path;   /* absolute, as the system has it: any bytes */
    char *spool;  /* where its bytes are, if it was a pipe; NULL: at the path, or not read yet */
    char *point;  /* capture point; UTF-8 */
    gint64 id;    /* from the content, see scan_file_identify(); 0: not yet */
    gint64 size;  /* bytes */
    gint64 mtime; /* us since the epoch */
    scan_content content;
    int spool_fd;        /* of a pipe whose bytes were read; owned; 0: none */
    gboolean is_pipe;    /* standard input, or a named FIFO: its bytes come once */
    gboolean named;      /* on the command line, not found in a folder */
    gboolean is_records; /* records of an earlier --records, not a capture */
} scan_file;

void scan_file_free(gpointer file);

/* Where its bytes are. */
const char *scan_file_source(const scan_file *self);

/* Reads the content and sets id. One and the same for a copy, a link, another name. */
gboolean scan_file_identify(scan_file *self, GError **error);
/* 63 bits of a hash. Local files and what records say of files of others (host not NULL) never share one. */
gint64 scan_file_id(const char *host, const char *content);

/* Whether it begins as a capture does (pcap, pcapng, and the like) or is compressed. Wireshark takes some texts for media
 * files and then finds no packet in them. */
gboolean scan_file_has_magic(const scan_file *self);

/* The capture point of a path that nobody named one for: the path, its last part without suffix, digits, and the
 * separators that are then at its end. */
char *scan_file_point(const char *path);

#endif
