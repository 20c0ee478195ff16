/* evidence-record.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/evidence-record.h"

#include "tell/text.h"

void toa_evidence_record_take(toa_evidence_record *record, const toa_layer *layer, const toa_finding *finding)
{
    const toa_segment *segment = layer->segment;

    *record = (toa_evidence_record){.finding = *finding,
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
    if (record->has_sack) {
        record->sack[0] = segment->options.sack[0][0];
        record->sack[1] = segment->options.sack[0][1];
    }
}

const char *toa_segment_name(uint16_t flags, uint32_t length)
{
    if (flags & TOA_FLAG_RST) {
        return flags & TOA_FLAG_ACK ? "RST,ACK" : "RST";
    }
    if (flags & TOA_FLAG_SYN) {
        return flags & TOA_FLAG_ACK ? "SYN-ACK" : "SYN";
    }
    return length ? "data" : flags & TOA_FLAG_FIN ? "FIN" : "ACK";
}

/* A claim about the record's frame. */
static toa_claim about(const toa_evidence_record *record, toa_claim_kind kind)
{
    const toa_finding *finding = &record->finding;

    return (toa_claim){.kind = kind,
                       .frame = record->frame,
                       .time = record->time,
                       .stream = finding->own->stream,
                       .other_stream = finding->other->stream,
                       .from = &record->source};
}

/* Appends one more clause to the sentence. */
static void say_also(const toa_claim *claim, toa_teller *teller)
{
    toa_add(teller, "; ");
    toa_say(teller, claim);
}

static void say_segment(const toa_evidence_record *record, toa_teller *teller)
{
    toa_claim claim = about(record, TOA_CLAIM_SEGMENT);

    claim.word = toa_segment_name(record->flags, record->length);
    claim.value = record->flags;
    claim.base = record->length;
    toa_say(teller, &claim);
}

/* A number that is the other's own plus a shift. */
static void say_number(const toa_evidence_record *record, uint32_t value, uint32_t shift, toa_claim_kind exact,
                       toa_claim_kind shifted, toa_teller *teller)
{
    toa_claim claim = about(record, shift ? shifted : exact);

    claim.value = value;
    claim.base = value - shift;
    claim.shift = shift;
    say_also(&claim, teller);
}

/* A RST without ACK takes its number from the segment that caused it. Other segments merely follow one that has no answer on
 * its own conversation, and may have other causes: a timer, a program. */
static void say_cause(const toa_evidence_record *record, toa_teller *teller)
{
    bool drawn = (record->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) == TOA_FLAG_RST;
    toa_claim claim = about(record, record->answers ? TOA_CLAIM_ANSWERS : drawn ? TOA_CLAIM_CAUSE : TOA_CLAIM_AFTER);

    if (!record->answers && (!(record->finding.evidence & TOA_EV_TRIGGER) || !record->is_cause || record->from_client)) {
        return;
    }
    if (!record->answers && toa_same_wire(record->finding.own, record->finding.other)) {
        return; /* the cause may be of either conversation: on the wire both look the same */
    }
    claim.other_frame = record->answers ? record->answers : record->finding.other_frame;
    claim.length = record->before;
    say_also(&claim, teller);
}

static void say_numbers(const toa_evidence_record *record, toa_teller *teller)
{
    const toa_finding *finding = &record->finding;
    toa_claim claim;

    if ((finding->evidence & TOA_EV_SEQ) && finding->near) {
        say_number(record, record->seq, finding->seq_shift, TOA_CLAIM_SEQ_NEAR, TOA_CLAIM_SEQ_NEAR, teller);
    } else if (finding->evidence & TOA_EV_SEQ) {
        say_number(record, record->seq, finding->seq_shift, TOA_CLAIM_SEQ, TOA_CLAIM_SEQ_SHIFTED, teller);
    }
    if (finding->evidence & TOA_EV_ACK) {
        say_number(record, record->ack, finding->ack_shift, TOA_CLAIM_ACK, TOA_CLAIM_ACK_SHIFTED, teller);
    }
    if (finding->evidence & TOA_EV_IP_ID) {
        bool behind = finding->ip_id_delta > UINT16_MAX / 2; /* the run went on elsewhere meanwhile */
        claim = about(record, behind ? TOA_CLAIM_IP_ID_BEHIND : TOA_CLAIM_IP_ID);
        claim.value = record->ip_id;
        claim.count = behind ? (uint16_t)-finding->ip_id_delta : finding->ip_id_delta;
        say_also(&claim, teller);
    }
    if (finding->evidence & TOA_EV_TSECR) {
        claim = about(record, TOA_CLAIM_TSECR);
        claim.value = record->tsecr;
        say_also(&claim, teller);
    }
    if (finding->evidence & TOA_EV_TIMESTAMPS) {
        claim = about(record, TOA_CLAIM_TIMESTAMPS);
        say_also(&claim, teller);
    }
}

/* The client's RST for its new connection, with the numbers of the old one. */
static void say_what_it_ends(const toa_evidence_record *record, toa_teller *teller)
{
    const toa_finding *finding = &record->finding;
    const toa_conversation *other = finding->other;
    bool closed = (other->flags & TOA_CONV_CLOSED) && other->close_time <= record->time;
    toa_claim claim = about(record, TOA_CLAIM_KILLS);

    if (finding->kind == TOA_FINDING_FOREIGN_RST && record->from_client && finding->own->key == other->key && !closed) {
        say_also(&claim, teller);
    }
}

static void tell_foreign(const toa_evidence_record *record, toa_teller *teller)
{
    say_segment(record, teller);
    say_numbers(record, teller);
    say_cause(record, teller);
    say_what_it_ends(record, teller);
    toa_add(teller, ".");
}

static void tell_dup_ack(const toa_evidence_record *record, toa_teller *teller)
{
    const toa_finding *finding = &record->finding;
    toa_claim claim = about(record, TOA_CLAIM_DUPLICATE);

    say_segment(record, teller);
    claim.value = record->ack;
    if (!(finding->evidence & TOA_EV_SACK) || !record->has_sack) {
        say_also(&claim, teller);
    } else {
        claim = about(record, !finding->ack_shift   ? TOA_CLAIM_SACK
                              : record->shift_known ? TOA_CLAIM_SACK_SHIFTED
                                                    : TOA_CLAIM_SACK_UNSENT);
        claim.value = record->sack[0];
        claim.base = record->sack[0] - finding->ack_shift;
        claim.shift = finding->ack_shift;
        claim.other_frame = finding->other_frame;
        say_also(&claim, teller);
    }
    say_cause(record, teller);
    toa_add(teller, ".");
}

bool toa_evidence_record_is_late(const toa_evidence_record *record)
{
    const toa_finding *finding = &record->finding;

    return finding->kind == TOA_FINDING_CONFIRMED && record->from_client &&
           !(finding->evidence & (TOA_EV_ISN_CLOCK | TOA_EV_RECYCLED));
}

/* How the server's own numbers prove it: collision.confirmed, and reuse after a close. */
static void tell_proof(const toa_evidence_record *record, toa_teller *teller)
{
    const toa_finding *finding = &record->finding;
    toa_claim claim = about(record, finding->evidence & TOA_EV_ISN_CLOCK  ? TOA_CLAIM_ISN_CLOCK
                                    : finding->evidence & TOA_EV_RECYCLED ? TOA_CLAIM_RECYCLED
                                    : toa_evidence_record_is_late(record) ? TOA_CLAIM_CROSSED_BEFORE
                                                                          : TOA_CLAIM_CROSSED);

    toa_add(teller, "Proof: ");
    if (claim.kind == TOA_CLAIM_ISN_CLOCK) {
        claim.length = finding->isn_error;
    } else if (claim.kind == TOA_CLAIM_RECYCLED) {
        claim.value = record->seq;
        claim.base = record->seq - 65537u;
    } else if (claim.kind == TOA_CLAIM_CROSSED_BEFORE) {
        claim.value = record->ack;
    }
    toa_say(teller, &claim);
    toa_add(teller, ".");
}

static void tell_key(const toa_evidence_record *record, toa_teller *teller)
{
    toa_claim claim = about(record, TOA_CLAIM_KNOWN);

    toa_say(teller, &claim);
    toa_add(teller, ".");
}

void toa_evidence_record_tell(const toa_evidence_record *record, toa_teller *teller)
{
    const toa_finding *finding = &record->finding;

    switch (toa_finding_infos[finding->kind].role) {
    case TOA_PAIR_SHARED:
        tell_key(record, teller);
        break;
    case TOA_PAIR_PROVEN:
        tell_proof(record, teller);
        break;
    case TOA_PAIR_REUSED:
        (finding->evidence & (TOA_EV_ISN_CLOCK | TOA_EV_RECYCLED) ? tell_proof : tell_key)(record, teller);
        break;
    case TOA_PAIR_CROSSED:
    case TOA_PAIR_STALE:
        tell_foreign(record, teller);
        break;
    case TOA_PAIR_DUP_ACK:
        tell_dup_ack(record, teller);
        break;
    case TOA_PAIR_NONE:
    case TOA_PAIR_REFUTED:
        break;
    }
}
