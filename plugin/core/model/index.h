/* index.h
 * Finds the conversations of a party by one of their present numbers. A party with few conversations has no index, looking at
 * each is cheaper. One with many gets its index at the first look-up; from then on its conversations only note that their
 * numbers have changed, and the next look-up takes the changes over. So an ordinary capture pays nothing, and a hostile one is
 * never quadratic.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_INDEX_H
#define TOA_INDEX_H

#include "core/model/state.h"

/* What a value is. GROUP and ISN: among conversations of one post-rewrite client; SERVED: of one server on the wire.
 * Client and server are sides of the conversation that is found. */
typedef enum toa_index_kind {
    TOA_BY_GROUP_CLIENT_NEXT,
    TOA_BY_GROUP_SERVER_NEXT,
    TOA_BY_GROUP_CLIENT_ACK,
    TOA_BY_GROUP_SERVER_ACK,
    TOA_BY_GROUP_CLIENT_TSVAL,
    TOA_BY_GROUP_SERVER_TSVAL,
    TOA_BY_GROUP_MAX,
    TOA_BY_SERVED_CLIENT_NEXT = TOA_BY_GROUP_MAX,
    TOA_BY_SERVED_SERVER_NEXT,
    TOA_BY_SERVED_CLIENT_ACK,
    TOA_BY_SERVED_SERVER_ACK,
    TOA_BY_SERVED_ISN, /* of the server */
    TOA_BY_SERVED_MAX,
    TOA_BY_ISN_PHASE = TOA_BY_SERVED_MAX, /* of the ISN clock, in buckets of clock.h */
    TOA_BY_ISN,                           /* of the server */
    TOA_BY_ISN_CLIENT,                    /* of the client */
    TOA_BY_MAX
} toa_index_kind;

/* The value of the TSVAL kinds: the TSval without its last bits, so that a TSecr that echoes one of the last 4 s (of a clock
 * of 1 kHz) has this value, or has it when TOA_INDEX_TSVALS is added (which may pass 2^32). */
#define TOA_INDEX_TSVALS 4096u
static inline uint32_t toa_index_tsval(uint32_t tsval)
{
    return tsval / TOA_INDEX_TSVALS;
}

/* Parties with more conversations than this are indexed. */
#define TOA_SCAN_MAX 8
/* Most conversations returned by one look-up, the newest to have got the value. */
#define TOA_HITS_MAX 16

/* conv joins or leaves its group (before its key changes), or its server (before its roles change). */
void toa_index_join_group(toa_state *state, toa_conversation *conv);
void toa_index_leave_group(toa_state *state, toa_conversation *conv);
void toa_index_join_served(toa_state *state, toa_conversation *conv);
void toa_index_leave_served(toa_state *state, toa_conversation *conv);

/* conv has left both, and is to be forgotten. */
void toa_index_forget(toa_state *state, toa_conversation *conv);

/* Numbers of a conversation with TOA_CONV_INDEXED have changed. */
void toa_index_changed(toa_conversation *conv);

/* conv has shown a SYN or a SYN-ACK: the ISN kinds are updated at once, since they hardly ever change again. */
void toa_index_isn(toa_state *state, toa_conversation *conv);

/* Conversations of the party with this value; returns how many, newest first. The party is indexed if it was not. */
unsigned toa_index_find(toa_state *state, toa_party *party, toa_index_kind kind, uint32_t value,
                        toa_conversation *ret_found[TOA_HITS_MAX]);

void toa_index_free(toa_index *index);

#endif
