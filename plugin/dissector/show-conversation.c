/* show-conversation.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/show-conversation.h"

#include "core/model/identity.h"
#include "dissector/glue.h"
#include "dissector/show.h"

#include <string.h>

static int ett_key = -1;
static int hf_stream = -1;
static int hf_key = -1;
static int hf_key_client_ip = -1;
static int hf_key_client_ipv6 = -1;
static int hf_key_client_port = -1;
static int hf_key_server_ip = -1;
static int hf_key_server_ipv6 = -1;
static int hf_key_server_port = -1;
static int hf_key_ip = -1;
static int hf_key_ipv6 = -1;
static int hf_key_port = -1;
static int hf_key_source = -1;
static int hf_rewritten = -1;
static int hf_leg_stream = -1;
static int hf_crossed_stream = -1;

static const value_string source_names[] = {{TOA_KEY_WIRE, "Wire"},
                                            {TOA_KEY_TOA, "TOA option"},
                                            {TOA_KEY_MAP, "Address map (preference)"},
                                            {TOA_KEY_LEG, "Other leg in this capture"},
                                            {TOA_KEY_PROVEN, "Proven by the server's numbers"},
                                            {0, NULL}};

static proto_item *add_endpoint_address(proto_tree *tree, tvbuff_t *tvb, const toa_endpoint *endpoint, int hf_ip,
                                        int hf_ipv6)
{
    uint32_t raw; /* network order, as the field wants it */
    proto_item *item;

    if (endpoint->family == TOA_FAMILY_IPV6) {
        item = proto_tree_add_ipv6(tree, hf_ipv6, tvb, 0, 0, (const ws_in6_addr *)(const void *)endpoint->address);
    } else {
        memcpy(&raw, endpoint->address, sizeof raw);
        item = proto_tree_add_ipv4(tree, hf_ip, tvb, 0, 0, raw);
    }
    proto_item_set_generated(item);
    return item;
}

/* "Client or server" is what the conversation and endpoint tables filter by. The items are hidden, so they are only added
 * when a filter uses them. */
static bool wants_either_endpoint(void)
{
    static const header_field_info *ip, *ipv6, *port;

    if (!port) {
        ip = proto_registrar_get_nth((guint)hf_key_ip);
        ipv6 = proto_registrar_get_nth((guint)hf_key_ipv6);
        port = proto_registrar_get_nth((guint)hf_key_port);
    }
    return ip->ref_type != HF_REF_TYPE_NONE || ipv6->ref_type != HF_REF_TYPE_NONE ||
           port->ref_type != HF_REF_TYPE_NONE;
}

static void add_either_endpoint(proto_tree *tree, tvbuff_t *tvb, const toa_endpoint *endpoint)
{
    proto_item_set_hidden(add_endpoint_address(tree, tvb, endpoint, hf_key_ip, hf_key_ipv6));
    proto_item_set_hidden(toa_show_uint(tree, tvb, hf_key_port, endpoint->port));
}

/* All tcp.stream numbers that Wireshark gives it. */
static void add_streams(proto_tree *tree, tvbuff_t *tvb, int field, const toa_conversation *conv)
{
    uint32_t n;
    const toa_stream_from *more = toa_streams_more(conv, &n);

    toa_show_uint(tree, tvb, field, conv->stream);
    for (uint32_t i = 0; i < MIN(n, TOA_CROSSED_MAX); i++) {
        toa_show_uint(tree, tvb, field, more[i].stream);
    }
}

static void add_crossed(proto_tree *tree, tvbuff_t *tvb, const toa_conversation *conv)
{
    unsigned n;
    const toa_conversation *const *crossed = toa_glue_crossed(conv, &n);

    for (unsigned i = 0; i < n; i++) {
        add_streams(tree, tvb, hf_crossed_stream, crossed[i]);
    }
}

static void add_key_server(proto_tree *tree, tvbuff_t *tvb, const toa_endpoint *server)
{
    add_endpoint_address(tree, tvb, server, hf_key_server_ip, hf_key_server_ipv6);
    toa_show_uint(tree, tvb, hf_key_server_port, server->port);
    if (wants_either_endpoint()) {
        add_either_endpoint(tree, tvb, server);
    }
}

/* The server's address; or all addresses that lead to it, while nothing says which of them is its own. */
static void add_key_servers(proto_tree *tree, tvbuff_t *tvb, const toa_key *key)
{
    const toa_reached *reached = key->reached;

    if (!reached) {
        add_key_server(tree, tvb, &key->server->endpoint);
    }
    for (uint32_t i = 0; reached && i < reached->n && i < TOA_REACHED_MAX; i++) {
        add_key_server(tree, tvb, &reached->server[i]->endpoint);
    }
}

void toa_show_conversation(tvbuff_t *tvb, proto_tree *tree, proto_item *title, const toa_conversation *conv, uint32_t frame)
{
    const toa_endpoint *client = &conv->key->client->endpoint, *server = &conv->key->server->endpoint;
    const toa_conversation *leg = toa_engine_leg(conv);
    bool rewritten =
        !toa_endpoint_equal(client, toa_wire_client(conv)) ||
        (!conv->key->reached && !toa_endpoint_equal(server, toa_wire_server(conv)));
    const char *text = toa_glue_key_text(conv->key);
    proto_tree *key_tree;
    proto_item *item;

    proto_item_set_text(title, "TOA Conversation, Stream: %u, Key: %s%s", conv->key->stream, text,
                        rewritten ? " (rewritten)" : "");
    toa_show_uint(tree, tvb, hf_stream, conv->key->stream);
    item = proto_tree_add_string(tree, hf_key, tvb, 0, 0, text);
    proto_item_set_generated(item);
    key_tree = proto_item_add_subtree(item, ett_key);
    add_endpoint_address(key_tree, tvb, client, hf_key_client_ip, hf_key_client_ipv6);
    toa_show_uint(key_tree, tvb, hf_key_client_port, client->port);
    if (wants_either_endpoint()) {
        add_either_endpoint(key_tree, tvb, client);
    }
    add_key_servers(key_tree, tvb, conv->key);
    toa_show_uint(key_tree, tvb, hf_key_source, conv->source);
    item = proto_tree_add_boolean(tree, hf_rewritten, tvb, 0, 0, rewritten);
    proto_item_set_generated(item);
    if (leg) {
        toa_show_uint(tree, tvb, hf_leg_stream, toa_stream_at(leg, frame));
    }
    add_crossed(tree, tvb, conv);
}

void toa_show_conversation_register(int proto)
{
    static hf_register_info fields[] = {
        {&hf_stream,
         {"Post-rewrite stream", "toa.stream", FT_UINT32, BASE_DEC, NULL, 0,
          "Index of the post-rewrite key; equal for all conversations that the real server sees as one tuple", HFILL}},
        {&hf_key,
         {"Post-rewrite key", "toa.key", FT_STRING, BASE_NONE, NULL, 0,
          "Client and server as the real server's TCP stack sees them", HFILL}},
        {&hf_key_client_ip, {"Client Address", "toa.key.client.ip", FT_IPv4, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_key_client_ipv6, {"Client Address", "toa.key.client.ipv6", FT_IPv6, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_key_client_port, {"Client Port", "toa.key.client.port", FT_UINT16, BASE_DEC, NULL, 0, NULL, HFILL}},
        {&hf_key_server_ip, {"Server Address", "toa.key.server.ip", FT_IPv4, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_key_server_ipv6, {"Server Address", "toa.key.server.ipv6", FT_IPv6, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_key_server_port, {"Server Port", "toa.key.server.port", FT_UINT16, BASE_DEC, NULL, 0, NULL, HFILL}},
        {&hf_key_ip,
         {"Client or Server Address", "toa.key.ip", FT_IPv4, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_key_ipv6,
         {"Client or Server Address", "toa.key.ipv6", FT_IPv6, BASE_NONE, NULL, 0, NULL, HFILL}},
        {&hf_key_port,
         {"Client or Server Port", "toa.key.port", FT_UINT16, BASE_DEC, NULL, 0, NULL, HFILL}},
        {&hf_key_source,
         {"Key source", "toa.key.source", FT_UINT8, BASE_DEC, VALS(source_names), 0, "How the key is known", HFILL}},
        {&hf_rewritten,
         {"Rewritten", "toa.rewritten", FT_BOOLEAN, BASE_NONE, NULL, 0, "The key differs from the addresses on the wire",
          HFILL}},
        {&hf_leg_stream,
         {"Stream of the other leg", "toa.leg.stream", FT_UINT32, BASE_DEC, NULL, 0,
          "tcp.stream of the other leg of this load-balanced connection", HFILL}},
        {&hf_crossed_stream,
         {"Crossed with stream", "toa.crossed.stream", FT_UINT32, BASE_DEC, NULL, 0,
          "tcp.stream of a conversation whose segments were found on this one, or the other way round", HFILL}},
    };
    static int *trees[] = {&ett_key};

    proto_register_field_array(proto, fields, array_length(fields));
    proto_register_subtree_array(trees, array_length(trees));
}
