/* collision.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/collision.h"

#include "core/model/clock.h"
#include "core/model/group.h"
#include "core/model/index.h"

/* Conversations of one key that a new one is compared with: all that real life has, and a bound for hostile
 * captures. Those still open come first. */
#define OPEN_MAX 16
#define CLOSED_MAX 4
#define VISIT_MAX 64

/* The record of the two, kept with the later one. */
static toa_pair *pair_of(toa_state *state, toa_conversation *x, toa_conversation *y)
{
    return toa_began_before(x, y) ? toa_state_pair(state, y, x) : toa_state_pair(state, x, y);
}

static bool closed_before(const toa_conversation *earlier, const toa_conversation *later)
{
    return (earlier->flags & TOA_CONV_CLOSED) && earlier->close_time <= later->first_time;
}

/* ---- R2 ---- */

static void report_shared(toa_state *state, toa_conversation *conv, toa_conversation *other)
{
    toa_conversation *early = toa_began_before(conv, other) ? conv : other, *late = early == conv ? other : conv;
    bool over = closed_before(early, late);
    toa_pair *pair;

    if (over && late->first_time - early->close_time >= state->config->time_wait) {
        return;
    }
    pair = pair_of(state, conv, other);
    if (pair->collision || pair->reuse) {
        return; /* what was said stands, also if early has closed since, at the very time at which late began */
    }
    *(over ? &pair->reuse : &pair->collision) = true;
    toa_state_report(state, over ? TOA_FINDING_REUSE : TOA_FINDING_COLLISION, conv, other, TOA_EV_KEY)->other_frame =
        other->first_frame;
}

void toa_collision_check_key(toa_state *state, toa_conversation *conv)
{
    unsigned open = 0, closed = 0, visited = 0;

    if (conv->key->n_members < 2 || (conv->flags & TOA_CONV_SELF)) {
        return;
    }
    for (toa_conversation *other = conv->key->members; other && visited < VISIT_MAX; visited++) {
        toa_conversation *next = toa_key_next(other);
        if (!toa_group_excluded(conv, other) && !(other->flags & TOA_CONV_SELF)) {
            unsigned *seen = other->flags & TOA_CONV_CLOSED ? &closed : &open;
            if (++*seen <= (seen == &closed ? CLOSED_MAX : OPEN_MAX)) {
                report_shared(state, conv, other);
            }
        }
        other = next;
    }
}

/* ---- proofs ---- */

void toa_collision_prove(toa_state *state, toa_conversation *conv, toa_conversation *other, const toa_finding *details)
{
    toa_finding proof = *details;
    toa_conversation *early = toa_began_before(conv, other) ? conv : other, *late = early == conv ? other : conv;
    toa_pair *pair = pair_of(state, conv, other);
    bool over = closed_before(early, late) && !pair->collision;

    if (pair->confirmed || (over && pair->reuse)) {
        return;
    }
    proof.other_frame = other->first_frame;
    if (conv->key == other->key) {
        proof.evidence |= TOA_EV_KEY;
    }
    if (!over && !pair->collision) {
        toa_state_report_as(state, TOA_FINDING_COLLISION, conv, other, &proof);
    }
    toa_state_report_as(state, over ? TOA_FINDING_REUSE : TOA_FINDING_CONFIRMED, conv, other, &proof);
    pair->confirmed = !over;
    pair->collision |= !over;
    pair->reuse |= over;
    if (late->key != early->key) {
        toa_group_rekey(state, late, early->key, TOA_KEY_PROVEN);
    }
}

static void check_one_isn(toa_state *state, toa_conversation *x, toa_conversation *y)
{
    const toa_endpoint *xs = toa_wire_server(x), *ys = toa_wire_server(y);
    toa_finding proof = {.evidence = TOA_EV_RECYCLED};

    if (!(y->flags & TOA_CONV_SYNACK_SEEN) || toa_group_excluded(x, y)) {
        return;
    }
    if (toa_began_before(y, x) && toa_server_side(x)->isn == toa_clock_recycled(toa_server_side(y)->next) &&
        (x->key == y->key || !toa_crowded(x))) {
        toa_collision_prove(state, x, y, &proof);
        return;
    }
    if (toa_endpoint_same_address(xs, ys) && xs->port != ys->port) {
        return; /* two services of one host: two tuples, whatever a simple clock says (Windows XP) */
    }
    if (toa_clock_match(x, y, x->key->client->n_group, &proof.isn_error)) {
        proof.evidence = TOA_EV_ISN_CLOCK;
        toa_collision_prove(state, x, y, &proof);
    }
}

void toa_collision_check_isn(toa_state *state, toa_conversation *conv)
{
    toa_party *party = conv->key->client;
    toa_conversation *found[TOA_HITS_MAX];
    uint32_t bucket, reach;
    unsigned n, checked = 0;

    if (!(conv->flags & TOA_CONV_SHARED)) {
        return;
    }
    if (party->n_group <= TOA_SCAN_MAX) {
        for (toa_conversation *y = party->group, *next; y; y = next) {
            next = toa_group_next(y); /* a proof moves conversations between groups */
            check_one_isn(state, conv, y);
        }
        return;
    }
    n = toa_index_find(state, party, TOA_BY_GROUP_SERVER_NEXT, toa_clock_not_recycled(toa_server_side(conv)->isn), found);
    for (unsigned i = 0; i < n; i++) {
        check_one_isn(state, conv, found[i]);
    }
    bucket = toa_clock_bucket(conv);
    reach = toa_clock_reach(party->n_group);
    for (uint32_t step = 0; reach > 0 && step <= 2 * reach && checked < TOA_HITS_MAX; step++) {
        uint32_t at = (uint32_t)((bucket + TOA_CLOCK_BUCKETS + step - reach) % TOA_CLOCK_BUCKETS);
        n = toa_index_find(state, party, TOA_BY_ISN_PHASE, at, found);
        for (unsigned i = 0; i < n && checked < TOA_HITS_MAX; i++, checked++) {
            check_one_isn(state, conv, found[i]);
        }
    }
}

void toa_collision_check_match(toa_state *state, toa_conversation *x, bool from_server, const toa_match *match)
{
    const uint16_t numbers = TOA_EV_SEQ | TOA_EV_ACK | TOA_EV_TSECR | TOA_EV_IP_ID | TOA_EV_TIMESTAMPS;
    bool rst = (state->segment->flags & TOA_FLAG_RST) != 0;
    toa_finding proof = {.evidence = toa_rules_shown(match->evidence), .ip_id_delta = match->ip_id_delta};

    /* without the cause, a NAT that lost its mapping looks the same: all numbers fit, yet there are two servers */
    if (!from_server || match->where != TOA_WHERE_GROUP || !(match->evidence & TOA_EV_TRIGGER) ||
        !(x->flags & TOA_CONV_CLIENT_SPOKE) || __builtin_popcount(match->evidence & numbers) < (rst ? 1 : 2)) {
        return;
    }
    toa_collision_prove(state, x, match->owner, &proof);
}
