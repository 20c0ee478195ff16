/* legs.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/legs.h"

#include "core/judge/collision.h"
#include "core/model/group.h"
#include "core/model/index.h"

/* A load balancer forwards a SYN at once; this allows for a retransmission on the way. */
#define SYN_NS TOA_SECOND
#define LOOK_MAX 16
/* Replies of a server that are compared with others: most captures show by then what they ever will. */
#define REPLIES_MAX 16

static void join(toa_state *state, toa_conversation *rs_side, toa_conversation *client_side, bool certain)
{
    toa_extra *rs = toa_state_extra(state, rs_side), *client = toa_state_extra(state, client_side);

    rs->leg = client_side;
    client->leg = rs_side;
    rs->leg_certain = client->leg_certain = certain;
    if (certain && toa_endpoint_equal(toa_wire_client(rs_side), toa_wire_client(client_side))) {
        toa_state_company(state, rs_side->server_party)->nat = client_side->server_party;
        toa_state_company(state, client_side->server_party)->nat = rs_side->server_party;
    }
    if (certain && client_side->source != TOA_KEY_PROVEN && client_side->key != rs_side->key) {
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

/* Ends the guess, if it is one. */
static void forget_guess(toa_conversation *conv)
{
    if (has_leg(conv)) {
        conv->extra->leg->extra->leg = NULL;
        conv->extra->leg = NULL;
    }
}

/* y can be the client side of x, whose client is known by TOA. The direct conversation of the same client port is
 * not: it goes to the very server that x goes to. */
static bool can_be_client_side(const toa_conversation *x, const toa_conversation *y)
{
    return x != y && !(y->flags & TOA_CONV_NAMED) && !has_leg(y) && !(y->flags & TOA_CONV_CLOSED) &&
           toa_endpoint_equal(toa_wire_client(y), &x->key->client->endpoint) &&
           !toa_endpoint_equal(toa_wire_server(y), toa_wire_server(x));
}

/* Its SYN came just before x, and it still waits for the server: for the SYN-ACK, or, behind a SYN proxy, for the
 * first data. */
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

static bool is_rs_side(const toa_conversation *conv)
{
    return conv->source == TOA_KEY_TOA;
}

/* Two tries of a load balancer to reach one server, with the client's numbers, are no two sides of anything. */
static bool is_retry(const toa_conversation *x, const toa_conversation *y)
{
    return is_rs_side(x) && is_rs_side(y) && x->key == y->key;
}

static toa_conversation *pick_leg(toa_conversation *conv, toa_conversation *const *found, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = found[i];
        if (y != conv && !toa_same_wire(y, conv) && !is_certain(y) && !is_retry(conv, y) && toa_group_same_isn(conv, y)) {
            return y;
        }
    }
    return NULL;
}

/* Another conversation of the group with the same server's or client's ISN. */
static toa_conversation *find_same_isn(toa_state *state, toa_conversation *conv)
{
    toa_party *party = conv->key->client;
    toa_conversation *found[TOA_HITS_MAX], *same;
    unsigned n = 0;

    if (party->n_group <= TOA_SCAN_MAX) {
        for (toa_conversation *y = party->group; y; y = toa_group_next(y)) {
            found[n++] = y;
        }
    } else {
        n = toa_index_find(state, party, TOA_BY_ISN, toa_server_side(conv)->isn, found);
        same = pick_leg(conv, found, n);
        if (same || !(toa_client_side(conv)->flags & TOA_SIDE_SYN)) {
            return same;
        }
        n = toa_index_find(state, party, TOA_BY_ISN_CLIENT, toa_client_side(conv)->isn, found);
    }
    return pick_leg(conv, found, n);
}

/* x, which carries the segment being fed, has just shown what y has shown before. With no TOA to tell the sides apart: what a
 * server says passes its own side first. */
static void confirm(toa_state *state, toa_conversation *x, toa_conversation *y)
{
    forget_guess(x);
    forget_guess(y);
    if (is_rs_side(x)) {
        join(state, x, y, true);
    } else {
        join(state, y, x, true);
    }
    toa_collision_check_key(state, x);
}

bool toa_legs_carried(const toa_conversation *y, bool from_server, const toa_segment *segment)
{
    return toa_conversation_carried(&y->side[from_server ? !y->client : y->client], segment);
}

void toa_legs_copy(toa_state *state, toa_conversation *x, toa_conversation *y)
{
    toa_pair *pair = toa_state_pair(state, x, y);

    if (pair->copy_frame == state->segment->frame) {
        return; /* found by another of its numbers */
    }
    pair->copy_frame = state->segment->frame;
    if (++pair->n_copies < 2 || is_certain(x) || is_certain(y)) {
        return;
    }
    confirm(state, x, y);
}

void toa_legs_check_reply(toa_state *state, toa_conversation *conv)
{
    toa_party *party = conv->key->client;
    toa_conversation *found[TOA_HITS_MAX];
    unsigned n = 0;

    if (conv->leg_looks >= REPLIES_MAX || is_certain(conv)) {
        return;
    }
    conv->leg_looks++;
    if (party->n_group <= TOA_SCAN_MAX) {
        for (toa_conversation *y = party->group; y; y = toa_group_next(y)) {
            found[n++] = y;
        }
    } else {
        n = toa_index_find(state, party, TOA_BY_GROUP_SERVER_NEXT, toa_segment_end(state->segment), found);
    }
    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = found[i];
        if (y != conv && !toa_same_wire(y, conv) && toa_legs_carried(y, true, state->segment)) {
            toa_legs_copy(state, conv, y);
        }
    }
}

void toa_legs_check_isn(toa_state *state, toa_conversation *conv)
{
    toa_conversation *other;

    if (is_certain(conv) || !(conv->flags & TOA_CONV_SHARED)) {
        return;
    }
    other = find_same_isn(state, conv);
    if (other) {
        confirm(state, conv, other);
        return;
    }
    other = has_leg(conv) ? conv->extra->leg : NULL;
    if (!other || !(toa_server_side(other)->flags & TOA_SIDE_SYN)) {
        return;
    }
    if (is_rs_side(conv) && other->synack_time < conv->first_time) {
        return; /* a SYN proxy answers the client first, with an ISN of its own */
    }
    forget_guess(conv);
    toa_collision_check_key(state, conv);
}

void toa_legs_check_data(toa_state *state, toa_conversation *conv)
{
    toa_conversation *other = has_leg(conv) ? conv->extra->leg : NULL;
    const toa_side *mine, *its;

    if (!other || is_certain(conv)) {
        return;
    }
    mine = toa_client_side(conv);
    its = toa_client_side(other);
    if ((mine->flags & its->flags & TOA_SIDE_SYN) && mine->last_time - its->last_time <= TOA_COPY_NS &&
        mine->burst_seq - mine->isn == its->burst_seq - its->isn &&
        mine->burst_end - mine->isn == its->burst_end - its->isn) {
        confirm(state, conv, other);
    }
}

const toa_conversation *toa_legs_other(const toa_conversation *conv)
{
    return is_certain(conv) ? conv->extra->leg : NULL;
}
