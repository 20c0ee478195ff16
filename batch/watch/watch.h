/* watch.h
 * An endless capture through one engine, within bounds: frames in, events out, and what is no longer needed forgotten.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WATCH_H
#define TOA_WATCH_H

#include "core/toa-engine.h"
#include "frames/layers.h"
#include "native/limit.h"
#include "watch/events.h"

typedef struct toa_watch_limits {
    gsize memory; /* bytes for everything */
    gsize ring;   /* of them, for the packets of files; 0: no files */
} toa_watch_limits;

/* Less does not do. */
#define TOA_WATCH_MEMORY_MIN ((gsize)64 << 20)

typedef struct toa_watch_counts {
    guint64 frames, bytes, segments;
    guint64 unread; /* IP fragments, and protocols that may hold TCP and are not known */
    gint64 longest_pause; /* us that forgetting took at most at a time */
} toa_watch_counts;

typedef struct toa_watch {
    const toa_config *config; /* borrowed */
    toa_engine *engine;
    toa_ring ring;
    toa_events events;
    toa_watch_counts counts;
    toa_report_place place;
    char *file; /* of place */
    toa_limit limit;
    guint32 streams;
    gint64 now; /* time of the newest segment */
} toa_watch;

/* False with *ret_error (static text): the limits are too tight, or there is no memory. told and config are borrowed. */
bool toa_watch_init(toa_watch *watch, const toa_config *config, const toa_watch_limits *limits, const toa_reporter *reporter,
                    const char **ret_error);
/* Tells what is still to be told. */
void toa_watch_finish(toa_watch *watch);
void toa_watch_clear(toa_watch *watch);

/* file: that it is of, NULL: standard input. */
void toa_watch_take(toa_watch *watch, toa_frame_bytes *frame, const char *file);

/* Now and then. */
void toa_watch_tick(toa_watch *watch);

#endif
