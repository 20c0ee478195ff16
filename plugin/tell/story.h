/* story.h
 * One incident in plain words, for whoever is woken by it. Every number is from the capture, every sentence stands
 * only where its evidence does.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_STORY_H
#define TOA_TELL_STORY_H

#include "tell/pairs.h"
#include "tell/talks.h"
#include "tell/witness.h"

typedef struct toa_story {
    const toa_incident *incident;
    const toa_talk *talk[2];       /* earlier and later conversation; NULL: none of its frames passed the filter */
    const toa_witness *witnesses;  /* in the order of the frames; not all: see last */
    unsigned n_witnesses;
    const toa_witness *last;       /* the last one of all, NULL if it is among them */
    uint32_t data_segments;        /* foreign segments that carried data; with data_frame, the first */
    uint32_t data_frame;
    int64_t start, end;            /* of the capture */
} toa_story;

/* Appends the story, number of total. */
void toa_story_tell(const toa_story *story, unsigned number, unsigned total, GString *out);

/* Its second half: victim, certainty, what to do. */
void toa_story_advise(const toa_story *story, GString *out);

/* What was looked at, for a capture without incident. */
typedef struct toa_quiet {
    uint32_t n_segments, n_conversations;
    uint32_t n_toa;         /* conversations whose client a TOA option names */
    uint32_t n_synack;      /* ... whose SYN-ACK was captured */
    uint32_t n_unexplained; /* segments */
    uint32_t n_reused;      /* pairs with toa.reuse only */
    uint32_t n_shared;      /* pairs that share a key, with the preference toa.rewriting at "no" */
    bool mapped;            /* the preference toa.map has rows */
} toa_quiet;

void toa_story_quiet(const toa_quiet *quiet, GString *out);

#endif
