/* packet-toa.c
 * Fields, expert infos and trees of TOA: draws what the glue and the engine have found, decides nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/compat.h"

#include "core/model/identity.h"
#include "dissector/packet-toa.h"
#include "dissector/glue.h"
#include "dissector/prefs.h"
#include "dissector/shown.h"

#include <epan/expert.h>
#include <epan/packet.h>
#include <epan/tap.h>

#include <string.h>

static int proto_toa = -1;
static int proto_toa_conv = -1;
static int toa_tap = -1;
/* The two protocols as fields: Wireshark notes there whether a filter or column uses them or one of their fields. */
static struct {
    const header_field_info *option, *conversation;
} referable;

/* ---- the option ---- */

static int hf_kind = -1;
static int hf_length = -1;
static int hf_layout = -1;
static int hf_role = -1;
static int hf_client_ip = -1;
static int hf_client_ipv6 = -1;
static int hf_client_port = -1;
static int hf_vip_ip = -1;
static int hf_vip_ipv6 = -1;
static int hf_vip_port = -1;
static int hf_vpc = -1;
static int hf_version = -1;
static int hf_effective = -1;

/* ---- the conversation ---- */

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
static int hf_answer_stream = -1;
static int hf_answer_frame = -1;

/* ---- findings ---- */

static int hf_other_stream = -1;
static int hf_other_frame = -1;
static int hf_other_ip_id_delta = -1;
static int hf_isn_clock_error = -1;
static int hf_dup_ack_count = -1;
static int hf_evidence = -1;
#define X(bit, id, name, text) static int hf_evidence_##id = -1;
TOA_EVIDENCE(X)
#undef X

static int ett_option = -1;
static int ett_conv = -1;
static int ett_key = -1;
static int ett_other = -1;
static int ett_evidence = -1;
static int ett_word = -1; /* a line of words, with nothing below */

static int *const evidence_fields[] = {
#define X(bit, id, name, text) &hf_evidence_##id,
    TOA_EVIDENCE(X)
#undef X
        NULL};

static const struct {
    uint16_t bit;
    const char *words;
} evidence_words[] = {
#define X(bit, id, name, text) {TOA_EV_##id, text},
    TOA_EVIDENCE(X)
#undef X
};

static expert_field ei_malformed = EI_INIT;
static expert_field ei_ambiguous = EI_INIT;
static expert_field ei_conflict = EI_INIT;
static expert_field ei_changed = EI_INIT;
static expert_field ei_after_eol = EI_INIT;
static expert_field ei_suspicious = EI_INIT;
static expert_field ei_redundant = EI_INIT;
static expert_field ei_no_port = EI_INIT;
static expert_field ei_answered_elsewhere = EI_INIT;
static expert_field ei_finding[TOA_FINDING_MAX] = {
#define X(id, ...) [TOA_FINDING_##id] = EI_INIT,
    TOA_FINDINGS(X)
#undef X
};

static const value_string layout_names[] = {
#define X(id, name) {TOA_LAYOUT_##id, name},
    TOA_LAYOUTS(X)
#undef X
#define X(id, name) {TOA_CARRIER_##id, name},
    TOA_CARRIERS(X)
#undef X
    {0, NULL}};
static const value_string role_names[] = {
#define X(id, name, title) {TOA_ROLE_##id, title},
    TOA_ROLES(X)
#undef X
    {0, NULL}};
static const value_string source_names[] = {{TOA_KEY_WIRE, "Wire"},
                                            {TOA_KEY_TOA, "TOA option"},
                                            {TOA_KEY_MAP, "Address map (preference)"},
                                            {TOA_KEY_LEG, "Other leg in this capture"},
                                            {TOA_KEY_PROVEN, "Proven by the server's numbers"},
                                            {0, NULL}};

#define PI_OF(severity) ((severity) == TOA_ERROR  ? PI_ERROR \
                         : (severity) == TOA_WARN ? PI_WARN  \
                         : (severity) == TOA_NOTE ? PI_NOTE  \
                                                  : PI_CHAT)
static const int severities[] = {[TOA_CHAT] = PI_CHAT, [TOA_NOTE] = PI_NOTE, [TOA_WARN] = PI_WARN,
                                 [TOA_ERROR] = PI_ERROR};
static ei_register_info finding_infos[TOA_FINDING_MAX] = {
#define X(id, name, severity, role, text) [TOA_FINDING_##id] = {&ei_finding[TOA_FINDING_##id], \
                                                          {name, PI_SEQUENCE, PI_OF(severity), text, EXPFILL}},
    TOA_FINDINGS(X)
#undef X
};

/* What each flag of an item raises. */
static const struct {
    unsigned flag;
    expert_field *info;
} item_infos[] = {
#define X(bit, id, name) {TOA_ITEM_##id, &ei_##name},
    TOA_ITEM_FLAGS(X)
#undef X
};

static void add_expert(packet_info *pinfo, proto_item *item, expert_field *info)
{
    const char *protocol = pinfo->current_proto;

    pinfo->current_proto = "TOA"; /* otherwise IP's name, for the wrapper has no protocol, or TCP's */
    expert_add_info(pinfo, item, info);
    pinfo->current_proto = protocol;
}

static void add_address(proto_tree *tree, tvbuff_t *tvb, int offset, const toa_layout *layout, int hf_ip, int hf_ipv6)
{
    bool v6 = layout->family == TOA_FAMILY_IPV6;

    proto_tree_add_item(tree, v6 ? hf_ipv6 : hf_ip, tvb, offset, v6 ? 16 : 4, ENC_BIG_ENDIAN);
}

static const char *endpoint_text(wmem_allocator_t *pool, const toa_endpoint *endpoint, bool has_port)
{
    char text[TOA_ENDPOINT_TEXT];

    toa_endpoint_format(endpoint, text);
    if (!has_port) {
        *strrchr(text, ':') = '\0';
    }
    return wmem_strdup(pool, text);
}

/* The addresses of one option; offsets come from the table of layouts. */
static void add_item_addresses(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *title,
                               const toa_item *item)
{
    const toa_layout *layout = &toa_layouts[item->layout];
    const toa_address_info *info = &item->info;
    bool vip_only = item->role == TOA_ROLE_VIP;

    if (layout->version) {
        proto_tree_add_item(tree, hf_version, tvb, layout->version, 1, ENC_BIG_ENDIAN);
    }
    if (layout->address) {
        add_address(tree, tvb, layout->address, layout, vip_only ? hf_vip_ip : hf_client_ip,
                    vip_only ? hf_vip_ipv6 : hf_client_ipv6);
        if (layout->port) {
            proto_tree_add_uint(tree, vip_only ? hf_vip_port : hf_client_port, tvb, layout->port, 2,
                                vip_only ? info->vip.port : info->client.port);
        }
    }
    if (layout->vip) {
        add_address(tree, tvb, layout->vip, layout, hf_vip_ip, hf_vip_ipv6);
        if (layout->vip_port) {
            proto_tree_add_uint(tree, hf_vip_port, tvb, layout->vip_port, 2, info->vip.port);
        }
    }
    if (layout->vpc) {
        proto_tree_add_uint_format_value(tree, hf_vpc, tvb, layout->vpc, layout->vpc_size, info->vpc,
                                         "%u (%u in the other byte order)", info->vpc, info->vpc_other);
    }
    if (info->has_client) {
        proto_item_append_text(title, ": Client %s",
                               endpoint_text(pinfo->pool, &info->client, info->has_client_port));
    }
    if (info->has_vip) {
        proto_item_append_text(title, "%s VIP %s", info->has_client ? "," : ":",
                               endpoint_text(pinfo->pool, &info->vip, info->has_vip_port));
    }
    if (info->has_vpc) {
        proto_item_append_text(title, "%s VPC %u", info->has_client || info->has_vip ? "," : ":", info->vpc);
    }
}

/* One option that carries an address; tvb begins with its kind byte. */
static void show_option(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_item *item)
{
    int length = (int)MIN(tvb_reported_length(tvb), item->length);
    proto_item *title = proto_tree_add_item(tree, proto_toa, tvb, 0, length, ENC_NA), *field;
    proto_tree *option_tree = proto_item_add_subtree(title, ett_option);

    proto_item_set_text(title, "TCP Option - TOA");
    proto_tree_add_item(option_tree, hf_kind, tvb, 0, 1, ENC_BIG_ENDIAN);
    if (length > 1) {
        proto_tree_add_item(option_tree, hf_length, tvb, 1, 1, ENC_BIG_ENDIAN);
    }
    if (item->layout < TOA_LAYOUT_MAX) {
        field = proto_tree_add_uint(option_tree, hf_layout, tvb, 0, length, item->layout);
        proto_item_set_generated(field);
        field = proto_tree_add_uint(option_tree, hf_role, tvb, 0, length, item->role);
        proto_item_set_generated(field);
    }
    if (item->decoded) {
        add_item_addresses(tvb, pinfo, option_tree, title, item);
    }
    if (item->decoded && item->info.has_client) {
        field = proto_tree_add_boolean(option_tree, hf_effective, tvb, 0, 0, item->effective);
        proto_item_set_generated(field);
    }
    for (unsigned i = 0; i < array_length(item_infos); i++) {
        if (item->flags & item_infos[i].flag) {
            add_expert(pinfo, title, item_infos[i].info);
        }
    }
}

/* Options that the TCP dissector does not pass on: behind End of Option List, or longer than the header. */
static void show_unreached_options(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_layer *layer)
{
    const toa_options *options = &layer->segment->options;

    for (unsigned i = 0; i < options->n_items; i++) {
        const toa_item *item = &options->items[i];
        if (!(item->flags & TOA_ITEM_AFTER_EOL) && item->offset + item->length <= layer->header_length) {
            continue;
        }
        show_option(tvb_new_subset_length(tvb, item->offset, (int)layer->header_length - item->offset), pinfo, tree,
                    item);
    }
}

/* ---- the conversation ---- */

static proto_item *generated_uint(proto_tree *tree, tvbuff_t *tvb, int hf, uint32_t value)
{
    proto_item *item = proto_tree_add_uint(tree, hf, tvb, 0, 0, value);

    proto_item_set_generated(item);
    return item;
}

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
    proto_item_set_hidden(generated_uint(tree, tvb, hf_key_port, endpoint->port));
}

/* All that Wireshark counts it as. */
static void add_streams(proto_tree *tree, tvbuff_t *tvb, int field, const toa_conversation *conv)
{
    uint32_t n;
    const toa_stream_from *more = toa_streams_more(conv, &n);

    generated_uint(tree, tvb, field, conv->stream);
    for (uint32_t i = 0; i < MIN(n, TOA_CROSSED_MAX); i++) {
        generated_uint(tree, tvb, field, more[i].stream);
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
    generated_uint(tree, tvb, hf_key_server_port, server->port);
    if (wants_either_endpoint()) {
        add_either_endpoint(tree, tvb, server);
    }
}

/* The server; all that are known to lead to it, if it is not known which of them is its own address. */
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

static void show_conversation(tvbuff_t *tvb, proto_tree *tree, proto_item *title, const toa_conversation *conv, uint32_t frame)
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
    generated_uint(tree, tvb, hf_stream, conv->key->stream);
    item = proto_tree_add_string(tree, hf_key, tvb, 0, 0, text);
    proto_item_set_generated(item);
    key_tree = proto_item_add_subtree(item, ett_key);
    add_endpoint_address(key_tree, tvb, client, hf_key_client_ip, hf_key_client_ipv6);
    generated_uint(key_tree, tvb, hf_key_client_port, client->port);
    if (wants_either_endpoint()) {
        add_either_endpoint(key_tree, tvb, client);
    }
    add_key_servers(key_tree, tvb, conv->key);
    generated_uint(key_tree, tvb, hf_key_source, conv->source);
    item = proto_tree_add_boolean(tree, hf_rewritten, tvb, 0, 0, rewritten);
    proto_item_set_generated(item);
    if (leg) {
        generated_uint(tree, tvb, hf_leg_stream, toa_stream_at(leg, frame));
    }
    add_crossed(tree, tvb, conv);
}

/* Of a segment whose numbers are another conversation's. */
static const char *segment_word(const toa_segment *segment)
{
    if (segment->flags & TOA_FLAG_RST) {
        return "RST";
    }
    if (segment->flags & TOA_FLAG_SYN) {
        return segment->flags & TOA_FLAG_ACK ? "SYN-ACK" : "SYN";
    }
    if (segment->length) {
        return "data";
    }
    return segment->flags & TOA_FLAG_FIN ? "FIN" : "ACK";
}

static const toa_finding *finding_of(const toa_layer *layer, unsigned kind)
{
    for (unsigned i = 0; i < layer->n_findings; i++) {
        if (layer->findings[i].kind == kind) {
            return &layer->findings[i];
        }
    }
    return NULL;
}

/* What a finding says in a few words, most telling first, for the details and the Info column. */
static const struct {
    toa_finding_kind kind;
    bool segment;       /* begins with the kind of segment */
    const char *words;  /* before the number of the other stream */
} info_words[] = {{TOA_FINDING_FOREIGN_RST, true, " of stream "},
                  {TOA_FINDING_FOREIGN_SEGMENT, true, " of stream "},
                  {TOA_FINDING_FOREIGN_DUP_ACK, false, "answers stream "},
                  {TOA_FINDING_FOREIGN_UNSEEN, true, " of a connection not captured"},
                  {TOA_FINDING_STALE_SESSION, true, " of earlier stream "},
                  {TOA_FINDING_CONFIRMED, false, "one connection at the server with stream "},
                  {TOA_FINDING_COLLISION, false, "same key as stream "},
                  {TOA_FINDING_REUSE, false, "key used before by stream "},
                  {TOA_FINDING_REFUTED, false, "kept apart from stream "},
                  {TOA_FINDING_SELF_CONNECT, false, "self-connect"}};
G_STATIC_ASSERT(G_N_ELEMENTS(info_words) == TOA_FINDING_MAX);

static const char *words_before_stream(unsigned kind, bool *ret_segment)
{
    unsigned row = 0;

    while (row + 1 < array_length(info_words) && info_words[row].kind != kind) {
        row++;
    }
    *ret_segment = info_words[row].segment;
    return info_words[row].words;
}

/* The stream that holds the frame which the finding names. */
static uint32_t stream_of_other(const toa_finding *finding)
{
    return toa_stream_at(finding->other, finding->other_frame);
}

/* "RST of stream 0" */
static void append_words(GString *text, const toa_layer *layer, const toa_finding *finding)
{
    bool segment, from_client = toa_endpoint_equal(&layer->segment->source, toa_wire_client(layer->conversation));
    const char *words = words_before_stream(finding->kind, &segment);

    if (finding->kind == TOA_FINDING_FOREIGN_RST && from_client) {
        g_string_append(text, "RST against stream "); /* the client meant its own connection */
    } else {
        g_string_append_printf(text, "%s%s", segment ? segment_word(layer->segment) : "", words);
    }
    if (finding->other) {
        g_string_append_printf(text, "%u", stream_of_other(finding));
    }
}

/* The evidence of a finding: in words, and below them the bit mask, collapsed. No byte of the packet is highlighted for it. */
static void add_evidence(proto_tree *tree, tvbuff_t *tvb, const toa_finding *finding)
{
    proto_item *item;
    proto_tree *mask;

    for (unsigned i = 0; i < array_length(evidence_words); i++) {
        if (finding->evidence & evidence_words[i].bit) {
            proto_tree_add_subtree(tree, tvb, 0, 0, ett_word, &item, evidence_words[i].words);
            proto_item_set_generated(item);
        }
    }
    mask = proto_item_add_subtree(generated_uint(tree, tvb, hf_evidence, finding->evidence), ett_evidence);
    for (unsigned i = 0; evidence_fields[i]; i++) {
        proto_item_set_generated(proto_tree_add_boolean(mask, *evidence_fields[i], tvb, 0, 0, finding->evidence));
    }
}

static void add_details(proto_tree *tree, tvbuff_t *tvb, const toa_finding *finding)
{
    nstime_t error;

    if (finding->other_frame) {
        proto_item_set_generated(proto_tree_add_uint(tree, hf_other_frame, tvb, 0, 0, finding->other_frame));
    }
    if (finding->evidence & TOA_EV_IP_ID) {
        generated_uint(tree, tvb, hf_other_ip_id_delta, finding->ip_id_delta);
    }
    if (finding->evidence & TOA_EV_ISN_CLOCK) {
        error.secs = (time_t)(finding->isn_error / TOA_SECOND);
        error.nsecs = (int)(finding->isn_error % TOA_SECOND);
        proto_item_set_generated(proto_tree_add_time(tree, hf_isn_clock_error, tvb, 0, 0, &error));
    }
    if (finding->kind == TOA_FINDING_FOREIGN_DUP_ACK) {
        generated_uint(tree, tvb, hf_dup_ack_count, finding->count);
    }
}

/* A server's RST without ACK was caused by the frame that the finding names; other segments merely follow it. */
static bool names_cause(const toa_layer *layer, const toa_finding *finding)
{
    return finding->kind == TOA_FINDING_FOREIGN_RST && (finding->evidence & TOA_EV_TRIGGER) && finding->other_frame &&
           !(layer->segment->flags & TOA_FLAG_ACK) &&
           !toa_endpoint_equal(&layer->segment->source, toa_wire_client(layer->conversation));
}

static void title_finding(proto_item *title, const toa_layer *layer, const toa_finding *finding)
{
    GString *text = g_string_new(NULL);
    char tuple[TOA_KEY_TEXT];

    append_words(text, layer, finding);
    if (names_cause(layer, finding)) {
        g_string_append_printf(text, ", caused by frame %u", finding->other_frame);
    }
    text->str[0] = g_ascii_toupper(text->str[0]);
    proto_item_set_text(title, "%s (%s)", text->str,
                        toa_key_format(toa_wire_client(finding->other), toa_wire_server(finding->other), tuple));
    g_string_free(text, TRUE);
}

/* Wireshark reads the severity when an info is added. This one depends on a preference, unless the user has set another
 * in the expert preferences. */
static void set_collision_severity(void)
{
    static int ours = PI_OF(TOA_WARN);
    ei_register_info *info = &finding_infos[TOA_FINDING_COLLISION];

    if (info->eiinfo.severity == ours) {
        ours = severities[toa_finding_severity(TOA_FINDING_COLLISION, toa_glue_config()->rewriting)];
        info->eiinfo.severity = ours;
    }
}

static void show_finding(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *title, const toa_layer *layer,
                         const toa_finding *finding)
{
    proto_item *other = NULL;
    proto_tree *other_tree;

    if (tree && finding->other) {
        other = generated_uint(tree, tvb, hf_other_stream, stream_of_other(finding));
        title_finding(other, layer, finding);
        other_tree = proto_item_add_subtree(other, ett_other);
        add_details(other_tree, tvb, finding);
        add_evidence(other_tree, tvb, finding);
    }
    if (finding->kind == TOA_FINDING_COLLISION) {
        set_collision_severity();
    }
    add_expert(pinfo, other ? other : title, &ei_finding[finding->kind]);
}

/* On the victim: the answer to this segment came on another conversation. */
static void show_answer(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_answer *answer)
{
    proto_item *item = NULL, *frame;

    if (tree) {
        item = generated_uint(tree, tvb, hf_answer_stream, toa_stream_at(answer->conversation, answer->frame));
        frame = proto_tree_add_uint(tree, hf_answer_frame, tvb, 0, 0, answer->frame);
        proto_item_set_generated(frame);
    }
    add_expert(pinfo, item, &ei_answered_elsewhere);
}

/* The tree will be read: it is visible, a filter, column or -e names one of our fields, or an expert info needs an item to
 * be attached to. Otherwise the tree exists for other dissectors only, and filling it would be wasted. This is
 * proto_field_is_referenced for both protocols, without its calls. */
static inline bool wants_tree(proto_tree *tree, const toa_layer *layer)
{
    return tree && layer->conversation &&
           (PTREE_DATA(tree)->visible || !PTREE_DATA(tree)->fake_protocols || layer->n_findings ||
            layer->answer ||
            referable.option->ref_type != HF_REF_TYPE_NONE || referable.conversation->ref_type != HF_REF_TYPE_NONE);
}

static void tap_layer(packet_info *pinfo, const toa_layer *layer)
{
    toa_layer *tapped = wmem_memdup(pinfo->pool, layer, sizeof *layer);

    /* listeners are called after the frame, when the wrapper's segment is gone */
    tapped->segment = wmem_memdup(pinfo->pool, layer->segment, sizeof *layer->segment);
    tap_queue_packet(toa_tap, pinfo, tapped);
}

static void show_layer_in_tree(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_layer *layer)
{
    proto_item *title = proto_tree_add_item(tree, proto_toa_conv, tvb, 0, 0, ENC_NA);
    proto_tree *conv_tree = proto_item_add_subtree(title, ett_conv);

    proto_item_set_generated(title);
    show_conversation(tvb, conv_tree, title, layer->conversation, pinfo->num);
    toa_shown_note(pinfo, tree, layer->conversation);
    show_unreached_options(tvb, pinfo, conv_tree, layer);
    for (unsigned i = 0; i < layer->n_findings; i++) {
        show_finding(tvb, pinfo, conv_tree, title, layer, &layer->findings[i]);
    }
    if (layer->answer) {
        show_answer(tvb, pinfo, conv_tree, layer->answer);
    }
}

static bool shows_layer(proto_tree *tree, const toa_layer *layer)
{
    return layer->n_findings || layer->segment->options.n_items || wants_tree(tree, layer) ||
           have_tap_listener(toa_tap);
}

/* ---- the Info column ---- */

static void show_info(packet_info *pinfo, const toa_layer *layer)
{
    GString *text;
    unsigned row = 0;

    if (!pinfo->cinfo || !col_get_writable(pinfo->cinfo, COL_INFO)) {
        return;
    }
    text = g_string_new("[TOA: ");
    while (row < array_length(info_words) && !finding_of(layer, info_words[row].kind)) {
        row++;
    }
    if (row < array_length(info_words)) {
        append_words(text, layer, finding_of(layer, info_words[row].kind));
        if (info_words[row].kind != TOA_FINDING_CONFIRMED && finding_of(layer, TOA_FINDING_CONFIRMED)) {
            g_string_append(text, ", one connection at the server");
        }
    }
    if (layer->answer) {
        g_string_append_printf(text, "%sanswered on stream %u", layer->n_findings ? ", " : "",
                               toa_stream_at(layer->answer->conversation, layer->answer->frame));
    }
    g_string_append(text, "] ");
    col_prepend_fence_fstr(pinfo->cinfo, COL_INFO, "%s", text->str);
    g_string_free(text, TRUE);
}

static void show_layer(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_layer *layer)
{
    if (layer->conversation && have_tap_listener(toa_tap)) {
        tap_layer(pinfo, layer);
    }
    if (wants_tree(tree, layer)) {
        show_layer_in_tree(tvb, pinfo, tree, layer);
    } else if (layer->n_findings || layer->segment->options.n_items) {
        show_unreached_options(tvb, pinfo, tree, layer);
        for (unsigned i = 0; i < layer->n_findings; i++) {
            show_finding(tvb, pinfo, NULL, NULL, layer, &layer->findings[i]);
        }
    }
    if (layer->answer && !wants_tree(tree, layer)) {
        show_answer(tvb, pinfo, NULL, layer->answer);
    }
    if (toa_prefs_info() && (layer->n_findings || layer->answer)) {
        show_info(pinfo, layer);
    }
}

/* ---- registration ---- */

static void register_fields(void)
{
    static hf_register_info fields[] = {
        {&hf_kind, {"Kind", "toa.kind", FT_UINT8, BASE_DEC, NULL, 0, "Kind of the TCP option", HFILL}},
        {&hf_length, {"Length", "toa.length", FT_UINT8, BASE_DEC, NULL, 0, "Length of the TCP option", HFILL}},
        {&hf_layout,
         {"Layout", "toa.layout", FT_UINT8, BASE_DEC, VALS(layout_names), 0, "What the bytes are taken for", HFILL}},
        {&hf_role, {"Role", "toa.role", FT_UINT8, BASE_DEC, VALS(role_names), 0, "Whose address it is", HFILL}},
        {&hf_client_ip,
         {"Client Address", "toa.client.ip", FT_IPv4, BASE_NONE, NULL, 0, "IPv4 address of the real client", HFILL}},
        {&hf_client_ipv6,
         {"Client Address", "toa.client.ipv6", FT_IPv6, BASE_NONE, NULL, 0, "IPv6 address of the real client", HFILL}},
        {&hf_client_port,
         {"Client Port", "toa.client.port", FT_UINT16, BASE_DEC, NULL, 0, "Port of the real client", HFILL}},
        {&hf_vip_ip,
         {"VIP Address", "toa.vip.ip", FT_IPv4, BASE_NONE, NULL, 0, "IPv4 address the client has dialled", HFILL}},
        {&hf_vip_ipv6,
         {"VIP Address", "toa.vip.ipv6", FT_IPv6, BASE_NONE, NULL, 0, "IPv6 address the client has dialled", HFILL}},
        {&hf_vip_port,
         {"VIP Port", "toa.vip.port", FT_UINT16, BASE_DEC, NULL, 0, "Port the client has dialled", HFILL}},
        {&hf_vpc, {"VPC id", "toa.vpc", FT_UINT32, BASE_DEC, NULL, 0, "Virtual private cloud of the client", HFILL}},
        {&hf_version, {"Version", "toa.version", FT_UINT8, BASE_DEC, NULL, 0, "Version byte of kind 28", HFILL}},
        {&hf_effective,
         {"Effective", "toa.effective", FT_BOOLEAN, BASE_NONE, NULL, 0, "The receiver uses this address", HFILL}},
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
        {&hf_answer_stream,
         {"Answered on stream", "toa.answer.stream", FT_UINT32, BASE_DEC, NULL, 0,
          "tcp.stream of the conversation on which the answer to this segment was captured", HFILL}},
        {&hf_answer_frame,
         {"Answered in frame", "toa.answer.frame", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0,
          "The answer to this segment, on another conversation", HFILL}},
        {&hf_other_stream,
         {"Other conversation (stream)", "toa.other.stream", FT_UINT32, BASE_DEC, NULL, 0,
          "tcp.stream of the conversation that a finding names", HFILL}},
        {&hf_other_frame,
         {"Other conversation's frame", "toa.other.frame", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0,
          "Its last segment whose numbers match, or its first frame", HFILL}},
        {&hf_other_ip_id_delta,
         {"IP-ID ahead of the other's", "toa.other.ip_id_delta", FT_UINT16, BASE_DEC, NULL, 0,
          "How far the IP identification is ahead of the other conversation's last one", HFILL}},
        {&hf_isn_clock_error,
         {"ISN clock error", "toa.isn_clock.error", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
          "Distance of the two ISNs in time, less the captured time between the SYN-ACKs", HFILL}},
        {&hf_dup_ack_count,
         {"Duplicate ACKs so far", "toa.dup_ack.count", FT_UINT32, BASE_DEC, NULL, 0,
          "Duplicate ACKs of this conversation that answer the other's segments, up to this one", HFILL}},
        {&hf_evidence,
         {"Evidence", "toa.evidence", FT_UINT16, BASE_HEX, NULL, 0, "Independent observations that agree", HFILL}},
#define X(bit, id, name, text) \
    {&hf_evidence_##id, {text, "toa.evidence." name, FT_BOOLEAN, 16, NULL, 1u << (bit), NULL, HFILL}},
        TOA_EVIDENCE(X)
#undef X
    };
    static int *trees[] = {&ett_option, &ett_conv, &ett_key, &ett_other, &ett_evidence, &ett_word};

    proto_register_field_array(proto_toa, fields, array_length(fields));
    proto_register_subtree_array(trees, array_length(trees));
}

static void register_expert(void)
{
    static ei_register_info infos[] = {
        {&ei_malformed,
         {"toa.malformed", PI_MALFORMED, PI_ERROR, "TOA option with a wrong length", EXPFILL}},
        {&ei_ambiguous,
         {"toa.ambiguous", PI_PROTOCOL, PI_NOTE, "TOA option that could also be an experiment of RFC 6994", EXPFILL}},
        {&ei_conflict,
         {"toa.conflict", PI_PROTOCOL, PI_WARN, "TOA options of one segment name different clients", EXPFILL}},
        {&ei_changed,
         {"toa.changed", PI_SEQUENCE, PI_WARN, "TOA option names another client than before in this conversation",
          EXPFILL}},
        {&ei_after_eol,
         {"toa.after_eol", PI_PROTOCOL, PI_WARN, "TOA option behind End of Option List: receivers do not see it",
          EXPFILL}},
        {&ei_suspicious,
         {"toa.suspicious", PI_PROTOCOL, PI_NOTE, "TOA option with an address or port that no host has", EXPFILL}},
        {&ei_redundant,
         {"toa.redundant", PI_PROTOCOL, PI_CHAT, "TOA option names the endpoint that is on the wire", EXPFILL}},
        {&ei_no_port,
         {"toa.no_port", PI_PROTOCOL, PI_CHAT, "TOA option without port: the port on the wire is kept", EXPFILL}},
        {&ei_answered_elsewhere,
         {"toa.answered_elsewhere", PI_SEQUENCE, PI_NOTE, "Answered on another conversation", EXPFILL}},
    };
    expert_module_t *module = expert_register_protocol(proto_toa);

    expert_register_field_array(module, infos, array_length(infos));
    expert_register_field_array(module, finding_infos, TOA_FINDING_MAX);
}

void proto_register_toa(void)
{
    static const toa_glue_hooks hooks = {show_option, shows_layer, show_layer};

    /* tshark prints ports in "-z conv" only for protocols whose short name begins with TCP, UDP or SCTP */
    proto_toa = proto_register_protocol("TCP Option Address", "TCP-TOA", "toa");
    proto_toa_conv = proto_register_protocol("TOA Conversation", "TOA-CONV", "toa.conv");
    register_fields();
    register_expert();
    referable.option = proto_registrar_get_nth((guint)proto_toa);
    referable.conversation = proto_registrar_get_nth((guint)proto_toa_conv);
    toa_prefs_register(proto_toa);
    toa_glue_register(proto_toa, &hooks);
    toa_shown_register(proto_toa);
    toa_tap = register_tap("toa"); /* data: a toa_layer for each TCP layer that was analysed */
}

void proto_reg_handoff_toa(void)
{
    toa_glue_handoff();
}
