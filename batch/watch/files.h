/* files.h
 * The files of packets of the events that are followed: begun with what the ring has, ended a while after the event was
 * noticed. So many are written at a time; of more, none is begun.
 *
 * Not here: how one is written (evidence.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WATCH_FILES_H
#define TOA_WATCH_FILES_H

#include "watch/reporter.h"

typedef struct toa_files {
    const char *folder; /* NULL: none are written */
    const toa_ring *ring;
    gint64 after; /* ns that a file goes on */
    guint n_open;
    guint64 n_written, n_failed, n_left_out;
} toa_files;

/* Packets of the incident's conversations belong to the file, too. */
void toa_files_want(toa_evidence *evidence, const toa_incident *incident);

/* The event's file; the layer is that of the frame at which it is told first. */
void toa_files_begin(toa_files *files, toa_open *open, const toa_layer *layer, const toa_report_place *place);

/* A frame for the files, among those of these events (toa_open), that want it. */
void toa_files_add(const toa_files *files, const GPtrArray *events, const toa_layer *layer, const toa_frame_bytes *frame,
                   const toa_report_place *place);

/* Writes what is held, and ends the file when its time is over. now: of the newest segment; silent: ns since the event was heard
 * of. */
void toa_files_tick(toa_files *files, toa_open *open, gint64 now, gint64 silent);

/* The file is complete, or cannot be written any more. Its numbers of frames are still asked for: it is freed with the event. */
void toa_files_end(toa_files *files, toa_open *open);

#endif
