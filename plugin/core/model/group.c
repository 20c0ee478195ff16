/* group.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/group.h"

#include "core/model/identity.h"
#include "core/model/index.h"
#include "core/model/network.h"
#include "core/base/serial.h"

#include <string.h>

/* ---- lists ---- */

/* The connections of one wire tuple that one client has, one after the other, count once. */
static void count_tuple(toa_party *party, toa_conversation *conv)
{
    const toa_conversation *earlier = conv->extra ? conv->extra->earlier : NULL;

    if (earlier && earlier->key && earlier->key->client == party) {
        conv->extra->recounted = true;
    } else {
        party->n_tuples++;
    }
}

static void uncount_tuple(toa_party *party, toa_conversation *conv)
{
    if (conv->extra && conv->extra->recounted) {
        conv->extra->recounted = false;
    } else {
        party->n_tuples--;
    }
}

static void count_up(toa_state *state, toa_company *company, toa_conversation *conv)
{
    toa_extra *extra = toa_state_extra(state, conv);

    if (!extra->counted_up) {
        extra->counted_up = true;
        company->n_up++;
        company->n_up_tuples += !extra->recounted;
    }
}

/* The group has just become a large one, conv its newest member: who has come up, and who waits for an answer. */
static void count_all(toa_state *state, toa_company *company, toa_conversation *conv)
{
    while (toa_group_next(conv)) {
        conv = toa_group_next(conv);
    }
    for (; conv; conv = toa_group_prev(conv)) { /* oldest first: the newest shall be kept */
        if (toa_came_up(conv)) {
            count_up(state, company, conv);
        }
        if ((toa_client_side(conv)->flags & (TOA_SIDE_DEMAND | TOA_SIDE_ANSWERED)) == TOA_SIDE_DEMAND) {
            toa_index_asked(state, conv);
        }
    }
}

static void count_joined(toa_state *state, toa_party *party, toa_conversation *conv)
{
    toa_company *company;

    if (party->n_group <= TOA_SCAN_MAX && !(party->company && party->company->counts_up)) {
        return;
    }
    company = toa_state_company(state, party);
    if (!company->counts_up || party->n_group == TOA_SCAN_MAX + 1) { /* or once more, after some have left */
        company->counts_up = true;
        count_all(state, company, conv);
    } else if (toa_came_up(conv)) {
        count_up(state, company, conv);
    }
}

static void count_left(toa_conversation *conv)
{
    if (conv->extra && conv->extra->counted_up) {
        conv->extra->counted_up = false;
        conv->key->client->company->n_up--;
        conv->key->client->company->n_up_tuples -= !conv->extra->recounted;
    }
}

static void join_group(toa_state *state, toa_conversation *conv)
{
    toa_party *party = conv->key->client;

    if (party->group) {
        toa_state_extra(state, conv)->group_next = party->group;
        toa_state_extra(state, party->group)->group_prev = conv;
        party->group->flags |= TOA_CONV_SHARED;
        conv->flags |= TOA_CONV_SHARED;
    }
    party->group = conv;
    party->n_group++;
    count_tuple(party, conv);
    count_joined(state, party, conv);
    toa_index_join_group(state, conv);
}

static void leave_group(toa_state *state, toa_conversation *conv)
{
    toa_conversation *prev = toa_group_prev(conv), *next = toa_group_next(conv);

    toa_index_leave_group(state, conv);
    *(prev ? &prev->extra->group_next : &conv->key->client->group) = next;
    if (next) {
        next->extra->group_prev = prev;
    }
    if (conv->extra) {
        conv->extra->group_prev = conv->extra->group_next = NULL;
    }
    conv->key->client->n_group--;
    count_left(conv);
    uncount_tuple(conv->key->client, conv);
}

static void join_served(toa_state *state, toa_conversation *conv)
{
    toa_party *party = toa_state_party(state, toa_wire_server(conv));

    conv->server_party = party;
    conv->served_prev = NULL;
    conv->served_next = party->served;
    if (party->served) {
        party->served->served_prev = conv;
    }
    party->served = conv;
    party->n_served++;
    toa_index_join_served(state, conv);
}

static void leave_served(toa_state *state, toa_conversation *conv)
{
    toa_conversation *prev = conv->served_prev, *next = conv->served_next;

    toa_index_leave_served(state, conv);
    *(prev ? &prev->served_next : &conv->server_party->served) = next;
    if (next) {
        next->served_prev = prev;
    }
    conv->server_party->n_served--;
}

static bool under_way(const toa_conversation *conv)
{
    return toa_came_up(conv) && !(conv->flags & TOA_CONV_CLOSED);
}

/* Newest first; of a crowd the first is one that is under way, so that a flood of SYNs cannot bury it. */
static void join_key(toa_state *state, toa_conversation *conv)
{
    toa_key *key = conv->key;
    toa_conversation *first = key->members;
    bool second = key->n_members >= TOA_KEY_CROWD && under_way(first);
    toa_conversation *prev = second ? first : NULL, *next = second ? toa_key_next(first) : first;

    if (first) {
        toa_extra *extra = toa_state_extra(state, conv);
        extra->key_prev = prev;
        extra->key_next = next;
    }
    if (next) {
        toa_state_extra(state, next)->key_prev = conv;
    }
    if (prev) {
        toa_state_extra(state, prev)->key_next = conv;
    } else {
        key->members = conv;
    }
    key->n_members++;
}

static void unlink_key(toa_conversation *conv)
{
    toa_key *key = conv->key;
    toa_conversation *prev = conv->extra ? conv->extra->key_prev : NULL, *next = toa_key_next(conv);

    *(prev ? &prev->extra->key_next : &key->members) = next;
    if (next) {
        next->extra->key_prev = prev;
    }
    if (conv->extra) {
        conv->extra->key_prev = conv->extra->key_next = NULL;
    }
    key->n_members--;
}

static void leave_key(toa_state *state, toa_conversation *conv)
{
    toa_key *key = conv->key;

    unlink_key(conv);
    if (key->n_members == 0 && key->stream + 1 == state->next_stream) {
        /* this number was not used otherwise, so it is given out again (a TOA on the third packet) */
        state->next_stream--;
        key->stream = TOA_NO_STREAM;
    }
}

void toa_group_forget(toa_state *state, toa_conversation *conv)
{
    if (!(conv->flags & TOA_CONV_SELF)) {
        leave_group(state, conv);
    }
    leave_served(state, conv);
    unlink_key(conv); /* its number was seen, and is not given out again */
    conv->key = NULL;
    conv->server_party = NULL;
}

void toa_group_recount(toa_conversation *conv)
{
    toa_party *party = conv->key->client;
    const toa_extra *extra = conv->extra;

    if (extra->recounted && !(extra->earlier && extra->earlier->key->client == party)) {
        conv->extra->recounted = false;
        party->n_tuples++;
        if (extra->counted_up) {
            party->company->n_up_tuples++;
        }
    }
}

void toa_group_came_up(toa_state *state, toa_conversation *conv)
{
    toa_company *company = conv->key->client->company;

    if (company && company->counts_up) {
        count_up(state, company, conv);
    }
    toa_group_to_front(state, conv);
}

void toa_group_to_front(toa_state *state, toa_conversation *conv)
{
    toa_key *key = conv->key;

    if (key->n_members <= TOA_KEY_CROWD || key->members == conv) {
        return;
    }
    leave_key(state, conv);
    toa_state_extra(state, conv)->key_next = key->members;
    toa_state_extra(state, key->members)->key_prev = conv;
    key->members = conv;
    key->n_members++;
}

/* ---- keys ---- */

/* Gets its number when a conversation gets the key. */
static toa_key *numbered_key(toa_state *state, toa_party *client, toa_party *server)
{
    toa_key *key = toa_state_key(state, client, server);

    if (key->stream == TOA_NO_STREAM) {
        key->stream = state->next_stream++;
    }
    return key;
}

/* Moves conv to a key; false if it has it already. */
static bool set_key(toa_state *state, toa_conversation *conv, toa_party *client, toa_party *server)
{
    bool self = (conv->flags & TOA_CONV_SELF) != 0;
    bool new_group = !self && (!conv->key || conv->key->client != client);

    if (conv->key && conv->key->client == client && conv->key->server == server) {
        return false;
    }
    if (conv->key) {
        if (new_group) {
            leave_group(state, conv);
        }
        leave_key(state, conv);
    }
    conv->key = numbered_key(state, client, server);
    join_key(state, conv);
    if (new_group) {
        join_group(state, conv);
    }
    return true;
}

/* The server that the map gives to the one on the wire; NULL: it has no row, or several. */
static toa_party *mapped_server(toa_state *state, const toa_conversation *conv)
{
    const toa_map_row *rows;

    if (state->config->n_map == 0 || toa_config_map_lookup(state->config, toa_wire_server(conv), &rows) != 1) {
        return NULL;
    }
    return toa_state_party(state, &rows->server);
}

/* The key that wire, TOA (named; NULL: none) and map give. */
static bool compute_key(toa_state *state, toa_conversation *conv, toa_party *named)
{
    toa_party *client, *mapped, *server;
    bool changed;

    if (conv->source == TOA_KEY_LEG) {
        return false;
    }
    client = named ? named : toa_state_party(state, toa_wire_client(conv));
    mapped = mapped_server(state, conv);
    server = mapped ? mapped : conv->server_party;
    if (conv->source == TOA_KEY_PROVEN) {
        conv->extra->told = toa_state_key(state, client, server);
        return false;
    }
    conv->source = toa_endpoint_equal(&client->endpoint, toa_wire_client(conv)) ? mapped ? TOA_KEY_MAP : TOA_KEY_WIRE
                                                                               : TOA_KEY_TOA;
    changed = set_key(state, conv, client, server);
    if (conv->source != TOA_KEY_WIRE) {
        toa_state_reached(state, conv->key);
    }
    return changed;
}

/* The client that a TOA named stays known if the key has another one. */
static void keep_named(toa_state *state, toa_conversation *conv, toa_party *named)
{
    if (named && conv->key->client != named) {
        toa_state_extra(state, conv)->named = named;
    }
}

void toa_group_rekey(toa_state *state, toa_conversation *conv, const toa_key *key, toa_key_source source)
{
    toa_party *named = toa_named(conv);

    if (source == TOA_KEY_PROVEN) {
        const toa_key *told = toa_told_key(conv);
        toa_state_extra(state, conv)->told = told;
    }
    set_key(state, conv, key->client, key->server);
    conv->source = source & 0x7u;
    keep_named(state, conv, named);
}

void toa_group_own_key(toa_state *state, toa_conversation *conv)
{
    toa_party *named = toa_named(conv);

    if (conv->source == TOA_KEY_LEG) {
        conv->source = TOA_KEY_WIRE;
        compute_key(state, conv, named);
        keep_named(state, conv, named);
    }
}

/* ---- roles ---- */

/* Another conversation's handshake has shown this endpoint to be a server. */
static bool known_server(const toa_state *state, const toa_endpoint *endpoint)
{
    const toa_party *party = toa_state_find_party(state, endpoint);

    return party && party->known_server;
}

/* Systems give clients no port below this one unless asked to (Linux; others begin higher), and none at all below
 * FIRST_USER_PORT. */
#define FIRST_EPHEMERAL_PORT 32768
#define FIRST_USER_PORT 1024
/* Conversations of an endpoint that are looked at, newest first. */
#define COMPANIONS_MAX 4

/* A conversation between this endpoint and the peer's port on another host, with roles as uncertain: an endpoint that
 * talks to one service at two addresses is its client, whatever the ports say. NULL: none. */
static toa_conversation *same_service(const toa_conversation *conv, unsigned endpoint, toa_conversation *list, bool served)
{
    const toa_endpoint *self = &conv->wire[endpoint], *peer = &conv->wire[!endpoint];

    for (unsigned i = 0; list && i < COMPANIONS_MAX; i++, list = served ? list->served_next : toa_group_next(list)) {
        unsigned at = toa_endpoint_equal(&list->wire[0], self) ? 0 : 1;
        if (list->roles == TOA_ROLES_PORT && toa_endpoint_equal(&list->wire[at], self) &&
            list->wire[!at].port == peer->port && !toa_endpoint_same_address(&list->wire[!at], peer)) {
            return list;
        }
    }
    return NULL;
}

/* Without a handshake and with two ports that both could be a service's, one of the endpoints has told by its company that
 * it is the client: its index; -1: neither has. *ret_other is the conversation that told. */
static int client_by_company(const toa_state *state, const toa_conversation *conv, toa_conversation **ret_other)
{
    for (unsigned i = 0; i < 2; i++) {
        const toa_party *party;
        if (conv->wire[i].port < FIRST_USER_PORT || conv->wire[i].port >= FIRST_EPHEMERAL_PORT ||
            conv->wire[!i].port >= FIRST_EPHEMERAL_PORT || !(party = toa_state_find_party(state, &conv->wire[i]))) {
            continue;
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

/* With nothing better, the lower port is the server's; with equal ports, who was spoken to first. */
static unsigned client_by_port(const toa_state *state, const toa_conversation *conv, uint8_t *ret_roles)
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

static void set_client(toa_state *state, toa_conversation *conv, unsigned client, uint8_t roles)
{
    conv->roles = roles & 0x7u;
    if (conv->client == client && conv->server_party) {
        return;
    }
    if (conv->server_party) {
        /* numbers in both indexes are sorted by role */
        leave_served(state, conv);
        toa_index_leave_group(state, conv);
    }
    conv->client = (uint8_t)client;
    conv->flags &= (uint8_t)~TOA_CONV_CLIENT_SPOKE;
    if (conv->side[client].last_frame != 0) {
        conv->flags |= TOA_CONV_CLIENT_SPOKE;
    }
    join_served(state, conv);
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
static void learn_roles(toa_state *state, toa_conversation *conv, unsigned sender, bool toa_from_sender)
{
    uint16_t flags = state->segment->flags;
    uint8_t port_roles;

    if (flags & TOA_FLAG_SYN) {
        bool ack = (flags & TOA_FLAG_ACK) != 0;
        uint8_t roles = ack ? TOA_ROLES_SYNACK : TOA_ROLES_SYN;
        if (conv->roles < roles) {
            set_client(state, conv, ack ? !sender : sender, roles);
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
        set_client(state, conv, !sender, TOA_ROLES_TOA);
    } else if (conv->roles < TOA_ROLES_TOA) {
        set_client(state, conv, sender, TOA_ROLES_TOA);
    } else if (conv->toa_sides == 3) {
        /* both write it: then it does not tell who is who */
        unsigned client = client_by_port(state, conv, &port_roles);
        set_client(state, conv, client, TOA_ROLES_TOA);
    }
}

/* ---- the conversation ---- */

/* The client that this segment's TOA names, in terms of the conversation; false: none. */
static bool named_client(const toa_state *state, const toa_conversation *conv, unsigned sender,
                         toa_endpoint *ret_client)
{
    const toa_options *options = &state->segment->options;
    const toa_item *item;
    bool reply = sender != conv->client;

    if (options->client_item < 0 || (reply && state->config->reply_meaning == TOA_REPLY_SOURCE)) {
        return false;
    }
    item = &options->items[options->client_item];
    *ret_client = item->info.client;
    if (!item->info.has_client_port) {
        ret_client->port = toa_wire_client(conv)->port;
    }
    return true;
}

bool toa_group_learn(toa_state *state, toa_conversation *conv, unsigned sender)
{
    const toa_options *options = &state->segment->options;
    uint8_t client_before = conv->client;
    toa_party *named = toa_named(conv);
    toa_endpoint client;
    bool is_new, changed;

    learn_roles(state, conv, sender, options->client_item >= 0);
    is_new = !named && named_client(state, conv, sender, &client);
    if (!is_new && conv->client == client_before && conv->key) {
        return false;
    }
    if (is_new) {
        named = toa_state_party(state, &client);
        conv->flags |= TOA_CONV_NAMED;
        if ((state->segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) == TOA_FLAG_SYN) {
            conv->flags |= TOA_CONV_TOA_ON_SYN;
        }
    }
    changed = compute_key(state, conv, named);
    keep_named(state, conv, named);
    return changed;
}

void toa_group_turn(toa_state *state, toa_conversation *conv, unsigned client)
{
    toa_party *named = toa_named(conv);

    if (conv->client == client) {
        return;
    }
    set_client(state, conv, client, conv->roles);
    compute_key(state, conv, named);
    keep_named(state, conv, named);
}

/* The capture has this SYN behind segments of the connection that it begins: those were taken for `earlier`, which has
 * got their numbers by now and is not what it was. */
static bool is_late_syn(const toa_conversation *earlier, const toa_segment *segment, unsigned sender)
{
    const toa_side *a = &earlier->side[sender];

    return (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) == TOA_FLAG_SYN && (a->flags & TOA_SIDE_SHOWN) &&
           segment->time - a->last_time <= TOA_COPY_NS &&
           toa_seq_within(segment->seq, a->low - TOA_WINDOW_UNKNOWN, a->next) &&
           !((a->flags & TOA_SIDE_SYN) && toa_seq_within(a->isn, a->low, a->next));
}

toa_conversation *toa_group_add(toa_state *state, toa_conversation *earlier, const toa_segment *segment, uint32_t stream)
{
    toa_tuple tuple = toa_tuple_make(&segment->source, &segment->destination, state->seed);
    toa_conversation *newest = toa_state_find(state, &segment->source, &segment->destination), *companion;
    toa_conversation *conv = toa_state_conversation(state, &tuple, newest);
    uint8_t roles;
    unsigned client;
    int by_company;

    conv->first_sender = tuple.sender & 1u;
    conv->stream = stream;
    conv->first_frame = segment->frame;
    conv->first_time = segment->time;
    conv->shares_stream = newest && toa_stream_last(newest) == stream;
    toa_network_begin(state, conv, newest, earlier, segment->network);
    if (earlier && toa_network_apart(conv, earlier)) {
        earlier = NULL;
    }
    if (earlier && is_late_syn(earlier, segment, tuple.sender)) {
        earlier = earlier->extra ? earlier->extra->earlier : NULL;
    }
    if (earlier) {
        toa_state_extra(state, conv)->earlier = earlier; /* it began after that one */
    } else if (!(segment->flags & TOA_FLAG_SYN)) {
        conv->midstream = true;
    }
    if (toa_endpoint_equal(&conv->wire[0], &conv->wire[1])) {
        conv->flags |= TOA_CONV_SELF;
    }
    client = client_by_port(state, conv, &roles);
    if (roles == TOA_ROLES_PORT && (by_company = client_by_company(state, conv, &companion)) >= 0) {
        client = (unsigned)by_company;
        toa_group_turn(state, companion, toa_endpoint_equal(&companion->wire[0], &conv->wire[client]) ? 0 : 1);
    }
    set_client(state, conv, client, roles);
    return conv;
}

toa_conversation *toa_group_renew(toa_state *state, toa_conversation *x, const toa_segment *segment)
{
    toa_conversation *conv = toa_group_add(state, x, segment, toa_stream_last(x));

    conv->shares_stream = 1;
    set_client(state, conv, x->client, x->roles < TOA_ROLES_TOA ? x->roles : TOA_ROLES_TOA);
    return conv;
}

/* ---- legs ---- */

/* x comes from a load balancer that names the client, y from that client's endpoint itself, to another server than x: if
 * they have to do with each other at all, y is the client's side of x, or of a connection before or after it. What could
 * cross x goes to x's server. */
static bool other_side(const toa_conversation *x, const toa_conversation *y)
{
    return x->source == TOA_KEY_TOA && y->source != TOA_KEY_TOA && y->source != TOA_KEY_MAP &&
           toa_endpoint_equal(&x->key->client->endpoint, toa_wire_client(y)) &&
           !toa_endpoint_equal(toa_wire_server(x), toa_wire_server(y));
}

static bool same_isn(const toa_side *a, const toa_side *b)
{
    return (a->flags & b->flags & TOA_SIDE_SYN) && a->isn == b->isn;
}

/* It has not answered the SYN, or with a RST. */
static bool refused(const toa_conversation *conv)
{
    const toa_side *server = &conv->side[!conv->client];

    return (conv->flags & TOA_CONV_CLOSED) && !(server->flags & TOA_SIDE_SHOWN) && (server->last_flags & TOA_FLAG_RST);
}

static bool toa_tells(const toa_conversation *x, const toa_conversation *y)
{
    return other_side(x, y) || other_side(y, x);
}

bool toa_group_contrary(const toa_conversation *x, const toa_conversation *y)
{
    const toa_side *xs = &x->side[!x->client], *ys = &y->side[!y->client];

    return (xs->flags & ys->flags & TOA_SIDE_SYN) && xs->isn != ys->isn && !toa_tells(x, y);
}

bool toa_group_surely_same_isn(const toa_conversation *x, const toa_conversation *y)
{
    return same_isn(&x->side[!x->client], &y->side[!y->client]) ||
           (same_isn(&x->side[x->client], &y->side[y->client]) && toa_tells(x, y));
}

bool toa_group_same_isn(const toa_conversation *x, const toa_conversation *y)
{
    if (same_isn(&x->side[!x->client], &y->side[!y->client])) {
        return true;
    }
    return same_isn(&x->side[x->client], &y->side[y->client]) && !toa_group_contrary(x, y) && refused(x) == refused(y);
}

bool toa_group_legs(const toa_conversation *x, const toa_conversation *y)
{
    if ((x->extra && x->extra->leg == y) || (y->extra && y->extra->leg == x)) {
        return true;
    }
    return toa_group_same_isn(x, y);
}

/* What the client has sent, or what the server has acknowledged of it. */
static bool client_number(const toa_conversation *conv, uint32_t *ret_number)
{
    const toa_side *client = &conv->side[conv->client], *server = &conv->side[!conv->client];
    bool shown = (client->flags & TOA_SIDE_SHOWN) != 0;

    *ret_number = shown ? client->next : server->acks[0];
    return shown || (server->flags & TOA_SIDE_ACKED);
}

/* Its SYN was captured, and its numbers are those that began with it. */
static bool began_here(const toa_side *side)
{
    return (side->flags & TOA_SIDE_SYN) && toa_seq_within(side->isn, side->low, side->next);
}

/* Two clients' numbers are as far apart as chance puts them, 1 MiB or less in 1 of 2048 pairs. The sides of a NAT have
 * the same ones; that tells when the capture has lost the SYNs. (A server's numbers are no help: those of one tuple are
 * close to each other when two connections begin within 67 ms.) */
static bool client_numbers_close(const toa_conversation *x, const toa_conversation *y)
{
    uint32_t a, b;
    int32_t distance;

    if ((began_here(&x->side[x->client]) && began_here(&y->side[y->client])) || !client_number(x, &a) ||
        !client_number(y, &b)) {
        return false; /* two SYNs: equal ISNs make legs of them (R4), others tell them apart */
    }
    distance = toa_seq_diff(a, b);
    return distance < (1 << 20) && distance > -(1 << 20);
}

/* Other connections have shown the two servers to be one, before and behind a NAT that keeps the client's endpoint. */
static bool natted(const toa_conversation *x, const toa_conversation *y)
{
    const toa_party *xs = x->server_party, *ys = y->server_party;

    return ((xs->company && xs->company->nat == ys) || (ys->company && ys->company->nat == xs)) &&
           toa_endpoint_equal(toa_wire_client(x), toa_wire_client(y));
}

bool toa_group_excluded(const toa_conversation *x, const toa_conversation *y)
{
    const toa_conversation *x_leg = x->extra ? x->extra->leg : NULL, *y_leg = y->extra ? y->extra->leg : NULL;

    return x == y || toa_same_wire(x, y) || toa_group_legs(x, y) || client_numbers_close(x, y) ||
           toa_tells(x, y) || natted(x, y) || (x_leg && toa_same_wire(x_leg, y)) ||
           (y_leg && toa_same_wire(x, y_leg));
}
