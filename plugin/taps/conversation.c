/* conversation.c
 * Conversations and endpoints as the real servers see them: the tables behind "-z conv,toa", "-z endpoints,toa" and
 * the tabs of Statistics > Conversations and Endpoints. Both legs of a load-balanced connection count in one row.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/conversation.h"

#include "taps/parts.h"

#include <epan/conversation_table.h>
#include <epan/funnel.h>

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

/* ---- what one conversation adds ---- */

/* Counted by side: which side is the client may be learnt later. */
typedef struct share {
    const toa_conversation *conv;
    int frames[2]; /* sent by that side */
    guint64 bytes[2];
    nstime_t first, first_abs, last; /* as Wireshark shows them: since the first frame, and since the epoch */
} share;

static share share_of(const packet_info *pinfo, const toa_layer *layer)
{
    share one = {.conv = layer->conversation, .first = pinfo->rel_ts, .first_abs = pinfo->abs_ts, .last = pinfo->rel_ts};
    unsigned sender = !toa_endpoint_equal(&layer->segment->source, &layer->conversation->wire[0]);

    one.frames[sender] = 1;
    one.bytes[sender] = pinfo->fd->pkt_len;
    return one;
}

/* Wireshark adds an int at a time. */
static int next_bytes(guint64 *left)
{
    int bytes = (int)MIN(*left, (guint64)G_MAXINT);

    *left -= (guint64)bytes;
    return bytes;
}

static void add_to_conversations(conv_hash_t *table, const share *one)
{
    const toa_key *key = one->conv->key;
    const unsigned client = one->conv->client;
    const toa_endpoint *ends[] = {&(client ? key->server : key->client)->endpoint, &(client ? key->client : key->server)->endpoint};
    address addresses[] = {toa_tap_address(ends[0]), toa_tap_address(ends[1])};
    nstime_t first = one->first, first_abs = one->first_abs, last = one->last;

    /* the row is made by whoever comes first: make it the client, so that "A" is one in every row */
    for (unsigned turn = 0; turn < 2; turn++) {
        unsigned sender = client ^ turn;
        guint64 left = one->bytes[sender];
        int frames = one->frames[sender];
        do {
            add_conversation_table_data_with_conv_id(table, &addresses[sender], &addresses[!sender], ends[sender]->port,
                                                     ends[!sender]->port, key->stream, frames, next_bytes(&left), &first,
                                                     &first_abs, &conversation_info, CONVERSATION_WITH_PORTS);
            frames = 0;
        } while (left);
    }
    add_conversation_table_data_with_conv_id(table, &addresses[client], &addresses[!client], ends[client]->port,
                                             ends[!client]->port, key->stream, 0, 0, &last, &first_abs, &conversation_info,
                                             CONVERSATION_WITH_PORTS);
}

static void add_to_endpoints(conv_hash_t *table, const share *one)
{
    const toa_key *key = one->conv->key;
    const unsigned client = one->conv->client;
    const toa_endpoint *ends[] = {&(client ? key->server : key->client)->endpoint, &(client ? key->client : key->server)->endpoint};

    for (unsigned turn = 0; turn < 2; turn++) {
        unsigned end = client ^ turn;
        address address_of = toa_tap_address(ends[end]);
        for (unsigned sender = 0; sender < 2; sender++) {
            guint64 left = one->bytes[sender];
            int frames = one->frames[sender];
            while (frames || left) {
                add_endpoint_table_data(table, &address_of, ends[end]->port, sender == end, frames, next_bytes(&left),
                                        &endpoint_info, ENDPOINT_WITH_PORTS);
                frames = 0;
            }
        }
    }
}

/* ---- one pass of tshark ---- */

/* A key may be learnt after the first packets of a conversation. A program without windows, which dissects each packet once,
 * can wait for the end and then count every conversation for its final key. Wireshark's tables do not say when that is, but a
 * listener that was registered later than the table is drawn before it. */
typedef struct held {
    conv_hash_t *table;
    void (*add)(conv_hash_t *table, const share *one);
    GPtrArray *shares;   /* owns, in order of first appearance */
    GHashTable *by_conv; /* toa_conversation to share */
} held;

static GPtrArray *tables; /* of held */

static void forget_shares(void *data)
{
    held *self = data;

    g_hash_table_remove_all(self->by_conv);
    g_ptr_array_set_size(self->shares, 0);
}

static void draw_shares(void *data)
{
    held *self = data;

    for (guint i = 0; i < self->shares->len; i++) {
        self->add(self->table, self->shares->pdata[i]);
    }
    forget_shares(self);
}

static tap_packet_status no_packet(void *data _U_, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *tapped _U_,
                                   tap_flags_t flags _U_)
{
    return TAP_PACKET_DONT_REDRAW;
}

static void free_held(void *data)
{
    held *self = data;

    g_hash_table_destroy(self->by_conv);
    g_ptr_array_free(self->shares, TRUE);
    g_free(self);
}

/* NULL: Wireshark takes no more listeners. */
static held *held_for(conv_hash_t *table, void (*add)(conv_hash_t *table, const share *one))
{
    GString *error;
    held *self;

    for (guint i = 0; i < tables->len; i++) {
        if (((held *)tables->pdata[i])->table == table) {
            return tables->pdata[i];
        }
    }
    self = g_new0(held, 1);
    *self = (held){table, add, g_ptr_array_new_with_free_func(g_free), g_hash_table_new(NULL, NULL)};
    error = register_tap_listener("toa", self, NULL, TL_REQUIRES_NOTHING, forget_shares, no_packet, draw_shares, NULL);
    if (error) {
        g_string_free(error, TRUE);
        free_held(self);
        return NULL;
    }
    g_ptr_array_add(tables, self);
    return self;
}

static void hold(held *self, const share *more)
{
    share *sum = g_hash_table_lookup(self->by_conv, more->conv);

    if (!sum) {
        sum = g_memdup2(more, sizeof *more);
        g_ptr_array_add(self->shares, sum);
        g_hash_table_insert(self->by_conv, (gpointer)more->conv, sum);
        return;
    }
    for (unsigned sender = 0; sender < 2; sender++) {
        sum->frames[sender] += more->frames[sender];
        sum->bytes[sender] += more->bytes[sender];
    }
    sum->last = more->last;
}

/* Wireshark's tables may be drawn at any time; tshark's funnel cannot dissect packets again. */
static bool has_windows(void)
{
    const funnel_ops_t *ops = funnel_get_funnel_ops();

    return ops && ops->retap_packets;
}

static tap_packet_status take(conv_hash_t *table, const packet_info *pinfo, const toa_layer *layer, tap_flags_t flags,
                              void (*add)(conv_hash_t *table, const share *one))
{
    share one = share_of(pinfo, layer);
    held *waiting = layer->first_pass && !has_windows() ? held_for(table, add) : NULL;

    table->flags = flags;
    if (waiting) {
        hold(waiting, &one);
    } else {
        add(table, &one);
    }
    return TAP_PACKET_REDRAW;
}

static tap_packet_status conversation_packet(void *table, packet_info *pinfo, epan_dissect_t *edt _U_,
                                             const void *data, tap_flags_t flags)
{
    return take(table, pinfo, data, flags, add_to_conversations);
}

static tap_packet_status endpoint_packet(void *table, packet_info *pinfo, epan_dissect_t *edt _U_, const void *data,
                                         tap_flags_t flags)
{
    return take(table, pinfo, data, flags, add_to_endpoints);
}

static void shutdown(void)
{
    g_ptr_array_free(tables, TRUE);
}

void toa_tap_conversation_register(int proto_toa)
{
    tables = g_ptr_array_new_with_free_func(free_held);
    register_shutdown_routine(shutdown);
    register_conversation_table(proto_toa, FALSE, conversation_packet, endpoint_packet);
}
