/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "whole.h"

#include "core/model/group.h"
#include "core/model/index.h"

#include <stdio.h>
#include <stdlib.h>

#define HOLDS(condition)                                                                                                       \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            fprintf(stderr, "%s:%d: not whole: %s\n", __FILE__, __LINE__, #condition);                                         \
            abort();                                                                                                           \
        }                                                                                                                      \
    } while (0)

typedef struct whole {
    const toa_state *state;
    GHashTable *conversations, *parties, *keys, *pairs;
} whole;

static GHashTable *all_of(const toa_table *table)
{
    GHashTable *all = g_hash_table_new(NULL, NULL);
    uint32_t n = 0;

    for (uint32_t i = 0; (i = toa_table_next(table, i)); n++) {
        g_hash_table_add(all, toa_table_at(table, i));
    }
    HOLDS(n == toa_table_count(table));
    return all;
}

static bool is_there(GHashTable *all, const void *record)
{
    return !record || g_hash_table_contains(all, record);
}

static void check_extra(const whole *self, const toa_conversation *conv)
{
    const toa_extra *extra = conv->extra;
    GHashTable *all = self->conversations;

    HOLDS(is_there(self->parties, extra->vip));
    HOLDS(is_there(self->parties, extra->named) && is_there(self->keys, extra->reported));
    HOLDS(is_there(all, extra->group_prev) && is_there(all, extra->group_next));
    HOLDS(is_there(all, extra->key_prev) && is_there(all, extra->key_next));
    HOLDS(is_there(all, extra->earlier) && is_there(all, extra->leg));
    HOLDS(!extra->in_group_changed || is_there(all, extra->group_changed_next));
    HOLDS(!extra->in_served_changed || is_there(all, extra->served_changed_next));
    HOLDS(!extra->stranger || extra->stranger->conv == conv);
    for (const toa_pair *pair = extra->pairs; pair; pair = pair->next) {
        HOLDS(is_there(self->pairs, pair) && pair->x == conv && is_there(all, pair->y));
        HOLDS(toa_state_find_pair(self->state, pair->x, pair->y) == pair);
    }
}

static void check_conversation(const whole *self, const toa_conversation *conv)
{
    const toa_conversation *newest = toa_state_find(self->state, &conv->wire[0], &conv->wire[1]);

    HOLDS(conv->key && is_there(self->keys, conv->key) && conv->server_party && is_there(self->parties, conv->server_party));
    HOLDS(is_there(self->conversations, newest));
    HOLDS(newest || !conv->shares_stream);
    HOLDS(is_there(self->conversations, conv->served_prev) && is_there(self->conversations, conv->served_next));
    if (conv->extra) {
        check_extra(self, conv);
    }
}

static void check_large(const whole *self, const toa_large_party *large)
{
    HOLDS(is_there(self->parties, large->nat) && is_there(self->parties, large->nat_seen));
    HOLDS(is_there(self->conversations, large->group_changed) && is_there(self->conversations, large->served_changed));
    for (unsigned i = 0; i < TOA_PENDING_KEPT; i++) {
        HOLDS(is_there(self->conversations, large->pending[i]));
    }
}

static void check_party(const whole *self, const toa_party *party)
{
    uint32_t n = 0, n_tuples = 0, n_established = 0, n_established_tuples = 0;

    for (const toa_conversation *conv = party->group; conv; conv = toa_group_next(conv), n++) {
        HOLDS(conv->key->client == party);
        n_tuples += !(conv->extra && conv->extra->recounted);
        n_established += conv->extra && conv->extra->counted_established;
        n_established_tuples += conv->extra && conv->extra->counted_established && !conv->extra->recounted;
    }
    HOLDS(n == party->n_group && n_tuples == party->n_tuples);
    n = 0;
    for (const toa_conversation *conv = party->served; conv; conv = conv->served_next, n++) {
        HOLDS(conv->server_party == party);
    }
    HOLDS(n == party->n_served && !party->marked);
    HOLDS(toa_state_find_party(self->state, &party->endpoint) == party);
    if (party->large) {
        HOLDS(!party->large->counts_established ||
              (n_established == party->large->n_established && n_established_tuples == party->large->n_established_tuples));
        check_large(self, party->large);
    }
}

static void check_key(const whole *self, const toa_key *key)
{
    uint32_t n = 0;

    HOLDS(is_there(self->parties, key->client) && is_there(self->parties, key->server));
    for (uint32_t i = 0; key->reached && i < key->reached->n && i < TOA_REACHED_MAX; i++) {
        HOLDS(is_there(self->parties, key->reached->server[i]));
    }
    for (const toa_conversation *conv = key->members; conv; conv = toa_key_next(conv), n++) {
        HOLDS(conv->key == key);
    }
    HOLDS(n == key->n_members && !key->marked);
}

static void check_index(const whole *self)
{
    const toa_index *index = &self->state->index;
    size_t n = 0;

    for (size_t i = 0; i < index->n_buckets; i++) {
        for (const toa_index_node *node = index->buckets[i]; node; node = node->next, n++) {
            HOLDS(node->linked && is_there(self->conversations, node->conv));
        }
    }
    HOLDS(n == index->n_nodes);
}

static void check_rest(const whole *self)
{
    const toa_state *state = self->state;

    for (uint32_t i = 0; (i = toa_table_next(&state->pairs, i));) {
        const toa_pair *pair = toa_table_at(&state->pairs, i);
        HOLDS(is_there(self->conversations, pair->x) && is_there(self->conversations, pair->y));
    }
    for (uint32_t i = 0; (i = toa_table_next(&state->strangers, i));) {
        const toa_stranger *stranger = toa_table_at(&state->strangers, i);
        HOLDS(is_there(self->conversations, stranger->conv) && is_there(self->parties, stranger->client));
    }
    for (uint32_t i = 0; (i = toa_table_next(&state->paths, i));) {
        HOLDS(is_there(self->conversations, ((const toa_path *)toa_table_at(&state->paths, i))->conv));
    }
}

void whole_check(const toa_state *state)
{
    whole self = {state, all_of(&state->conversations), all_of(&state->parties), all_of(&state->keys), all_of(&state->pairs)};

    for (uint32_t i = 0; (i = toa_table_next(&state->conversations, i));) {
        check_conversation(&self, toa_table_at(&state->conversations, i));
    }
    for (uint32_t i = 0; (i = toa_table_next(&state->parties, i));) {
        check_party(&self, toa_table_at(&state->parties, i));
    }
    for (uint32_t i = 0; (i = toa_table_next(&state->keys, i));) {
        check_key(&self, toa_table_at(&state->keys, i));
    }
    check_index(&self);
    check_rest(&self);
    g_hash_table_destroy(self.conversations);
    g_hash_table_destroy(self.parties);
    g_hash_table_destroy(self.keys);
    g_hash_table_destroy(self.pairs);
}
