/* onekey.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/onekey.h"

#include "core/model/group.h"

/* TOA, map or a leg says which address is the server's own. */
static bool is_reported(const toa_conversation *conv)
{
    return conv->source == TOA_KEY_PROVEN ? !conv->key->reached : conv->source != TOA_KEY_WIRE;
}

/* The map has several rows for vip's server, and one of them names the server of other. */
static bool is_candidate(const toa_state *state, const toa_conversation *vip, const toa_conversation *other)
{
    const toa_map_row *rows;
    unsigned n = state->config->n_map ? toa_config_map_lookup(state->config, toa_wire_server(vip), &rows) : 0;

    for (unsigned i = 0; i < n; i++) {
        if (toa_map_row_holds(&rows[i], vip->first_time) && toa_endpoint_equal(&rows[i].server, toa_wire_server(other))) {
            return true;
        }
    }
    return false;
}

/* conv takes the key, and so do those that were proven to be one with it before. */
static void take_key(toa_state *state, toa_conversation *conv, const toa_key *key)
{
    toa_key *own = conv->key;

    if (own == key) {
        return;
    }
    if (own->reached) {
        for (toa_conversation *member = own->members, *next; member; member = next) {
            next = toa_key_next(member);
            if (member != conv && member->source == TOA_KEY_PROVEN) {
                toa_group_rekey(state, member, key, TOA_KEY_PROVEN);
            }
        }
        own->reached = NULL;
    }
    toa_group_rekey(state, conv, key, TOA_KEY_PROVEN);
}

static void add_reached(toa_reached *reached, toa_party *server)
{
    for (uint32_t i = 0; i < reached->n && i < TOA_REACHED_MAX; i++) {
        if (reached->server[i] == server) {
            return;
        }
    }
    if (reached->n < TOA_REACHED_MAX) {
        reached->server[reached->n] = server;
    }
    reached->n++;
}

/* Nothing says which address is the server's own: late joins early's key. */
static void join_unknown(toa_state *state, toa_conversation *early, toa_conversation *late)
{
    toa_reached *reached = early->key->reached, *others = late->key->reached;

    if (!reached) {
        reached = toa_arena_new(&state->arena, toa_reached);
        add_reached(reached, early->server_party);
    }
    for (uint32_t i = 0; others && others != reached && i < others->n && i < TOA_REACHED_MAX; i++) {
        add_reached(reached, others->server[i]);
    }
    add_reached(reached, late->server_party);
    take_key(state, late, early->key);
    toa_group_rekey(state, early, early->key, TOA_KEY_PROVEN);
    early->key->reached = reached;
}

void toa_onekey_join(toa_state *state, toa_conversation *early, toa_conversation *late)
{
    if (is_reported(early)) {
        toa_state_reached(state, early->key);
        take_key(state, late, early->key);
    } else if (is_reported(late)) {
        toa_state_reached(state, late->key);
        take_key(state, early, late->key);
    } else if (is_candidate(state, late, early)) {
        take_key(state, late, early->key);
    } else if (is_candidate(state, early, late)) {
        take_key(state, early, late->key);
    } else {
        join_unknown(state, early, late);
    }
}

bool toa_onekey_known(const toa_party *one, const toa_party *other)
{
    const toa_large_party *large = one->large;

    for (uint32_t i = 0; large && i < large->n_one_with && i < TOA_ONE_WITH_MAX; i++) {
        if (toa_endpoint_equal(&large->one_with[i], &other->endpoint)) {
            return true;
        }
    }
    return false;
}

static void note_server(toa_state *state, toa_party *one, const toa_party *other)
{
    toa_large_party *large;

    if (one != other && !toa_onekey_known(one, other)) {
        large = toa_state_large_party(state, one);
        large->one_with[large->n_one_with++ % TOA_ONE_WITH_MAX] = other->endpoint;
    }
}

void toa_onekey_servers(toa_state *state, toa_party *one, toa_party *other)
{
    note_server(state, one, other);
    note_server(state, other, one);
}
