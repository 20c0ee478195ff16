/* captures.h
 * What the database knows of captures: by content and, to save reading them, by name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_CAPTURES_H
#define TOA_SCAN_CAPTURES_H

#include "reduce/database.h"

/* What the database has of a capture. */
typedef struct scan_stored {
    gboolean found;
    gboolean current; /* read under the same signature, and to the end or as far as it goes */
    char *path, *point, *state;
    gint64 packets;
} scan_stored;

void scan_stored_clear(scan_stored *self);
/* By the file's id. */
gboolean scan_db_find(scan_db *self, gint64 file, const char *signature, scan_stored *ret_stored, GError **error);

/* The content of a file whose name, size and time are as at an earlier time, from then: it need not be read to be
 * known. False: it must be; an error is no reason to stop. */
gboolean scan_db_recall(scan_db *self, scan_file *file);
/* For scan_db_recall(); and the path of its capture, where that is gone. */
gboolean scan_db_remember(scan_db *self, const scan_file *file, GError **error);
/* The capture that this file was when it was smaller; 0: there is none. */
gint64 scan_db_earlier(scan_db *self, const scan_file *file);

/* What is known of the point's files up to now, as far as it matters for files that follow: those of this host since the first
 * one that a connection needs which is open at their end, or has just closed. skip: ids, *gint64, of files that are read anew
 * anyway. */
typedef struct scan_past {
    GPtrArray *files; /* scan_file, owned */
    char *engine;     /* the reading that they were in, which can go on; NULL: there is none, or a file is missing */
    gboolean missing; /* what is needed is gone: files holds what comes after it */
} scan_past;

gboolean scan_db_past(scan_db *self, const char *point, const char *signature, GHashTable *skip, scan_past *ret_past,
                      GError **error);
void scan_past_clear(scan_past *self);

/* Drops what records said of the file of that host and path when it was smaller and began with the same bytes. */
gboolean scan_db_drop_grown(scan_db *self, const scan_file *file, const char *host, GError **error);

/* Drops captures of this host that are gone (prune), and those that ended days or more before now (0: none). */
gboolean scan_db_prune(scan_db *self, gboolean prune, int days, guint *ret_dropped, GError **error);

#endif
