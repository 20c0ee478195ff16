/* members.h
 * The lists of conversations, with their counts: the group of a client, the members of a key, those that one server serves.
 *
 * Not here: which key a conversation has (group.h), who of the two is its client (roles.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_MEMBERS_H
#define TOA_MEMBERS_H

#include "core/model/state.h"

/* conv joins the lists of its key's client, its key and its server on the wire, or leaves them. The group and the key before
 * conv->key changes, the server's before the roles change. */
void toa_members_join_group(toa_state *state, toa_conversation *conv);
void toa_members_leave_group(toa_state *state, toa_conversation *conv);
void toa_members_join_key(toa_state *state, toa_conversation *conv);
void toa_members_leave_key(toa_state *state, toa_conversation *conv);
void toa_members_join_served(toa_state *state, toa_conversation *conv);
void toa_members_leave_served(toa_state *state, toa_conversation *conv);

/* Takes conv out of its group, its key and its server's list, as it is to be forgotten: from then on it has no key. */
void toa_group_forget(toa_state *state, toa_conversation *conv);

/* The connection before conv on its wire tuple was forgotten: conv counts for the tuple now, if nobody else does. */
void toa_group_recount(toa_conversation *conv);

/* In a key with more members than this, which real traffic hardly has, a new one is compared with only two of the others: one
 * that is established, and the newest. So the findings grow with the number of members, not with its square. */
#define TOA_KEY_CROWD 8

/* conv, which shares its client, was established (toa_is_established). */
void toa_group_established(toa_state *state, toa_conversation *conv);

/* How many of the party's group are established, and one more that may be about to be; of a group that was never large, how
 * many there are. */
static inline uint32_t toa_group_n_established(const toa_party *party)
{
    return party->large && party->large->counts_established ? party->large->n_established + 1 : party->n_group;
}

/* conv becomes the first of its key's members, if they are a crowd: the next look-up begins there. */
void toa_group_to_front(toa_state *state, toa_conversation *conv);

/* In a group with more members than this one 32-bit number alone matches somebody by chance too often. Up to it that happens to
 * one of a million unexplained segments (2 x 2048 / 2^32), and to one of 2,000 groups with a recycled ISN (2048^2 / 2^33).
 * Scanners with one source port have such groups, and so has a client in whose name others send SYNs: the established ones
 * among them are few, and are found as in a small group. */
#define TOA_CROWD 2048

/* The same in wire tuples: what the clock of ISNs can fit by accident (R10). */
static inline uint32_t toa_group_n_established_tuples(const toa_party *party)
{
    return party->large && party->large->counts_established ? MIN(party->large->n_established_tuples + 1, party->n_tuples)
                                                            : party->n_tuples;
}

static inline bool toa_crowded(const toa_conversation *x, const toa_conversation *y)
{
    const toa_party *party = x->key->client;

    return party->n_group > TOA_CROWD && (toa_group_n_established(party) > TOA_CROWD || !toa_is_established(y));
}

#endif
