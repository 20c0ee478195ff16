/* collision.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/collision.h"

#include "core/judge/onekey.h"
#include "core/model/clock.h"
#include "core/model/group.h"
#include "core/model/index.h"

/* How many members of a crowded key are searched for one that is under way. */
#define VISIT_MAX 64

/* The pair's record is kept with the conversation that began later. */
static toa_pair *pair_of(toa_state *state, toa_conversation *x, toa_conversation *y)
{
    return toa_began_before(x, y) ? toa_state_pair(state, y, x) : toa_state_pair(state, x, y);
}

static bool closed_before(const toa_conversation *earlier, const toa_conversation *later)
{
    return (earlier->flags & TOA_CONV_CLOSED) && earlier->close_time <= later->first_time;
}

/* How many earlier connections of one wire tuple, and how many pairs of one conversation, are searched. */
#define EARLIER_MAX 4
#define PAIRS_MAX 8

static toa_conversation *earlier_of(const toa_conversation *conv)
{
    return conv->extra ? conv->extra->earlier : NULL;
}

/* The evidence that proved x's and y's wire tuples to be one at the server, for these two connections or for earlier ones on
 * the same tuples; 0: none. */
static uint16_t proven_before(const toa_state *state, const toa_conversation *x, const toa_conversation *y)
{
    unsigned i = 0;

    for (const toa_conversation *a = x; a && i <= EARLIER_MAX; a = earlier_of(a), i++) {
        unsigned j = 0;
        for (const toa_conversation *b = y; b && j <= EARLIER_MAX; b = earlier_of(b), j++) {
            const toa_pair *pair = toa_state_find_pair(state, a, b), *back = toa_state_find_pair(state, b, a);
            if (pair && pair->proof) {
                return pair->proof;
            }
            if (back && back->proof) {
                return back->proof;
            }
        }
    }
    return 0;
}

/* ---- R2 ---- */

/* The time between the close of one and the beginning of the other; negative if they overlap. A conversation that was under
 * way when the capture first saw it may be the younger one all the same: the capture may have lost its SYN. */
static int64_t pause_between(const toa_conversation *early, const toa_conversation *late)
{
    if (closed_before(early, late)) {
        return late->first_time - early->close_time;
    }
    if (early->midstream && closed_before(late, early)) {
        return early->first_time - late->close_time;
    }
    return -1;
}

static void report_shared(toa_state *state, toa_conversation *conv, toa_conversation *other)
{
    toa_conversation *early = toa_began_before(conv, other) ? conv : other, *late = early == conv ? other : conv;
    int64_t pause = pause_between(early, late);
    bool reported = toa_same_reported_key(conv, other), over = pause >= 0;
    uint16_t evidence = reported ? TOA_EV_KEY : proven_before(state, conv, other);
    toa_finding *finding;
    toa_pair *pair;

    if ((over && pause >= state->config->time_wait) || evidence == 0) {
        return;
    }
    pair = pair_of(state, conv, other);
    if (pair->collision || pair->reuse) {
        return; /* the finding stands, even if early has closed since, at the very time at which late began */
    }
    *(over ? &pair->reuse : &pair->collision) = true;
    if (reported && !over) {
        conv->disputed = other->disputed = true;
    }
    finding = toa_state_report(state, over ? TOA_FINDING_REUSE : TOA_FINDING_COLLISION, conv, other, evidence);
    finding->other_frame = other->first_frame;
    finding->count = conv->key->n_members > TOA_KEY_CROWD ? conv->key->n_members : 0;
}

static bool comparable(const toa_conversation *conv, const toa_conversation *other)
{
    return !(other->flags & TOA_CONV_SELF) && !toa_group_excluded(conv, other);
}

/* Of a key that many conversations share, only two are compared: the newest, and the newest that is more than a SYN, so that
 * a flood of SYNs cannot hide a real one. */
static void check_crowd(toa_state *state, toa_conversation *conv)
{
    toa_conversation *newest = NULL, *under_way = NULL, *other = conv->key->members;

    for (unsigned i = 0; other && !(newest && under_way) && i < VISIT_MAX; i++, other = toa_key_next(other)) {
        if (!comparable(conv, other)) {
            continue;
        }
        if (!under_way && toa_is_established(other) && !(other->flags & TOA_CONV_CLOSED)) {
            under_way = other;
        } else if (!newest) {
            newest = other;
        }
    }
    if (newest) {
        report_shared(state, conv, newest);
    }
    if (under_way) {
        report_shared(state, conv, under_way);
        toa_group_to_front(state, under_way);
    }
}

void toa_collision_check_key(toa_state *state, toa_conversation *conv)
{
    if (conv->key->n_members < 2 || (conv->flags & TOA_CONV_SELF)) {
        return;
    }
    if (conv->key->n_members > TOA_KEY_CROWD) {
        check_crowd(state, conv);
        return;
    }
    for (toa_conversation *other = conv->key->members, *next; other; other = next) {
        next = toa_key_next(other);
        if (comparable(conv, other)) {
            report_shared(state, conv, other);
        }
    }
}

/* ---- proofs ---- */

void toa_collision_prove(toa_state *state, toa_conversation *conv, toa_conversation *other, const toa_finding *details)
{
    toa_conversation *early = toa_began_before(conv, other) ? conv : other, *late = early == conv ? other : conv;
    toa_pair *pair = pair_of(state, conv, other);
    bool over = pair->reuse || (closed_before(early, late) && !pair->collision); /* an earlier finding stands */
    toa_finding proof = *details;

    proof.other_frame = other->first_frame;
    if (!pair->proof) {
        pair->proof = proof.evidence;
    }
    if (pair->confirmed || (over && pair->reuse)) {
        return;
    }
    if (toa_same_reported_key(conv, other)) {
        proof.evidence |= TOA_EV_KEY;
    }
    if (!over && !pair->collision) {
        toa_state_report_as(state, TOA_FINDING_COLLISION, conv, other, &proof);
    }
    toa_state_report_as(state, over ? TOA_FINDING_REUSE : TOA_FINDING_CONFIRMED, conv, other, &proof);
    pair->confirmed = !over;
    pair->collision |= !over;
    pair->reuse |= over;
    toa_onekey_servers(state, conv->server_party, other->server_party);
    toa_onekey_join(state, early, late);
}

/* True if it proves something. */
static bool check_one_isn(toa_state *state, toa_conversation *x, toa_conversation *y, uint32_t misses)
{
    const toa_endpoint *xs = toa_wire_server(x), *ys = toa_wire_server(y);
    toa_finding proof = {.evidence = TOA_EV_RECYCLED};
    int64_t limit;

    if (!(y->flags & TOA_CONV_SYNACK_SEEN) || toa_group_excluded(x, y)) {
        return false;
    }
    if (toa_began_before(y, x) && toa_server_side(x)->isn == toa_clock_recycled(toa_server_side(y)->next) &&
        (x->key == y->key || !toa_crowded(x, y))) {
        toa_collision_prove(state, x, y, &proof);
        return true;
    }
    if (toa_endpoint_same_address(xs, ys) && xs->port != ys->port) {
        return false; /* two services of one host: two tuples, whatever a simple clock says (Windows XP) */
    }
    limit = toa_clock_limit(toa_group_n_established_tuples(x->key->client) + misses);
    if (x->key != y->key && !proven_before(state, x, y)) {
        int64_t budget = toa_clock_budget(++state->n_clock_pairs); /* outside of MIN, which would count it twice */
        limit = MIN(limit, budget);
    }
    if (toa_clock_match(x, y, limit, &proof.isn_error)) {
        proof.evidence = TOA_EV_ISN_CLOCK;
        toa_collision_prove(state, x, y, &proof);
        return true;
    }
    return false;
}

/* Compares conv with the newest connection on the tuple that its predecessor was proven to be one with. In a large group
 * many connections of one tuple have the same phase of the clock, so that a look-up by phase may miss this partner. */
static bool check_partners(toa_state *state, toa_conversation *conv, uint32_t misses)
{
    const toa_conversation *earlier = earlier_of(conv);
    unsigned tried = 0;
    bool proven = false;

    for (toa_pair *pair = earlier && earlier->extra ? earlier->extra->pairs : NULL; pair && tried < PAIRS_MAX;
         pair = pair->next, tried++) {
        toa_conversation *newest = pair->proof ? toa_state_find(state, &pair->y->wire[0], &pair->y->wire[1]) : NULL;
        if (newest && newest->key->client == conv->key->client) {
            proven |= check_one_isn(state, conv, newest, misses);
        }
    }
    return proven;
}

/* In a large group, only the members whose ISN can fit are compared. */
static bool check_indexed_isns(toa_state *state, toa_conversation *conv, uint32_t misses)
{
    toa_party *party = conv->key->client;
    toa_conversation *found[TOA_HITS_MAX];
    uint32_t bucket = toa_clock_bucket(conv),
             reach = toa_clock_reach(toa_clock_limit(toa_group_n_established_tuples(party) + misses));
    unsigned checked = 0, n;
    bool proven = false;

    n = toa_index_find(state, party, TOA_BY_GROUP_SERVER_NEXT, toa_clock_not_recycled(toa_server_side(conv)->isn), found);
    for (unsigned i = 0; i < n; i++) {
        proven |= check_one_isn(state, conv, found[i], misses);
    }
    for (uint32_t step = 0; reach > 0 && step <= 2 * reach && checked < TOA_HITS_MAX; step++) {
        uint32_t at = (uint32_t)((bucket + TOA_CLOCK_BUCKETS + step - reach) % TOA_CLOCK_BUCKETS);
        n = toa_index_find(state, party, TOA_BY_ISN_PHASE, at, found);
        for (unsigned i = 0; i < n && checked < TOA_HITS_MAX; i++, checked++) {
            proven |= check_one_isn(state, conv, found[i], misses);
        }
    }
    return proven;
}

void toa_collision_check_isn(toa_state *state, toa_conversation *conv)
{
    const toa_conversation *earlier = earlier_of(conv);
    uint32_t misses = earlier && earlier->extra ? earlier->extra->clock_misses : 0;
    bool proven = false;

    if (!(conv->flags & TOA_CONV_SHARED)) {
        return;
    }
    if (conv->key->client->n_group <= TOA_SCAN_MAX) {
        for (toa_conversation *y = conv->key->client->group, *next; y; y = next) {
            next = toa_group_next(y); /* a proof moves conversations between groups */
            proven |= check_one_isn(state, conv, y, misses);
        }
    } else {
        proven = check_partners(state, conv, misses);
        proven |= check_indexed_isns(state, conv, misses);
    }
    toa_state_extra(state, conv)->clock_misses = misses + !proven;
}

/* The RST of a closed port repeats the number that its cause acknowledges, and that number was chosen by whoever sent the
 * cause. So it proves something only if the cause is y's, y still waits for the answer, and x's client has sent nothing
 * since then. */
static bool rst_proves(const toa_conversation *x, const toa_match *match)
{
    const uint32_t needed = TOA_EV_SEQ | TOA_EV_TRIGGER;
    const toa_side *client = &x->side[x->client], *requester = toa_client_side(match->owner);
    uint32_t stray = x->extra ? x->extra->client_stray_frame : 0;

    return (match->evidence & needed) == needed && !(match->evidence & TOA_HINT_OWN_CAUSE) &&
           (requester->flags & TOA_SIDE_DEMAND) && requester->demand_frame == match->other_frame &&
           toa_server_side(match->owner)->last_frame < match->other_frame && client->last_frame < match->other_frame &&
           stray < match->other_frame;
}

/* Any other segment. Without its cause, this could be a NAT that lost its mapping: all numbers fit, yet there are two servers.
 * And a socket that holds x cannot start a new connection for y: then the server keeps the two apart. */
static bool segment_proves(const toa_conversation *x, const toa_match *match, unsigned flags)
{
    const uint32_t numbers = TOA_EV_SEQ | TOA_EV_ACK | TOA_EV_TSECR | TOA_EV_IP_ID | TOA_EV_TIMESTAMPS;

    return (match->evidence & TOA_EV_TRIGGER) && __builtin_popcount(match->evidence & numbers) >= 2 &&
           (!(flags & TOA_FLAG_SYN) || (x->flags & TOA_CONV_CLOSED));
}

void toa_collision_check_match(toa_state *state, toa_conversation *x, bool from_server, const toa_match *match)
{
    const uint16_t flags = state->segment->flags & (TOA_FLAG_SYN | TOA_FLAG_RST | TOA_FLAG_ACK);
    toa_finding proof = {.evidence = toa_rules_shown(match->evidence), .ip_id_delta = match->ip_id_delta};

    if (!from_server || match->where != TOA_WHERE_GROUP || !(x->flags & TOA_CONV_CLIENT_SPOKE)) {
        return;
    }
    if (flags == TOA_FLAG_RST ? rst_proves(x, match) : segment_proves(x, match, flags)) {
        toa_collision_prove(state, x, match->owner, &proof);
    }
}
