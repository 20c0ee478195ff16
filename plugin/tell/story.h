/* story.h
 * One incident in plain words, for the person on call: three lines on who waits, why, and what to do now; the frames that
 * show it; then the evidence. Every statement about the capture is a claim (claims.h), made only where there is evidence for
 * it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_STORY_H
#define TOA_TELL_STORY_H

#include "tell/claims.h"
#include "tell/lanes.h"
#include "tell/incident.h"
#include "tell/stats.h"
#include "tell/evidence-record.h"

typedef struct toa_story {
    const toa_incident *incident;
    const toa_stats_table *stats_table;
    const toa_evidence_record *records; /* in the order of the frames; not all: see last */
    unsigned n_records;
    const toa_evidence_record *last; /* the last one of all, NULL if it is among them */
    toa_scene *scenes;             /* the frames that tell it, n_scenes */
    unsigned n_scenes;
    int64_t start, end;            /* of the capture */
} toa_story;

/* Appends the story, number of total. */
void toa_story_tell(const toa_story *story, unsigned number, unsigned total, toa_teller *teller);

/* What the incident is, in one line. */
const char *toa_story_title(const toa_incident *incident);

#endif
