/* toa-index.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "toa-index.h"

#include "toa-clock.h"

/* Nodes looked at in one look-up; only a capture made to collide has longer chains. */
#define VISIT_MAX 64
#define FIRST_BUCKETS 64

static const toa_party *party_of(const toa_conversation *conv, unsigned kind)
{
    return kind < TOA_BY_GROUP_MAX ? conv->key->client : conv->server_party;
}

static size_t bucket_of(const toa_state *state, const toa_party *party, unsigned kind, uint32_t value)
{
    uint64_t hash = toa_mix(toa_mix((uint64_t)(uintptr_t)party ^ state->seed) ^ ((uint64_t)kind << 32 | value));

    return (size_t)hash & (state->index.n_buckets - 1);
}

static void push(toa_state *state, toa_index_node *node)
{
    toa_index_node **bucket =
        &state->index.buckets[bucket_of(state, party_of(node->conv, node->kind), node->kind, node->value)];

    node->next = *bucket;
    node->link = bucket;
    if (node->next) {
        node->next->link = &node->next;
    }
    *bucket = node;
    node->linked = true;
}

static void grow(toa_state *state)
{
    toa_index *index = &state->index;
    toa_index_node **old = index->buckets;
    size_t n_old = index->n_buckets;

    index->n_buckets = n_old ? n_old * 2 : FIRST_BUCKETS;
    index->buckets = g_new0(toa_index_node *, index->n_buckets);
    for (size_t i = 0; i < n_old; i++) {
        toa_index_node *node = old[i];
        while (node) {
            toa_index_node *next = node->next;
            push(state, node);
            node = next;
        }
    }
    g_free(old);
}

static void unlink_node(toa_state *state, toa_index_node *node)
{
    if (!node->linked) {
        return;
    }
    *node->link = node->next;
    if (node->next) {
        node->next->link = node->link;
    }
    node->linked = false;
    state->index.n_nodes--;
}

static void link_node(toa_state *state, toa_index_node *node)
{
    if (state->index.n_nodes >= state->index.n_buckets) {
        grow(state);
    }
    push(state, node);
    state->index.n_nodes++;
}

static const toa_side *side_of(const toa_conversation *conv, bool server)
{
    return &conv->side[server ? !conv->client : conv->client];
}

static bool next_value(const toa_side *side, uint32_t *ret_value)
{
    *ret_value = side->next;
    return (side->flags & TOA_SIDE_ANCHORED) != 0;
}

static bool ack_value(const toa_side *side, uint32_t *ret_value)
{
    *ret_value = side->acks[0];
    return side->n_acks > 0;
}

static bool tsval_value(const toa_side *side, uint32_t *ret_value)
{
    *ret_value = side->tsval;
    return (side->flags & TOA_SIDE_TSVAL) != 0;
}

/* The present value of one kind; false if the conversation has none. */
static bool value_of(const toa_conversation *conv, unsigned kind, uint32_t *ret_value)
{
    switch ((toa_index_kind)kind) {
    case TOA_BY_GROUP_CLIENT_NEXT:
    case TOA_BY_SERVED_CLIENT_NEXT:
        return next_value(side_of(conv, false), ret_value);
    case TOA_BY_GROUP_SERVER_NEXT:
    case TOA_BY_SERVED_SERVER_NEXT:
        return next_value(side_of(conv, true), ret_value);
    case TOA_BY_GROUP_CLIENT_ACK:
    case TOA_BY_SERVED_CLIENT_ACK:
        return ack_value(side_of(conv, false), ret_value);
    case TOA_BY_GROUP_SERVER_ACK:
    case TOA_BY_SERVED_SERVER_ACK:
        return ack_value(side_of(conv, true), ret_value);
    case TOA_BY_GROUP_CLIENT_TSVAL:
        return tsval_value(side_of(conv, false), ret_value);
    case TOA_BY_GROUP_SERVER_TSVAL:
        return tsval_value(side_of(conv, true), ret_value);
    case TOA_BY_GROUP_PHASE:
        *ret_value = conv->flags & TOA_CONV_SYNACK_SEEN ? toa_clock_bucket(conv) : 0;
        return (conv->flags & TOA_CONV_SYNACK_SEEN) != 0;
    case TOA_BY_GROUP_ISN:
        *ret_value = side_of(conv, true)->isn;
        return (side_of(conv, true)->flags & TOA_SIDE_SYN) != 0;
    case TOA_BY_MAX:
        break;
    }
    return false;
}

static void refresh_nodes(toa_state *state, toa_index_node *nodes, unsigned first, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        toa_index_node *node = &nodes[i];
        uint32_t value;
        bool has = value_of(node->conv, first + i, &value);

        if (node->linked && has && node->value == value) {
            continue;
        }
        unlink_node(state, node);
        if (has) {
            node->value = value;
            link_node(state, node);
        }
    }
}

static toa_index_node *new_nodes(toa_state *state, toa_conversation *conv, unsigned first, unsigned n)
{
    toa_index_node *nodes = toa_arena_alloc(&state->arena, n * sizeof *nodes);

    for (unsigned i = 0; i < n; i++) {
        nodes[i].conv = conv;
        nodes[i].kind = (uint8_t)(first + i);
    }
    return nodes;
}

void toa_index_join_group(toa_state *state, toa_conversation *conv)
{
    toa_extra *extra = toa_state_extra(state, conv);

    if (!extra->group_nodes) {
        extra->group_nodes = new_nodes(state, conv, 0, TOA_BY_GROUP_MAX);
    }
    conv->flags |= TOA_CONV_INDEXED;
    refresh_nodes(state, extra->group_nodes, 0, TOA_BY_GROUP_MAX);
}

void toa_index_join_served(toa_state *state, toa_conversation *conv)
{
    toa_extra *extra = toa_state_extra(state, conv);

    if (!extra->served_nodes) {
        extra->served_nodes = new_nodes(state, conv, TOA_BY_GROUP_MAX, TOA_BY_MAX - TOA_BY_GROUP_MAX);
    }
    conv->flags |= TOA_CONV_INDEXED;
    refresh_nodes(state, extra->served_nodes, TOA_BY_GROUP_MAX, TOA_BY_MAX - TOA_BY_GROUP_MAX);
}

void toa_index_leave_group(toa_state *state, toa_conversation *conv)
{
    for (unsigned i = 0; conv->extra && conv->extra->group_nodes && i < TOA_BY_GROUP_MAX; i++) {
        unlink_node(state, &conv->extra->group_nodes[i]);
    }
}

void toa_index_leave_served(toa_state *state, toa_conversation *conv)
{
    for (unsigned i = 0; conv->extra && conv->extra->served_nodes && i < TOA_BY_MAX - TOA_BY_GROUP_MAX; i++) {
        unlink_node(state, &conv->extra->served_nodes[i]);
    }
}

void toa_index_group(toa_state *state, toa_party *party)
{
    if (party->group_indexed) {
        return;
    }
    party->group_indexed = true;
    for (toa_conversation *conv = party->group; conv; conv = conv->group_next) {
        toa_index_join_group(state, conv);
    }
}

void toa_index_served(toa_state *state, toa_party *party)
{
    if (party->served_indexed) {
        return;
    }
    party->served_indexed = true;
    for (toa_conversation *conv = party->served; conv; conv = conv->served_next) {
        toa_index_join_served(state, conv);
    }
}

void toa_index_refresh(toa_state *state, toa_conversation *conv)
{
    if (conv->extra->group_nodes && conv->key->client->group_indexed && !(conv->flags & TOA_CONV_SELF)) {
        refresh_nodes(state, conv->extra->group_nodes, 0, TOA_BY_GROUP_MAX);
    }
    if (conv->extra->served_nodes && conv->server_party->served_indexed) {
        refresh_nodes(state, conv->extra->served_nodes, TOA_BY_GROUP_MAX, TOA_BY_MAX - TOA_BY_GROUP_MAX);
    }
}

unsigned toa_index_find(toa_state *state, const toa_party *party, toa_index_kind kind, uint32_t value,
                        toa_conversation *ret_found[TOA_HITS_MAX])
{
    unsigned found = 0, visited = 0;
    toa_index_node *node;

    if (state->index.n_buckets == 0) {
        return 0;
    }
    node = state->index.buckets[bucket_of(state, party, kind, value)];
    for (; node && found < TOA_HITS_MAX && visited < VISIT_MAX; node = node->next, visited++) {
        if (node->kind == kind && node->value == value && party_of(node->conv, kind) == party) {
            ret_found[found++] = node->conv;
        }
    }
    return found;
}

void toa_index_free(toa_index *index)
{
    g_free(index->buckets);
    index->buckets = NULL;
    index->n_buckets = index->n_nodes = 0;
}
