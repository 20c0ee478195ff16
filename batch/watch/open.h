/* open.h
 * One event that is being followed: an incident (tell/incident.h), with those of other legs of the same two connections, what was
 * told of it, and its file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WATCH_OPEN_H
#define TOA_WATCH_OPEN_H

#include "tell/incident.h"
#include "watch/evidence.h"

/* Findings that are kept for the database; more are only counted. */
#define TOA_OPEN_FINDINGS 100

typedef struct toa_open_finding {
    toa_segment segment;
    toa_finding finding; /* its conversations stay as long as the event is followed */
} toa_open_finding;

typedef struct toa_open {
    guint64 id;
    GPtrArray *parts; /* toa_incident, borrowed; the first is what began it */
    GArray *findings; /* toa_open_finding */
    toa_verdict reported_verdict;
    bool waited;      /* a stale session in which somebody has waited in vain: more than a note from then on */
    guint32 reported_count;                    /* findings that were told */
    gint64 next_tell;                      /* monotonic us: not told again before */
    gint64 pause;                          /* ... and how long it is silent then */
    gint64 last_time;                      /* ns, of the last finding */
    gint64 last_heard;                     /* monotonic us */
    toa_evidence *evidence;                /* NULL: none, or it is complete */
    char *evidence_path;                   /* NULL: none */
    gint64 evidence_until, evidence_quiet; /* ns of the capture; monotonic us */
} toa_open;

/* The part that tells most. */
const toa_incident *toa_open_best(const toa_open *open);
guint32 toa_open_count(const toa_open *open);

/* Each conversation of the event to that of toa_open_best() whose leg it is, as toa_incidents_settled() has it; g_hash_table_destroy
 * it. */
GHashTable *toa_open_one(const toa_open *open);

/* conv, or its other leg, is one of the two. */
bool toa_open_has(const toa_open *open, const toa_conversation *conv);
/* The incident is between the same two connections. */
bool toa_open_same(const toa_open *open, const toa_incident *incident);

/* "confirmed", "foreign", "untranslated", "stale", "collision", "note": as toa-scan --fail-on calls them. */
const char *toa_open_kind(const toa_open *open);

#endif
