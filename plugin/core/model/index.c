/* index.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/index.h"

#include "core/model/clock.h"

/* Nodes looked at in one look-up; only a capture made to collide has longer chains. */
#define VISIT_MAX 64
#define FIRST_BUCKETS 64

static const toa_party *party_of(const toa_conversation *conv, unsigned kind)
{
    return kind >= TOA_BY_SERVED_CLIENT_NEXT && kind < TOA_BY_SERVED_MAX ? conv->server_party : conv->key->client;
}

static const toa_large_party *indexed(const toa_party *party)
{
    static const toa_large_party none;

    return party->large ? party->large : &none;
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
    *ret_value = toa_index_tsval(side->tsval);
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
    case TOA_BY_ISN_PHASE:
        *ret_value = conv->flags & TOA_CONV_SYNACK_SEEN ? toa_clock_bucket(conv) : 0;
        return (conv->flags & TOA_CONV_SYNACK_SEEN) != 0;
    case TOA_BY_ISN:
    case TOA_BY_SERVED_ISN:
        *ret_value = side_of(conv, true)->isn;
        return (side_of(conv, true)->flags & TOA_SIDE_SYN) != 0;
    case TOA_BY_ISN_CLIENT:
        *ret_value = side_of(conv, false)->isn;
        return (side_of(conv, false)->flags & TOA_SIDE_SYN) != 0;
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

static void leave_nodes(toa_state *state, toa_index_node *nodes, unsigned n)
{
    for (unsigned i = 0; nodes && i < n; i++) {
        unlink_node(state, &nodes[i]);
    }
}

/* ---- numbers that change with every segment ---- */

void toa_index_join_group(toa_state *state, toa_conversation *conv)
{
    if (indexed(conv->key->client)->group) {
        toa_extra *extra = toa_state_extra(state, conv);
        if (!extra->group_nodes) {
            extra->group_nodes = new_nodes(state, conv, 0, TOA_BY_GROUP_MAX);
        }
        conv->flags |= TOA_CONV_INDEXED;
        refresh_nodes(state, extra->group_nodes, 0, TOA_BY_GROUP_MAX);
    }
    toa_index_isn(state, conv);
}

void toa_index_join_served(toa_state *state, toa_conversation *conv)
{
    const unsigned first = TOA_BY_SERVED_CLIENT_NEXT, n = TOA_BY_SERVED_MAX - TOA_BY_SERVED_CLIENT_NEXT;
    toa_extra *extra;

    if (!indexed(conv->server_party)->served) {
        return;
    }
    extra = toa_state_extra(state, conv);
    if (!extra->served_nodes) {
        extra->served_nodes = new_nodes(state, conv, first, n);
    }
    conv->flags |= TOA_CONV_INDEXED;
    refresh_nodes(state, extra->served_nodes, first, n);
}

void toa_index_changed(toa_conversation *conv)
{
    toa_extra *extra = conv->extra;

    if (extra->group_nodes && !extra->in_group_changed && indexed(conv->key->client)->group) {
        extra->group_changed_next = conv->key->client->large->group_changed;
        conv->key->client->large->group_changed = conv;
        extra->in_group_changed = true;
    }
    if (extra->served_nodes && !extra->in_served_changed && indexed(conv->server_party)->served) {
        extra->served_changed_next = conv->server_party->large->served_changed;
        conv->server_party->large->served_changed = conv;
        extra->in_served_changed = true;
    }
}

static void take_group_changes(toa_state *state, toa_party *party)
{
    toa_conversation *conv = party->large->group_changed; /* NOLINT(*NullDereference): an indexed party has it */

    party->large->group_changed = NULL;
    while (conv) {
        toa_conversation *next = conv->extra->group_changed_next;
        conv->extra->in_group_changed = false;
        refresh_nodes(state, conv->extra->group_nodes, 0, TOA_BY_GROUP_MAX);
        conv = next;
    }
}

static void follow_group(toa_state *state, toa_party *party)
{
    toa_conversation *conv;

    take_group_changes(state, party);
    if (!party->large->group) {
        party->large->group = true;
        for (conv = party->group; conv && toa_group_next(conv);) {
            conv = toa_group_next(conv);
        }
        for (; conv; conv = toa_group_prev(conv)) { /* oldest first: the newest shall be found first */
            toa_index_join_group(state, conv);
        }
    }
}

static void take_served_changes(toa_state *state, toa_party *party)
{
    toa_conversation *conv = party->large->served_changed;

    party->large->served_changed = NULL;
    while (conv) {
        toa_conversation *next = conv->extra->served_changed_next;
        conv->extra->in_served_changed = false;
        refresh_nodes(state, conv->extra->served_nodes, TOA_BY_SERVED_CLIENT_NEXT,
                      TOA_BY_SERVED_MAX - TOA_BY_SERVED_CLIENT_NEXT);
        conv = next;
    }
}

static void follow_served(toa_state *state, toa_party *party)
{
    toa_conversation *conv;

    take_served_changes(state, party);
    if (!party->large->served) {
        party->large->served = true;
        for (conv = party->served; conv && conv->served_next;) {
            conv = conv->served_next;
        }
        for (; conv; conv = conv->served_prev) { /* oldest first: the newest shall be found first */
            toa_index_join_served(state, conv);
        }
    }
}

/* A list of changes holds members only: whoever leaves has its changes taken over first. */
void toa_index_leave_group(toa_state *state, toa_conversation *conv)
{
    toa_large_party *index = conv->key ? conv->key->client->large : NULL;

    for (unsigned i = 0; index && i < TOA_PENDING_KEPT; i++) {
        if (index->pending[i] == conv) {
            index->pending[i] = NULL;
        }
    }
    if (!conv->extra) {
        return;
    }
    if (conv->extra->in_group_changed) {
        take_group_changes(state, conv->key->client); /* NOLINT(*NullDereference): a member has a key */
    }
    leave_nodes(state, conv->extra->group_nodes, TOA_BY_GROUP_MAX);
    leave_nodes(state, conv->extra->isn_nodes, TOA_BY_MAX - TOA_BY_ISN_PHASE);
}

void toa_index_leave_served(toa_state *state, toa_conversation *conv)
{
    if (!conv->extra) {
        return;
    }
    if (conv->extra->in_served_changed) {
        take_served_changes(state, conv->server_party);
    }
    leave_nodes(state, conv->extra->served_nodes, TOA_BY_SERVED_MAX - TOA_BY_SERVED_CLIENT_NEXT);
}

void toa_index_forget(toa_state *state, toa_conversation *conv)
{
    toa_extra *extra = conv->extra;

    if (extra) {
        toa_arena_give(&state->arena, extra->group_nodes, TOA_BY_GROUP_MAX * sizeof *extra->group_nodes);
        toa_arena_give(&state->arena, extra->served_nodes,
                       (TOA_BY_SERVED_MAX - TOA_BY_SERVED_CLIENT_NEXT) * sizeof *extra->served_nodes);
        toa_arena_give(&state->arena, extra->isn_nodes, (TOA_BY_MAX - TOA_BY_ISN_PHASE) * sizeof *extra->isn_nodes);
        extra->group_nodes = extra->served_nodes = extra->isn_nodes = NULL;
    }
}

/* ---- numbers of the handshake ---- */

void toa_index_isn(toa_state *state, toa_conversation *conv)
{
    const unsigned n = TOA_BY_MAX - TOA_BY_ISN_PHASE;
    toa_extra *extra;

    if (!indexed(conv->key->client)->isn) {
        return;
    }
    extra = toa_state_extra(state, conv);
    if (!extra->isn_nodes) {
        extra->isn_nodes = new_nodes(state, conv, TOA_BY_ISN_PHASE, n);
    }
    refresh_nodes(state, extra->isn_nodes, TOA_BY_ISN_PHASE, n);
}

static void follow_isn(toa_state *state, toa_party *party)
{
    if (!party->large->isn) {
        party->large->isn = true;
        toa_conversation *conv = party->group;
        while (conv && toa_group_next(conv)) {
            conv = toa_group_next(conv);
        }
        for (; conv; conv = toa_group_prev(conv)) {
            toa_index_isn(state, conv);
        }
    }
}

unsigned toa_index_find(toa_state *state, toa_party *party, toa_index_kind kind, uint32_t value,
                        toa_conversation *ret_found[TOA_HITS_MAX])
{
    unsigned found = 0, visited = 0;
    toa_index_node *node;

    toa_state_large_party(state, party);
    if (kind < TOA_BY_GROUP_MAX) {
        follow_group(state, party);
    } else if (kind < TOA_BY_SERVED_MAX) {
        follow_served(state, party);
    } else {
        follow_isn(state, party);
    }
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
