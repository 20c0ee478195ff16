/* show-finding.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/show-finding.h"

#include "core/model/identity.h"
#include "dissector/glue.h"
#include "dissector/show.h"

#include <string.h>

static int ett_other = -1;
static int ett_evidence = -1;
static int ett_word = -1; /* a line of words, with nothing below */
static int hf_other_stream = -1;
static int hf_other_frame = -1;
static int hf_other_ip_id_delta = -1;
static int hf_isn_clock_error = -1;
static int hf_dup_ack_count = -1;
static int hf_evidence = -1;
#define X(bit, id, name, text) static int hf_evidence_##id = -1;
TOA_EVIDENCE(X)
#undef X
static int hf_answer_stream = -1;
static int hf_answer_frame = -1;

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

static expert_field ei_answered_elsewhere = EI_INIT;
static expert_field ei_finding[TOA_FINDING_MAX] = {
#define X(id, ...) [TOA_FINDING_##id] = EI_INIT,
    TOA_FINDINGS(X)
#undef X
};

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
    mask = proto_item_add_subtree(toa_show_uint(tree, tvb, hf_evidence, finding->evidence), ett_evidence);
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
        toa_show_uint(tree, tvb, hf_other_ip_id_delta, finding->ip_id_delta);
    }
    if (finding->evidence & TOA_EV_ISN_CLOCK) {
        error.secs = (time_t)(finding->isn_error / TOA_SECOND);
        error.nsecs = (int)(finding->isn_error % TOA_SECOND);
        proto_item_set_generated(proto_tree_add_time(tree, hf_isn_clock_error, tvb, 0, 0, &error));
    }
    if (finding->kind == TOA_FINDING_FOREIGN_DUP_ACK) {
        toa_show_uint(tree, tvb, hf_dup_ack_count, finding->count);
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

void toa_show_finding(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *title, const toa_layer *layer,
                         const toa_finding *finding)
{
    proto_item *other = NULL;
    proto_tree *other_tree;

    if (tree && finding->other) {
        other = toa_show_uint(tree, tvb, hf_other_stream, stream_of_other(finding));
        title_finding(other, layer, finding);
        other_tree = proto_item_add_subtree(other, ett_other);
        add_details(other_tree, tvb, finding);
        add_evidence(other_tree, tvb, finding);
    }
    if (finding->kind == TOA_FINDING_COLLISION) {
        set_collision_severity();
    }
    toa_show_expert(pinfo, other ? other : title, &ei_finding[finding->kind]);
}

/* On the victim: the answer to this segment came on another conversation. */
void toa_show_answer(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_answer *answer)
{
    proto_item *item = NULL, *frame;

    if (tree) {
        item = toa_show_uint(tree, tvb, hf_answer_stream, toa_stream_at(answer->conversation, answer->frame));
        frame = proto_tree_add_uint(tree, hf_answer_frame, tvb, 0, 0, answer->frame);
        proto_item_set_generated(frame);
    }
    toa_show_expert(pinfo, item, &ei_answered_elsewhere);
}

/* ---- the Info column ---- */

void toa_show_info(packet_info *pinfo, const toa_layer *layer)
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

void toa_show_finding_register(int proto, expert_module_t *module)
{
    static hf_register_info fields[] = {
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
    static int *trees[] = {&ett_other, &ett_evidence, &ett_word};
    static ei_register_info infos[] = {
        {&ei_answered_elsewhere,
         {"toa.answered_elsewhere", PI_SEQUENCE, PI_NOTE, "Answered on another conversation", EXPFILL}},
    };

    proto_register_field_array(proto, fields, array_length(fields));
    proto_register_subtree_array(trees, array_length(trees));
    expert_register_field_array(module, infos, array_length(infos));
    expert_register_field_array(module, finding_infos, TOA_FINDING_MAX);
}
