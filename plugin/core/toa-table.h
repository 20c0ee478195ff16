/* toa-table.h
 * Storage of all conversations, and the look-up by wire tuple that every segment needs.
 *
 * Not GHashTable: it costs four dependent cache misses and two calls through pointers a segment, half of the engine's
 * time with a million conversations (tests/bench). Only this look-up is made by hand, everything that happens once a
 * conversation uses GLib.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TABLE_H
#define TOA_TABLE_H

#include "toa-conversation.h"

typedef struct toa_table_slot {
    uint32_t hash;
    uint32_t number; /* of the conversation, from 1; 0: empty */
} toa_table_slot;

/* All zero is an empty table. */
typedef struct toa_table {
    toa_table_slot *slots;    /* linear probing; a power of two of them, at most 3 of 4 used */
    toa_conversation **chunks; /* conversations by number; they never move */
    uint32_t n_slots;
    uint32_t n_used;          /* slots */
    uint32_t n_conversations; /* those of reused tuples included */
    uint32_t n_chunks;
} toa_table;

/* A tuple in canonical order with its hash. */
typedef struct toa_tuple {
    toa_endpoint wire[2];
    uint32_t hash;
    unsigned sender; /* index of the first endpoint given to toa_tuple_make */
} toa_tuple;

/* Keyed, as toa_endpoint_hash; the 12 bytes of an IPv4 tuple fit into two words. */
static inline uint32_t toa_tuple_hash(const toa_endpoint *a, const toa_endpoint *b, uint64_t seed)
{
    toa_endpoint_words left = toa_endpoint_split(a), right = toa_endpoint_split(b);

    if (a->family == TOA_FAMILY_IPV4 && b->family == TOA_FAMILY_IPV4) {
        uint64_t addresses = left.low ^ (right.low << 32 | right.low >> 32); /* each has four bytes in one half */
        return (uint32_t)toa_mix(toa_mix(seed ^ addresses) ^ ((uint64_t)left.rest << 32 | right.rest));
    }
    return (uint32_t)toa_endpoint_hash(b, toa_endpoint_hash(a, seed));
}

static inline toa_tuple toa_tuple_make(const toa_endpoint *from, const toa_endpoint *to, uint64_t seed)
{
    toa_tuple tuple;

    tuple.sender = toa_endpoint_compare(from, to) > 0;
    tuple.wire[tuple.sender] = *from;
    tuple.wire[!tuple.sender] = *to;
    tuple.hash = toa_tuple_hash(&tuple.wire[0], &tuple.wire[1], seed);
    return tuple;
}

/* The newest conversation between two endpoints in canonical order, hash as toa_tuple_hash; NULL: none. */
toa_conversation *toa_table_find_ordered(const toa_table *table, const toa_endpoint *low, const toa_endpoint *high,
                                         uint32_t hash);

static inline toa_conversation *toa_table_find(const toa_table *table, const toa_tuple *tuple)
{
    return toa_table_find_ordered(table, &tuple->wire[0], &tuple->wire[1], tuple->hash);
}

/* A new one, zeroed but for wire and hash; found from now on instead of the earlier one of its tuple. */
toa_conversation *toa_table_add(toa_table *table, const toa_tuple *tuple, toa_conversation *earlier);

void toa_table_free(toa_table *table);

/* Bytes held. */
size_t toa_table_memory(const toa_table *table);

#endif
