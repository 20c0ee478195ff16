/* owner.h
 * Whose segment is it? Looks for the conversation that a segment really belongs to (R5, R7, R8), and changes nothing.
 *
 * Not here: what counts as evidence and how much is enough (rules.h), what an owner changes (credit.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_OWNER_H
#define TOA_OWNER_H

#include "core/judge/rules.h"

/* Pairs of one conversation that are looked at, newest first. */
#define TOA_PAIRS_TRIED 8
/* Conversations that carried a segment themselves a moment ago, the first few of them. */
#define TOA_CARRIERS_MAX 8

typedef struct toa_carriers {
    toa_conversation *conv[TOA_CARRIERS_MAX];
    unsigned n;
} toa_carriers;

/* What a search saw besides the owner. The search itself has changed nothing. */
typedef struct toa_seen {
    toa_carriers carriers; /* sent the segment themselves: no owners, but perhaps legs (toa_legs_copy) */
    /* Distances between a number of the segment and the expected one, for toa_credit_distances: two equal ones are needed to
     * find an owner (R7). */
    bool has_synack_distance, has_answer_distance;
    uint32_t synack_distance; /* of a SYN-ACK's ack, after the newest unanswered SYN of x's group */
    uint32_t answer_distance; /* of the seq with which a server answers somebody in x's group */
} toa_seen;

/* Finds the best candidate for a segment that x carries from side `sender` and that, according to `own`, may not be x's.
 * ret_match->owner is NULL if there is none. Both results are always filled in. */
void toa_owner_find(toa_state *state, toa_conversation *x, unsigned sender, toa_own own, toa_match *ret_match,
                    toa_seen *ret_seen);

/* The conversation of x's group with the newest pending request, at most 1 s old and not before `since`. Neither x nor one
 * that toa_group_excluded rules out; NULL: none. */
toa_conversation *toa_owner_newest_pending(const toa_state *state, const toa_conversation *x, int64_t since);

#endif
