/* group.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/group.h"

#include "core/model/identity.h"
#include "core/model/network.h"
#include "core/model/roles.h"
#include "core/base/serial.h"

/* ---- keys ---- */

/* It gets its number when a conversation gets the key. */
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
            toa_members_leave_group(state, conv);
        }
        toa_members_leave_key(state, conv);
    }
    conv->key = numbered_key(state, client, server);
    toa_members_join_key(state, conv);
    if (new_group) {
        toa_members_join_group(state, conv);
    }
    return true;
}

/* The server that the map gives to the one on the wire; NULL: it has no row, or several. */
static toa_party *mapped_server(toa_state *state, const toa_conversation *conv)
{
    const toa_endpoint *server;

    if (state->config->n_map == 0) {
        return NULL;
    }
    server = toa_config_map_server(state->config, toa_wire_server(conv), conv->first_time);
    return server ? toa_state_party(state, server) : NULL;
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
        conv->extra->reported = toa_state_key(state, client, server);
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
        const toa_key *reported = toa_reported_key(conv);
        toa_state_extra(state, conv)->reported = reported;
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

    toa_roles_learn(state, conv, sender, options->client_item >= 0);
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
    toa_roles_set(state, conv, client, conv->roles);
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
    toa_conversation *newest = toa_state_find(state, &segment->source, &segment->destination), *peer;
    toa_conversation *conv = toa_state_conversation(state, &tuple, newest);
    uint8_t roles;
    unsigned client;
    int by_peers;

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
        toa_state_extra(state, conv)->earlier = earlier; /* conv began after it */
    } else if (!(segment->flags & TOA_FLAG_SYN)) {
        conv->midstream = true;
    }
    if (toa_endpoint_equal(&conv->wire[0], &conv->wire[1])) {
        conv->flags |= TOA_CONV_SELF;
    }
    client = toa_roles_by_port(state, conv, &roles);
    if (roles == TOA_ROLES_PORT && !(segment->flags & TOA_FLAG_SYN) && (by_peers = toa_roles_by_peers(state, conv, &peer)) >= 0) {
        client = (unsigned)by_peers;
        toa_group_turn(state, peer, toa_endpoint_equal(&peer->wire[0], &conv->wire[client]) ? 0 : 1);
    }
    toa_roles_set(state, conv, client, roles);
    return conv;
}

toa_conversation *toa_group_renew(toa_state *state, toa_conversation *x, const toa_segment *segment)
{
    toa_conversation *conv = toa_group_add(state, x, segment, toa_stream_last(x));

    conv->shares_stream = 1;
    toa_roles_set(state, conv, x->client, x->roles < TOA_ROLES_TOA ? x->roles : TOA_ROLES_TOA);
    return conv;
}
