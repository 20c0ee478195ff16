/* evidence-record.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/evidence-record.h"

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

/* A claim about the witness's frame. */
static toa_claim about(const toa_witness *witness, toa_claim_kind kind)
{
    const toa_finding *finding = &witness->finding;

    return (toa_claim){.kind = kind,
                       .frame = witness->frame,
                       .time = witness->time,
                       .stream = finding->own->stream,
                       .other_stream = finding->other->stream,
                       .from = &witness->source};
}

/* Appends one more clause to the sentence. */
static void say_also(const toa_claim *claim, toa_teller *teller)
{
    toa_add(teller, "; ");
    toa_say(teller, claim);
}

static void say_segment(const toa_witness *witness, toa_teller *teller)
{
    toa_claim claim = about(witness, TOA_CLAIM_SEGMENT);

    claim.word = toa_segment_name(witness->flags, witness->length);
    claim.value = witness->flags;
    claim.base = witness->length;
    toa_say(teller, &claim);
}

/* A number that is the other's own plus a shift. */
static void say_number(const toa_witness *witness, uint32_t value, uint32_t shift, toa_claim_kind exact,
                       toa_claim_kind shifted, toa_teller *teller)
{
    toa_claim claim = about(witness, shift ? shifted : exact);

    claim.value = value;
    claim.base = value - shift;
    claim.shift = shift;
    say_also(&claim, teller);
}

/* A RST without ACK takes its number from the segment that caused it. Other segments merely follow one that has no answer on
 * its own conversation, and may have other causes: a timer, a program. */
static void say_cause(const toa_witness *witness, toa_teller *teller)
{
    bool drawn = (witness->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) == TOA_FLAG_RST;
    toa_claim claim = about(witness, witness->answers ? TOA_CLAIM_ANSWERS : drawn ? TOA_CLAIM_CAUSE : TOA_CLAIM_AFTER);

    if (!witness->answers && (!(witness->finding.evidence & TOA_EV_TRIGGER) || !witness->is_cause || witness->from_client)) {
        return;
    }
    if (!witness->answers && toa_same_wire(witness->finding.own, witness->finding.other)) {
        return; /* the cause may be of either conversation: on the wire both look the same */
    }
    claim.other_frame = witness->answers ? witness->answers : witness->finding.other_frame;
    claim.length = witness->before;
    say_also(&claim, teller);
}

static void say_numbers(const toa_witness *witness, toa_teller *teller)
{
    const toa_finding *finding = &witness->finding;
    toa_claim claim;

    if ((finding->evidence & TOA_EV_SEQ) && finding->near) {
        say_number(witness, witness->seq, finding->seq_shift, TOA_CLAIM_SEQ_NEAR, TOA_CLAIM_SEQ_NEAR, teller);
    } else if (finding->evidence & TOA_EV_SEQ) {
        say_number(witness, witness->seq, finding->seq_shift, TOA_CLAIM_SEQ, TOA_CLAIM_SEQ_SHIFTED, teller);
    }
    if (finding->evidence & TOA_EV_ACK) {
        say_number(witness, witness->ack, finding->ack_shift, TOA_CLAIM_ACK, TOA_CLAIM_ACK_SHIFTED, teller);
    }
    if (finding->evidence & TOA_EV_IP_ID) {
        bool behind = finding->ip_id_delta > UINT16_MAX / 2; /* the run went on elsewhere meanwhile */
        claim = about(witness, behind ? TOA_CLAIM_IP_ID_BEHIND : TOA_CLAIM_IP_ID);
        claim.value = witness->ip_id;
        claim.count = behind ? (uint16_t)-finding->ip_id_delta : finding->ip_id_delta;
        say_also(&claim, teller);
    }
    if (finding->evidence & TOA_EV_TSECR) {
        claim = about(witness, TOA_CLAIM_TSECR);
        claim.value = witness->tsecr;
        say_also(&claim, teller);
    }
    if (finding->evidence & TOA_EV_TIMESTAMPS) {
        claim = about(witness, TOA_CLAIM_TIMESTAMPS);
        say_also(&claim, teller);
    }
}

/* The client's RST for its new connection, with the numbers of the old one. */
static void say_what_it_ends(const toa_witness *witness, toa_teller *teller)
{
    const toa_finding *finding = &witness->finding;
    const toa_conversation *other = finding->other;
    bool closed = (other->flags & TOA_CONV_CLOSED) && other->close_time <= witness->time;
    toa_claim claim = about(witness, TOA_CLAIM_KILLS);

    if (finding->kind == TOA_FINDING_FOREIGN_RST && witness->from_client && finding->own->key == other->key && !closed) {
        say_also(&claim, teller);
    }
}

static void tell_foreign(const toa_witness *witness, toa_teller *teller)
{
    say_segment(witness, teller);
    say_numbers(witness, teller);
    say_cause(witness, teller);
    say_what_it_ends(witness, teller);
    toa_add(teller, ".");
}

static void tell_dup_ack(const toa_witness *witness, toa_teller *teller)
{
    const toa_finding *finding = &witness->finding;
    toa_claim claim = about(witness, TOA_CLAIM_DUPLICATE);

    say_segment(witness, teller);
    claim.value = witness->ack;
    if (!(finding->evidence & TOA_EV_SACK) || !witness->has_sack) {
        say_also(&claim, teller);
    } else {
        claim = about(witness, !finding->ack_shift   ? TOA_CLAIM_SACK
                               : witness->shift_known ? TOA_CLAIM_SACK_SHIFTED
                                                      : TOA_CLAIM_SACK_UNSENT);
        claim.value = witness->sack[0];
        claim.base = witness->sack[0] - finding->ack_shift;
        claim.shift = finding->ack_shift;
        claim.other_frame = finding->other_frame;
        say_also(&claim, teller);
    }
    say_cause(witness, teller);
    toa_add(teller, ".");
}

bool toa_witness_is_late(const toa_witness *witness)
{
    const toa_finding *finding = &witness->finding;

    return finding->kind == TOA_FINDING_CONFIRMED && witness->from_client &&
           !(finding->evidence & (TOA_EV_ISN_CLOCK | TOA_EV_RECYCLED));
}

/* How the server's own numbers prove it: collision.confirmed, and reuse after a close. */
static void tell_proof(const toa_witness *witness, toa_teller *teller)
{
    const toa_finding *finding = &witness->finding;
    toa_claim claim = about(witness, finding->evidence & TOA_EV_ISN_CLOCK  ? TOA_CLAIM_ISN_CLOCK
                                     : finding->evidence & TOA_EV_RECYCLED ? TOA_CLAIM_RECYCLED
                                     : toa_witness_is_late(witness)        ? TOA_CLAIM_CROSSED_BEFORE
                                                                           : TOA_CLAIM_CROSSED);

    toa_add(teller, "Proof: ");
    if (claim.kind == TOA_CLAIM_ISN_CLOCK) {
        claim.length = finding->isn_error;
    } else if (claim.kind == TOA_CLAIM_RECYCLED) {
        claim.value = witness->seq;
        claim.base = witness->seq - 65537u;
    } else if (claim.kind == TOA_CLAIM_CROSSED_BEFORE) {
        claim.value = witness->ack;
    }
    toa_say(teller, &claim);
    toa_add(teller, ".");
}

static void tell_key(const toa_witness *witness, toa_teller *teller)
{
    toa_claim claim = about(witness, TOA_CLAIM_KNOWN);

    toa_say(teller, &claim);
    toa_add(teller, ".");
}

void toa_witness_tell(const toa_witness *witness, toa_teller *teller)
{
    const toa_finding *finding = &witness->finding;

    switch (toa_finding_infos[finding->kind].role) {
    case TOA_PAIR_SHARED:
        tell_key(witness, teller);
        break;
    case TOA_PAIR_PROVEN:
        tell_proof(witness, teller);
        break;
    case TOA_PAIR_REUSED:
        (finding->evidence & (TOA_EV_ISN_CLOCK | TOA_EV_RECYCLED) ? tell_proof : tell_key)(witness, teller);
        break;
    case TOA_PAIR_CROSSED:
    case TOA_PAIR_STALE:
        tell_foreign(witness, teller);
        break;
    case TOA_PAIR_DUP_ACK:
        tell_dup_ack(witness, teller);
        break;
    case TOA_PAIR_NONE:
    case TOA_PAIR_REFUTED:
        break;
    }
}
