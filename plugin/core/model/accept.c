/* accept.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/accept.h"

#include "core/base/serial.h"

_Static_assert(TOA_ACKS_KEPT == 4, "take_ack moves four");

/* Times are cut into slots of 2^31 ns, 2.1 s. */
#define TS_SLOT 31

static void take_syn(toa_side *a, const toa_side *b, const toa_segment *segment)
{
    const toa_options *options = &segment->options;
    bool settled = (a->flags & TOA_SIDE_SYN) && b->n_acks > 0; /* the peer has answered it */

    if (!(a->flags & TOA_SIDE_SYN) || (a->isn != segment->seq && !settled)) {
        a->isn = a->low = segment->seq;
        a->next = toa_segment_end(segment);
        a->flags &= (uint16_t) ~(TOA_SIDE_TIMESTAMPS | TOA_SIDE_SCALE | TOA_SIDE_FIN | TOA_SIDE_FIN_ACKED);
    }
    a->flags |= TOA_SIDE_SYN | TOA_SIDE_SHOWN | TOA_SIDE_ANCHORED;
    if (options->has_timestamps) {
        a->flags |= TOA_SIDE_TIMESTAMPS;
    }
    if (options->has_scale) {
        a->flags |= TOA_SIDE_SCALE;
        a->scale = options->scale;
    }
}

static void take_range(toa_side *a, const toa_segment *segment, uint32_t end)
{
    if (!(a->flags & TOA_SIDE_SHOWN)) {
        a->low = segment->seq;
        a->next = end;
        a->flags |= TOA_SIDE_SHOWN;
        return;
    }
    if (!(a->flags & TOA_SIDE_ANCHORED)) {
        if (toa_seq_within(segment->seq, a->low, a->next)) {
            a->flags |= TOA_SIDE_ANCHORED; /* two in a row */
        } else {
            a->low = segment->seq; /* start again from the newer one */
            a->next = end;
            return;
        }
    }
    a->low = toa_seq_min(a->low, segment->seq);
    a->next = toa_seq_max(a->next, end);
    a->low = toa_conversation_low(a);
}

static void take_ack(toa_side *a, toa_side *b, uint32_t ack)
{
    if (a->n_acks == 0 || a->acks[0] != ack) {
        a->acks[3] = a->acks[2]; /* TOA_ACKS_KEPT of them */
        a->acks[2] = a->acks[1];
        a->acks[1] = a->acks[0];
        a->acks[0] = ack;
        a->n_acks = (uint8_t)(a->n_acks < TOA_ACKS_KEPT ? a->n_acks + 1 : TOA_ACKS_KEPT);
    }
    a->flags |= TOA_SIDE_ACKED;
    if ((b->flags & TOA_SIDE_SHOWN) && toa_seq_within(ack, b->low, b->next)) {
        b->flags |= TOA_SIDE_ANCHORED;
    }
    if ((b->flags & TOA_SIDE_DEMAND) && toa_seq_le(b->demand_end, ack)) {
        b->flags |= TOA_SIDE_ANSWERED;
    }
    if ((b->flags & TOA_SIDE_FIN) && toa_seq_le(b->fin, ack)) {
        b->flags |= TOA_SIDE_FIN_ACKED;
    }
    if ((b->flags & TOA_SIDE_STRAY) && ack == b->stray_end) {
        b->low = b->next = ack; /* R13: the peer has acknowledged the unexplained segment */
        b->flags = (uint16_t)((b->flags & ~TOA_SIDE_STRAY) | TOA_SIDE_SHOWN | TOA_SIDE_ANCHORED);
    }
}

/* SYN, FIN, data, and an old number make a live peer answer: a keepalive, or an ACK that others have overtaken (RFC 9293
 * section 3.10.7.4). */
static bool demands_answer(const toa_side *a, const toa_segment *segment, uint32_t end)
{
    if (segment->flags & TOA_FLAG_RST) {
        return false;
    }
    return end != segment->seq || ((a->flags & TOA_SIDE_ANCHORED) && toa_seq_lt(segment->seq, a->next));
}

static void take_demand(toa_side *a, const toa_segment *segment, uint32_t end)
{
    a->demand_time = segment->time;
    a->demand_frame = segment->frame;
    a->demand_seq = segment->seq;
    a->demand_end = end;
    if (a->flags & TOA_SIDE_ANSWERED) {
        a->unanswered = 0;
    }
    if (a->unanswered < UINT8_MAX) {
        a->unanswered++;
    }
    a->flags = (uint16_t)((a->flags | TOA_SIDE_DEMAND) & ~TOA_SIDE_ANSWERED);
}

static void take_close(toa_conversation *conv, const toa_segment *segment)
{
    const uint16_t both = TOA_SIDE_FIN | TOA_SIDE_FIN_ACKED;

    if (conv->flags & TOA_CONV_CLOSED) {
        return;
    }
    if ((segment->flags & TOA_FLAG_RST) ||
        ((conv->side[0].flags & both) == both && (conv->side[1].flags & both) == both)) {
        conv->flags |= TOA_CONV_CLOSED;
        conv->close_time = segment->time;
    }
}

static void take_last(toa_side *a, const toa_segment *segment, uint32_t end)
{
    if (segment->time - a->last_time > TOA_COPY_NS || a->last_frame == 0 || (segment->flags & TOA_FLAG_SYN)) {
        a->burst_seq = segment->seq;
        a->burst_end = end;
    } else { /* networks reorder segments, and captures lose some */
        a->burst_seq = toa_seq_min(a->burst_seq, segment->seq);
        a->burst_end = toa_seq_max(a->burst_end, end);
    }
    a->last_time = segment->time;
    a->last_frame = segment->frame;
    a->last_flags = (uint8_t)segment->flags;
    a->last_ip_id = segment->ip_id;
    a->last_empty = segment->length == 0;
    a->last_n_sack = segment->options.n_sack;
}

static void take_segment(toa_side *a, toa_side *b, const toa_segment *segment)
{
    uint32_t end = toa_segment_end(segment);
    bool rst = (segment->flags & TOA_FLAG_RST) != 0, demand = demands_answer(a, segment, end);

    if (segment->flags & TOA_FLAG_SYN) {
        take_syn(a, b, segment);
    } else if (!rst) {
        take_range(a, segment, end);
    }
    if ((segment->flags & TOA_FLAG_ACK) && !(rst && !(a->flags & TOA_SIDE_SHOWN))) {
        take_ack(a, b, segment->ack);
    }
    if (rst) {
        b->flags |= TOA_SIDE_ANSWERED;
    } else {
        a->window = segment->window;
        a->flags &= (uint16_t) ~TOA_SIDE_STRAY;
    }
    if (demand) {
        take_demand(a, segment, end);
    }
    if (segment->ip_id && !toa_segment_is_lone_rst(segment)) { /* no socket sends that one, so its IP-ID belongs to no run */
        a->ip_id = segment->ip_id;
    }
    if (segment->flags & TOA_FLAG_FIN) {
        a->fin = end;
        a->flags |= TOA_SIDE_FIN;
    }
    take_last(a, segment, end);
}

static void take_ts_marks(toa_extra *extra, unsigned side, uint32_t before, uint32_t tsval, int64_t slots)
{
    toa_ts_marks *marks = &extra->ts_marks[side];

    if (!extra->has_marks[side]) {
        extra->has_marks[side] = true;
        *marks = (toa_ts_marks){before - TOA_TS_ASSUMED, before};
    }
    if (slots != 0) {
        marks->older = slots == 1 ? marks->newer : before;
        marks->newer = tsval;
    }
}

/* Before take_segment: last_time is that of the segment before. A probe (an old number, no data) does not count: its peer
 * answers without taking its TSval (RFC 7323 section 4.3). */
static void take_tsval(toa_conversation *conv, unsigned sender, toa_side *a, const toa_segment *segment)
{
    uint32_t tsval = segment->options.tsval;
    int64_t slots = (segment->time >> TS_SLOT) - (a->last_time >> TS_SLOT);

    if ((a->flags & TOA_SIDE_ANCHORED) && segment->length == 0 && segment->seq == a->next - 1 &&
        !(segment->flags & TOA_FLAG_SYN)) {
        return;
    }
    if (!(a->flags & TOA_SIDE_TSVAL)) {
        a->flags |= TOA_SIDE_TSVAL;
    } else if (toa_seq_lt(tsval, a->tsval) && a->tsval - tsval <= TOA_TS_SPAN) {
        return; /* overtaken on the way */
    } else if (conv->flags & TOA_CONV_SHARED) {
        take_ts_marks(conv->extra, sender, a->tsval, tsval, slots);
    }
    a->tsval = tsval;
}

/* a is the sender's side. Not inlined: otherwise the compiler computes the sides' addresses anew for every access. */
static void __attribute__((noinline)) take(toa_conversation *conv, unsigned sender, toa_side *a, toa_side *b,
                                           const toa_segment *segment)
{
    if (segment->options.has_timestamps) {
        take_tsval(conv, sender, a, segment);
    }
    take_segment(a, b, segment);
    if (sender == conv->client) {
        conv->flags |= TOA_CONV_CLIENT_SPOKE;
    }
    if ((segment->flags & (TOA_FLAG_RST | TOA_FLAG_FIN)) || (a->flags & b->flags & TOA_SIDE_FIN)) {
        take_close(conv, segment);
    }
}

void toa_conversation_accept(toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    take(conv, sender, &conv->side[sender], &conv->side[!sender], segment);
}

void toa_conversation_resume(toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    toa_side *a = &conv->side[sender], *b = &conv->side[!sender];

    a->low = a->next = segment->seq;
    b->low = b->next = segment->ack;
    a->flags |= TOA_SIDE_SHOWN | TOA_SIDE_ANCHORED;
    b->flags |= TOA_SIDE_SHOWN | TOA_SIDE_ANCHORED;
}

/* The segment contradicts what is known of the peer: its numbers can never become this conversation's. */
static bool contradicts_peer(const toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    const toa_side *b = &conv->side[!sender];

    if ((b->flags & TOA_SIDE_SYN) && (segment->flags & TOA_FLAG_ACK) && !toa_seq_within(segment->ack, b->isn, b->next)) {
        return true;
    }
    if (!segment->options.has_timestamps) {
        return false;
    }
    return toa_conversation_without_timestamps(conv) ||
           ((b->flags & TOA_SIDE_TSVAL) && segment->options.tsecr != 0 &&
            !toa_conversation_sent_tsval(conv, !sender, segment->options.tsecr, NULL));
}

bool toa_conversation_stray(toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    toa_side *a = &conv->side[sender];
    bool in_a_row = (a->flags & TOA_SIDE_STRAY) && a->stray_end == segment->seq;

    if (segment->length == 0 || (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_RST)) ||
        contradicts_peer(conv, sender, segment)) {
        return false;
    }
    if (in_a_row) {
        a->low = segment->seq;
        a->next = segment->seq;
        a->flags |= TOA_SIDE_SHOWN | TOA_SIDE_ANCHORED;
        toa_conversation_accept(conv, sender, segment);
        return true;
    }
    a->stray_end = toa_segment_end(segment);
    a->flags |= TOA_SIDE_STRAY;
    return false;
}

void toa_conversation_credit(toa_conversation *conv, unsigned sender, const toa_segment *segment, uint32_t seq_shift,
                             uint32_t ack_shift)
{
    toa_side *a = &conv->side[sender], *b = &conv->side[!sender];
    uint32_t seq = segment->seq - seq_shift, end = toa_segment_end(segment) - seq_shift;

    if (segment->ip_id && !toa_segment_is_lone_rst(segment)) {
        a->ip_id = segment->ip_id;
    }
    if (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_RST)) {
        b->flags |= TOA_SIDE_ANSWERED;
        return;
    }
    if ((a->flags & TOA_SIDE_ANCHORED) && toa_seq_within(seq, a->low, a->next + toa_conversation_window(b, a))) {
        a->next = toa_seq_max(a->next, end);
        a->low = toa_conversation_low(a);
    }
    if ((b->flags & TOA_SIDE_DEMAND) && toa_seq_le(b->demand_end, segment->ack - ack_shift)) {
        b->flags |= TOA_SIDE_ANSWERED;
    }
    if (segment->options.has_timestamps && (a->flags & TOA_SIDE_TSVAL)) {
        a->tsval = segment->options.tsval;
    }
}
