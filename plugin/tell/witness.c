/* witness.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/witness.h"

#include "tell/text.h"

void toa_witness_take(toa_witness *witness, const toa_layer *layer, const toa_finding *finding)
{
    const toa_segment *segment = layer->segment;

    *witness = (toa_witness){.finding = *finding,
                             .time = segment->time,
                             .source = segment->source,
                             .frame = segment->frame,
                             .seq = segment->seq,
                             .ack = segment->ack,
                             .length = segment->length,
                             .tsecr = segment->options.tsecr,
                             .flags = segment->flags,
                             .ip_id = segment->ip_id,
                             .from_client = toa_tap_from_client(layer),
                             .has_sack = segment->options.n_sack > 0};
    if (witness->has_sack) {
        witness->sack[0] = segment->options.sack[0][0];
        witness->sack[1] = segment->options.sack[0][1];
    }
}

static const char *segment_name(const toa_witness *witness)
{
    uint16_t flags = witness->flags;

    if (flags & TOA_FLAG_RST) {
        return flags & TOA_FLAG_ACK ? "RST,ACK" : "RST";
    }
    if (flags & TOA_FLAG_SYN) {
        return flags & TOA_FLAG_ACK ? "SYN-ACK" : "SYN";
    }
    if (flags & TOA_FLAG_FIN) {
        return "FIN";
    }
    return witness->length ? "segment with data" : "ACK";
}

/* "Frame 30 (0.719692 s): " */
static void tell_frame(const toa_witness *witness, int64_t start, GString *text)
{
    g_string_append_printf(text, "Frame %u (", witness->frame);
    toa_text_time(text, witness->time, start);
    g_string_append(text, "): ");
}

/* "RST from the server 10.141.16.0:3306 on stream 1 " */
static void tell_segment(const toa_witness *witness, GString *text)
{
    char source[TOA_ENDPOINT_TEXT];

    g_string_append_printf(text, "%s from the %s %s on stream %u ", segment_name(witness),
                           witness->from_client ? "client" : "server", toa_endpoint_format(&witness->source, source),
                           witness->finding.own->stream);
}

static void tell_cause(const toa_witness *witness, GString *text)
{
    const toa_finding *finding = &witness->finding;

    if (witness->answers) {
        g_string_append_printf(text, "; it answers frame %u", witness->answers);
        return;
    }
    if (!(finding->evidence & TOA_EV_TRIGGER)) {
        return;
    }
    if (!witness->is_cause || witness->from_client) {
        g_string_append(text, "; the segment it answers was captured before it");
        return;
    }
    g_string_append_printf(text, "; frame %u on stream %u was its cause", finding->other_frame,
                           finding->other->stream);
    if (witness->has_before) {
        g_string_append(text, ", ");
        toa_text_duration(text, witness->before);
        g_string_append(text, " before");
    }
}

static void tell_numbers(const toa_witness *witness, GString *text)
{
    const toa_finding *finding = &witness->finding;
    uint32_t other = finding->other->stream;

    g_string_append_printf(text, "has sequence number %u", witness->seq);
    if (finding->evidence & TOA_EV_SEQ) {
        g_string_append_printf(text, ", which is the next one of stream %u", other);
    }
    if (finding->evidence & TOA_EV_ACK) {
        g_string_append_printf(text, "; its acknowledgment number %u is where stream %u stands", witness->ack, other);
    }
    if (finding->evidence & TOA_EV_IP_ID) {
        g_string_append_printf(text, "; its IP identification %u is %u ahead of the last one on stream %u",
                               witness->ip_id, finding->ip_id_delta, other);
    }
    if (finding->evidence & TOA_EV_TSECR) {
        g_string_append_printf(text, "; it echoes timestamp %u, which was sent last on stream %u", witness->tsecr,
                               other);
    }
    if (finding->evidence & TOA_EV_TIMESTAMPS) {
        g_string_append_printf(text, "; it has timestamps, which stream %u does not use", finding->own->stream);
    }
    tell_cause(witness, text);
}

static void tell_foreign(const toa_witness *witness, int64_t start, GString *text)
{
    const toa_finding *finding = &witness->finding;
    const toa_conversation *other = finding->other;
    bool closed = (other->flags & TOA_CONV_CLOSED) && other->close_time <= witness->time;
    bool kills = finding->kind == TOA_FINDING_FOREIGN_RST && finding->own->key == other->key && !closed;

    tell_frame(witness, start, text);
    tell_segment(witness, text);
    tell_numbers(witness, text);
    g_string_append_c(text, '.');
    if (kills && witness->from_client) {
        g_string_append_printf(text,
                               " The client means stream %u; at a server that sees one pair of addresses it ends "
                               "stream %u, and the client's side of that does not learn of it.",
                               finding->own->stream, other->stream);
    }
}

static void tell_dup_ack(const toa_witness *witness, int64_t start, GString *text)
{
    const toa_finding *finding = &witness->finding;

    tell_frame(witness, start, text);
    tell_segment(witness, text);
    g_string_append_printf(text, "repeats the acknowledgment %u", witness->ack);
    if ((finding->evidence & TOA_EV_SACK) && witness->has_sack) {
        g_string_append_printf(text, "; its D-SACK block %u to %u is not of stream %u, but of the same bytes as frame "
                                     "%u on stream %u",
                               witness->sack[0], witness->sack[1], finding->own->stream, finding->other_frame,
                               finding->other->stream);
    }
    tell_cause(witness, text);
    g_string_append_printf(text, ". It is number %u of its kind.", finding->count);
}

/* How the server's own numbers prove it: collision.confirmed, and reuse after a close. */
static void tell_proof(const toa_witness *witness, int64_t start, GString *text)
{
    const toa_finding *finding = &witness->finding;
    uint32_t own = finding->own->stream, other = finding->other->stream;

    tell_frame(witness, start, text);
    if (finding->evidence & TOA_EV_ISN_CLOCK) {
        g_string_append_printf(text,
                               "the initial sequence numbers of both SYN-ACKs (streams %u and %u) fit one clock of the "
                               "server but for ",
                               other, own);
        toa_text_duration(text, finding->isn_error);
        g_string_append(text, ". A server runs such a clock for each pair of addresses, so it made both for one pair.");
    } else if (finding->evidence & TOA_EV_RECYCLED) {
        g_string_append_printf(text,
                               "the server's initial sequence number %u on stream %u is stream %u's last one plus "
                               "65537: so Linux replaces a connection of the same pair of addresses.",
                               witness->seq, own, other);
    } else {
        g_string_append_printf(text,
                               "with this segment it is proven. Only a server that has both streams in one place can "
                               "answer stream %u on stream %u with stream %u's numbers.",
                               other, own, other);
    }
}

static void tell_key(const toa_witness *witness, int64_t start, GString *text)
{
    const toa_finding *finding = &witness->finding;

    tell_frame(witness, start, text);
    g_string_append_printf(text, "from here on it is known that streams %u and %u have the same post-rewrite key.",
                           finding->other->stream, finding->own->stream);
}

static void tell_stale(const toa_witness *witness, int64_t start, GString *text)
{
    const toa_finding *finding = &witness->finding;

    tell_foreign(witness, start, text);
    g_string_append_printf(text, " Stream %u is an earlier connection between the same two endpoints.",
                           finding->other->stream);
}

void toa_witness_tell(const toa_witness *witness, int64_t start, GString *text)
{
    static void (*const tell[TOA_FINDING_MAX])(const toa_witness *, int64_t, GString *) = {
        [TOA_FINDING_COLLISION] = tell_key,         [TOA_FINDING_CONFIRMED] = tell_proof,
        [TOA_FINDING_REUSE] = tell_key,             [TOA_FINDING_FOREIGN_RST] = tell_foreign,
        [TOA_FINDING_FOREIGN_SEGMENT] = tell_foreign, [TOA_FINDING_FOREIGN_DUP_ACK] = tell_dup_ack,
        [TOA_FINDING_STALE_SESSION] = tell_stale};
    unsigned kind = witness->finding.kind;

    if (kind == TOA_FINDING_REUSE && (witness->finding.evidence & (TOA_EV_ISN_CLOCK | TOA_EV_RECYCLED))) {
        tell_proof(witness, start, text);
    } else if (tell[kind]) {
        tell[kind](witness, start, text);
    }
}
