/* roles.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/roles.h"

#include "core/model/index.h"
#include "core/model/members.h"

/* Another conversation's handshake has shown this endpoint to be a server. */
static bool known_server(const toa_state *state, const toa_endpoint *endpoint)
{
    const toa_party *party = toa_state_find_party(state, endpoint);

    return party && party->known_server;
}

/* Systems assign clients no port below this one by default (Linux; others begin higher), and never one below
 * FIRST_USER_PORT. */
#define FIRST_EPHEMERAL_PORT 32768
#define FIRST_USER_PORT 1024
/* Conversations of an endpoint that are looked at, newest first. */
#define PEERS_MAX 4

/* A conversation of this endpoint with the peer's port on another host, whose roles are as uncertain: an endpoint that uses one
 * service at two addresses is its client, whatever the ports say. NULL: none. */
static toa_conversation *same_service(const toa_conversation *conv, unsigned endpoint, toa_conversation *list, bool served)
{
    const toa_endpoint *self = &conv->wire[endpoint], *peer = &conv->wire[!endpoint];

    for (unsigned i = 0; list && i < PEERS_MAX; i++, list = served ? list->served_next : toa_group_next(list)) {
        unsigned at = toa_endpoint_equal(&list->wire[0], self) ? 0 : 1;
        if (list->roles == TOA_ROLES_PORT && toa_endpoint_equal(&list->wire[at], self) &&
            list->wire[!at].port == peer->port && !toa_endpoint_same_address(&list->wire[!at], peer)) {
            return list;
        }
    }
    return NULL;
}

/* Without a handshake, and with two ports that could both be a service's: the index of the endpoint that another of its
 * conversations shows to be the client, or -1. *ret_other is that conversation. */
int toa_roles_by_peers(const toa_state *state, const toa_conversation *conv, toa_conversation **ret_other)
{
    for (unsigned i = 0; i < 2; i++) {
        const toa_party *party;
        if (conv->wire[i].port < FIRST_USER_PORT || conv->wire[i].port >= FIRST_EPHEMERAL_PORT ||
            conv->wire[!i].port >= FIRST_EPHEMERAL_PORT || !(party = toa_state_find_party(state, &conv->wire[i])) ||
            party->known_server) {
            continue; /* a server may talk to one port of two clients */
        }
        *ret_other = same_service(conv, i, party->served, true);
        if (!*ret_other) {
            *ret_other = same_service(conv, i, party->group, false);
        }
        if (*ret_other) {
            return (int)i;
        }
    }
    return -1;
}

/* With nothing better, the lower port is the server's; with equal ports, the one that was addressed first. */
unsigned toa_roles_by_port(const toa_state *state, const toa_conversation *conv, uint8_t *ret_roles)
{
    const toa_map_row *rows;

    *ret_roles = TOA_ROLES_MAP;
    for (unsigned i = 0; i < 2 && state->config->n_map; i++) {
        if (toa_config_map_lookup(state->config, &conv->wire[i], &rows)) {
            return !i;
        }
    }
    *ret_roles = TOA_ROLES_PORT;
    if (known_server(state, &conv->wire[0]) != known_server(state, &conv->wire[1])) {
        return known_server(state, &conv->wire[0]);
    }
    if (conv->wire[0].port == conv->wire[1].port) {
        return conv->first_sender;
    }
    return conv->wire[0].port > conv->wire[1].port ? 0 : 1;
}

void toa_roles_set(toa_state *state, toa_conversation *conv, unsigned client, uint8_t roles)
{
    conv->roles = roles & 0x7u;
    if (conv->client == client && conv->server_party) {
        return;
    }
    if (conv->server_party) {
        /* numbers in both indexes are sorted by role */
        toa_members_leave_served(state, conv);
        toa_index_leave_group(state, conv);
    }
    conv->client = (uint8_t)client;
    conv->flags &= (uint8_t)~TOA_CONV_CLIENT_SPOKE;
    if (conv->side[client].last_frame != 0) {
        conv->flags |= TOA_CONV_CLIENT_SPOKE;
    }
    toa_members_join_served(state, conv);
    if (conv->key && !(conv->flags & TOA_CONV_SELF)) {
        toa_index_join_group(state, conv);
    }
}

/* A TOA of another conversation has shown this endpoint to be a server. */
static bool named_server(const toa_state *state, const toa_conversation *conv, const toa_endpoint *endpoint)
{
    const toa_party *party = toa_state_find_party(state, endpoint);
    const toa_conversation *other = party ? party->served : NULL;

    if (other == conv) {
        other = other->served_next;
    }
    return other && other->roles >= TOA_ROLES_TOA;
}

/* Without a handshake: does the sender of this TOA answer the client that it names? It does if another handshake has
 * shown it to be a server, another TOA has, or if that client talks to it directly. */
static bool is_reply(const toa_state *state, const toa_conversation *conv, unsigned sender)
{
    const toa_options *options = &state->segment->options;
    const toa_endpoint *named = &options->items[options->client_item].info.client;

    return known_server(state, &conv->wire[sender]) || named_server(state, conv, &conv->wire[sender]) ||
           toa_state_find(state, named, &conv->wire[sender]) != NULL;
}

/* Better evidence on who is the client. */
void toa_roles_learn(toa_state *state, toa_conversation *conv, unsigned sender, bool toa_from_sender)
{
    uint16_t flags = state->segment->flags;
    uint8_t port_roles;

    if (flags & TOA_FLAG_SYN) {
        bool ack = (flags & TOA_FLAG_ACK) != 0;
        uint8_t roles = ack ? TOA_ROLES_SYNACK : TOA_ROLES_SYN;
        if (conv->roles < roles) {
            toa_roles_set(state, conv, ack ? !sender : sender, roles);
        }
        return;
    }
    if (!toa_from_sender) {
        return;
    }
    conv->toa_sides |= (sender ? 2 : 1);
    if (conv->roles > TOA_ROLES_TOA) {
        return;
    }
    /* a slb_toa-like module writes it into replies too */
    if (is_reply(state, conv, sender)) {
        toa_roles_set(state, conv, !sender, TOA_ROLES_TOA);
    } else if (conv->roles < TOA_ROLES_TOA) {
        toa_roles_set(state, conv, sender, TOA_ROLES_TOA);
    } else if (conv->toa_sides == 3) {
        /* both ends write it, so it does not show which is which */
        unsigned client = toa_roles_by_port(state, conv, &port_roles);
        toa_roles_set(state, conv, client, TOA_ROLES_TOA);
    }
}
