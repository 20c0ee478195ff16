/* legs.h
 * The two legs of one load-balanced connection, client > VIP and local address > real server, when both are in the
 * capture (at the load balancer, or merged). Rule R4 (plugin/doc/rules.md); fields toa.leg.stream, toa.key.source 3.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_LEGS_H
#define TOA_LEGS_H

#include "core/model/state.h"

/* conv has just got a client by TOA: looks for its client-side leg. Until numbers confirm it, the leg only keeps
 * the two from accusing each other. */
void toa_legs_seek(toa_state *state, toa_conversation *conv);

/* Under direct server return a SYN names the address that the client sent it to. conv is the leg whose SYN does, or the leg to
 * that address: joins the two. The segment being fed is conv's first, or a SYN. A client's leg that came first gets
 * key_unchecked. */
void toa_legs_reported(toa_state *state, toa_conversation *conv);

/* All below: conv or x carries the segment being fed. True: it has become a leg, or a guess has ended; then those that share
 * its key must be looked at again (toa_collision_check_key). */

/* conv's first SYN-ACK was accepted: equal ISNs make legs, different ones end a guess. */
bool toa_legs_check_isn(toa_state *state, toa_conversation *conv);

/* The client of conv has sent data: behind a SYN proxy the ISNs differ, equal relative numbers tell. */
bool toa_legs_check_data(toa_state *state, toa_conversation *conv);

/* y carried the segment, too, a moment ago. Two such segments make the two legs. */
bool toa_legs_copy(toa_state *state, toa_conversation *x, toa_conversation *y);

/* The server of conv has sent data: looks for a conversation that carried the same, for legs whose SYN-ACKs the capture
 * has lost. */
bool toa_legs_check_reply(toa_state *state, toa_conversation *conv);

/* The rest only asks, and changes nothing. */

/* y carried this segment itself a moment ago. */
bool toa_legs_carried(const toa_conversation *y, bool from_server, const toa_segment *segment);

/* The segment being fed is a SYN-ACK or a client's RST, and the number by which it could be y's is also that of another
 * connection of the group: scanners use one ISN for all. Then the number proves nothing. */
bool toa_legs_common_number(toa_state *state, toa_conversation *y);

/* The other leg for display; NULL: none known for certain. */
const toa_conversation *toa_legs_other(const toa_conversation *conv);

#endif
