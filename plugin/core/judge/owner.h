/* owner.h
 * Whose segment is it? Looks for the conversation that a segment really belongs to (R5), credits it (R6), and keeps
 * what later segments need (R7, R8).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_OWNER_H
#define TOA_OWNER_H

#include "core/judge/rules.h"

/* Conversations that carried a segment themselves a moment ago, the first few of them. */
#define TOA_CARRIERS_MAX 8

typedef struct toa_carriers {
    toa_conversation *conv[TOA_CARRIERS_MAX];
    unsigned n;
} toa_carriers;

/* What a search saw besides the owner. The search itself has changed nothing. */
typedef struct toa_seen {
    toa_carriers carriers; /* no owners, because the segment is a copy of one of theirs: for toa_legs_copy */
    /* Distances between a number of the segment and the one expected, for toa_owner_learn: it takes two to find an owner (R7). */
    bool has_synack_distance, has_answer_distance;
    uint32_t synack_distance; /* of a SYN-ACK's ack, after the newest unanswered SYN of x's group */
    uint32_t answer_distance; /* of the seq with which a server answers somebody in x's group */
} toa_seen;

/* The best candidate for a segment that x carries from side `sender` and that is not x's own by `own`.
 * ret_match->owner is NULL if there is none. Both results are filled in any case. */
void toa_owner_find(toa_state *state, toa_conversation *x, unsigned sender, toa_own own, toa_match *ret_match,
                    toa_seen *ret_seen);

/* Keeps the distances that toa_owner_find saw for the segment being fed, which x carries. */
void toa_owner_learn(toa_state *state, toa_conversation *x, const toa_seen *seen);

/* Raises the finding for a match and moves the owner's numbers; x is left as it was. Returns the pair. */
toa_pair *toa_owner_report(toa_state *state, toa_conversation *x, unsigned sender, const toa_match *match);

/* The segment is a RST of x's client to a crossed segment, and there are crossed segments that have got none: equal RSTs that
 * answer different segments are no copies of each other. */
bool toa_owner_awaits_rst(const toa_conversation *x, unsigned sender, const toa_segment *segment);

/* Keeps in mind that x has carried what match->noted waits for. x has learnt nothing from it. */
void toa_owner_note(toa_state *state, toa_conversation *x, const toa_match *match);

/* The conversation of x's group, but not x nor one excluded for it, whose client has sent the newest segment that still
 * waits for an answer: at most 1 s old, not before `since`. NULL: none. */
toa_conversation *toa_owner_newest_asker(const toa_state *state, const toa_conversation *x, int64_t since);

#endif
