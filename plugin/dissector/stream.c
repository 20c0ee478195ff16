/* stream.c
 * Asks Wireshark's conversations, without changing them: TCP's own accessor rewrites its analysis state.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/stream.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>

static void set_address_of(address *ret_address, const toa_endpoint *endpoint)
{
    if (endpoint->family == TOA_FAMILY_IPV6) {
        set_address(ret_address, AT_IPv6, 16, endpoint->address);
    } else {
        set_address(ret_address, AT_IPv4, 4, endpoint->address);
    }
}

bool toa_stream_of(packet_info *pinfo, const toa_endpoint *from, const toa_endpoint *to, uint32_t *ret_stream)
{
    static int proto_tcp = -1;
    const struct tcp_analysis *analysis;
    conversation_t *conv;
    address source, destination;

    if (proto_tcp == -1) {
        proto_tcp = proto_get_id_by_filter_name("tcp");
    }
    /* pinfo's addresses may be those of a layer inside this one by now */
    set_address_of(&source, from);
    set_address_of(&destination, to);
    conv = toa_find_conversation(pinfo, &source, &destination, from->port, to->port);
    analysis = conv ? conversation_get_proto_data(conv, proto_tcp) : NULL;
    if (!analysis) {
        return false;
    }
    *ret_stream = analysis->stream;
    return true;
}
