/* model.c
 * Rules R5, R8 and R14: which conversations are compared, whose a segment is, what a RST answers, what goes on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "model.h"

#include <string.h>

#define EARLIER_TRIED 4
/* Up to so many conversations are compared one by one, of more an index has the numbers, and gives so many at most. */
#define SCANNED 8
#define HITS 16

/* ---- what was ---- */

static void remember(seen *s, toa_conversation *conv)
{
    s->now = conv;
    s->was = *conv;
    s->extra = conv->extra ? *conv->extra : (toa_extra){0};
    s->was.extra = &s->extra;
    s->claim = s->extra.claim ? *s->extra.claim : (toa_claim){0};
}

void model_remember(const toa_state *state, const known *known, const toa_conversation *x, before *ret_before)
{
    ret_before->n = known->n;
    for (unsigned i = 0; i < known->n; i++) {
        seen *s = &ret_before->list[i];
        toa_pair *pair = x ? toa_state_find_pair(state, x, known->list[i]) : NULL;
        remember(s, known->list[i]);
        s->has_pair = pair != NULL;
        if (pair) {
            s->pair = *pair;
        }
    }
}

static void take_roles(seen *s)
{
    const toa_extra *extra = s->now->extra;

    s->was.client = s->now->client;
    s->was.roles = s->now->roles;
    s->was.source = s->now->source;
    s->was.key = s->now->key;
    s->was.server_party = s->now->server_party;
    s->was.flags |= s->now->flags & TOA_CONV_NAMED;
    s->extra.named = extra ? extra->named : NULL;
    s->extra.reported = extra ? extra->reported : NULL;
}

void model_learnt(before *before, seen *x, bool is_new)
{
    if (is_new) { /* it has shown nothing yet */
        remember(x, x->now);
        memset(x->was.side, 0, sizeof x->was.side);
        x->was.flags &= TOA_CONV_SELF | TOA_CONV_NAMED;
        x->was.close_time = x->was.syn_time = x->was.synack_time = 0;
        x->extra.pairs = NULL;
    }
    if (x->was.client != x->now->client || (x->now->flags & ~x->was.flags & TOA_CONV_NAMED)) {
        take_roles(x);
    }
    x->was.roles = x->now->roles;
    for (unsigned i = 0; i < before->n; i++) {
        if (before->list[i].was.client != before->list[i].now->client) {
            take_roles(&before->list[i]);
        }
    }
}

/* ---- R8, R14, and what else has no owner ---- */

bool model_answers(const question *q, const seen *y)
{
    for (unsigned i = 0; y->has_pair && i < y->pair.n_acks; i++) {
        if (y->pair.acks[i] == q->segment->seq) {
            return true;
        }
    }
    return false;
}

unsigned model_pairs(const seen *x)
{
    unsigned n = 0;

    for (const toa_pair *pair = x->extra.pairs; pair; pair = pair->next) {
        n++;
    }
    return n;
}

bool model_goes_on(const seen *x, unsigned sender, const toa_segment *segment)
{
    const toa_claim *claim = &x->claim;
    uint32_t first = claim->seq + (claim->flags & TOA_FLAG_SYN ? 1 : 0);

    if (!claim->time || (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_RST | TOA_FLAG_ACK)) != TOA_FLAG_ACK) {
        return false;
    }
    if (claim->sender == sender) {
        return (claim->flags & TOA_FLAG_SYN) && segment->seq == first && segment->ack == claim->ack;
    }
    return between(segment->ack, first, claim->end) && between(segment->seq, claim->ack, claim->ack + 65535);
}

bool model_answers_stray(const question *q)
{
    const toa_extra *extra = &q->x->extra;

    return q->server && (q->segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) == TOA_FLAG_RST && extra->client_stray_frame &&
           q->segment->seq == extra->client_stray_ack && q->segment->time - extra->client_stray_time <= SECOND;
}

bool model_only_own(const question *q)
{
    return !q->server && !is_rst(q->segment) && q->x->was.roles > TOA_ROLES_PORT;
}

/* ---- R5: candidates ---- */

static bool in_group(const toa_conversation *conv, const toa_party *client)
{
    return !(conv->flags & TOA_CONV_SELF) && conv->key->client == client;
}

static bool is_earlier(const toa_conversation *x, const toa_conversation *y)
{
    const toa_conversation *earlier = x->extra->earlier;

    for (unsigned i = 0; i < EARLIER_TRIED && earlier; i++) { /* of many the newest few are tried */
        if (earlier == y) {
            return true;
        }
        earlier = earlier->extra ? earlier->extra->earlier : NULL;
    }
    return false;
}

static toa_where common(const question *q, const seen *y)
{
    const toa_conversation *xw = &q->x->was, *yw = &y->was;

    if (q->x->now == y->now || (yw->flags & TOA_CONV_SELF)) {
        return TOA_WHERE_MAX;
    }
    if (is_earlier(xw, y->now)) {
        return model_legs(xw, yw) ? TOA_WHERE_MAX : TOA_WHERE_EARLIER;
    }
    if (model_excluded(xw, yw)) {
        return TOA_WHERE_MAX;
    }
    if (xw->key->client == yw->key->client) {
        return TOA_WHERE_GROUP;
    }
    if (toa_endpoint_equal(&xw->wire[!xw->client], &yw->wire[!yw->client])) {
        return TOA_WHERE_SERVER;
    }
    return q->server && toa_endpoint_same_address(&xw->wire[xw->client], &yw->wire[yw->client]) ? TOA_WHERE_HOST : TOA_WHERE_MAX;
}

/* ---- numbers that tell nobody apart ---- */

static bool client_would_use(const toa_conversation *conv, uint32_t number)
{
    const toa_side *client = &conv->side[conv->client], *server = &conv->side[!conv->client];

    return (has(client, TOA_SIDE_SYN) && number == client->isn + 1) ||
           (has(client, TOA_SIDE_ANCHORED) && number == client->next) || (server->n_acks && number == server->acks[0]);
}

/* A SYN-ACK, or a RST, with a number that two clients of the group would use. */
static bool tells_nobody_apart(const question *q, const seen *y)
{
    uint32_t number = is_rst(q->segment) ? q->segment->seq : q->segment->ack;

    if (!(q->segment->flags & (TOA_FLAG_RST | TOA_FLAG_SYN)) || !client_would_use(&y->was, number)) {
        return false;
    }
    for (unsigned i = 0; i < q->before->n; i++) {
        const seen *z = &q->before->list[i];
        bool its_leg = y->extra.leg == z->now && y->extra.leg_certain;
        if (in_group(&z->was, y->was.key->client) && !same_wire(&z->was, &y->was) && !its_leg &&
            client_would_use(&z->was, number)) {
            return true;
        }
    }
    return false;
}

/* ---- what can hide a candidate from the engine ---- */

static unsigned members(const question *q, toa_where where)
{
    unsigned n = 0;

    for (unsigned i = 0; i < q->before->n; i++) {
        const toa_conversation *conv = &q->before->list[i].was;
        n += where == TOA_WHERE_GROUP ? in_group(conv, q->x->was.key->client)
                                      : conv->server_party == q->x->was.server_party;
    }
    return n + 1; /* a new x is not among them; else this is one too many, and weaker */
}

/* A number of y, not near nor shifted, that the segment has: an index leads to y. */
static bool has_its_number(const question *q, const seen *y, toa_where where)
{
    const toa_segment *segment = q->segment;
    unsigned ys = q->server ? !y->was.client : y->was.client;
    const toa_side *b = &y->was.side[!ys];
    unsigned exact, found = model_evidence(q, y, 0, 0, &exact);

    if (found & TOA_EV_SEQ) {
        return true;
    }
    return where == TOA_WHERE_GROUP &&
           (((found & TOA_EV_ACK) && !(segment->flags & TOA_FLAG_SYN)) ||
            (is_synack(segment) && has(b, TOA_SIDE_SYN) && segment->ack == b->isn + 1) ||
            ((found & TOA_EV_TSECR) && b->tsval - segment->options.tsecr <= 4096));
}

static bool is_found(const question *q, const seen *y, toa_where where)
{
    unsigned n;

    if (where == TOA_WHERE_EARLIER) {
        return q->server || is_rst(q->segment); /* a client's late segments are nobody's mistake; those that come much later
                                                 * may be, and are not known here */
    }
    if (where == TOA_WHERE_HOST) {
        return false; /* it may be among too many, and is not always looked for */
    }
    n = members(q, where);
    if (n <= SCANNED) {
        return true;
    }
    return n <= HITS && ((where == TOA_WHERE_GROUP && y->has_pair && model_pairs(q->x) <= MODEL_PAIRS_MAX) ||
                         has_its_number(q, y, where));
}

/* ---- all in all ---- */

static unsigned bits(unsigned mask)
{
    unsigned n = 0;

    for (; mask; mask &= mask - 1) {
        n++;
    }
    return n;
}

answer model_answer(const question *q, const seen *y)
{
    uint32_t seq_shift = y->has_pair && y->pair.has_seq_shift ? y->pair.seq_shift : 0;
    uint32_t ack_shift = y->has_pair && y->pair.has_ack_shift && !y->pair.ack_span ? y->pair.ack_shift : 0;
    answer a = {.where = common(q, y)};
    unsigned found, shifted, exact;

    if (a.where == TOA_WHERE_MAX) {
        return a;
    }
    found = model_evidence(q, y, 0, 0, &a.exact);
    if (seq_shift || ack_shift) { /* for segments of the client, what is added to seq and to ack change places */
        shifted = model_evidence(q, y, q->server ? seq_shift : ack_shift, q->server ? ack_shift : seq_shift, &exact);
        if (bits(shifted) > bits(found)) {
            found = shifted;
            a.exact = exact;
        }
    }
    a.bits = bits(found);
    a.may = model_enough(q, y, a.where, found) && !tells_nobody_apart(q, y) &&
            (a.where == TOA_WHERE_EARLIER || !model_copy(q, y));
    a.sure = a.may && is_found(q, y, a.where);
    return a;
}
