/* stranger.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/stranger.h"

typedef struct wanted {
    const toa_party *client;
    uint32_t number;
} wanted;

static uint32_t hash_of(const toa_state *state, const wanted *its)
{
    return (uint32_t)toa_mix(toa_mix((uintptr_t)its->client ^ state->seed) ^ its->number);
}

static bool is_wanted(const void *record, const void *probe)
{
    const toa_stranger *stranger = record;
    const wanted *its = probe;

    return stranger->seq == its->number && stranger->client == its->client;
}

const toa_stranger *toa_stranger_find(const toa_state *state, const toa_party *client, uint32_t number)
{
    const wanted its = {client, number};

    if (toa_table_count(&state->strangers) == 0) {
        return NULL;
    }
    return toa_table_find(&state->strangers, hash_of(state, &its), is_wanted, &its);
}

toa_stranger *toa_stranger_add(toa_state *state, const toa_party *client, uint32_t number)
{
    const wanted its = {client, number};
    toa_stranger *stranger = toa_table_add(&state->strangers, hash_of(state, &its), NULL);

    stranger->client = client;
    stranger->seq = number;
    return stranger;
}

void toa_stranger_remove(toa_state *state, uint32_t at)
{
    const toa_stranger *stranger = toa_table_at(&state->strangers, at);
    const wanted its = {stranger->client, stranger->seq};

    toa_table_remove(&state->strangers, hash_of(state, &its), at);
}
