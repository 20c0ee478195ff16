/* network.h
 * The network that a conversation belongs to. Two connections can have one wire tuple at one time if tags, labels or tunnels
 * around them keep them apart (toa_segment.network).
 *
 * A network alone proves little: a mirror port shows one packet in two VLANs, the label of a path changes when it is routed
 * anew, and answers of a direct server come without the tunnel that the questions came in. So a segment in a network that its
 * tuple was not seen in belongs to the newest conversation of the tuple if its numbers do, and two conversations count as apart
 * only if they were never seen in the same network.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_NETWORK_H
#define TOA_NETWORK_H

#include "core/model/state.h"

/* The conversation that the segment belongs to, newest being the newest of its tuple; NULL: none yet. */
toa_conversation *toa_network_find(const toa_state *state, toa_conversation *newest, const toa_segment *segment);

/* The segment is conv's and came in another network than its sender's others, or than assumed. */
void toa_network_learn(toa_state *state, toa_conversation *conv, unsigned sender, uint16_t network);

/* conv is new and goes on where `before` was, the newest of its tuple until now; sender is that of the first segment.
 * earlier: the one before it that was fed, may be NULL. */
void toa_network_begin(toa_state *state, toa_conversation *conv, toa_conversation *before, const toa_conversation *earlier,
                       uint16_t network);

/* Takes out the paths whose newest conversation has been forgotten (it has no key). */
void toa_network_forget(toa_state *state);

/* The two have one tuple, but no network in common. */
bool toa_network_apart(const toa_conversation *x, const toa_conversation *y);

/* Networks matter for this tuple; otherwise its newest conversation is the only candidate. */
static inline bool toa_network_matters(const toa_conversation *newest, const toa_segment *segment)
{
    return (newest->side[0].network | newest->side[1].network | segment->network) != 0;
}

#endif
