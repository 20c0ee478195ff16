/* story.h
 * One incident in plain words, for whoever is woken by it: three lines on who waits, why, and what to do now; the frames
 * that tell it; then the evidence. Every statement on the capture is a claim (claims.h), made only where its evidence is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_STORY_H
#define TOA_TELL_STORY_H

#include "tell/claims.h"
#include "tell/lanes.h"
#include "tell/pairs.h"
#include "tell/talks.h"
#include "tell/witness.h"

typedef struct toa_story {
    const toa_incident *incident;
    const toa_talks *talks;
    const toa_witness *witnesses;  /* in the order of the frames; not all: see last */
    unsigned n_witnesses;
    const toa_witness *last;       /* the last one of all, NULL if it is among them */
    toa_scene *scenes;             /* the frames that tell it, n_scenes */
    unsigned n_scenes;
    int64_t start, end;            /* of the capture */
} toa_story;

/* Appends the story, number of total. */
void toa_story_tell(const toa_story *story, unsigned number, unsigned total, toa_teller *teller);

/* What the incident is, in one line. */
const char *toa_story_title(const toa_incident *incident);

/* Its parts in advice.c: what to do now, one line or more; and for good. */
void toa_story_do_now(const toa_story *story, toa_teller *teller);
void toa_story_do_for_good(const toa_story *story, toa_teller *teller);

/* What was looked at, for a capture without incident. */
typedef struct toa_quiet {
    uint32_t n_segments, n_conversations;
    uint32_t n_toa;         /* conversations whose client a TOA option names */
    uint32_t n_synack;      /* ... whose SYN-ACK was captured */
    uint32_t n_unexplained; /* segments */
    uint32_t n_unseen;      /* conversations with segments of a connection that was not captured */
    toa_others others;
    bool mapped;            /* the preference toa.map has rows */
    bool analysed;          /* the preference toa.analysis is on */
} toa_quiet;

void toa_story_quiet(const toa_quiet *quiet, toa_teller *teller);

#endif
