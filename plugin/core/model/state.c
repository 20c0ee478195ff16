/* state.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/state.h"

uint32_t toa_state_hash(const void *a, const void *b)
{
    return (uint32_t)toa_mix(toa_mix((uintptr_t)a) ^ (uintptr_t)b);
}

/* What a segment needs of a conversation spans several cache lines: fetch them together, not one after the other. */
static void prefetch(const toa_conversation *conv)
{
    const char *line = (const char *)conv;

    __builtin_prefetch(line + 64);
    __builtin_prefetch(line + 128);
    __builtin_prefetch(line + 192);
}

_Static_assert(offsetof(toa_conversation, first_time) == 256, "prefetch covers what comes before");

/* Two ends of a conversation, in either order. */
typedef struct both_ends {
    const toa_endpoint *a, *b;
} both_ends;

static bool has_ends(const void *record, const void *probe)
{
    const toa_conversation *conv = record;
    const both_ends *ends = probe;

    prefetch(conv);
    return (toa_endpoint_equal(&conv->wire[0], ends->a) && toa_endpoint_equal(&conv->wire[1], ends->b)) ||
           (toa_endpoint_equal(&conv->wire[0], ends->b) && toa_endpoint_equal(&conv->wire[1], ends->a));
}

static bool has_endpoint(const void *record, const void *probe)
{
    return toa_endpoint_equal(&((const toa_party *)record)->endpoint, probe);
}

static bool joins_parties(const void *record, const void *probe)
{
    const toa_key *key = record, *wanted = probe;

    return key->client == wanted->client && key->server == wanted->server;
}

static bool is_pair(const void *record, const void *probe)
{
    const toa_pair *pair = record, *wanted = probe;

    return pair->x == wanted->x && pair->y == wanted->y;
}

toa_state *toa_state_new(const toa_config *config)
{
    toa_state *state = g_new0(toa_state, 1);

    state->config = config;
    state->seed = (uint64_t)g_random_int() << 32 | g_random_int();
    state->copies.seed = state->seed;
    state->conversations = TOA_TABLE(toa_conversation, TOA_TABLE_LARGE);
    state->parties = TOA_TABLE(toa_party, TOA_TABLE_LARGE);
    state->keys = TOA_TABLE(toa_key, TOA_TABLE_LARGE);
    state->pairs = TOA_TABLE(toa_pair, TOA_TABLE_SMALL);
    state->strangers = TOA_TABLE(toa_stranger, TOA_TABLE_SMALL);
    state->paths = TOA_TABLE(toa_path, TOA_TABLE_SMALL);
    state->toa_sources = TOA_TABLE(toa_endpoint, TOA_TABLE_SMALL);
    state->found = g_array_new(FALSE, FALSE, sizeof(toa_finding));
    return state;
}

void toa_state_free(toa_state *state)
{
    toa_table_free(&state->conversations);
    toa_table_free(&state->parties);
    toa_table_free(&state->keys);
    toa_table_free(&state->pairs);
    toa_table_free(&state->strangers);
    toa_table_free(&state->paths);
    toa_table_free(&state->toa_sources);
    g_array_free(state->found, TRUE);
    toa_arena_free(&state->arena);
    g_free(state);
}

size_t toa_state_memory(const toa_state *state)
{
    return sizeof *state + state->arena.total + toa_table_memory(&state->conversations) + toa_table_memory(&state->parties) +
           toa_table_memory(&state->keys) + toa_table_memory(&state->pairs) + toa_table_memory(&state->strangers) +
           toa_table_memory(&state->paths) + toa_table_memory(&state->toa_sources) + state->index.n_buckets * sizeof(void *);
}

size_t toa_state_spare(const toa_state *state)
{
    return state->arena.spare + toa_table_spare(&state->conversations) + toa_table_spare(&state->parties) +
           toa_table_spare(&state->keys) + toa_table_spare(&state->pairs) + toa_table_spare(&state->strangers) +
           toa_table_spare(&state->paths);
}

toa_finding *toa_state_report(toa_state *state, toa_finding_kind kind, toa_conversation *own, toa_conversation *other,
                              uint16_t evidence)
{
    toa_finding finding = {.own = own, .other = other, .evidence = evidence, .kind = (uint8_t)kind};

    g_array_append_val(state->found, finding);
    return &g_array_index(state->found, toa_finding, state->found->len - 1);
}

void toa_state_report_as(toa_state *state, toa_finding_kind kind, toa_conversation *own, toa_conversation *other,
                         const toa_finding *details)
{
    toa_finding finding = *details;

    finding.own = own;
    finding.other = other;
    finding.kind = (uint8_t)kind;
    g_array_append_val(state->found, finding);
}

toa_extra *toa_state_extra(toa_state *state, toa_conversation *conv)
{
    if (!conv->extra) {
        conv->extra = toa_arena_new(&state->arena, toa_extra);
    }
    return conv->extra;
}

toa_large_party *toa_state_large_party(toa_state *state, toa_party *party)
{
    if (!party->large) {
        party->large = toa_arena_new(&state->arena, toa_large_party);
    }
    return party->large;
}

void toa_state_reached(toa_state *state, toa_key *key)
{
    toa_arena_give(&state->arena, key->reached, sizeof *key->reached);
    key->reached = NULL;
}

toa_party *toa_state_find_party(const toa_state *state, const toa_endpoint *endpoint)
{
    return toa_table_find(&state->parties, (uint32_t)toa_endpoint_hash(endpoint, state->seed), has_endpoint, endpoint);
}

toa_party *toa_state_party(toa_state *state, const toa_endpoint *endpoint)
{
    toa_party *party = toa_state_find_party(state, endpoint);

    if (!party) {
        party = toa_table_add(&state->parties, (uint32_t)toa_endpoint_hash(endpoint, state->seed), NULL);
        party->endpoint = *endpoint;
    }
    return party;
}

toa_key *toa_state_key(toa_state *state, toa_party *client, toa_party *server)
{
    const toa_key probe = {.client = client, .server = server};
    uint32_t hash = toa_state_hash(client, server);
    toa_key *key = toa_table_find(&state->keys, hash, joins_parties, &probe);

    if (!key) {
        key = toa_table_add(&state->keys, hash, NULL);
        key->client = client;
        key->server = server;
        key->stream = TOA_NO_STREAM;
    }
    return key;
}

toa_pair *toa_state_find_pair(const toa_state *state, const toa_conversation *x, const toa_conversation *y)
{
    const toa_pair probe = {.x = (toa_conversation *)x, .y = (toa_conversation *)y};

    return x->extra && x->extra->pairs ? toa_table_find(&state->pairs, toa_state_hash(x, y), is_pair, &probe) : NULL;
}

toa_pair *toa_state_pair(toa_state *state, toa_conversation *x, toa_conversation *y)
{
    toa_pair *pair = toa_state_find_pair(state, x, y);
    toa_extra *extra;

    if (!pair) {
        extra = toa_state_extra(state, x);
        pair = toa_table_add(&state->pairs, toa_state_hash(x, y), NULL);
        pair->x = x;
        pair->y = y;
        pair->next = extra->pairs;
        extra->pairs = pair;
    }
    return pair;
}

toa_conversation *toa_state_find(const toa_state *state, const toa_endpoint *a, const toa_endpoint *b)
{
    const both_ends ends = {a, b};

    return toa_table_find(&state->conversations, toa_tuple_hash(a, b, state->seed), has_ends, &ends);
}

toa_conversation *toa_state_conversation(toa_state *state, const toa_tuple *tuple, const toa_conversation *earlier)
{
    toa_conversation *conv = toa_table_add(&state->conversations, tuple->hash, earlier);

    conv->wire[0] = tuple->wire[0];
    conv->wire[1] = tuple->wire[1];
    conv->hash = tuple->hash;
    return conv;
}
