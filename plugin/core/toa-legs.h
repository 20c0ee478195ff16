/* toa-legs.h
 * The two legs of one load-balanced connection, client > VIP and local address > real server, when both are in the
 * capture (at the load balancer, or merged). Rule R4 of the design; contract: toa.leg.stream, toa.key.source 3.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_LEGS_H
#define TOA_LEGS_H

#include "toa-state.h"

/* conv has just got a client by TOA: looks for its client-side leg. Until numbers confirm it, the leg only keeps
 * the two from accusing each other. */
void toa_legs_seek(toa_state *state, toa_conversation *conv);

/* conv's first SYN-ACK was accepted: equal ISNs make legs, different ones end a guess. True if a guess ended: then
 * shared keys must be looked at again. */
bool toa_legs_check_isn(toa_state *state, toa_conversation *conv);

/* The client of conv has sent data: behind a SYN proxy the ISNs differ, equal relative numbers tell. */
void toa_legs_check_data(toa_state *state, toa_conversation *conv);

/* Segments of the server have shown x and y to be legs; y carried them first. */
void toa_legs_found(toa_state *state, toa_conversation *x, toa_conversation *y);

/* The other leg for display; NULL: none known for certain. */
const toa_conversation *toa_legs_other(const toa_conversation *conv);

#endif
