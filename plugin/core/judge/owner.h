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

/* The best candidate for a segment that x carries from side `sender` and that is not x's own by `own`.
 * ret_match->owner is NULL if there is none. *ret_carriers: candidates that are no owners, because the segment is a copy of
 * one of theirs; the caller tells the legs (toa_legs_copy). */
void toa_owner_find(toa_state *state, toa_conversation *x, unsigned sender, toa_own own, toa_match *ret_match,
                    toa_carriers *ret_carriers);

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
