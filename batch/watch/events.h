/* events.h
 * From findings to events that are told: each when it happens, and again when it grows.
 *
 * Bounded: so many events are followed at a time; of more, the one that was silent the longest is let go.
 *
 * Not here: their files of packets (files.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WATCH_EVENTS_H
#define TOA_WATCH_EVENTS_H

#include "watch/files.h"

typedef struct toa_events_counts {
    /* events that have come to be that; findings without an event are notes */
    guint64 confirmed, foreign, untranslated, stale, collision, note;
} toa_events_counts;

typedef struct toa_events {
    const toa_config *config;
    toa_reporter reporter;
    toa_files files;
    gboolean notes;       /* tell stale sessions, too */
    toa_records records;  /* stats and incidents of the conversations that are followed */
    GPtrArray *open;      /* toa_open */
    GHashTable *followed; /* conversations of those */
    guint64 last_id;
    toa_events_counts counts;
    gboolean failed; /* standard output cannot be written */
} toa_events;

/* All is borrowed. */
void toa_events_init(toa_events *events, const toa_config *config, const toa_reporter *reporter, const toa_ring *ring);
/* Tells what is still to be told of each, and completes files. */
void toa_events_finish(toa_events *events, const toa_report_place *place);
void toa_events_clear(toa_events *events);

/* Cheap for a layer without findings while no event is followed. frame->number is place->frame; hash is that of the ring. */
void toa_events_take(toa_events *events, const toa_layer *layer, const toa_frame_bytes *frame, const toa_report_place *place);

/* Now and then, at least each second; now: time of the newest segment. */
void toa_events_tick(toa_events *events, gint64 now, const toa_report_place *place);

/* An event that is followed needs conv. */
static inline bool toa_events_needs(const toa_events *events, const toa_conversation *conv)
{
    return g_hash_table_contains(events->followed, conv);
}

#endif
