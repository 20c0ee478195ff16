/* model-evidence.c
 * Rule R5: what speaks for another conversation, and how much is enough.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "model.h"

/* ---- what is observed ---- */

/* The side has sent this TSval lately. *ret_seen: it is one that was captured, others lie between two that were. */
static bool sent(const toa_conversation *conv, unsigned side, uint32_t tsval, bool *ret_seen)
{
    const toa_side *a = &conv->side[side];
    bool marked = conv->extra->has_marks[side];
    toa_ts_marks marks = conv->extra->ts_marks[side];
    uint32_t older = marked ? a->tsval - marks.older : 256, newer = marked ? a->tsval - marks.newer : 0;
    uint32_t ago = a->tsval - tsval;

    *ret_seen = has(a, TOA_SIDE_TSVAL) && (ago == 0 || (marked && (ago == older || ago == newer)));
    return *ret_seen || (has(a, TOA_SIDE_TSVAL) && ((older <= 8192 && ago <= older) || (newer <= 8192 && ago <= newer)));
}

static bool unanswered(const toa_side *side, const toa_segment *segment)
{
    return has(side, TOA_SIDE_DEMAND) && !has(side, TOA_SIDE_ANSWERED) && segment->time - side->demand_time <= SECOND;
}

static bool next_of(uint16_t id, uint16_t last)
{
    uint16_t step = (uint16_t)(id - last);

    return id && last && step >= 1 && step <= 8;
}

/* Of a number that is near, more can have overtaken it, or been overtaken. */
static bool about(uint16_t id, uint16_t last)
{
    int16_t step = (int16_t)(id - last);

    return id && last && step && step >= -32 && step <= 64;
}

static bool in_use(const toa_side *a, const toa_side *b, const toa_segment *segment, uint32_t seq)
{
    uint32_t low = b->n_acks ? b->acks[b->n_acks - 1] : a->low, last = b->n_acks ? b->acks[0] : a->next;
    bool known = has(a, TOA_SIDE_ANCHORED);

    if ((segment->flags & TOA_FLAG_SYN) || segment->seq == 0 || !(known || b->n_acks)) {
        return false;
    }
    return between(seq, low, last + model_window(a, b)) || (known && between(seq, low, a->next));
}

static bool right_seq(const question *q, const toa_side *a, const toa_side *b, uint32_t seq)
{
    const toa_segment *segment = q->segment;
    uint32_t back = a->next - seq; /* from the end of what y's side has sent */

    if (segment->seq == 0) {
        return false;
    }
    if (is_synack(segment)) {
        return q->server && has(a, TOA_SIDE_SYN) && seq == a->isn;
    }
    if (b->n_acks && seq == b->acks[0]) {
        return true;
    }
    return has(a, TOA_SIDE_ANCHORED) && (back == 0 || back == segment->length || /* the next, or the last again */
                                         (back == 1 && segment->length == 0 && !is_rst(segment))); /* keepalive */
}

static bool right_ack(const question *q, const seen *y, const toa_side *a, const toa_side *b, uint32_t ack)
{
    const toa_segment *segment = q->segment;

    if (!(segment->flags & TOA_FLAG_ACK)) {
        return false;
    }
    if (segment->flags & TOA_FLAG_SYN) {
        for (unsigned i = 0; y->has_pair && i < y->pair.n_acks; i++) {
            if (y->pair.acks[i] == segment->ack) {
                return true;
            }
        }
        return has(b, TOA_SIDE_SYN) && ack == b->isn + 1;
    }
    return has(b, TOA_SIDE_ANCHORED) && (ack == b->next || (a->n_acks && ack == a->acks[0]));
}

static bool has_cause(const question *q, const seen *y, const toa_side *xb, const toa_side *b, uint32_t seq)
{
    if ((q->segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) != TOA_FLAG_RST) {
        return unanswered(b, q->segment) || unanswered(xb, q->segment);
    }
    if (!q->server) {
        return model_answers(q, y);
    }
    return b->n_acks && b->acks[0] == seq && q->segment->time - b->last_time <= SECOND;
}

/* x's client has sent a SYN and nothing else, and this is no answer to a SYN. */
bool model_strange_answer(const question *q)
{
    const toa_side *a = &q->x->was.side[q->x->was.client];

    return q->server && (q->segment->flags & 0x17) == TOA_FLAG_ACK && has(a, TOA_SIDE_SYN) && has(a, TOA_SIDE_DEMAND) &&
           a->next == a->isn + 1 && !a->n_acks && !(q->x->was.flags & TOA_CONV_SYNACK_SEEN) &&
           q->segment->time - a->demand_time <= SECOND;
}

static const toa_key *reported_key(const toa_conversation *conv)
{
    return conv->source == TOA_KEY_PROVEN ? conv->extra->reported : conv->key;
}

static bool one_key(const toa_conversation *x, const toa_conversation *y)
{
    return x->key == y->key || (reported_key(x) == reported_key(y) && !(same_wire(x, y) && x->server_party == y->server_party));
}

/* Since then a has been silent on y, and b has said the same again. */
static bool in_vain(const toa_side *a, const toa_side *b, const toa_pair *pair)
{
    return a->last_time <= pair->noted_time && b->last_time > pair->noted_time && b->next == pair->noted_next &&
           b->acks[0] == pair->noted_ack;
}

/* What only a server's answer can tell: it comes from another socket than x's, or again. */
static unsigned of_answer(const question *q, const seen *y)
{
    const toa_conversation *xw = &q->x->was, *yw = &y->was;
    const toa_segment *segment = q->segment;
    bool stamps = has(&xw->side[0], TOA_SIDE_TIMESTAMPS) && has(&xw->side[1], TOA_SIDE_TIMESTAMPS), again = false;
    unsigned found = model_strange_answer(q) ? TOA_HINT_CHALLENGE : 0u;

    if (yw->side[yw->client].n_acks && has(&yw->side[!yw->client], TOA_SIDE_SHOWN) &&
        !toa_endpoint_same_address(&xw->wire[!xw->client], &yw->wire[!yw->client])) {
        found |= TOA_HINT_APART;
    }
    if (stamps && !segment->options.has_timestamps && !(segment->flags & (TOA_FLAG_SYN | TOA_FLAG_RST))) {
        found |= TOA_HINT_UNSTAMPED;
    }
    for (unsigned i = 0; y->has_pair && i < y->pair.n_acks; i++) {
        again |= y->pair.acks[i] == segment->ack;
    }
    return found | (again && is_synack(segment) && segment->time - y->pair.found_time <= 8 * SECOND ? TOA_HINT_REPEATED : 0u);
}

static unsigned circumstances(const question *q, const seen *y, const toa_side *a, const toa_side *b)
{
    const toa_pair *pair = &y->pair;
    unsigned found = 0;

    if (!(y->was.flags & TOA_CONV_CLOSED) && b->last_frame && a->last_time <= b->last_time) {
        found |= TOA_HINT_WAITING;
    }
    if (y->has_pair && pair->noted_time && (is_rst(q->segment) || in_vain(a, b, pair))) {
        found |= TOA_HINT_AGAIN;
    }
    if (y->has_pair && pair->n_found && !q->server && q->segment->time - pair->found_time <= SECOND) {
        found |= TOA_HINT_CROSSED;
    }
    return found | (q->server ? of_answer(q, y) : 0u) |
           (one_key(&q->x->was, &y->was) ? (unsigned)TOA_EV_KEY : 0u);
}

static bool negotiated_none(const toa_conversation *conv)
{
    const toa_side *client = &conv->side[conv->client], *server = &conv->side[!conv->client];

    return has(server, TOA_SIDE_SYN) && (!has(server, TOA_SIDE_TIMESTAMPS) ||
                                         (has(client, TOA_SIDE_SYN) && !has(client, TOA_SIDE_TIMESTAMPS)));
}

unsigned model_evidence(const question *q, const seen *its, uint32_t seq_shift, uint32_t ack_shift, unsigned *ret_exact)
{
    const toa_conversation *x = &q->x->was, *y = &its->was;
    const toa_segment *segment = q->segment;
    unsigned xs = q->server ? !x->client : x->client, ys = q->server ? !y->client : y->client;
    const toa_side *xa = &x->side[xs], *xb = &x->side[!xs], *a = &y->side[ys], *b = &y->side[!ys];
    uint32_t seq = segment->seq - seq_shift, tsecr = segment->options.tsecr;
    unsigned found = circumstances(q, its, a, b);
    bool near = in_use(a, b, segment, seq), seen, its_own, both;

    *ret_exact = 0;
    if (right_seq(q, a, b, seq)) {
        found |= TOA_EV_SEQ;
        *ret_exact += seq_shift == 0;
    }
    if (right_ack(q, its, a, b, segment->ack - ack_shift)) {
        found |= TOA_EV_ACK;
        *ret_exact += ack_shift == 0;
    }
    if (segment->options.has_timestamps) {
        both = sent(x, !xs, tsecr, &its_own);
        if (tsecr && sent(y, !ys, tsecr, &seen) && (!both || (seen && !its_own))) {
            found |= TOA_EV_TSECR;
            *ret_exact += seen;
        }
        found |= negotiated_none(x) ? (unsigned)TOA_EV_TIMESTAMPS : 0u;
    }
    if ((near ? about(segment->ip_id, a->ip_id) : next_of(segment->ip_id, a->ip_id)) &&
        !next_of(segment->ip_id, xa->ip_id)) {
        found |= TOA_EV_IP_ID;
    }
    if (has_cause(q, its, xb, b, seq)) {
        found |= TOA_EV_TRIGGER;
    }
    return found | (near ? TOA_HINT_NEAR : 0u);
}

/* ---- how much is enough ---- */

static bool all(unsigned found, unsigned wanted)
{
    return (found & wanted) == wanted;
}

static bool any(unsigned found, unsigned wanted)
{
    return (found & wanted) != 0;
}

/* x's numbers exclude the segment. */
static bool enough_for_none(const question *q, unsigned e)
{
    bool reply = q->server || is_rst(q->segment);

    if (any(e, TOA_EV_SEQ) || (any(e, TOA_EV_ACK) && any(e, TOA_EV_TSECR | TOA_EV_IP_ID)) ||
        (any(e, TOA_EV_TSECR) && any(e, TOA_EV_IP_ID | TOA_EV_TRIGGER))) {
        return true;
    }
    if (is_synack(q->segment) && all(e, TOA_EV_ACK | TOA_EV_TRIGGER)) {
        return true;
    }
    if (any(e, TOA_HINT_NEAR) && ((reply && any(e, TOA_EV_TSECR | TOA_EV_IP_ID | TOA_EV_ACK)) ||
                                  (is_rst(q->segment) && any(e, TOA_HINT_CROSSED)))) {
        return true;
    }
    if (is_synack(q->segment) && all(e, TOA_EV_ACK | TOA_HINT_REPEATED)) {
        return true;
    }
    if (reply && all(e, TOA_EV_IP_ID) && (all(e, TOA_EV_KEY | TOA_HINT_UNSTAMPED) ||
                                          (any(e, TOA_HINT_CHALLENGE) && any(e, TOA_EV_KEY | TOA_HINT_APART)))) {
        return true;
    }
    return reply && any(e, TOA_HINT_CHALLENGE) && any(e, TOA_EV_ACK);
}

static bool enough_earlier(const question *q, unsigned e)
{
    return q->own == TOA_OWN_NONE && (any(e, TOA_EV_SEQ) || all(e, TOA_EV_ACK | TOA_EV_TSECR) ||
                                      (is_synack(q->segment) && any(e, TOA_EV_ACK)));
}

/* No closed port answers so late. */
static bool long_ago(const toa_conversation *y, const toa_segment *segment)
{
    int64_t trip = y->syn_time && (y->flags & TOA_CONV_SYNACK_SEEN) ? y->synack_time - y->syn_time : 0;

    return trip > 0 && segment->time - y->side[y->client].last_time > SECOND / 10 + 8 * trip;
}

bool model_enough(const question *q, const seen *y, toa_where where, unsigned e)
{
    bool rst = is_rst(q->segment), reply = q->server || rst, again = all(e, TOA_HINT_WAITING | TOA_HINT_AGAIN);
    bool two = any(e, TOA_EV_SEQ) && any(e, TOA_EV_ACK | TOA_EV_TSECR | TOA_EV_IP_ID);
    bool caused = rst && all(e, TOA_EV_SEQ | TOA_EV_TRIGGER);
    const toa_conversation *xw = &q->x->was, *yw = &y->was;

    if (q->server && (q->segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) == TOA_FLAG_RST && q->segment->ip_id &&
        !any(e, TOA_EV_TRIGGER | TOA_EV_IP_ID)) {
        return false; /* a load balancer's own, at the end of a session */
    }
    if ((q->segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) == TOA_FLAG_RST && q->segment->ip_id && !any(e, TOA_EV_IP_ID) &&
        (q->server ? long_ago(yw, q->segment) : !any(e, TOA_EV_TRIGGER | TOA_HINT_CROSSED))) {
        return false; /* the same, later; or to the server */
    }
    if (where == TOA_WHERE_EARLIER) {
        return enough_earlier(q, e);
    }
    if (where == TOA_WHERE_SERVER) {
        bool one_host = toa_endpoint_same_address(&xw->wire[xw->client], &yw->wire[yw->client]);
        return q->own == TOA_OWN_NONE ? two || caused
                                      : q->own == TOA_OWN_UNKNOWN && rst &&
                                            ((one_host && all(e, TOA_EV_SEQ | TOA_EV_IP_ID)) || (caused && again));
    }
    if (where == TOA_WHERE_HOST) {
        return q->own == TOA_OWN_NONE && (two || caused);
    }
    switch (q->own) {
    case TOA_OWN_NONE:
        return enough_for_none(q, e);
    case TOA_OWN_WINDOW:
        return (reply && (two || all(e, TOA_HINT_NEAR | TOA_EV_TSECR | TOA_EV_IP_ID))) || caused;
    case TOA_OWN_UNKNOWN: /* of an endpoint that sends through two paths, only one key makes it crossed, or a second time */
        return (any(e, TOA_EV_KEY) && (two || caused)) || (caused && again) ||
               (reply && again && any(e, TOA_HINT_NEAR));
    default:
        return false;
    }
}
