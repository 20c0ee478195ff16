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
/* Finds the best candidate for a segment that x carries from side `sender` and that, according to `own`, may not be x's.
 * ret_match->owner is NULL if there is none. Both results are always filled in. */
void toa_owner_find(toa_state *state, toa_conversation *x, unsigned sender, toa_own own, toa_match *ret_match,
                    toa_seen *ret_seen);

#endif
