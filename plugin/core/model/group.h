/* group.h
 * Begins conversations, and keeps their post-rewrite keys: SYN, TOA and map give it a key, and the key's client gives it a
 * group (R1, plugin/doc/rules.md).
 *
 * Not here, but included: the lists (members.h) and what two conversations have to do with each other (related.h). Not here: the
 * roles (roles.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_GROUP_H
#define TOA_GROUP_H

#include "core/model/members.h"
#include "core/model/related.h"
#include "core/model/state.h"

/* A new conversation for the wire tuple of the segment, with roles and key by what is known so far. earlier: the one that
 * was fed until now, may be NULL; the newest of the tuple may be another one, in another network. */
toa_conversation *toa_group_add(toa_state *state, toa_conversation *earlier, const toa_segment *segment, uint32_t stream);

/* The same for a connection that has taken the wire tuple of x without having been seen to begin: the roles are x's. */
toa_conversation *toa_group_renew(toa_state *state, toa_conversation *x, const toa_segment *segment);

/* Takes roles from a SYN, SYN-ACK or TOA and the client from a TOA. True if the key changed. */
bool toa_group_learn(toa_state *state, toa_conversation *conv, unsigned sender);

/* conv's client is the side `client` after all: swaps roles that were guessed by the ports. */
void toa_group_turn(toa_state *state, toa_conversation *conv, unsigned client);

/* Gives conv the key of another (its other leg, or the earlier of two that the server sees as one). */
void toa_group_rekey(toa_state *state, toa_conversation *conv, const toa_key *key, toa_key_source source);

/* Takes the key back that conv had from its other leg. */
void toa_group_own_key(toa_state *state, toa_conversation *conv);

#endif
