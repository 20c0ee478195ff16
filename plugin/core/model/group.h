/* group.h
 * Who belongs together: roles and post-rewrite key of a conversation, the group of its client, the server it talks
 * to, the two legs of one load-balanced connection. Rules R1 and R4 (plugin/doc/rules.md).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_GROUP_H
#define TOA_GROUP_H

#include "core/model/state.h"

/* A new conversation for the wire tuple of the segment, with roles and key by what is known so far. earlier: the one that
 * was fed until now, may be NULL; the newest of the tuple may be another one, in another network. */
toa_conversation *toa_group_add(toa_state *state, toa_conversation *earlier, const toa_segment *segment, uint32_t stream);

/* The same for a connection that has taken the wire tuple of x without having been seen to begin: the roles are x's. */
toa_conversation *toa_group_renew(toa_state *state, toa_conversation *x, const toa_segment *segment);

/* Takes roles from a SYN, SYN-ACK or TOA and the client from a TOA. True if the key changed. */
bool toa_group_learn(toa_state *state, toa_conversation *conv, unsigned sender);

/* conv's client is the side `client` after all: roles that were guessed by the ports turn round. */
void toa_group_turn(toa_state *state, toa_conversation *conv, unsigned client);

/* Takes conv out of its group, its key and its server's list, as it is to be forgotten: from then on it has no key. */
void toa_group_forget(toa_state *state, toa_conversation *conv);

/* The connection before conv on its wire tuple was forgotten: conv counts for the tuple now, if nobody else does. */
void toa_group_recount(toa_conversation *conv);

/* Gives conv the key of another (its other leg, or the earlier of two that the server sees as one). */
void toa_group_rekey(toa_state *state, toa_conversation *conv, const toa_key *key, toa_key_source source);

/* Takes the key back that conv had from its other leg. */
void toa_group_own_key(toa_state *state, toa_conversation *conv);

/* x and y are legs of one connection, by their ISNs or because it was found before (R4). */
bool toa_group_legs(const toa_conversation *x, const toa_conversation *y);

/* They have shown one ISN of the server; or one of the client and nothing that speaks against it. A scanner uses one ISN for all
 * its targets: servers that answer with ISNs of their own, or with a RST, are not one, unless a TOA tells the sides (a SYN
 * proxy has an ISN of its own). */
bool toa_group_same_isn(const toa_conversation *x, const toa_conversation *y);

/* The same, beyond doubt: the server's, or the client's and a TOA that tells the sides. */
bool toa_group_surely_same_isn(const toa_conversation *x, const toa_conversation *y);

/* Their servers have shown different ISNs, and no TOA tells that they are two sides of one load balancer. */
bool toa_group_contrary(const toa_conversation *x, const toa_conversation *y);

/* y must never be named as the other of x: legs, one wire tuple, legs of an earlier or later connection of the
 * other's wire tuple. */
bool toa_group_excluded(const toa_conversation *x, const toa_conversation *y);

/* A key with more members than this, as real life has them hardly: each new one is compared with two of the others, one under way
 * and the newest, and what is found grows with their number, not with its square. */
#define TOA_KEY_CROWD 8

/* conv, which shares its client, was established (toa_came_up). */
void toa_group_came_up(toa_state *state, toa_conversation *conv);

/* How many of the party's group have come up, and one more that may be about to; of a group that was never large, how many
 * there are. */
static inline uint32_t toa_group_n_up(const toa_party *party)
{
    return party->company && party->company->counts_up ? party->company->n_up + 1 : party->n_group;
}

/* conv becomes the first of its key's members, if they are a crowd: there it is found again. */
void toa_group_to_front(toa_state *state, toa_conversation *conv);

/* A group with more members than this: there a number of 32 bits, alone, is somebody's by chance too often. Up to it that is
 * one of a million unexplained segments (2 x 2048 / 2^32), and one of 2,000 groups with a recycled ISN (2048^2 / 2^33).
 * Scanners with one source port have such groups, and so has a client in whose name others send SYNs: of those that have come up
 * there are few, and they are found as in a small group. */
#define TOA_CROWD 2048

/* The same in wire tuples: what the clock of ISNs can fit by accident (R10). */
static inline uint32_t toa_group_n_up_tuples(const toa_party *party)
{
    return party->company && party->company->counts_up ? MIN(party->company->n_up_tuples + 1, party->n_tuples) : party->n_tuples;
}

static inline bool toa_crowded(const toa_conversation *x, const toa_conversation *y)
{
    const toa_party *party = x->key->client;

    return party->n_group > TOA_CROWD && (toa_group_n_up(party) > TOA_CROWD || !toa_came_up(y));
}

#endif
