/* legs.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/legs.h"

#include "core/model/group.h"
#include "core/model/index.h"

/* A load balancer forwards a SYN at once; this leaves time for one retransmission. */
#define SYN_NS TOA_SECOND
#define LOOK_MAX 16
/* How many replies of a server are compared with those of other conversations. Legs that can be found at all are mostly
 * found by then. */
#define REPLIES_MAX 15

static bool one_server_isn(const toa_conversation *x, const toa_conversation *y)
{
    const toa_side *a = &x->side[!x->client], *b = &y->side[!y->client];

    return (a->flags & b->flags & TOA_SIDE_SYN) && a->isn == b->isn;
}

/* Learns that the two servers are one, in front of and behind a NAT that keeps the client's endpoint. One connection may
 * look like that by accident; a second one, with another ISN of the server, is no accident. A client alone can forge
 * neither. */
static void learn_nat(toa_state *state, toa_conversation *x, toa_conversation *y)
{
    toa_large_party *xs, *ys;

    if (!toa_endpoint_equal(toa_wire_client(x), toa_wire_client(y)) || !one_server_isn(x, y)) {
        return;
    }
    xs = toa_state_large_party(state, x->server_party);
    ys = toa_state_large_party(state, y->server_party);
    if (xs->nat_seen == y->server_party && xs->nat_isn != toa_server_side(x)->isn) {
        xs->nat = y->server_party;
        ys->nat = x->server_party;
    }
    xs->nat_seen = y->server_party;
    xs->nat_isn = ys->nat_isn = toa_server_side(x)->isn;
    ys->nat_seen = x->server_party;
}

static void join(toa_state *state, toa_conversation *rs_side, toa_conversation *client_side, bool certain)
{
    toa_extra *rs = toa_state_extra(state, rs_side), *client = toa_state_extra(state, client_side);

    rs->leg = client_side;
    client->leg = rs_side;
    rs->leg_certain = client->leg_certain = certain;
    if (!certain) {
        return;
    }
    learn_nat(state, rs_side, client_side);
    if (client_side->source != TOA_KEY_PROVEN && client_side->key != rs_side->key) {
        toa_group_rekey(state, client_side, rs_side->key, TOA_KEY_LEG);
    }
}

static bool has_leg(const toa_conversation *conv)
{
    return conv->extra && conv->extra->leg;
}

static bool is_certain(const toa_conversation *conv)
{
    return has_leg(conv) && conv->extra->leg_certain;
}

/* Drops the leg that was only assumed. */
static void forget_guess(toa_conversation *conv)
{
    if (has_leg(conv)) {
        conv->extra->leg->extra->leg = NULL;
        conv->extra->leg = NULL;
    }
}

/* y may be the client side of x, whose client is known from a TOA option. A direct conversation from the same client port is
 * not: it goes to the same server as x. */
static bool can_be_client_side(const toa_conversation *x, const toa_conversation *y)
{
    return x != y && !(y->flags & TOA_CONV_NAMED) && !has_leg(y) && !(y->flags & TOA_CONV_CLOSED) &&
           toa_endpoint_equal(toa_wire_client(y), &x->key->client->endpoint) &&
           !toa_endpoint_equal(toa_wire_server(y), toa_wire_server(x));
}

/* y's SYN came just before x, and y still waits for its server: for the SYN-ACK or, behind a SYN proxy, for the first data. */
static bool syn_just_before(const toa_conversation *x, const toa_conversation *y)
{
    const toa_side *server = &y->side[!y->client];
    int64_t before = x->first_time - y->syn_time;
    bool server_silent = !(server->flags & TOA_SIDE_SYN) || server->next == server->isn + 1;

    return y->syn_time && before >= 0 && before <= SYN_NS && server_silent;
}

void toa_legs_seek(toa_state *state, toa_conversation *conv)
{
    toa_conversation *best = NULL;
    bool certain = false;
    unsigned looked = 0;

    if (conv->source != TOA_KEY_TOA || has_leg(conv) || (conv->flags & TOA_CONV_SELF)) {
        return;
    }
    for (toa_conversation *y = conv->key->client->group; y && looked < LOOK_MAX; y = toa_group_next(y), looked++) {
        if (!can_be_client_side(conv, y)) {
            continue;
        }
        if (toa_group_legs(conv, y)) {
            best = y;
            certain = true;
            break;
        }
        if (syn_just_before(conv, y) && (!best || y->syn_time > best->syn_time)) {
            best = y;
        }
    }
    if (best) {
        join(state, conv, best, certain);
    }
}

/* The same connection begins with it: a balancer that only rewrites addresses keeps the client's number. */
static bool begins_same(const toa_conversation *reported, const toa_segment *segment)
{
    const toa_side *client = &reported->side[reported->client];

    if (!(client->flags & TOA_SIDE_SYN) || !(segment->flags & TOA_FLAG_SYN)) {
        return false;
    }
    return segment->flags & TOA_FLAG_ACK ? segment->ack == client->isn + 1 : segment->seq == client->isn;
}

/* conv's own SYN says so: the client's leg may be there. */
static toa_conversation *find_dialled(toa_state *state, const toa_conversation *conv)
{
    toa_conversation *y = toa_state_find(state, toa_wire_client(conv), &conv->extra->vip->endpoint);
    const toa_side *client = y ? &y->side[y->client] : NULL;

    return y && y != conv && !is_certain(y) && (client->flags & TOA_SIDE_SYN) && client->isn == state->segment->seq ? y : NULL;
}

void toa_legs_reported(toa_state *state, toa_conversation *conv)
{
    const toa_segment *segment = state->segment;
    toa_conversation *y;
    unsigned looked = 0;

    if (is_certain(conv) || (conv->flags & TOA_CONV_SELF) || !conv->key) {
        return;
    }
    if (segment->vip.family != TOA_FAMILY_NONE) {
        toa_state_extra(state, conv)->vip = toa_state_party(state, &segment->vip);
        y = find_dialled(state, conv);
        if (y) {
            forget_guess(y);
            forget_guess(conv);
            join(state, conv, y, true);
            y->extra->key_unchecked = true;
        }
        return;
    }
    for (y = conv->key->client->group; y && looked < LOOK_MAX; y = toa_group_next(y), looked++) {
        if (y != conv && y->extra && y->extra->vip == conv->server_party && !is_certain(y) && begins_same(y, segment)) {
            forget_guess(y);
            forget_guess(conv);
            join(state, y, conv, true);
            return;
        }
    }
}

static bool is_rs_side(const toa_conversation *conv)
{
    return conv->source == TOA_KEY_TOA;
}

/* When a load balancer tries twice to reach a server, with the client's numbers both times, the two attempts are not two
 * legs of a connection. */
static bool is_retry(const toa_conversation *x, const toa_conversation *y)
{
    return is_rs_side(x) && is_rs_side(y) && x->key == y->key;
}

/* The candidate that is certain; without one, the last that is possible. */
static toa_conversation *pick_leg(toa_conversation *conv, toa_conversation *const *found, unsigned n)
{
    toa_conversation *guess = NULL;

    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = found[i];
        if (y == conv || toa_same_wire(y, conv) || is_certain(y) || is_retry(conv, y)) {
            continue;
        }
        if (toa_group_surely_same_isn(conv, y)) {
            return y;
        }
        if (toa_group_same_isn(conv, y)) {
            guess = y;
        }
    }
    return guess;
}

static unsigned members(const toa_party *party, toa_conversation *ret_found[TOA_SCAN_MAX])
{
    unsigned n = 0;

    for (toa_conversation *y = party->group; y; y = toa_group_next(y)) {
        ret_found[n++] = y;
    }
    return n;
}

/* Members of conv's group whose clients began with the same ISN. Of a small group, all members: checking the ISN is left to
 * the caller. */
static unsigned with_client_isn(toa_state *state, const toa_conversation *conv, toa_conversation *ret_found[TOA_HITS_MAX])
{
    toa_party *party = conv->key->client;

    if (party->n_group <= TOA_SCAN_MAX) {
        return members(party, ret_found);
    }
    return toa_index_find(state, party, TOA_BY_ISN_CLIENT, conv->side[conv->client].isn, ret_found);
}

/* Another conversation of the group with the same server's or client's ISN. */
static toa_conversation *find_same_isn(toa_state *state, toa_conversation *conv)
{
    toa_party *party = conv->key->client;
    toa_conversation *found[TOA_HITS_MAX], *same;

    if (party->n_group > TOA_SCAN_MAX) {
        same = pick_leg(conv, found, toa_index_find(state, party, TOA_BY_ISN, toa_server_side(conv)->isn, found));
        if (same || !(toa_client_side(conv)->flags & TOA_SIDE_SYN)) {
            return same;
        }
    }
    return pick_leg(conv, found, with_client_isn(state, conv, found));
}

/* Makes x and y legs: x, which carries the segment being fed, has just shown what y showed before. If no TOA tells the sides
 * apart, x is the client side: what a server sends is captured on the server's side first. */
static void confirm(toa_state *state, toa_conversation *x, toa_conversation *y)
{
    forget_guess(x);
    forget_guess(y);
    if (is_rs_side(x)) {
        join(state, x, y, true);
    } else {
        join(state, y, x, true);
    }
}

bool toa_legs_carried(const toa_conversation *y, bool from_server, const toa_segment *segment)
{
    return toa_conversation_carried(&y->side[from_server ? !y->client : y->client], segment);
}

bool toa_legs_copy(toa_state *state, toa_conversation *x, toa_conversation *y)
{
    toa_pair *pair = toa_state_pair(state, x, y);

    if (pair->copy_frame == state->segment->frame) {
        return false; /* this segment was counted already */
    }
    pair->copy_frame = state->segment->frame;
    if (++pair->n_copies < 2 || is_certain(x) || is_certain(y) || toa_group_contrary(x, y)) {
        return false;
    }
    confirm(state, x, y);
    return true;
}

bool toa_legs_check_reply(toa_state *state, toa_conversation *conv)
{
    toa_party *party = conv->key->client;
    toa_conversation *found[TOA_HITS_MAX];
    bool changed = false;
    unsigned n;

    if (conv->leg_looks >= REPLIES_MAX || is_certain(conv)) {
        return false;
    }
    conv->leg_looks++;
    if (party->n_group <= TOA_SCAN_MAX) {
        n = members(party, found);
    } else {
        n = toa_index_find(state, party, TOA_BY_GROUP_SERVER_NEXT, toa_segment_end(state->segment), found);
    }
    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = found[i];
        if (y != conv && !toa_same_wire(y, conv) && toa_legs_carried(y, true, state->segment)) {
            changed |= toa_legs_copy(state, conv, y);
        }
    }
    return changed;
}

/* The two are not legs after all: each gets its own key back. */
static void part(toa_state *state, toa_conversation *conv)
{
    toa_conversation *other = conv->extra->leg;

    forget_guess(conv);
    toa_group_own_key(state, conv);
    toa_group_own_key(state, other);
}

bool toa_legs_check_isn(toa_state *state, toa_conversation *conv)
{
    toa_conversation *other;
    bool changed = false;

    if (is_certain(conv) && toa_group_contrary(conv, conv->extra->leg)) {
        part(state, conv);
        changed = true;
    }
    if (is_certain(conv) || !(conv->flags & TOA_CONV_SHARED)) {
        return changed;
    }
    other = find_same_isn(state, conv);
    if (other && toa_group_surely_same_isn(conv, other)) {
        confirm(state, conv, other);
        return true;
    }
    if (other && !has_leg(conv) && !has_leg(other)) {
        join(state, conv, other, false);
        return changed;
    }
    other = has_leg(conv) ? conv->extra->leg : NULL;
    if (!other || !(toa_server_side(other)->flags & TOA_SIDE_SYN)) {
        return changed;
    }
    if (is_rs_side(conv) && other->synack_time < conv->first_time) {
        return changed; /* a SYN proxy answers the client before the server does, with an ISN of its own */
    }
    forget_guess(conv);
    return true;
}

bool toa_legs_check_data(toa_state *state, toa_conversation *conv)
{
    toa_conversation *other = has_leg(conv) ? conv->extra->leg : NULL;
    const toa_side *mine, *its;

    if (!other || is_certain(conv)) {
        return false;
    }
    mine = toa_client_side(conv);
    its = toa_client_side(other);
    if ((mine->flags & its->flags & TOA_SIDE_SYN) && mine->last_time - its->last_time <= TOA_COPY_NS &&
        mine->burst_seq - mine->isn == its->burst_seq - its->isn &&
        mine->burst_end - mine->isn == its->burst_end - its->isn) {
        confirm(state, conv, other);
        return true;
    }
    return false;
}

/* The number is the one that y's client would use next, going by what the client has sent or by what its server has
 * acknowledged. */
static bool has_client_next(const toa_conversation *y, uint32_t number)
{
    const toa_side *client = &y->side[y->client], *server = &y->side[!y->client];

    return ((client->flags & TOA_SIDE_SYN) && client->isn + 1 == number) ||
           ((client->flags & TOA_SIDE_ANCHORED) && client->next == number) ||
           ((server->flags & TOA_SIDE_ACKED) && server->acks[0] == number);
}

static bool is_leg_of(const toa_conversation *x, const toa_conversation *y)
{
    return is_certain(x) && x->extra->leg == y;
}

static bool other_has_it(toa_conversation *const *found, unsigned n, const toa_conversation *y, uint32_t number)
{
    for (unsigned i = 0; i < n; i++) {
        if (found[i] != y && has_client_next(found[i], number) && !toa_same_wire(found[i], y) && !is_leg_of(y, found[i])) {
            return true;
        }
    }
    return false;
}

bool toa_legs_common_number(toa_state *state, toa_conversation *y)
{
    const toa_segment *segment = state->segment;
    bool rst = (segment->flags & TOA_FLAG_RST) != 0;
    uint32_t number = rst ? segment->seq : segment->ack;
    toa_party *party = y->key->client;
    toa_conversation *found[TOA_HITS_MAX];

    if (!(rst || (segment->flags & TOA_FLAG_SYN)) || !has_client_next(y, number)) {
        return false;
    }
    if (party->n_group <= TOA_SCAN_MAX) {
        return other_has_it(found, members(party, found), y, number);
    }
    return other_has_it(found, toa_index_find(state, party, TOA_BY_ISN_CLIENT, number - 1, found), y, number) ||
           other_has_it(found, toa_index_find(state, party, TOA_BY_GROUP_CLIENT_NEXT, number, found), y, number) ||
           other_has_it(found, toa_index_find(state, party, TOA_BY_GROUP_SERVER_ACK, number, found), y, number);
}

const toa_conversation *toa_legs_other(const toa_conversation *conv)
{
    return is_certain(conv) ? conv->extra->leg : NULL;
}
