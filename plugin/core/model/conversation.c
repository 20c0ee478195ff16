/* conversation.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/conversation.h"

#include "core/base/serial.h"

_Static_assert(TOA_ACKS_KEPT == 4, "take_ack moves four");

/* Least window assumed of a peer. */
#define WINDOW_MIN 65535u
/* low follows next at this distance, so that serial comparison stays valid on long transfers. */
#define LOW_SPAN (1u << 30)
/* TSvals between two that were seen count up to this many ticks: 8 s of a clock of 1 kHz. A wider range would hold any
 * number too easily. */
#define TS_SPAN 8192u
/* Of the time before company came nothing was kept: the TSvals of the last quarter of a second are assumed. */
#define TS_ASSUMED 256u
/* Times are cut into slots of 2^31 ns, 2.1 s. */
#define TS_SLOT 31
/* A segment of a moment ago has an identification that its sender's run has passed by no more than this. */
#define IP_ID_PASSED 64

bool toa_conversation_without_timestamps(const toa_conversation *conv)
{
    const toa_side *client = &conv->side[conv->client], *server = &conv->side[!conv->client];

    /* a SYN-ACK may use them only if the SYN offered them, so the SYN-ACK alone decides; behind a load balancer
     * that removes them from the SYN the client's side still sees its own offer */
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

/* A segment that acknowledges what the peer did send. */
static bool ack_fits(const toa_side *receiver, const toa_segment *segment)
{
    if (!(segment->flags & TOA_FLAG_ACK) || !(receiver->flags & TOA_SIDE_ANCHORED)) {
        return true;
    }
    return toa_seq_within(segment->ack, receiver->low, receiver->next);
}

/* The sender has not shown a number yet: only its ack can tell. */
static toa_own classify_first(const toa_side *receiver, const toa_segment *segment)
{
    if (!(receiver->flags & TOA_SIDE_ANCHORED)) {
        if ((receiver->flags & TOA_SIDE_ACKED) && !(segment->flags & TOA_FLAG_RST) &&
            !toa_seq_within(segment->seq, receiver->acks[0] - TOA_WINDOW_UNKNOWN, receiver->acks[0] + TOA_WINDOW_UNKNOWN)) {
            return TOA_OWN_NONE; /* not what the receiver waits for */
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
        return TOA_OWN_WINDOW; /* capture began in the middle */
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

toa_own toa_conversation_classify(const toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    const toa_side *a = &conv->side[sender], *b = &conv->side[!sender];
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
        /* one lone segment seen so far: its numbers count for nothing */
        return ack_fits(b, segment) ? TOA_OWN_EXACT : TOA_OWN_NONE;
    }
    return classify_range(a, b, segment);
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

uint32_t toa_conversation_low(const toa_side *side)
{
    return side->next - side->low > LOW_SPAN ? side->next - LOW_SPAN : side->low;
}

static void take_range(toa_side *a, const toa_segment *segment)
{
    uint32_t end = toa_segment_end(segment);

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
        b->low = b->next = ack; /* R13: the peer took the unexplained segment */
        b->flags = (uint16_t)((b->flags & ~TOA_SIDE_STRAY) | TOA_SIDE_SHOWN | TOA_SIDE_ANCHORED);
    }
}

/* SYN, FIN, data, and an old number make a live peer answer: a keepalive, or an ACK that others have overtaken (RFC 9293
 * section 3.10.7.4). */
static bool demands_answer(const toa_side *a, const toa_segment *segment)
{
    if (segment->flags & TOA_FLAG_RST) {
        return false;
    }
    return toa_segment_end(segment) != segment->seq ||
           ((a->flags & TOA_SIDE_ANCHORED) && toa_seq_lt(segment->seq, a->next));
}

static void take_demand(toa_side *a, const toa_segment *segment)
{
    a->demand_time = segment->time;
    a->demand_frame = segment->frame;
    a->demand_seq = segment->seq;
    a->demand_end = toa_segment_end(segment);
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

static void take_last(toa_side *a, const toa_segment *segment)
{
    uint32_t end = toa_segment_end(segment);

    if (segment->time - a->last_time > TOA_COPY_NS || a->last_frame == 0 || (segment->flags & TOA_FLAG_SYN)) {
        a->burst_seq = segment->seq;
        a->burst_end = end;
    } else { /* networks put segments out of order, and captures lose some */
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

/* Not inlined: the compiler would work out the sides' addresses again for every access. */
static void __attribute__((noinline)) take_segment(toa_side *a, toa_side *b, const toa_segment *segment)
{
    bool rst = (segment->flags & TOA_FLAG_RST) != 0, demand = demands_answer(a, segment);

    if (segment->flags & TOA_FLAG_SYN) {
        take_syn(a, b, segment);
    } else if (!rst) {
        take_range(a, segment);
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
        take_demand(a, segment);
    }
    if (segment->ip_id) {
        a->ip_id = segment->ip_id;
    }
    if (segment->flags & TOA_FLAG_FIN) {
        a->fin = toa_segment_end(segment);
        a->flags |= TOA_SIDE_FIN;
    }
    take_last(a, segment);
}

static void take_ts_marks(toa_extra *extra, unsigned side, uint32_t before, uint32_t tsval, int64_t slots)
{
    toa_ts_marks *marks = &extra->ts_marks[side];

    if (!extra->has_marks[side]) {
        extra->has_marks[side] = true;
        *marks = (toa_ts_marks){before - TS_ASSUMED, before};
    }
    if (slots != 0) {
        marks->older = slots == 1 ? marks->newer : before;
        marks->newer = tsval;
    }
}

/* Before take_segment: last_time is that of the segment before. A probe (an old number, no data) does not count: its peer
 * answers without taking its TSval (RFC 7323 section 4.3). */
static void take_tsval(toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    toa_side *a = &conv->side[sender];
    uint32_t tsval = segment->options.tsval;
    int64_t slots = (segment->time >> TS_SLOT) - (a->last_time >> TS_SLOT);

    if ((a->flags & TOA_SIDE_ANCHORED) && segment->length == 0 && segment->seq == a->next - 1 &&
        !(segment->flags & TOA_FLAG_SYN)) {
        return;
    }
    if (!(a->flags & TOA_SIDE_TSVAL)) {
        a->flags |= TOA_SIDE_TSVAL;
    } else if (toa_seq_lt(tsval, a->tsval) && a->tsval - tsval <= TS_SPAN) {
        return; /* overtaken on the way */
    } else if (conv->flags & TOA_CONV_SHARED) {
        take_ts_marks(conv->extra, sender, a->tsval, tsval, slots);
    }
    a->tsval = tsval;
}

bool toa_conversation_sent_tsval(const toa_conversation *conv, unsigned side, uint32_t tsval, bool *ret_exact)
{
    const toa_side *a = &conv->side[side];
    bool known = conv->extra && conv->extra->has_marks[side], exact;
    toa_ts_marks marks = known ? conv->extra->ts_marks[side] : (toa_ts_marks){a->tsval - TS_ASSUMED, a->tsval};

    exact = tsval == a->tsval || (known && (tsval == marks.newer || tsval == marks.older));
    if (ret_exact) {
        *ret_exact = exact;
    }
    return (a->flags & TOA_SIDE_TSVAL) &&
           (exact || (a->tsval - marks.newer <= TS_SPAN && toa_seq_within(tsval, marks.newer, a->tsval)) ||
            (a->tsval - marks.older <= TS_SPAN && toa_seq_within(tsval, marks.older, a->tsval)));
}

void toa_conversation_accept(toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    if (segment->options.has_timestamps) {
        take_tsval(conv, sender, segment);
    }
    take_segment(&conv->side[sender], &conv->side[!sender], segment);
    if (sender == conv->client) {
        conv->flags |= TOA_CONV_CLIENT_SPOKE;
    }
    if ((segment->flags & (TOA_FLAG_RST | TOA_FLAG_FIN)) || ((conv->side[0].flags & conv->side[1].flags) & TOA_SIDE_FIN)) {
        take_close(conv, segment);
    }
}

void toa_conversation_resume(toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    toa_side *a = &conv->side[sender], *b = &conv->side[!sender];

    a->low = a->next = segment->seq;
    b->low = b->next = segment->ack;
    a->flags |= TOA_SIDE_SHOWN | TOA_SIDE_ANCHORED;
    b->flags |= TOA_SIDE_SHOWN | TOA_SIDE_ANCHORED;
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
        return true; /* a stack repeats it after a second at the earliest */
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

/* What the segment says of the peer contradicts what is known of it: its numbers can never become this conversation's. */
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
