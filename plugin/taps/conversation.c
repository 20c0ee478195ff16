/* conversation.c
 * Conversations and endpoints as the real servers see them: the tables behind "-z conv,toa", "-z endpoints,toa" and
 * the tabs of Statistics > Conversations and Endpoints. Both legs of a load-balanced connection count in one row.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/conversation.h"

#include "taps/parts.h"

#include <epan/conversation_table.h>

/* Wireshark derives three things from this type: whether ports are in the filters, how ports are named, and whether
 * the numbers are tcp.stream (then it offers "tcp.stream eq N" and Follow Stream, which would be another connection
 * here). Of the types with ports in the filters only this one claims nothing else. */
#define CONVERSATION_WITH_PORTS CONVERSATION_NCP
#define ENDPOINT_WITH_PORTS ENDPOINT_NCP

/* Wireshark asks for source, destination or either. A key has a client and a server, whoever sends: so "A -> B" and
 * "B -> A" are both directions, too. */
static const char *field_name(conv_filter_type_e type, const address *of)
{
    switch (type) {
    case CONV_FT_SRC_ADDRESS:
    case CONV_FT_DST_ADDRESS:
    case CONV_FT_ANY_ADDRESS:
        return of->type == AT_IPv6 ? "toa.key.ipv6" : "toa.key.ip";
    case CONV_FT_SRC_PORT:
    case CONV_FT_DST_PORT:
    case CONV_FT_ANY_PORT:
        return "toa.key.port";
    default:
        return CONV_FILTER_INVALID;
    }
}

static const char *conversation_field(conv_item_t *item, conv_filter_type_e type)
{
    if (type == CONV_FT_ANY_ADDRESS && item->src_address.type != item->dst_address.type) {
        return CONV_FILTER_INVALID; /* NAT64: it is asked once for both addresses */
    }
    return field_name(type, type == CONV_FT_DST_ADDRESS ? &item->dst_address : &item->src_address);
}

static const char *endpoint_field(endpoint_item_t *item, conv_filter_type_e type)
{
    return field_name(type, &item->myaddress);
}

static ct_dissector_info_t conversation_info = {conversation_field};
static et_dissector_info_t endpoint_info = {endpoint_field};

static tap_packet_status conversation_packet(void *table, packet_info *pinfo, epan_dissect_t *edt _U_,
                                             const void *data, tap_flags_t flags)
{
    const toa_layer *layer = data;
    const toa_key *key = layer->conversation->key;
    const toa_endpoint *client = &key->client->endpoint, *server = &key->server->endpoint;
    address from = toa_tap_address(client), to = toa_tap_address(server);
    conv_hash_t *hash = table;

    hash->flags = flags;
    if (!toa_tap_from_client(layer)) {
        /* the row is made by whoever comes first: make it the client, so that "A" is one in every row */
        add_conversation_table_data_with_conv_id(hash, &from, &to, client->port, server->port, key->stream, 0, 0,
                                                 &pinfo->rel_ts, &pinfo->abs_ts, &conversation_info,
                                                 CONVERSATION_WITH_PORTS);
        add_conversation_table_data_with_conv_id(hash, &to, &from, server->port, client->port, key->stream, 1,
                                                 (int)pinfo->fd->pkt_len, &pinfo->rel_ts, &pinfo->abs_ts,
                                                 &conversation_info, CONVERSATION_WITH_PORTS);
        return TAP_PACKET_REDRAW;
    }
    add_conversation_table_data_with_conv_id(hash, &from, &to, client->port, server->port, key->stream, 1,
                                             (int)pinfo->fd->pkt_len, &pinfo->rel_ts, &pinfo->abs_ts,
                                             &conversation_info, CONVERSATION_WITH_PORTS);
    return TAP_PACKET_REDRAW;
}

static tap_packet_status endpoint_packet(void *table, packet_info *pinfo, epan_dissect_t *edt _U_, const void *data,
                                         tap_flags_t flags)
{
    const toa_layer *layer = data;
    const toa_key *key = layer->conversation->key;
    const toa_endpoint *client = &key->client->endpoint, *server = &key->server->endpoint;
    address client_address = toa_tap_address(client), server_address = toa_tap_address(server);
    bool from_client = toa_tap_from_client(layer);
    int length = (int)pinfo->fd->pkt_len;
    conv_hash_t *hash = table;

    hash->flags = flags;
    add_endpoint_table_data(hash, &client_address, client->port, from_client, 1, length, &endpoint_info,
                            ENDPOINT_WITH_PORTS);
    add_endpoint_table_data(hash, &server_address, server->port, !from_client, 1, length, &endpoint_info,
                            ENDPOINT_WITH_PORTS);
    return TAP_PACKET_REDRAW;
}

void toa_tap_conversation_register(int proto_toa)
{
    register_conversation_table(proto_toa, FALSE, conversation_packet, endpoint_packet);
}
