/* conversation.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/conversation.h"

#include "core/base/serial.h"

/* Least window assumed of a peer. */
#define WINDOW_MIN 65535u
/* low follows next at most this far behind, so that serial comparison stays valid on long transfers. */
#define LOW_SPAN (1u << 30)
/* The identification of a copy lies at most this far behind its sender's latest one. */
#define IP_ID_PASSED 64

bool toa_conversation_without_timestamps(const toa_conversation *conv)
{
    const toa_side *client = &conv->side[conv->client], *server = &conv->side[!conv->client];

    /* a SYN-ACK has them only if the SYN offered them, so the SYN-ACK alone decides. Where a load balancer has removed the
     * offer, the client's leg still shows it */
    return (server->flags & TOA_SIDE_SYN) && (!(server->flags & TOA_SIDE_TIMESTAMPS) ||
                                              ((client->flags & TOA_SIDE_SYN) && !(client->flags & TOA_SIDE_TIMESTAMPS)));
}

static bool acked_before(const toa_side *side, uint32_t number)
{
    for (unsigned i = 0; i < side->n_acks; i++) {
        if (side->acks[i] == number) {
            return true;
        }
    }
    return false;
}

uint32_t toa_conversation_window(const toa_side *receiver, const toa_side *sender)
{
    bool no_scale = (sender->flags & TOA_SIDE_SYN) && !(sender->flags & TOA_SIDE_SCALE);
    uint32_t window;

    if (!(receiver->flags & TOA_SIDE_SYN)) {
        return TOA_WINDOW_UNKNOWN;
    }
    window = (uint32_t)receiver->window << (no_scale ? 0 : receiver->scale);
    return window > WINDOW_MIN ? window : WINDOW_MIN;
}

/* The segment acknowledges only what the peer has sent. */
static bool ack_fits(const toa_side *receiver, const toa_segment *segment)
{
    if (!(segment->flags & TOA_FLAG_ACK) || !(receiver->flags & TOA_SIDE_ANCHORED)) {
        return true;
    }
    return toa_seq_within(segment->ack, receiver->low, receiver->next);
}

/* The sender has not shown a number yet, so only its ack can decide. */
static toa_own classify_first(const toa_side *receiver, const toa_segment *segment)
{
    if (!(receiver->flags & TOA_SIDE_ANCHORED)) {
        if ((receiver->flags & TOA_SIDE_ACKED) && !(segment->flags & TOA_FLAG_RST) &&
            !toa_seq_within(segment->seq, receiver->acks[0] - TOA_WINDOW_UNKNOWN, receiver->acks[0] + TOA_WINDOW_UNKNOWN)) {
            return TOA_OWN_NONE; /* not what the receiver expects */
        }
        return receiver->flags & TOA_SIDE_SHOWN ? TOA_OWN_EXACT : TOA_OWN_UNKNOWN;
    }
    if (!(segment->flags & TOA_FLAG_ACK)) {
        return segment->flags & TOA_FLAG_RST ? TOA_OWN_NONE : TOA_OWN_EXACT;
    }
    if (segment->ack == receiver->low && (receiver->flags & TOA_SIDE_SYN)) {
        return TOA_OWN_NONE; /* acknowledges nothing, not even the SYN */
    }
    if (toa_seq_within(segment->ack, receiver->low, receiver->next)) {
        return TOA_OWN_EXACT;
    }
    if (!(receiver->flags & TOA_SIDE_SYN) &&
        toa_seq_within(segment->ack, receiver->low - TOA_WINDOW_UNKNOWN, receiver->next + TOA_WINDOW_UNKNOWN)) {
        return TOA_OWN_WINDOW; /* the capture began in the middle of it */
    }
    return TOA_OWN_NONE;
}

static toa_own classify_synack(const toa_side *a, const toa_side *b, const toa_segment *segment)
{
    if (b->flags & TOA_SIDE_SYN) {
        bool acks_own = segment->ack != b->isn && toa_seq_within(segment->ack, b->isn, b->next);
        return acks_own ? TOA_OWN_EXACT : TOA_OWN_NONE;
    }
    if ((a->flags & TOA_SIDE_SYN) && segment->seq == a->isn) {
        return TOA_OWN_EXACT;
    }
    return ack_fits(b, segment) ? TOA_OWN_EXACT : TOA_OWN_NONE;
}

static toa_own classify_range(const toa_side *a, const toa_side *b, const toa_segment *segment)
{
    uint32_t low = a->low - (segment->length == 0), upper;

    if (toa_seq_within(segment->seq, low, a->next)) {
        return ack_fits(b, segment) || !(b->flags & TOA_SIDE_SYN) ? TOA_OWN_EXACT : TOA_OWN_WINDOW;
    }
    upper = (b->flags & TOA_SIDE_ACKED ? b->acks[0] : a->next) + toa_conversation_window(b, a);
    if (toa_seq_lt(a->next, segment->seq) && toa_seq_le(segment->seq, upper)) {
        return TOA_OWN_WINDOW;
    }
    if (!((a->flags | b->flags) & TOA_SIDE_SYN) && toa_seq_within(segment->seq, a->low - TOA_WINDOW_UNKNOWN, a->low)) {
        return TOA_OWN_WINDOW;
    }
    return TOA_OWN_NONE;
}

/* a is the sender's side. Not inlined, as in accept.c: the sides' addresses are computed once. */
static toa_own __attribute__((noinline)) classify(const toa_side *a, const toa_side *b, const toa_segment *segment)
{
    bool has_ack = (segment->flags & TOA_FLAG_ACK) != 0;

    if (segment->flags & TOA_FLAG_SYN) {
        return has_ack ? classify_synack(a, b, segment) : TOA_OWN_EXACT;
    }
    if (segment->flags & TOA_FLAG_RST) {
        if ((segment->seq == 0 && has_ack) || acked_before(b, segment->seq) ||
            ((a->flags & TOA_SIDE_ANCHORED) && segment->seq == a->next)) {
            return TOA_OWN_EXACT;
        }
        if (!((a->flags | b->flags) & TOA_SIDE_SYN) && !(b->flags & TOA_SIDE_ACKED)) {
            return TOA_OWN_UNKNOWN;
        }
    }
    if (!(a->flags & TOA_SIDE_SHOWN)) {
        return classify_first(b, segment);
    }
    if (!(a->flags & TOA_SIDE_ANCHORED) && !(segment->flags & TOA_FLAG_RST)) {
        /* the numbers of a single segment prove nothing */
        return ack_fits(b, segment) ? TOA_OWN_EXACT : TOA_OWN_NONE;
    }
    return classify_range(a, b, segment);
}

toa_own toa_conversation_classify(const toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    return classify(&conv->side[sender], &conv->side[!sender], segment);
}

bool toa_conversation_began_with(const toa_conversation *conv, unsigned side, uint32_t isn)
{
    const toa_side *a = &conv->side[side], *b = &conv->side[!side];

    if (a->flags & TOA_SIDE_SYN) {
        return a->isn == isn;
    }
    if (a->flags & TOA_SIDE_SHOWN) {
        return a->low == isn + 1;
    }
    return b->n_acks == 0 || b->acks[b->n_acks - 1] == isn + 1;
}

uint32_t toa_conversation_low(const toa_side *side)
{
    return side->next - side->low > LOW_SPAN ? side->next - LOW_SPAN : side->low;
}

bool toa_conversation_sent_tsval(const toa_conversation *conv, unsigned side, uint32_t tsval, bool *ret_exact)
{
    const toa_side *a = &conv->side[side];
    bool known = conv->extra && conv->extra->has_marks[side], exact;
    toa_ts_marks marks = known ? conv->extra->ts_marks[side] : (toa_ts_marks){a->tsval - TOA_TS_ASSUMED, a->tsval};

    exact = tsval == a->tsval || (known && (tsval == marks.newer || tsval == marks.older));
    if (ret_exact) {
        *ret_exact = exact;
    }
    return (a->flags & TOA_SIDE_TSVAL) &&
           (exact || (a->tsval - marks.newer <= TOA_TS_SPAN && toa_seq_within(tsval, marks.newer, a->tsval)) ||
            (a->tsval - marks.older <= TOA_TS_SPAN && toa_seq_within(tsval, marks.older, a->tsval)));
}

/* A stack that repeats a segment gives it a new identification. */
static bool is_newer(uint16_t ip_id, uint16_t last)
{
    uint16_t ahead = toa_id_ahead(ip_id, last);

    return ahead > 0 && ahead <= IP_ID_PASSED;
}

bool toa_conversation_carried(const toa_side *side, const toa_segment *segment)
{
    uint16_t passed = toa_id_ahead(side->ip_id, segment->ip_id);

    if (side->last_frame == 0 || segment->time - side->last_time > TOA_COPY_NS ||
        !toa_seq_within(segment->seq, side->burst_seq, side->burst_end) ||
        !toa_seq_within(toa_segment_end(segment), side->burst_seq, side->burst_end)) {
        return false;
    }
    if (segment->flags & TOA_FLAG_SYN) {
        return true; /* a retransmission comes after a second at the earliest */
    }
    if (segment->length > 0) {
        return !(segment->ip_id && side->ip_id && is_newer(segment->ip_id, side->ip_id));
    }
    if (segment->ip_id != 0 && passed > 0) {
        return passed <= IP_ID_PASSED && !(segment->flags & TOA_FLAG_RST); /* nothing follows a RST */
    }
    return side->last_empty && side->last_ip_id == segment->ip_id && side->last_flags == (uint8_t)segment->flags &&
           side->last_n_sack == segment->options.n_sack;
}
