/* unseen.h
 * Segments whose owner was not captured, or is captured only later: a server that takes a SYN for a part of another
 * connection answers it with that connection's numbers (challenge ACK, RFC 5961). Finding toa.foreign.unseen, see
 * plugin/doc/rules.md.
 *
 * Not here: segments whose owner was captured before them (owner.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_UNSEEN_H
#define TOA_UNSEEN_H

#include "core/model/state.h"

/* x carries the segment being fed from side `sender`; its numbers are not x's, and no owner was found. Remembers an answer to
 * x's SYN; raises toa.foreign.unseen for a segment that fits a remembered one, and returns true then. */
bool toa_unseen_check(toa_state *state, toa_conversation *x, unsigned sender);

/* conv is new, and under way: is it the owner of an answer that was remembered on another conversation of its client? Then
 * the server's numbers have proven that it sees one connection. */
void toa_unseen_settle(toa_state *state, toa_conversation *conv, unsigned sender);

/* Drops answers that were carried by conversations about to be forgotten (they have no key), or are `age` frames old; marks the
 * clients of the rest. */
void toa_unseen_forget(toa_state *state, uint32_t frame, uint32_t age);

#endif
