/* shifted.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/shifted.h"

#include "core/base/serial.h"
#include "core/judge/onekey.h"
#include "core/judge/pending.h"
#include "core/judge/stranger.h"
#include "core/model/group.h"
#include "core/model/requests.h"

/* Without IP-IDs a question must be at least this long: shorter ones too often have the same length. */
#define LENGTH_MIN 16u

/* One search. */
typedef struct search {
    toa_state *state;
    toa_conversation *x;
    const toa_segment *segment;
    toa_own own;
    bool from_server;
    toa_seen *seen;
    toa_match best;
} search;

/* y is the owner, with this evidence beside what the numbers show. */
static void found(search *s, toa_conversation *y, uint32_t evidence)
{
    toa_rules_evidence(s->x, y, true, s->segment, toa_state_find_pair(s->state, s->x, y), &s->best);
    s->best.where = TOA_WHERE_GROUP;
    s->best.evidence |= evidence;
}

/* x's client has not asked for the SYN-ACK: when the same one came before, it sent a RST, or went on with its own numbers. */
static bool was_refused(const toa_state *state, const toa_conversation *x, const toa_conversation *y)
{
    const toa_segment *segment = state->segment;
    const toa_stranger *last = x->extra ? x->extra->stranger : NULL;
    const toa_pair *pair = toa_state_find_pair(state, x, y);

    if (pair && pair->rst_time && pair->rst_client && pair->rst_seq == segment->ack) {
        return true;
    }
    return last && last->ack == segment->ack && last->frame != segment->frame &&
           (last->refused || x->side[x->client].last_time > last->time);
}

/* y's SYN is the only one in x's group that could have drawn the SYN-ACK, and was sent one round trip before it. */
static bool is_only_syn(const toa_conversation *x, const toa_conversation *y, const toa_segment *segment)
{
    toa_conversation *candidates[TOA_SCAN_MAX];
    unsigned n = toa_requests_pending(x->key->client, candidates);

    for (unsigned i = 0; i < n; i++) {
        const toa_side *client = toa_client_side(candidates[i]);
        if (candidates[i] != y && candidates[i] != x && toa_pending_waits(candidates[i], segment) &&
            client->demand_seq == client->isn && (client->flags & TOA_SIDE_SYN)) {
            return false;
        }
    }
    return !toa_crowded(x, y) && toa_pending_in_time(toa_pending_trip(x), segment->time - y->side[y->client].demand_time);
}

/* x is open, and its client has used it within the last round trip: it has not sent a SYN there that the capture could have
 * lost, to which this SYN-ACK would be the answer. */
static bool is_in_use(const toa_conversation *x, const toa_segment *segment)
{
    const toa_side *client = &x->side[x->client], *server = &x->side[!x->client];

    return (client->flags & server->flags & TOA_SIDE_SYN) && toa_is_established(x) && !(x->flags & TOA_CONV_CLOSED) &&
           !(client->flags & TOA_SIDE_FIN) && segment->time - client->last_time < toa_pending_trip(x);
}

/* A SYN-ACK through a load balancer that shifts the client's numbers, where no timestamps help: it follows an unanswered SYN
 * of y, and is foreign once the same distance has occurred for two different SYN-ACKs (R7); or if the client has refused it
 * before; or if the two servers were proven to be one before. */
static void try_distance(search *s)
{
    const toa_segment *segment = s->segment;
    const toa_extra *extra = s->x->extra;
    toa_conversation *y;
    const toa_side *client;
    uint32_t distance;
    bool again, alone;

    if ((segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) != (TOA_FLAG_SYN | TOA_FLAG_ACK) || s->own != TOA_OWN_NONE) {
        return;
    }
    y = toa_pending_newest(s->state, s->x, 0);
    if (!y) {
        return;
    }
    client = toa_client_side(y);
    if (!(client->flags & TOA_SIDE_SYN) || client->demand_seq != client->isn) {
        return;
    }
    distance = segment->ack - client->isn - 1;
    again = extra && extra->has_distance && extra->distance == distance && extra->distance_ack != segment->ack;
    alone = is_only_syn(s->x, y, segment);
    if (again || was_refused(s->state, s->x, y) || toa_onekey_known(s->x->server_party, y->server_party) ||
        (alone && is_in_use(s->x, segment))) {
        found(s, y, TOA_EV_TRIGGER | (again ? (uint32_t)TOA_EV_ACK : 0u));
        s->best.shift.ack = distance;
        return;
    }
    s->seen->has_synack_distance = true;
    s->seen->synack_distance = distance;
    s->seen->refused = alone ? y : NULL;
}

/* The number that this answer would have if it were y's and not shifted: a RST repeats what y's client has acknowledged, a
 * challenge ACK has what y's server would send next. False: it cannot be an answer to y. */
static bool answered_number(const toa_conversation *y, const toa_segment *segment, uint32_t *ret_number)
{
    const toa_side *client = &y->side[y->client], *server = &y->side[!y->client];
    bool rst = (segment->flags & TOA_FLAG_RST) != 0;

    *ret_number = rst ? client->acks[0] : server->next;
    return rst ? client->n_acks > 0 && segment->time - client->last_time <= TOA_SECOND && server->last_time <= client->last_time
               : (server->flags & TOA_SIDE_ANCHORED) != 0;
}

/* A load balancer that shifts the server's numbers (SYN proxy) uses one distance for all connections. An answer whose owner
 * cannot be found otherwise is foreign once two different numbers had the same distance (R7). */
static void try_shifted(search *s)
{
    const toa_segment *segment = s->segment;
    const toa_large_party *large = s->x->server_party->large;
    toa_conversation *candidates[TOA_SCAN_MAX], *newest = NULL;
    bool rst = toa_segment_is_lone_rst(segment) && segment->seq != 0;
    uint32_t number;
    unsigned n;

    if ((s->own != TOA_OWN_NONE && s->own != TOA_OWN_UNKNOWN) || !(rst || toa_rules_is_challenge(s->x, segment))) {
        return;
    }
    n = toa_requests_pending(s->x->key->client, candidates);
    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = candidates[i];
        if (toa_group_excluded(s->x, y) || !answered_number(y, segment, &number)) {
            continue;
        }
        if (large && large->has_distance && segment->seq - number == large->distance) {
            if (segment->seq == large->distance_seq && !large->distance_certain) {
                return; /* it repeats the only number that had it */
            }
            s->seen->answer_distance_again = true;
            found(s, y, TOA_EV_SEQ | (rst ? (uint32_t)TOA_EV_TRIGGER : 0u));
            return;
        }
        if (segment->seq != number && (!newest || toa_client_side(y)->last_time > toa_client_side(newest)->last_time)) {
            newest = y;
        }
    }
    if (newest && answered_number(newest, segment, &number) && !(large && large->distance_certain)) {
        s->seen->has_answer_distance = true;
        s->seen->answer_distance = segment->seq - number;
    }
}

/* An answer to y's question, where a load balancer shifts both numbers. A run of foreign numbers on x continues, and its
 * acknowledgment has advanced by exactly the length of the one question of y that is unanswered. The IP-IDs continue the run of
 * y's server, unless that has shown none yet (R7). */
static void try_advance(search *s)
{
    const toa_segment *segment = s->segment;
    const toa_stranger *run = s->x->extra ? s->x->extra->stranger : NULL;
    toa_conversation *y;
    const toa_side *client;
    toa_match match;

    if (!run || s->own != TOA_OWN_NONE || segment->ack == run->ack ||
        (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_RST | TOA_FLAG_ACK)) != TOA_FLAG_ACK ||
        !toa_seq_within(segment->seq, run->seq, run->end)) {
        return;
    }
    y = toa_pending_newest(s->state, s->x, run->time - TOA_SECOND);
    client = y ? toa_client_side(y) : NULL;
    if (!y || client->unanswered != 1 || client->demand_end != client->next ||
        client->demand_end - client->demand_seq != segment->ack - run->ack) {
        return;
    }
    toa_rules_evidence(s->x, y, true, segment, toa_state_find_pair(s->state, s->x, y), &match);
    if (!(match.evidence & TOA_EV_IP_ID) && (toa_server_side(y)->ip_id || segment->ack - run->ack < LENGTH_MIN)) {
        return;
    }
    s->best = match;
    s->best.where = TOA_WHERE_GROUP;
    s->best.evidence |= TOA_EV_ACK;
    s->best.shift.ack = segment->ack - client->next;
}

/* y's segments were found on x by numbers that are not those of the run: so that one is another's, who was perhaps not captured. */
static bool has_other_numbers(const search *s, const toa_conversation *y)
{
    const toa_pair *pair = toa_state_find_pair(s->state, s->x, y);
    const toa_stranger *run = s->x->extra ? s->x->extra->stranger : NULL;

    return pair && pair->n_found > 0 && !(run && run->answers && run->waiting == y->first_frame);
}

/* The only conversation of x's group that waits for an answer since a run of strange numbers has begun on x, and whose server
 * has been silent since. It is asked one round trip before. except carries the run, too; may be NULL. */
static toa_conversation *find_waiting(const search *s, const toa_conversation *except, int64_t began)
{
    toa_conversation *candidates[TOA_SCAN_MAX], *only = NULL;
    unsigned n = toa_requests_pending(s->x->key->client, candidates);

    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = candidates[i];
        if (y == except || toa_group_excluded(s->x, y) || !toa_pending_waits(y, s->segment) || !toa_is_established(y) ||
            toa_server_side(y)->last_time >= began) {
            continue;
        }
        if (only || toa_crowded(s->x, y)) {
            return NULL;
        }
        only = y;
    }
    if (!only || has_other_numbers(s, only)) {
        return NULL;
    }
    if (toa_client_side(only)->unanswered > 1) {
        return only;
    }
    return toa_pending_too_soon(s->segment->time - toa_client_side(only)->demand_time, toa_pending_trip(only)) ? NULL : only;
}

/* So much more is acknowledged as y's client has asked, up to its last question or without it. */
static bool is_asked(const toa_conversation *y, uint32_t advance)
{
    const toa_side *client = &y->side[y->client], *server = &y->side[!y->client];

    return advance > 0 && client->demand_end != client->demand_seq &&
           (advance == client->demand_end - server->acks[0] || advance == client->demand_seq - server->acks[0]);
}

/* Both use identifications, and not one run of them. */
static bool is_another_run(const search *s)
{
    const toa_conversation *y = s->best.owner;

    return s->segment->ip_id && y->side[!y->client].ip_id && !(s->best.evidence & TOA_EV_IP_ID);
}

/* A run of strange numbers goes on, and one conversation alone asks in vain: its acknowledgment has advanced by just what was
 * asked; or its RSTs come for two questions. Or the same number turns up on two conversations, and a third one waits. */
static void try_run(search *s)
{
    const toa_segment *segment = s->segment;
    const toa_stranger *run = s->x->extra ? s->x->extra->stranger : NULL;
    bool rst = toa_segment_is_lone_rst(segment),
         plain = (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_RST | TOA_FLAG_ACK)) == TOA_FLAG_ACK;
    toa_conversation *y;

    if (s->own != TOA_OWN_NONE || !(rst || plain)) {
        return;
    }
    if (!run && toa_rules_is_challenge(s->x, segment)) {
        run = toa_stranger_find(s->state, s->x->key->client, segment->seq);
        y = run && run->conv != s->x ? find_waiting(s, run->conv, run->began) : NULL;
        if (y) {
            found(s, y, TOA_EV_TRIGGER);
        }
        return;
    }
    if (!run || run->lost_syn || !toa_seq_within(segment->seq, run->seq, run->end)) {
        return;
    }
    y = find_waiting(s, NULL, run->began);
    if (y && rst) {
        s->seen->waiting = y;
        s->seen->answers =
            run->waiting == y->first_frame && (run->answers || run->waiting_frame != toa_client_side(y)->demand_frame);
        if (s->seen->answers) {
            found(s, y, TOA_EV_TRIGGER);
        }
    } else if (y && is_asked(y, segment->ack - run->ack)) {
        found(s, y, TOA_EV_TRIGGER | TOA_EV_ACK);
        s->best.shift.ack = run->ack - toa_server_side(y)->acks[0];
        if (is_another_run(s)) {
            s->best.owner = NULL;
        }
    }
}

/* The first answer that is not y's by any number: a connection that has negotiated timestamps sends none without (RFC 7323,
 * section 3.2), so another socket has sent this one; and one conversation alone waits for an answer, whose server has agreed on
 * no timestamps and has shown no identification. */
static void try_unstamped(search *s)
{
    const toa_segment *segment = s->segment;
    toa_conversation *y;

    if (s->own != TOA_OWN_NONE || !toa_rules_lacks_timestamps(s->x, segment) ||
        (segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) != TOA_FLAG_ACK || segment->seq == 0 || !segment->ip_id) {
        return;
    }
    y = find_waiting(s, NULL, segment->time);
    if (y && toa_conversation_without_timestamps(y) && !toa_server_side(y)->ip_id) {
        found(s, y, TOA_EV_TRIGGER);
    }
}

/* A server that answers from its own address, with numbers that a load balancer would have shifted: RSTs on a conversation that
 * shows nothing else come one round trip after two questions of the one conversation that asks in vain, at one distance. */
static void try_in_vain(search *s)
{
    const toa_segment *segment = s->segment;
    const toa_extra *extra = s->x->extra;
    const toa_pair *pair;
    toa_conversation *y;
    uint32_t distance;

    if (!toa_segment_is_lone_rst(segment) || segment->seq == 0 || (s->own != TOA_OWN_NONE && s->own != TOA_OWN_UNKNOWN) ||
        ((s->x->side[0].flags | s->x->side[1].flags) & TOA_SIDE_SHOWN)) {
        return;
    }
    pair = extra && extra->has_distance ? extra->pairs : NULL;
    if (pair && pair->n_found && segment->seq - toa_client_side(pair->y)->acks[0] == extra->distance &&
        segment->time - toa_client_side(pair->y)->last_time <= TOA_SECOND) {
        found(s, pair->y, TOA_EV_TRIGGER); /* it goes on */
        return;
    }
    y = find_waiting(s, NULL, s->x->first_time);
    if (!y || !(toa_server_side(y)->flags & TOA_SIDE_SYN) ||
        !toa_pending_in_time(toa_pending_trip(y), segment->time - toa_client_side(y)->demand_time)) {
        return;
    }
    distance = segment->seq - toa_client_side(y)->acks[0];
    if (extra && extra->has_distance && extra->distance == distance &&
        extra->distance_ack != toa_client_side(y)->demand_frame) {
        found(s, y, TOA_EV_TRIGGER);
        return;
    }
    s->seen->in_vain = y;
    s->seen->in_vain_distance = distance;
}

void toa_shifted_find(toa_state *state, toa_conversation *x, bool from_server, toa_own own, toa_match *ret_match,
                      toa_seen *seen)
{
    search s = {.state = state, .x = x, .segment = state->segment, .own = own, .from_server = from_server, .seen = seen};
    static void (*const tries[])(search *) = {try_distance, try_shifted, try_advance, try_run, try_unstamped, try_in_vain};

    for (unsigned i = 0; from_server && i < sizeof tries / sizeof tries[0] && !s.best.owner; i++) {
        tries[i](&s);
    }
    *ret_match = s.best;
}
