/* forget.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/forget.h"

#include "core/model/group.h"
#include "core/model/identity.h"
#include "core/model/index.h"
#include "core/model/network.h"

/* ---- who goes ---- */

/* Frames since the conversation's last segment; frame numbers may have wrapped. */
static uint32_t age_of(const toa_conversation *conv, uint32_t frame)
{
    uint32_t age = frame - conv->first_frame;

    for (unsigned i = 0; i < 2; i++) {
        if (conv->side[i].last_frame) {
            age = MIN(age, frame - conv->side[i].last_frame);
        }
    }
    return age;
}

#define RANK_CLOSED (UINT64_C(1) << 63)
#define RANK_NUMBER 0x7fffffffu

static uint32_t rank_age(uint64_t rank)
{
    return (uint32_t)(rank >> 31);
}

static bool is_over(const toa_state *state, const toa_conversation *conv, int64_t now)
{
    return (conv->flags & TOA_CONV_CLOSED) && now - conv->close_time > state->config->time_wait;
}

/* The higher, the sooner it is forgotten; no two are equal. */
static uint64_t rank_of(const toa_state *state, uint32_t number, int64_t now, uint32_t frame)
{
    const toa_conversation *conv = toa_table_at(&state->conversations, number);

    return (is_over(state, conv, now) ? RANK_CLOSED : 0) | (uint64_t)age_of(conv, frame) << 31 | (number & RANK_NUMBER);
}

/* The n-th highest of them, counted from 1; their order is lost. One digit after the other, so that no input is slow. */
static uint64_t nth_highest(GArray *ranks, guint n)
{
    uint64_t *rank = (uint64_t *)(void *)ranks->data, found = 0;
    guint left = ranks->len;

    for (int shift = 56; shift >= 0; shift -= 8) {
        guint count[256] = {0}, kept = 0;
        unsigned digit = 255;
        for (guint i = 0; i < left; i++) {
            count[rank[i] >> shift & 255]++;
        }
        while (count[digit] < n) {
            n -= count[digit--];
        }
        for (guint i = 0; i < left; i++) {
            if ((rank[i] >> shift & 255) == digit) {
                rank[kept++] = rank[i];
            }
        }
        left = kept;
        found |= (uint64_t)digit << shift;
    }
    return found;
}

static GArray *all_ranks(const toa_state *state, int64_t now, uint32_t frame)
{
    GArray *ranks = g_array_sized_new(FALSE, FALSE, sizeof(uint64_t), toa_table_count(&state->conversations));

    for (uint32_t i = 0; (i = toa_table_next(&state->conversations, i));) {
        uint64_t rank = rank_of(state, i, now, frame);
        g_array_append_val(ranks, rank);
    }
    return ranks;
}

void toa_forget_choose(const toa_state *state, uint32_t n, int64_t now, uint32_t frame, toa_victims *ret_victims)
{
    GArray *ranks = all_ranks(state, now, frame), *copy;
    uint64_t last;

    *ret_victims = (toa_victims){.numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t)), .age = UINT32_MAX};
    n = MIN(n, ranks->len);
    if (n) {
        copy = g_array_sized_new(FALSE, FALSE, sizeof(uint64_t), ranks->len);
        g_array_append_vals(copy, ranks->data, ranks->len);
        last = nth_highest(copy, n);
        g_array_free(copy, TRUE);
        for (guint i = 0; i < ranks->len; i++) {
            uint64_t rank = g_array_index(ranks, uint64_t, i);
            uint32_t number = rank & RANK_NUMBER;
            if (rank >= last) {
                g_array_append_val(ret_victims->numbers, number);
                ret_victims->n_closed += (rank & RANK_CLOSED) != 0;
                ret_victims->age = MIN(ret_victims->age, rank_age(rank));
            }
        }
    }
    g_array_free(ranks, TRUE);
}

void toa_victims_spare(const toa_state *state, toa_victims *victims, guint i, int64_t now)
{
    victims->n_closed -= is_over(state, toa_victim(state, victims, i), now);
    g_array_index(victims->numbers, uint32_t, i) = g_array_index(victims->numbers, uint32_t, victims->numbers->len - 1);
    g_array_set_size(victims->numbers, victims->numbers->len - 1);
}

void toa_victims_clear(toa_victims *victims)
{
    g_array_free(victims->numbers, TRUE);
}

void toa_forget_leave(toa_state *state, const toa_victims *victims)
{
    for (guint i = 0; i < victims->numbers->len; i++) {
        toa_group_forget(state, toa_victim(state, victims, i));
    }
}

/* ---- pointers to them ---- */

static bool is_gone(const toa_conversation *conv)
{
    return !conv->key;
}

/* The nearest earlier connection that stays. Shortens the chain for later calls. */
static toa_conversation *stays(toa_conversation *earlier)
{
    toa_conversation *end = earlier;

    while (end && is_gone(end)) {
        end = end->extra ? end->extra->earlier : NULL;
    }
    while (earlier && is_gone(earlier) && earlier->extra) {
        toa_conversation *next = earlier->extra->earlier;
        earlier->extra->earlier = end;
        earlier = next;
    }
    return end;
}

static void filter_pairs(toa_extra *extra)
{
    toa_pair **link = &extra->pairs;

    while (*link) {
        if (is_gone((*link)->y)) {
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
}

/* Drops conv's pointers to those that go, and marks what it needs. */
static void clean(toa_conversation *conv)
{
    toa_extra *extra = conv->extra;

    if (!extra) {
        return;
    }
    if (extra->earlier && is_gone(extra->earlier)) {
        extra->earlier = stays(extra->earlier);
        toa_group_recount(conv);
    }
    if (extra->leg && is_gone(extra->leg)) {
        extra->leg = NULL;
        extra->leg_certain = false;
    }
    filter_pairs(extra);
    if (extra->named) {
        extra->named->marked = 1;
    }
    if (extra->vip) {
        extra->vip->marked = 1;
    }
    if (extra->reported) {
        ((toa_key *)extra->reported)->marked = 1;
    }
}

static void clean_all(toa_state *state)
{
    for (uint32_t i = 0; (i = toa_table_next(&state->conversations, i));) {
        toa_conversation *conv = toa_table_at(&state->conversations, i);
        if (!is_gone(conv)) {
            clean(conv);
        }
    }
}

static void remove_pairs(toa_state *state)
{
    for (uint32_t i = 0; (i = toa_table_next(&state->pairs, i));) {
        const toa_pair *pair = toa_table_at(&state->pairs, i);
        if (is_gone(pair->x) || is_gone(pair->y)) {
            toa_table_remove(&state->pairs, toa_state_hash(pair->x, pair->y), i);
        }
    }
}

static void remove_conversations(toa_state *state, const toa_victims *victims)
{
    for (guint i = 0; i < victims->numbers->len; i++) {
        toa_conversation *conv = toa_victim(state, victims, i);
        if (conv->extra) {
            toa_index_forget(state, conv);
            toa_identity_forget(state, conv->extra);
            toa_arena_give(&state->arena, conv->extra->claim, sizeof *conv->extra->claim);
            toa_arena_give(&state->arena, conv->extra, sizeof *conv->extra);
        }
        toa_table_remove(&state->conversations, conv->hash, g_array_index(victims->numbers, uint32_t, i));
    }
}

/* ---- tuples that several conversations had: in several networks, or one after the other ---- */

static int compare_numbers(gconstpointer a, gconstpointer b, gpointer data)
{
    const toa_state *state = data;
    const toa_conversation *left = toa_table_at(&state->conversations, *(const uint32_t *)a);
    const toa_conversation *right = toa_table_at(&state->conversations, *(const uint32_t *)b);

    return (int32_t)(left->first_frame - right->first_frame) > 0 ? -1 : left->first_frame != right->first_frame;
}

/* The newest conversation of a tuple has gone: makes the next newest one findable. */
static void restore(toa_state *state)
{
    GArray *hidden = g_array_new(FALSE, FALSE, sizeof(uint32_t));

    for (uint32_t i = 0; (i = toa_table_next(&state->conversations, i));) {
        const toa_conversation *conv = toa_table_at(&state->conversations, i);
        if (conv->shares_stream && !toa_state_find(state, &conv->wire[0], &conv->wire[1])) {
            g_array_append_val(hidden, i);
        }
    }
    g_array_sort_with_data(hidden, compare_numbers, state);
    for (guint i = 0; i < hidden->len; i++) {
        uint32_t number = g_array_index(hidden, uint32_t, i);
        const toa_conversation *conv = toa_table_at(&state->conversations, number);
        if (!toa_state_find(state, &conv->wire[0], &conv->wire[1])) {
            toa_table_restore(&state->conversations, conv->hash, number);
        }
    }
    g_array_free(hidden, TRUE);
}

/* ---- what nothing needs any more ---- */

static void mark_reached(const toa_reached *reached)
{
    for (uint32_t i = 0; reached && i < reached->n && i < TOA_REACHED_MAX; i++) {
        reached->server[i]->marked = 1;
    }
}

static void remove_keys(toa_state *state)
{
    for (uint32_t i = 0; (i = toa_table_next(&state->keys, i));) {
        toa_key *key = toa_table_at(&state->keys, i);
        if (key->n_members || key->marked) {
            key->marked = 0;
            key->client->marked = key->server->marked = 1;
            mark_reached(key->reached);
        } else {
            toa_state_reached(state, key);
            toa_table_remove(&state->keys, toa_state_hash(key->client, key->server), i);
        }
    }
}

static bool is_needed(const toa_party *party)
{
    return party->n_group || party->n_served || party->marked;
}

static void clean_large(toa_large_party *large)
{
    if (large->nat && !is_needed(large->nat)) {
        large->nat = NULL;
    }
    if (large->nat_seen && !is_needed(large->nat_seen)) {
        large->nat_seen = NULL;
    }
}

static void remove_parties(toa_state *state)
{
    for (uint32_t i = 0; (i = toa_table_next(&state->parties, i));) {
        toa_party *party = toa_table_at(&state->parties, i);
        if (is_needed(party) && party->large) {
            clean_large(party->large);
        }
    }
    for (uint32_t i = 0; (i = toa_table_next(&state->parties, i));) {
        toa_party *party = toa_table_at(&state->parties, i);
        if (is_needed(party)) {
            party->marked = 0;
        } else {
            toa_arena_give(&state->arena, party->large, sizeof *party->large);
            toa_table_remove(&state->parties, (uint32_t)toa_endpoint_hash(&party->endpoint, state->seed), i);
        }
    }
}

void toa_forget_finish(toa_state *state, const toa_victims *victims)
{
    clean_all(state);
    remove_pairs(state);
    toa_network_forget(state);
    remove_conversations(state, victims);
    restore(state);
    remove_keys(state);
    remove_parties(state);
    state->n_forgotten += victims->numbers->len;
}
