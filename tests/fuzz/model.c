/* model.c
 * Rules R4, R5 and R8: which conversations are compared, whose a segment is, what a RST answers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "model.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
#define EARLIER_TRIED 4

static unsigned bits(unsigned mask)
{
    unsigned n = 0;

    for (; mask; mask &= mask - 1) {
        n++;
    }
    return n;
}

static const toa_conversation *leg_of(const toa_conversation *conv)
{
    return conv->extra ? conv->extra->leg : NULL;
}

void model_remember(const toa_state *state, const known *known, const toa_conversation *x, before *ret_before)
{
    ret_before->n = known->n;
    for (unsigned i = 0; i < known->n; i++) {
        seen *s = &ret_before->list[i];
        toa_pair *pair = x && x->extra ? toa_state_find_pair(state, x, known->list[i]) : NULL;
        s->now = known->list[i];
        s->was = *known->list[i];
        s->leg = (toa_conversation *)leg_of(s->now);
        s->has_pair = pair != NULL;
        if (pair) {
            s->pair = *pair;
        }
    }
}

/* ---- R4 ---- */

static bool same_wire(const toa_conversation *x, const toa_conversation *y)
{
    return toa_endpoint_equal(&x->wire[0], &y->wire[0]) && toa_endpoint_equal(&x->wire[1], &y->wire[1]);
}

static bool one_isn(const toa_side *a, const toa_side *b)
{
    return has(a, TOA_SIDE_SYN) && has(b, TOA_SIDE_SYN) && a->isn == b->isn;
}

static bool legs(const toa_conversation *x, const toa_conversation *y)
{
    return leg_of(x) == y || leg_of(y) == x || one_isn(&x->side[x->client], &y->side[y->client]) ||
           one_isn(&x->side[!x->client], &y->side[!y->client]);
}

/* Within 1 MiB of each other: the two sides of a NAT whose SYNs were not captured. */
static bool one_client(const toa_conversation *x, const toa_conversation *y)
{
    const toa_side *a = &x->side[x->client], *b = &y->side[y->client];
    const toa_side *as = &x->side[!x->client], *bs = &y->side[!y->client];
    uint32_t m = has(a, TOA_SIDE_SHOWN) ? a->next : as->acks[0], n = has(b, TOA_SIDE_SHOWN) ? b->next : bs->acks[0];

    return (has(a, TOA_SIDE_SHOWN) || as->n_acks) && (has(b, TOA_SIDE_SHOWN) || bs->n_acks) &&
           (m - n < MIB || n - m < MIB);
}

/* The key of one is by TOA, the other is the named client's own, to another server. */
static bool before_and_behind(const toa_conversation *x, const toa_conversation *y)
{
    return x->source == TOA_KEY_TOA && y->source == TOA_KEY_WIRE &&
           !(toa_endpoint_equal(&x->key->client->endpoint, &y->key->client->endpoint) &&
             toa_endpoint_equal(&x->key->server->endpoint, &y->key->server->endpoint));
}

/* One client, and two servers of which the newest legs have shown one to be behind the other. */
static bool behind_nat(const toa_conversation *x, const toa_conversation *y)
{
    const toa_party *a = x->server_party, *b = y->server_party;

    return a->company && a->company->nat == b && toa_endpoint_equal(&x->wire[x->client], &y->wire[y->client]);
}

static bool excluded_as_legs(const toa_conversation *x, const toa_conversation *y)
{
    return legs(x, y) || (leg_of(x) && same_wire(leg_of(x), y)) || (leg_of(y) && same_wire(leg_of(y), x)) ||
           before_and_behind(x, y) || before_and_behind(y, x) || behind_nat(x, y) || behind_nat(y, x);
}

bool model_excluded(const toa_conversation *x, const toa_conversation *y)
{
    return x == y || same_wire(x, y) || excluded_as_legs(x, y) || one_client(x, y);
}

/* y carried the segment itself within 0.1 s. */
static bool is_copy(const toa_conversation *y, bool server, const toa_segment *segment)
{
    const toa_side *a = &y->side[server ? !y->client : y->client];
    uint32_t end = toa_segment_end(segment);

    if (!a->last_frame || segment->time - a->last_time > SECOND / 10 ||
        !between(segment->seq, a->burst_seq, a->burst_end) || !between(end, a->burst_seq, a->burst_end)) {
        return false;
    }
    if (segment->length) {
        return true;
    }
    if (segment->ip_id && segment->ip_id != a->ip_id) {
        return (uint16_t)(a->ip_id - segment->ip_id) <= 64 && !(segment->flags & TOA_FLAG_RST);
    }
    return a->last_empty && a->last_ip_id == segment->ip_id && a->last_flags == segment->flags && a->last_n_sack == segment->options.n_sack;
}

/* ---- R5: evidence ---- */

static bool unanswered(const toa_side *side, const toa_segment *segment)
{
    return has(side, TOA_SIDE_DEMAND) && !has(side, TOA_SIDE_ANSWERED) && segment->time - side->demand_time <= SECOND;
}

static bool next_of(uint16_t id, uint16_t last)
{
    uint16_t step = (uint16_t)(id - last);

    return last && step >= 1 && step <= 8;
}

/* A RST with the ack of a segment of y found on x before: its answer (R8). */
static bool answers(const seen *y, const toa_segment *segment)
{
    for (unsigned i = 0; y->has_pair && i < y->pair.n_acks; i++) {
        if (y->pair.acks[i] == segment->seq) {
            return true;
        }
    }
    return false;
}

static bool has_trigger(const seen *y, const toa_side *xb, const toa_side *b, bool server, const toa_segment *segment,
                        uint32_t seq)
{
    if ((segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) != TOA_FLAG_RST) {
        return unanswered(b, segment) || unanswered(xb, segment);
    }
    if (!server) {
        return answers(y, segment);
    }
    return b->n_acks && b->acks[0] == seq && segment->time - b->last_time <= SECOND;
}

static unsigned evidence(const seen *x, const seen *its, bool server, const toa_segment *segment,
                         uint32_t seq_shift, uint32_t ack_shift, unsigned *ret_exact)
{
    const toa_conversation *w = &x->was, *y = &its->was;
    unsigned xc = x->now->client, yc = its->now->client;
    const toa_side *xa = &w->side[server ? !xc : xc], *xb = &w->side[server ? xc : !xc];
    const toa_side *a = &y->side[server ? !yc : yc], *b = &y->side[server ? yc : !yc];
    const toa_side *client = &w->side[xc], *its_server = &w->side[!xc];
    uint32_t seq = segment->seq - seq_shift, ack = segment->ack - ack_shift;
    bool has_ack = (segment->flags & TOA_FLAG_ACK) != 0, syn = (segment->flags & TOA_FLAG_SYN) != 0;
    bool repeats = segment->length && seq + segment->length == a->next; /* the end of what y's side has sent */
    unsigned found = 0;

    *ret_exact = 0;
    if (segment->seq != 0 && (syn && has_ack ? server && has(a, TOA_SIDE_SYN) && seq == a->isn
                                             : (has(a, TOA_SIDE_ANCHORED) && (seq == a->next || repeats)) ||
                                                   (b->n_acks && seq == b->acks[0]))) {
        found |= TOA_EV_SEQ;
        *ret_exact += seq_shift == 0;
    }
    if (has_ack && (syn ? has(b, TOA_SIDE_SYN) && ack == b->isn + 1 : has(b, TOA_SIDE_ANCHORED) && ack == b->next)) {
        found |= TOA_EV_ACK;
        *ret_exact += ack_shift == 0;
    }
    if (segment->options.has_timestamps) {
        uint32_t tsecr = segment->options.tsecr;
        if (tsecr && has(b, TOA_SIDE_TSVAL) && tsecr == b->tsval && !(has(xb, TOA_SIDE_TSVAL) && tsecr == xb->tsval)) {
            found |= TOA_EV_TSECR;
            *ret_exact += 1;
        }
        if (has(its_server, TOA_SIDE_SYN) &&
            (!has(its_server, TOA_SIDE_TIMESTAMPS) ||
             (has(client, TOA_SIDE_SYN) && !has(client, TOA_SIDE_TIMESTAMPS)))) {
            found |= TOA_EV_TIMESTAMPS;
        }
    }
    if (segment->ip_id && next_of(segment->ip_id, a->ip_id) && !next_of(segment->ip_id, xa->ip_id)) {
        found |= TOA_EV_IP_ID;
    }
    if (has_trigger(its, xb, b, server, segment, seq)) {
        found |= TOA_EV_TRIGGER;
    }
    return found;
}

/* ---- R5: how much is enough ---- */

static bool all(unsigned found, unsigned wanted)
{
    return (found & wanted) == wanted;
}

static bool enough(toa_where where, toa_own own, bool server, unsigned e, const toa_segment *segment, bool same_address)
{
    bool rst = (segment->flags & TOA_FLAG_RST) != 0;
    bool synack = all(segment->flags, TOA_FLAG_SYN | TOA_FLAG_ACK);
    bool two = all(e, TOA_EV_SEQ | TOA_EV_ACK) || all(e, TOA_EV_SEQ | TOA_EV_TSECR) || all(e, TOA_EV_SEQ | TOA_EV_IP_ID);
    bool caused = rst && all(e, TOA_EV_SEQ | TOA_EV_TRIGGER);

    if (where == TOA_WHERE_EARLIER) {
        return own == TOA_OWN_NONE &&
               ((e & TOA_EV_SEQ) || all(e, TOA_EV_ACK | TOA_EV_TSECR) || (synack && (e & TOA_EV_ACK)));
    }
    if (where == TOA_WHERE_SERVER) {
        if (own == TOA_OWN_UNKNOWN) {
            return rst && same_address && all(e, TOA_EV_SEQ | TOA_EV_IP_ID);
        }
        return own == TOA_OWN_NONE && (two || caused);
    }
    if (own == TOA_OWN_WINDOW) {
        return (two && (rst || server)) || caused;
    }
    if (own == TOA_OWN_UNKNOWN) { /* of an endpoint that sends through two paths, only one key makes it crossed */
        return (e & TOA_EV_KEY) && (two || caused);
    }
    return own == TOA_OWN_NONE &&
           ((e & TOA_EV_SEQ) || all(e, TOA_EV_ACK | TOA_EV_TSECR) || all(e, TOA_EV_ACK | TOA_EV_IP_ID) ||
            all(e, TOA_EV_TSECR | TOA_EV_IP_ID) || all(e, TOA_EV_TSECR | TOA_EV_TRIGGER) ||
            (synack && all(e, TOA_EV_ACK | TOA_EV_TRIGGER)));
}

/* ---- R5: all candidates ---- */

typedef struct best {
    toa_conversation *owner;
    unsigned exact, evidence;
} best;

static void consider(const seen *x, const seen *y, toa_where where, bool server, toa_own own,
                     const toa_segment *segment, best *best)
{
    uint32_t seq_shift = y->has_pair && y->pair.has_seq_shift ? y->pair.seq_shift : 0;
    uint32_t ack_shift = y->has_pair && y->pair.has_ack_shift ? y->pair.ack_shift : 0;
    unsigned exact, found = evidence(x, y, server, segment, 0, 0, &exact);
    unsigned key = x->now->key == y->now->key ? TOA_EV_KEY : 0;

    if (seq_shift || ack_shift) { /* for segments of the client, what is added to seq and to ack change places */
        unsigned exact_shifted, shifted = evidence(x, y, server, segment, server ? seq_shift : ack_shift,
                                                   server ? ack_shift : seq_shift, &exact_shifted);
        if (bits(shifted) > bits(found)) {
            found = shifted;
            exact = exact_shifted;
        }
    }
    found |= key;
    if (!enough(where, own, server, found, segment,
                toa_endpoint_same_address(&x->now->wire[x->now->client], &y->now->wire[y->now->client]))) {
        return;
    }
    if (where != TOA_WHERE_EARLIER && is_copy(&y->was, server, segment)) {
        return;
    }
    if (!best->owner || exact > best->exact || (exact == best->exact && bits(found) > bits(best->evidence)) ||
        (exact == best->exact && bits(found) == bits(best->evidence) &&
         y->now->first_frame > best->owner->first_frame)) {
        *best = (struct best){y->now, exact, found};
    }
}

static bool is_candidate(const seen *x, const seen *y, toa_where where)
{
    const toa_conversation *earlier = x->now;

    if (x->now == y->now || (y->now->flags & TOA_CONV_SELF)) {
        return false;
    }
    if (where == TOA_WHERE_EARLIER) {
        for (unsigned i = 0; i < EARLIER_TRIED && earlier; i++) { /* of many the newest few are tried */
            earlier = earlier->extra ? earlier->extra->earlier : NULL;
            if (earlier == y->now) {
                return !legs(x->now, y->now);
            }
        }
        return false;
    }
    if (same_wire(x->now, y->now) || excluded_as_legs(x->now, y->now) || one_client(&x->was, &y->was)) {
        return false;
    }
    if (where == TOA_WHERE_GROUP) {
        return toa_endpoint_equal(&x->now->key->client->endpoint, &y->now->key->client->endpoint);
    }
    return toa_endpoint_equal(&x->now->wire[!x->now->client], &y->now->wire[!y->now->client]) &&
           !toa_endpoint_equal(&x->now->key->client->endpoint, &y->now->key->client->endpoint);
}

toa_conversation *model_owner(const before *before, const seen *x, unsigned sender, toa_own own,
                              const toa_segment *segment, toa_where *ret_where)
{
    static const toa_where order[] = {TOA_WHERE_EARLIER, TOA_WHERE_GROUP, TOA_WHERE_SERVER};
    bool server = sender != x->now->client;
    best best = {0};

    for (unsigned i = 0; i < 3 && !best.owner; i++) {
        if (order[i] == TOA_WHERE_EARLIER && !server && !(segment->flags & TOA_FLAG_RST)) {
            continue; /* a client's late segments of before its port was used again are nobody's mistake */
        }
        for (unsigned j = 0; j < before->n; j++) {
            if (is_candidate(x, &before->list[j], order[i])) {
                consider(x, &before->list[j], order[i], server, own, segment, &best);
            }
        }
        *ret_where = order[i];
    }
    return best.owner;
}

toa_conversation *model_answered(const before *before, const toa_segment *segment)
{
    for (unsigned i = 0; (segment->flags & TOA_FLAG_RST) && i < before->n; i++) {
        if (answers(&before->list[i], segment)) {
            return before->list[i].now;
        }
    }
    return NULL;
}
