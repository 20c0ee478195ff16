/* glue.c
 * The wrapper around TCP, and the file-long state behind it.
 *
 * Hook: the handle that ip.proto has under 6 is replaced by one that calls the former and then does its own work. So
 * every TCP layer of every frame is seen in every kind of pass, with its raw header and its IP header, and nothing
 * has to be paid for by other protocols. The replacing handle has no protocol: no layer appears, nothing can disable
 * it but disabling "toa".
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/compat.h"

#include "core/model/key.h"
#include "dissector/dsr.h"
#include "dissector/glue.h"
#include "dissector/labels.h"
#include "dissector/prefs.h"
#include "dissector/stream.h"

#include <epan/dissectors/packet-ip.h>
#include <epan/exceptions.h>
#include <epan/ipproto.h>
#include <epan/proto_data.h>

#include <stdio.h>
#include <string.h>

/* Room for this many streams at first: growing leaves holes in the heap (core/base/table.h). */
#define STREAMS_FIRST 16384

static struct {
    int proto;
    protocol_t *protocol;
    const toa_glue_hooks *hooks;
    dissector_handle_t inner; /* what ip.proto had under 6 */

    /* one capture file: made by init, freed by cleanup */
    bool enabled; /* "toa" is; Wireshark dissects anew, with another init, when that changes */
    toa_config config;
    toa_engine *engine;     /* NULL: analysis is off */
    GPtrArray *by_stream;   /* the first toa_conversation of each tcp.stream, NULL where there is none */
    toa_crossings *crossings;
    GHashTable *key_texts;  /* toa_key to its text, of keys that were shown */
    char key_name[TOA_KEY_NAME];
} glue;

const toa_config *toa_glue_config(void)
{
    return &glue.config;
}

const char *toa_glue_key_text(const toa_key *key)
{
    char *kept = g_hash_table_lookup(glue.key_texts, key);
    char text[TOA_KEY_NAME];

    if (key->reached) { /* the server's own address may become known, or one more address that leads to it */
        return toa_key_name(key, glue.key_name);
    }
    if (!kept) {
        kept = g_strdup(toa_key_name(key, text));
        g_hash_table_insert(glue.key_texts, (void *)key, kept);
    }
    return kept;
}

const toa_conversation *const *toa_glue_crossed(const toa_conversation *conv, unsigned *ret_n)
{
    return toa_crossings_of(glue.crossings, conv, ret_n);
}

static void init_file(void)
{
    glue.enabled = proto_is_protocol_enabled(glue.protocol);
    toa_config_init(&glue.config);
    toa_prefs_apply(&glue.config);
    toa_option_hook_kinds(&glue.config.options);
    if (glue.config.analysis) {
        glue.engine = toa_engine_new(&glue.config);
        glue.by_stream = g_ptr_array_sized_new(STREAMS_FIRST);
        glue.crossings = toa_crossings_new();
        glue.key_texts = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    }
}

static void cleanup_file(void)
{
    toa_engine_free(glue.engine);
    glue.engine = NULL;
    toa_crossings_free(glue.crossings);
    glue.crossings = NULL;
    if (glue.by_stream) {
        g_ptr_array_free(glue.by_stream, true);
        glue.by_stream = NULL;
        g_clear_pointer(&glue.key_texts, g_hash_table_destroy);
    }
    toa_config_clear(&glue.config);
}

/* ---- packet to segment ---- */

static inline bool read_endpoint(const address *from, uint16_t port, toa_endpoint *ret_endpoint)
{
    if (from->type == AT_IPv4 && from->len == 4) {
        toa_endpoint_set_ipv4(ret_endpoint, from->data, port);
        return true;
    }
    if (from->type == AT_IPv6 && from->len == 16) {
        *ret_endpoint = toa_endpoint_ipv6(from->data, port);
        return true;
    }
    return false;
}

static void read_ip(void *data, toa_segment *segment)
{
    const ws_ip4 *ip4 = WS_IP4_PTR(data);
    const ws_ip6 *ip6 = WS_IP6_PTR(data);

    segment->ip_id = ip4 ? ip4->ip_id : 0;
    segment->ttl = ip4 ? ip4->ip_ttl : ip6 ? ip6->ip6_hop : 0;
}

static int64_t read_time(const packet_info *pinfo)
{
    int64_t seconds = CLAMP((int64_t)pinfo->abs_ts.secs, -TOA_SECONDS_MAX, TOA_SECONDS_MAX);

    return seconds * TOA_SECOND + pinfo->abs_ts.nsecs;
}

/* The TCP layer that begins the tvb, but for its options. False: not one that can be analysed. */
static bool read_segment(tvbuff_t *tvb, const packet_info *pinfo, void *data, toa_segment *ret_segment,
                         toa_header *ret_header, toa_dsr *ret_dsr)
{
    unsigned captured = tvb_captured_length(tvb), reported = tvb_reported_length(tvb);
    const uint8_t *header;
    toa_segment *segment = ret_segment;

    ret_header->bytes = NULL;
    if (captured < 20) {
        return false;
    }
    captured = MIN(captured, 60u);
    header = tvb_get_ptr(tvb, 0, (int)captured);
    ret_header->length = (header[12] >> 4) * 4u;
    if (ret_header->length < 20 || reported < ret_header->length ||
        !read_endpoint(&pinfo->src, toa_get16(header), &segment->source) ||
        !read_endpoint(&pinfo->dst, toa_get16(header + 2), &segment->destination)) {
        return false;
    }
    ret_header->captured = MIN(captured, ret_header->length);
    ret_header->bytes = header;
    segment->time = read_time(pinfo);
    segment->frame = pinfo->num;
    segment->interface = pinfo->rec && (pinfo->rec->presence_flags & WTAP_HAS_INTERFACE_ID)
                             ? pinfo->rec->rec_header.packet_header.interface_id
                             : 0;
    segment->seq = toa_get32(header + 4);
    segment->ack = toa_get32(header + 8);
    segment->flags = toa_get16(header + 12) & 0x0fff;
    segment->window = toa_get16(header + 14);
    segment->length = reported - ret_header->length;
    segment->network = toa_labels_of(pinfo);
    segment->vip.family = TOA_FAMILY_NONE;
    ret_dsr->kind = TOA_DSR_NONE;
    if ((segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) == TOA_FLAG_SYN) {
        toa_labels_dsr(pinfo, header, ret_dsr);
        if (ret_dsr->kind) {
            segment->vip = ret_dsr->vip;
        }
    }
    read_ip(data, segment);
    return true;
}

/* What is kept of a TCP layer of a frame that has a finding or a TOA; in file scope, found again on every pass. */
typedef struct toa_frame {
    const toa_conversation *conversation; /* if its stream does not tell it (shares_stream), else NULL */
    const toa_endpoint *remembered; /* what earlier segments said about a TOA in this one, on the first pass */
    bool neighbours;
    bool changed;     /* its client differs from the remembered one */
    bool unexplained; /* neither its conversation's own segment nor anybody else's */
    unsigned n_findings;
    const toa_finding *findings;
} toa_frame;

static toa_frame *stored_frame(packet_info *pinfo, uint8_t layer)
{
    return p_get_proto_data(wmem_file_scope(), pinfo, glue.proto, layer);
}

/* The record of this layer, made if it is not there. First pass only. */
static toa_frame *store_frame(packet_info *pinfo, uint8_t layer)
{
    toa_frame *frame = stored_frame(pinfo, layer);

    if (!frame) {
        frame = wmem_new0(wmem_file_scope(), toa_frame);
        p_add_proto_data(wmem_file_scope(), pinfo, glue.proto, layer, frame);
    }
    return frame;
}

/* ---- one TCP layer ---- */

static void recall_frame(const toa_frame *frame, toa_layer *ret_layer)
{
    ret_layer->findings = frame->findings;
    ret_layer->n_findings = frame->n_findings;
    ret_layer->unexplained = frame->unexplained;
}

static void set_stream(uint32_t stream, toa_conversation *conv)
{
    if (stream >= glue.by_stream->len) { /* streams between, if any, get NULL: their first frame could not be analysed */
        g_ptr_array_set_size(glue.by_stream, (int)stream + 1);
    }
    glue.by_stream->pdata[stream] = conv;
}

/* A SYN that is not analysed, because it is cut short or quoted in an ICMP error. TCP may begin a stream with it all the
 * same, and then later segments of the known conversation have that stream, by which later passes look it up. */
static void pass_over(tvbuff_t *tvb, packet_info *pinfo, const toa_endpoint *source, const toa_endpoint *destination)
{
    toa_conversation *conv;
    uint32_t stream;

    if (!glue.engine || pinfo->fd->visited || tvb_captured_length(tvb) < 14 ||
        (toa_tvb_byte(tvb, 13) & (TOA_FLAG_SYN | TOA_FLAG_ACK)) != TOA_FLAG_SYN) {
        return;
    }
    conv = toa_engine_find(glue.engine, source, destination);
    if (conv && toa_stream_of(pinfo, source, destination, &stream)) {
        toa_engine_note_stream(glue.engine, conv, stream, pinfo->num, read_time(pinfo));
        set_stream(stream, conv);
    }
}

/* One TCP layer on its way through TCP's dissector, in the wrapper's frame. */
typedef struct toa_passage {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    const toa_header *outer; /* header of the layer around this one */
    toa_segment segment;
    toa_header header;
    toa_dsr dsr;
    toa_layer shown; /* complete when the engine has seen the segment */
    uint8_t layer;
    bool analysed;
    bool fed;
} toa_passage;

/* Reads options that are not the usual ones. What other segments say about a TOA is looked up on the first pass and kept:
 * later passes know more, and must not decide differently. */
static void __attribute__((noinline)) read_unusual_options(toa_passage *passage)
{
    const toa_header *header = &passage->header;
    toa_segment *segment = &passage->segment;
    toa_options_context context = {.table = &glue.config.options,
                                   .kind253 = glue.config.kind253,
                                   .effective = glue.config.effective,
                                   .tcp_flags = segment->flags,
                                   .source = &segment->source,
                                   .destination = &segment->destination};
    toa_options *options = &segment->options;
    toa_frame *frame = NULL;
    const toa_endpoint *client;
    bool changed = false;

    toa_options_scan(header->bytes, header->captured, header->length, &context, options);
    if (!passage->analysed || !glue.engine || (!options->context_matters && options->client_item < 0)) {
        return;
    }
    if (!passage->shown.first_pass) {
        frame = stored_frame(passage->pinfo, passage->layer);
        context.remembered = frame ? frame->remembered : NULL;
        context.neighbours = frame && frame->neighbours;
        changed = frame && frame->changed;
    } else {
        uint8_t kind = options->n_items ? options->items[0].kind : 253;
        context.remembered = toa_engine_remembered(glue.engine, &segment->source, &segment->destination, kind,
                                                   &context.neighbours);
    }
    if (options->context_matters) {
        toa_options_scan(header->bytes, header->captured, header->length, &context, options);
    }
    if (options->client_item < 0) {
        return;
    }
    client = &options->items[options->client_item].info.client;
    if (passage->shown.first_pass) {
        changed = context.remembered && (!toa_endpoint_same_address(client, context.remembered) ||
                                         (client->port && client->port != context.remembered->port));
        if (changed || options->context_matters) {
            frame = store_frame(passage->pinfo, passage->layer);
            frame->remembered = context.remembered;
            frame->neighbours = context.neighbours;
            frame->changed = changed;
        }
    }
    if (changed) {
        options->items[options->client_item].flags |= TOA_ITEM_CHANGED;
    }
}

/* Keeps for later passes what the engine has said. */
static void __attribute__((noinline)) store_fed(toa_passage *passage, toa_fed fed)
{
    toa_frame *frame = store_frame(passage->pinfo, passage->layer);

    frame->conversation = fed.conversation->shares_stream ? fed.conversation : NULL;
    if (fed.n_findings) {
        frame->findings = wmem_memdup(wmem_file_scope(), fed.findings, fed.n_findings * sizeof *fed.findings);
        frame->n_findings = fed.n_findings;
        toa_crossings_take(glue.crossings, &passage->segment, fed.findings, fed.n_findings);
    }
    frame->unexplained = fed.unexplained;
    recall_frame(frame, &passage->shown);
}

static toa_conversation *feed(toa_passage *passage, toa_conversation *conv, uint32_t stream)
{
    toa_fed fed = toa_engine_feed(glue.engine, conv, &passage->segment, stream);

    if (fed.n_findings || fed.unexplained || fed.conversation->shares_stream) {
        store_fed(passage, fed);
    }
    passage->shown.conversation = fed.conversation;
    passage->fed = true;
    return fed.conversation;
}

/* First pass: a segment of a known conversation is fed before TCP's dissector runs. Nearly always nothing is found, and then
 * nothing is left to do after TCP. */
static void feed_known(toa_passage *passage)
{
    toa_conversation *conv =
        toa_engine_find(glue.engine, &passage->segment.source, &passage->segment.destination);

    if (!toa_engine_wants_stream(conv, &passage->segment)) {
        feed(passage, conv, 0);
    }
}

/* First pass: other segments wait until TCP's dissector has given them a stream. */
static void feed_new(toa_passage *passage)
{
    const toa_segment *segment = &passage->segment;
    toa_conversation *conv;
    uint32_t stream;

    if (toa_stream_of(passage->pinfo, &segment->source, &segment->destination, &stream)) { /* or TCP has not dissected it */
        conv = feed(passage, toa_engine_find(glue.engine, &segment->source, &segment->destination), stream);
        if (!conv->shares_stream) {
            set_stream(stream, conv);
        }
    }
}

/* From Wireshark 4.4 on a SYN-ACK may begin a stream, too (behind a RST or FIN, with another number). By that stream later
 * passes look up what follows. */
static void note_syn_ack(const toa_passage *passage)
{
    const toa_segment *segment = &passage->segment;
    toa_conversation *conv = toa_engine_find(glue.engine, &segment->source, &segment->destination);
    uint32_t stream;

    if (conv == passage->shown.conversation && !conv->shares_stream &&
        toa_stream_of(passage->pinfo, &segment->source, &segment->destination, &stream) &&
        (stream >= glue.by_stream->len || !glue.by_stream->pdata[stream])) {
        toa_engine_note_stream(glue.engine, conv, stream, segment->frame, segment->time);
        set_stream(stream, conv);
    }
}

/* Later passes: what the first one left. */
static void recall(toa_passage *passage)
{
    const toa_segment *segment = &passage->segment;
    const toa_frame *frame = stored_frame(passage->pinfo, passage->layer);
    uint32_t stream;

    if (frame) {
        recall_frame(frame, &passage->shown);
    }
    if (frame && frame->conversation) {
        passage->shown.conversation = frame->conversation;
    } else if (toa_stream_of(passage->pinfo, &segment->source, &segment->destination, &stream) &&
        stream < glue.by_stream->len) {
        passage->shown.conversation = glue.by_stream->pdata[stream];
    }
    if (passage->shown.conversation) {
        passage->shown.answer = toa_crossings_answer(glue.crossings, segment, passage->shown.conversation);
    }
}

/* Called when TCP's dissector has returned or thrown an exception. It throws whenever the snapshot length has cut the
 * payload, which is common, and such segments count. */
static void after_tcp(toa_passage *passage)
{
    toa_option_hook_leave(passage->outer);
    if (!passage->analysed) {
        pass_over(passage->tvb, passage->pinfo, &passage->segment.source, &passage->segment.destination);
        return;
    }
    if (passage->dsr.kind) {
        toa_dsr_show(passage->pinfo, passage->tree, &passage->dsr);
    }
    if (!glue.engine) {
        return;
    }
    if (!passage->shown.first_pass) {
        recall(passage);
    } else if (!passage->fed) {
        feed_new(passage);
    } else if (passage->segment.flags & TOA_FLAG_SYN) {
        note_syn_ack(passage);
    }
    glue.hooks->show_layer(passage->tvb, passage->pinfo, passage->tree, &passage->shown);
}

/* A TCP layer of which not even the fixed header can be read. */
static int __attribute__((noinline)) dissect_unread(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    toa_endpoint source, destination;
    volatile int result = 0;

    if (tvb_captured_length(tvb) < 4 || !read_endpoint(&pinfo->src, tvb_get_ntohs(tvb, 0), &source) ||
        !read_endpoint(&pinfo->dst, tvb_get_ntohs(tvb, 2), &destination)) {
        return call_dissector_only(glue.inner, tvb, pinfo, tree, data);
    }
    TRY
    {
        result = call_dissector_only(glue.inner, tvb, pinfo, tree, data);
    }
    FINALLY
    {
        pass_over(tvb, pinfo, &source, &destination);
    }
    ENDTRY;
    return result;
}

/* Something is left to do behind TCP's dissector. Not in dissect_wrapped: where exceptions are caught the compiler keeps nothing
 * in registers, and nearly all segments need no catching. */
static int __attribute__((noinline)) dissect_and_look(toa_passage *passage, void *data)
{
    volatile int result = 0;

    passage->header.options = &passage->segment.options;
    passage->outer = toa_option_hook_enter(&passage->header);
    TRY
    {
        result = call_dissector_only(glue.inner, passage->tvb, passage->pinfo, passage->tree, data);
    }
    FINALLY
    {
        after_tcp(passage);
    }
    ENDTRY;
    return result;
}

static int dissect_wrapped(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    toa_passage passage;
    bool usual; /* nothing in its options that the option hook would be asked for */

    if (!glue.enabled) {
        return call_dissector_only(glue.inner, tvb, pinfo, tree, data);
    }
    if (!read_segment(tvb, pinfo, data, &passage.segment, &passage.header, &passage.dsr)) {
        return dissect_unread(tvb, pinfo, tree, data);
    }
    passage.tvb = tvb;
    passage.pinfo = pinfo;
    passage.tree = tree;
    /* read now: dissectors above TCP change pinfo, and do not restore it when they throw */
    passage.analysed = !pinfo->flags.in_error_pkt && !pinfo->fragmented;
    passage.layer = pinfo->curr_layer_num;
    passage.shown = (toa_layer){.segment = &passage.segment,
                                .header_length = passage.header.length,
                                .tvb = tvb,
                                .first_pass = !pinfo->fd->visited};
    passage.fed = false;
    usual = toa_options_scan_usual(passage.header.bytes, passage.header.captured, passage.header.length,
                                   &passage.segment.options);
    if (!usual) {
        read_unusual_options(&passage);
    }
    if (passage.analysed && glue.engine && passage.shown.first_pass) {
        feed_known(&passage);
        if (passage.fed && usual && !passage.dsr.kind && !(passage.segment.flags & TOA_FLAG_SYN) &&
            !glue.hooks->shows_layer(tree, &passage.shown)) {
            return call_dissector_only(glue.inner, tvb, pinfo, tree, data);
        }
    }
    return dissect_and_look(&passage, data);
}

/* ---- registration ---- */

void toa_glue_register(int proto_toa, const toa_glue_hooks *hooks)
{
    glue.proto = proto_toa;
    glue.protocol = find_protocol_by_id(proto_toa);
    glue.hooks = hooks;
    toa_option_hook_register_tree();
    toa_dsr_register(proto_toa);
    register_init_routine(init_file);
    register_cleanup_routine(cleanup_file);
}

void toa_glue_handoff(void)
{
    dissector_table_t table = find_dissector_table("ip.proto");

    if (glue.inner || !table) {
        return; /* a second call would wrap the wrapper */
    }
    /* whatever handle is there, so that several plugins that do this form a chain */
    glue.inner = dissector_get_uint_handle(table, IP_PROTO_TCP);
    if (!glue.inner) {
        return;
    }
    toa_option_hook_register(glue.protocol, &glue.config, glue.hooks->show_option);
    dissector_add_uint("ip.proto", IP_PROTO_TCP,
                       create_dissector_handle_with_name_and_description(dissect_wrapped, -1, "tcp_toa",
                                                                         "TCP (with TOA analysis)"));
}
