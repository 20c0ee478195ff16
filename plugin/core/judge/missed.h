/* missed.h
 * A connection whose SYN was not captured, on a wire tuple that had another before. Its first segments have numbers that are
 * not the earlier one's; what tells them from foreign ones is that both sides go on with them. A client whose conversation
 * is being crossed answers the foreign numbers with RSTs, never with ACKs or data of its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_MISSED_H
#define TOA_MISSED_H

#include "core/model/state.h"

/* x carries the segment being fed, whose numbers are not x's own: does it continue what the other side, or a SYN-ACK of its own
 * side, has claimed? */
bool toa_missed_agrees(const toa_state *state, const toa_conversation *x, unsigned sender);

/* Remembers the segment as what its side claims. foreign: it was found to be another conversation's. */
void toa_missed_claim(toa_state *state, toa_conversation *x, unsigned sender, bool foreign);

/* Takes the claim back, as the segment that made it. False: there is none. */
bool toa_missed_take(toa_conversation *x, toa_segment *ret_segment);

#endif
