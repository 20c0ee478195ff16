/* credit.h
 * What the search for an owner (owner.h) changes: the finding, the owner's numbers (R6), and what later segments of the pair
 * need (R7, R8).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_CREDIT_H
#define TOA_CREDIT_H

#include "core/judge/owner.h"
#include "core/judge/untranslated.h"

/* Stores the distances that toa_owner_find saw for the segment being fed, which x carries. */
void toa_credit_distances(toa_state *state, toa_conversation *x, const toa_seen *seen);

/* Raises the finding for a match and moves the owner's numbers; x is left as it was. Returns the pair. */
toa_pair *toa_credit_owner(toa_state *state, toa_conversation *x, unsigned sender, const toa_match *match);

/* The same for what toa_untranslated_find has returned; keeps the conversations whose SYN a SYN-ACK answers. */
void toa_credit_untranslated(toa_state *state, toa_conversation *x, unsigned sender, const toa_untranslated *found);

/* Remembers that x has carried what match->noted waits for. Nothing of x changes otherwise. */
void toa_credit_note(toa_state *state, toa_conversation *x, const toa_match *match);

/* The match is a RST captured a second time: the same number within 10 ms, without identification, and nothing new that it
 * could answer, in a capture that has just shown another packet twice. */
bool toa_credit_is_copy(const toa_state *state, const toa_conversation *x, unsigned sender, const toa_match *match);

/* The segment is a RST with which x's client answers a crossed segment, and some crossed segments are still unanswered.
 * Equal RSTs that answer different segments are not copies of each other. */
bool toa_credit_awaits_rst(const toa_conversation *x, unsigned sender, const toa_segment *segment);

#endif
