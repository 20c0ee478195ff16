/* model-legs.c
 * Rule R4: who is never accused, and what is a copy.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "model.h"

static const toa_side *client_of(const toa_conversation *conv)
{
    return &conv->side[conv->client];
}

static const toa_side *server_of(const toa_conversation *conv)
{
    return &conv->side[!conv->client];
}

static const toa_conversation *leg_of(const toa_conversation *conv)
{
    return conv->extra ? conv->extra->leg : NULL;
}

/* One may be a copy of the other's record. */
static bool is_leg(const toa_conversation *leg, const toa_conversation *conv)
{
    return leg && leg->first_frame == conv->first_frame && same_wire(leg, conv);
}

static bool one_isn(const toa_side *a, const toa_side *b)
{
    return has(a, TOA_SIDE_SYN) && has(b, TOA_SIDE_SYN) && a->isn == b->isn;
}

static bool two_isns(const toa_side *a, const toa_side *b)
{
    return has(a, TOA_SIDE_SYN) && has(b, TOA_SIDE_SYN) && a->isn != b->isn;
}

/* x names the client, y comes from it directly, to another server: if anything, the two sides of a load balancer. */
static bool before_and_behind(const toa_conversation *x, const toa_conversation *y)
{
    return x->source == TOA_KEY_TOA && y->source != TOA_KEY_TOA && y->source != TOA_KEY_MAP &&
           toa_endpoint_equal(&x->key->client->endpoint, &y->wire[y->client]) &&
           !toa_endpoint_equal(&x->wire[!x->client], &y->wire[!y->client]);
}

static bool reported_by_toa(const toa_conversation *x, const toa_conversation *y)
{
    return before_and_behind(x, y) || before_and_behind(y, x);
}

/* A RST was all that its server has said. */
static bool refused(const toa_conversation *conv)
{
    return (conv->flags & TOA_CONV_CLOSED) && !has(server_of(conv), TOA_SIDE_SHOWN) &&
           (server_of(conv)->last_flags & TOA_FLAG_RST);
}

bool model_legs(const toa_conversation *x, const toa_conversation *y)
{
    bool one_client = one_isn(client_of(x), client_of(y)), two_servers = two_isns(server_of(x), server_of(y));

    if (is_leg(leg_of(x), y) || is_leg(leg_of(y), x) || one_isn(server_of(x), server_of(y))) {
        return true;
    }
    /* one client ISN is a scanner's habit, too */
    return one_client && (!two_servers || reported_by_toa(x, y)) && refused(x) == refused(y);
}

static bool from_its_syn(const toa_side *side)
{
    return has(side, TOA_SIDE_SYN) && between(side->isn, side->low, side->next);
}

/* Within 1 MiB of each other, unless two SYNs tell them apart. */
static bool close_numbers(const toa_conversation *x, const toa_conversation *y)
{
    const toa_side *a = client_of(x), *b = client_of(y), *as = server_of(x), *bs = server_of(y);
    uint32_t m = has(a, TOA_SIDE_SHOWN) ? a->next : as->acks[0], n = has(b, TOA_SIDE_SHOWN) ? b->next : bs->acks[0];

    if ((from_its_syn(a) && from_its_syn(b)) || !(has(a, TOA_SIDE_SHOWN) || as->n_acks) ||
        !(has(b, TOA_SIDE_SHOWN) || bs->n_acks)) {
        return false;
    }
    return m - n < MIB || n - m < MIB;
}

/* One client, and two servers of which others have shown one to be behind the other. */
static bool behind_nat(const toa_conversation *x, const toa_conversation *y)
{
    const toa_party *a = x->server_party, *b = y->server_party;

    return a->large && a->large->nat == b && toa_endpoint_equal(&x->wire[x->client], &y->wire[y->client]);
}

bool model_excluded(const toa_conversation *x, const toa_conversation *y)
{
    return same_wire(x, y) || model_legs(x, y) || (leg_of(x) && same_wire(leg_of(x), y)) ||
           (leg_of(y) && same_wire(leg_of(y), x)) || reported_by_toa(x, y) || behind_nat(x, y) || behind_nat(y, x) ||
           close_numbers(x, y);
}

/* ---- copies ---- */

static bool is_newer(uint16_t id, uint16_t last)
{
    return id != last && (uint16_t)(id - last) <= 64;
}

/* Bare ACKs are alike, and so is what is repeated: on connections of which one began when the other was up they are no copies of
 * each other. */
static bool alike_by_chance(const question *q, const toa_conversation *y)
{
    const toa_conversation *x = &q->x->was;
    const toa_side *server = &y->side[!y->client];
    bool one_named = !(x->flags & TOA_CONV_NAMED) != !(y->flags & TOA_CONV_NAMED), strange = model_strange_answer(q);

    if (strange && y->side[y->client].n_acks && has(server, TOA_SIDE_SHOWN) && server->last_time < x->side[x->client].demand_time) {
        return true;
    }
    return (strange || (q->segment->length == 0 && q->segment->ip_id == 0)) && x->syn_time &&
           (y->flags & TOA_CONV_SYNACK_SEEN) && y->synack_time < x->first_time &&
           (!one_named || x->server_party == y->server_party);
}

bool model_copy(const question *q, const seen *y)
{
    const toa_segment *segment = q->segment;
    const toa_side *a = q->server ? server_of(&y->was) : client_of(&y->was);
    uint32_t end = toa_segment_end(segment);

    if (alike_by_chance(q, &y->was) || !a->last_frame || segment->time - a->last_time > SECOND / 10 ||
        !between(segment->seq, a->burst_seq, a->burst_end) || !between(end, a->burst_seq, a->burst_end)) {
        return false;
    }
    if (segment->flags & TOA_FLAG_SYN) {
        return true;
    }
    if (segment->length) {
        return !segment->ip_id || !a->ip_id || !is_newer(segment->ip_id, a->ip_id);
    }
    if (segment->ip_id && segment->ip_id != a->ip_id) {
        return is_newer(a->ip_id, segment->ip_id) && !is_rst(segment);
    }
    return a->last_empty && a->last_ip_id == segment->ip_id && a->last_flags == segment->flags &&
           a->last_n_sack == segment->options.n_sack;
}
