/* folder.h
 * The files of a ring buffer in the order in which they were written.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WATCH_FOLDER_H
#define TOA_WATCH_FOLDER_H

#include <glib.h>

#include <stdbool.h>

typedef struct toa_ring_file {
    char *name;
    gint64 id;     /* of name and inode */
    gint64 mtime;  /* ns */
    guint64 size;  /* when it was looked at last */
    gint64 number; /* dumpcap's, in its name; -1: none */
} toa_ring_file;

typedef struct toa_folder {
    char *path;
    GPtrArray *waiting; /* toa_ring_file, owned; oldest first */
    GHashTable *known;  /* by id: what is waiting or was taken, and still there */
    gint64 current;     /* id of the one taken last; 0: none */
    gint64 last_number; /* of the file taken last; -1: none */
    guint64 last_size;
    guint64 missed_files, missed_bytes;
    gboolean gone; /* the folder itself, as was told */
    guint round;
} toa_folder;

/* False with errno: it cannot be read. */
bool toa_folder_open(toa_folder *folder, const char *path);
void toa_folder_close(toa_folder *folder);

/* Looks for new files, and for those that have gone: missed. True: there are some waiting. */
bool toa_folder_look(toa_folder *folder);

/* Opens the next one; returns its descriptor and name (g_free it), -1: there is none. Passed over and counted as missed is what
 * has gone meanwhile. */
int toa_folder_take(toa_folder *folder, char **ret_name);

/* The last one taken, still open, was read to its end. Written to later, it is a new one. */
void toa_folder_finished(toa_folder *folder, int fd);

#endif
