/* toa-index.h
 * Finds the conversations of a party by one of their present numbers. A party with few conversations is not
 * indexed, looking at each is cheaper; one with many is indexed when the first unexplained segment asks, and
 * kept up to date from then on. So an ordinary capture pays nothing, and a hostile one is never quadratic.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_INDEX_H
#define TOA_INDEX_H

#include "toa-state.h"

/* What a value is. GROUP: among conversations of one post-rewrite client; SERVED: of one server on the wire.
 * Client and server are sides of the conversation that is found. */
typedef enum toa_index_kind {
    TOA_BY_GROUP_CLIENT_NEXT,
    TOA_BY_GROUP_SERVER_NEXT,
    TOA_BY_GROUP_CLIENT_ACK,
    TOA_BY_GROUP_SERVER_ACK,
    TOA_BY_GROUP_CLIENT_TSVAL,
    TOA_BY_GROUP_SERVER_TSVAL,
    TOA_BY_GROUP_PHASE, /* of the ISN clock, in ms */
    TOA_BY_GROUP_ISN,   /* of the server */
    TOA_BY_GROUP_MAX,
    TOA_BY_SERVED_CLIENT_NEXT = TOA_BY_GROUP_MAX,
    TOA_BY_SERVED_SERVER_NEXT,
    TOA_BY_SERVED_CLIENT_ACK,
    TOA_BY_SERVED_SERVER_ACK,
    TOA_BY_MAX
} toa_index_kind;

/* Parties with more conversations than this are indexed. */
#define TOA_SCAN_MAX 8
/* Most conversations returned by one look-up, the newest to have got the value. */
#define TOA_HITS_MAX 16

/* Indexes all conversations of the party, if it is not yet. */
void toa_index_group(toa_state *state, toa_party *party);
void toa_index_served(toa_state *state, toa_party *party);

/* conv has joined, or is about to leave, its group or server (whichever is indexed). */
void toa_index_join_group(toa_state *state, toa_conversation *conv);
void toa_index_leave_group(toa_state *state, toa_conversation *conv);
void toa_index_join_served(toa_state *state, toa_conversation *conv);
void toa_index_leave_served(toa_state *state, toa_conversation *conv);

/* Tells the index the present numbers of conv; call after they changed if conv has TOA_CONV_INDEXED. */
void toa_index_refresh(toa_state *state, toa_conversation *conv);

/* Conversations of the indexed party with this value; returns how many, newest first. */
unsigned toa_index_find(toa_state *state, const toa_party *party, toa_index_kind kind, uint32_t value,
                        toa_conversation *ret_found[TOA_HITS_MAX]);

void toa_index_free(toa_index *index);

#endif
