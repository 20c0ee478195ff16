/* follow.c
 * "-z follow,toa,ascii,N" (N is toa.stream), sharkd "follow" with "TCP-TOA": the payload of all conversations of one
 * post-rewrite key, in the order in which it arrived. That is what the real server's one socket is given to read, and
 * what it answers: where two connections cross, the garbling shows.
 *
 * Each byte is shown once, when it is first captured, under the conversation whose numbers it has; nothing waits for
 * a gap to be filled. Of the two legs of a load-balanced connection only one is shown, the one at the real server if
 * it was captured.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/follow.h"

#include "taps/parts.h"

#include "core/base/serial.h"
#include "dissector/shown.h"

#include <epan/follow.h>
#include <epan/to_str.h>
#include <wsutil/str_util.h>

#include <stdio.h>

static const char stream_filter[] = "toa.stream == %u";

/* ---- filters ---- */

static char *filter_of_packet(epan_dissect_t *edt _U_, packet_info *pinfo, guint *stream, guint *sub_stream)
{
    const toa_conversation *conv = toa_shown_innermost(pinfo);

    if (!conv) {
        return NULL;
    }
    *stream = conv->key->stream;
    *sub_stream = 0;
    return ws_strdup_printf(stream_filter, conv->key->stream);
}

static char *filter_of_index(guint stream, guint sub_stream _U_)
{
    return ws_strdup_printf(stream_filter, stream);
}

static void append_endpoint(GString *text, const char *role, const address *of, int port)
{
    char *ip = address_to_str(NULL, of);

    g_string_append_printf(text, "toa.key.%s.%s == %s and toa.key.%s.port == %d", role,
                           of->type == AT_IPv6 ? "ipv6" : "ip", ip, role, port);
    wmem_free(NULL, ip);
}

/* Either may be the client. */
static char *filter_of_addresses(address *a, address *b, int a_port, int b_port)
{
    GString *text = g_string_new("(");

    append_endpoint(text, "client", a, a_port);
    g_string_append(text, " and ");
    append_endpoint(text, "server", b, b_port);
    g_string_append(text, ") or (");
    append_endpoint(text, "client", b, b_port);
    g_string_append(text, " and ");
    append_endpoint(text, "server", a, a_port);
    g_string_append(text, ")");
    return g_string_free(text, FALSE);
}

static char *port_text(wmem_allocator_t *allocator, guint port)
{
    return wmem_strdup_printf(allocator, "%u", port);
}

/* ---- what was shown before ---- */

/* How many gaps are remembered. Of more, the oldest are forgotten and their bytes not shown. */
#define GAPS_MAX 64

typedef struct gap {
    uint32_t from, to;
} gap;

/* One direction of one conversation. */
typedef struct seen {
    GArray *gaps;  /* gap, none of them overlapping */
    uint32_t next; /* behind all that was shown */
} seen;

/* follow_info_t has no room for it: its address to a table of seen, by stream and direction. An entry begins with the
 * first segment of its follow_info_t, and all end with the file. */
static GHashTable *followed;

static void free_seen(void *data)
{
    g_array_free(((seen *)data)->gaps, TRUE);
    g_free(data);
}

static void forget_all(void)
{
    g_hash_table_remove_all(followed);
}

static void forget(const follow_info_t *info)
{
    g_hash_table_remove(followed, info);
}

static seen *seen_of(follow_info_t *info, bool is_server, uint32_t stream, uint32_t seq)
{
    gpointer key = GSIZE_TO_POINTER((gsize)stream << 1 | is_server);
    GHashTable *table = g_hash_table_lookup(followed, info);
    seen *found;

    if (!table) {
        table = g_hash_table_new_full(NULL, NULL, NULL, free_seen);
        g_hash_table_insert(followed, info, table);
    }
    found = g_hash_table_lookup(table, key);
    if (!found) {
        found = g_new0(seen, 1);
        found->gaps = g_array_new(FALSE, FALSE, sizeof(gap));
        found->next = seq;
        g_hash_table_insert(table, key, found);
    }
    return found;
}

static void show(follow_info_t *info, const packet_info *pinfo, bool is_server, uint32_t seq, const uint8_t *bytes,
                 unsigned length)
{
    follow_record_t *record;

    if (length == 0) {
        return;
    }
    record = g_new0(follow_record_t, 1);
    record->is_server = is_server;
    record->packet_num = pinfo->num;
    record->seq = seq;
    record->abs_ts = pinfo->abs_ts;
    record->data = g_byte_array_append(g_byte_array_sized_new(length), bytes, length);
    info->bytes_written[is_server] += length;
    info->payload = g_list_prepend(info->payload, record);
}

static void add_gap(GArray *gaps, uint32_t from, uint32_t to)
{
    gap added = {from, to};

    if (gaps->len >= GAPS_MAX) {
        g_array_remove_index(gaps, 0);
    }
    g_array_append_val(gaps, added);
}

/* Bytes of [from, to) that fill gaps; bytes[0] has number from. */
static void fill_gaps(follow_info_t *info, const packet_info *pinfo, bool is_server, seen *known, uint32_t from,
                      uint32_t to, const uint8_t *bytes)
{
    GArray *old = known->gaps;

    known->gaps = g_array_new(FALSE, FALSE, sizeof(gap));
    for (guint i = 0; i < old->len; i++) {
        gap at = g_array_index(old, gap, i);
        uint32_t low = toa_seq_max(at.from, from), high = toa_seq_min(at.to, to);
        if (!toa_seq_lt(low, high)) {
            add_gap(known->gaps, at.from, at.to);
            continue;
        }
        show(info, pinfo, is_server, low, bytes + (low - from), high - low);
        if (at.from != low) {
            add_gap(known->gaps, at.from, low);
        }
        if (high != at.to) {
            add_gap(known->gaps, high, at.to);
        }
    }
    g_array_free(old, TRUE);
}

static void show_new(follow_info_t *info, const packet_info *pinfo, bool is_server, uint32_t stream, uint32_t seq,
                     const uint8_t *bytes, unsigned length)
{
    seen *known = seen_of(info, is_server, stream, seq);
    uint32_t end = seq + length, start = seq;

    if (toa_seq_lt(seq, known->next)) {
        fill_gaps(info, pinfo, is_server, known, seq, toa_seq_min(end, known->next), bytes);
        start = known->next;
    } else if (seq != known->next) {
        add_gap(known->gaps, known->next, seq);
    }
    if (toa_seq_lt(start, end)) {
        show(info, pinfo, is_server, start, bytes + (start - seq), end - start);
        known->next = end;
    }
}

/* ---- segments ---- */

/* False: the other leg of its connection is shown instead. */
static bool leg_is_shown(const toa_conversation *conv)
{
    const toa_conversation *leg = toa_engine_leg(conv);
    bool at_server, leg_at_server;

    if (!leg || leg->key != conv->key) {
        return true;
    }
    at_server = toa_endpoint_equal(toa_wire_server(conv), &conv->key->server->endpoint);
    leg_at_server = toa_endpoint_equal(toa_wire_server(leg), &conv->key->server->endpoint);
    return at_server != leg_at_server ? at_server : conv->stream < leg->stream;
}

/* A tunnelled frame has layers of other keys, too. */
static bool key_is_followed(follow_info_t *info, const toa_key *key)
{
    const toa_endpoint *client = &key->client->endpoint, *server = &key->server->endpoint;
    address client_address = toa_tap_address(client), server_address = toa_tap_address(server);
    unsigned stream;

    if (info->filter_out_filter && sscanf(info->filter_out_filter, stream_filter, &stream) == 1 &&
        stream != key->stream) {
        return false;
    }
    if (info->client_ip.type == AT_NONE) {
        forget(info);
        info->client_port = client->port;
        info->server_port = server->port;
        copy_address(&info->client_ip, &client_address);
        copy_address(&info->server_ip, &server_address);
    }
    return info->client_port == client->port && info->server_port == server->port &&
           addresses_equal(&info->client_ip, &client_address) && addresses_equal(&info->server_ip, &server_address);
}

static tap_packet_status follow_packet(void *follow_info, packet_info *pinfo, epan_dissect_t *edt _U_,
                                       const void *data, tap_flags_t flags _U_)
{
    const toa_layer *layer = data;
    const toa_conversation *conv = layer->conversation, *owner = conv;
    const toa_segment *segment = layer->segment;
    follow_info_t *info = follow_info;
    bool is_server = !toa_tap_from_client(layer);
    unsigned captured = tvb_captured_length(layer->tvb);
    uint32_t seq = segment->seq + ((segment->flags & TOA_FLAG_SYN) != 0);
    const uint8_t *bytes;

    if (!key_is_followed(info, conv->key) || !leg_is_shown(conv) || captured <= layer->header_length) {
        return TAP_PACKET_DONT_REDRAW;
    }
    captured -= layer->header_length;
    bytes = tvb_get_ptr(layer->tvb, (int)layer->header_length, (int)captured);
    if (layer->unexplained) {
        show(info, pinfo, is_server, seq, bytes, captured); /* unattributed numbers: there is nothing to compare them with */
        return TAP_PACKET_REDRAW;
    }
    toa_tap_is_foreign(layer, &owner);
    show_new(info, pinfo, is_server, owner->stream, seq, bytes, captured);
    return TAP_PACKET_REDRAW;
}

static void free_followed(void)
{
    g_hash_table_destroy(followed);
}

void toa_tap_follow_register(int proto_toa)
{
    followed = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_hash_table_destroy);
    register_cleanup_routine(forget_all);
    register_shutdown_routine(free_followed);
    toa_register_follow_stream(proto_toa, "toa", filter_of_packet, filter_of_index, filter_of_addresses, port_text,
                               follow_packet);
}
