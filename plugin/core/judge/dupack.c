/* dupack.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/dupack.h"

#include "core/model/group.h"
#include "core/model/requests.h"
#include "core/judge/pending.h"
#include "core/base/serial.h"

/* A segment of one was found on the other before. */
static bool crossed(const toa_state *state, const toa_conversation *x, const toa_conversation *y)
{
    const toa_pair *pair = toa_state_find_pair(state, x, y), *back = toa_state_find_pair(state, y, x);

    return (pair && (pair->n_found || pair->confirmed)) || (back && (back->n_found || back->confirmed));
}

/* The two share a key or have been crossed before, so less evidence is enough. */
static bool related(const toa_state *state, const toa_conversation *x, const toa_conversation *y)
{
    return x->key == y->key || crossed(state, x, y);
}

/* From this many on, silent duplicate ACKs between two unrelated conversations are no coincidence. A keep-alive of x that
 * the capture lost looks like one of y, so keep-alives need one more. */
#define SILENT_MIN 2u
/* But the first one is none if x had been silent for so long, and for so many round trips, when y's client sent its SYN. */
#define IDLE_NS (TOA_SECOND / 40)
#define IDLE_TRIPS 4

/* ---- D-SACK ---- */

/* The first SACK block lies outside everything that x's client can have sent. */
static bool block_is_foreign(const toa_side *client, const toa_side *server, const uint32_t block[2])
{
    uint32_t reach = client->next + toa_conversation_window(server, client);

    if (!(client->flags & TOA_SIDE_ANCHORED) || !toa_seq_lt(block[0], block[1])) {
        return false;
    }
    return !toa_seq_within(block[0], client->low, reach) || !toa_seq_within(block[1], client->low, reach);
}

/* The block, less the distance between the numbers of the two, is a range that y's client has sent. A burst is acknowledged
 * segment by segment, after all of it was sent. */
static bool within_sent(const toa_side *client, const uint32_t block[2], uint32_t distance)
{
    return (client->flags & TOA_SIDE_ANCHORED) && toa_seq_within(block[0] - distance, client->low, client->next) &&
           toa_seq_within(block[1] - distance, client->low, client->next);
}

static bool block_is_data_of(toa_state *state, toa_conversation *x, toa_conversation *y, const uint32_t block[2])
{
    const toa_segment *segment = state->segment;
    const toa_side *client = toa_client_side(y);
    toa_pair *pair = toa_state_find_pair(state, x, y);
    uint32_t distance = block[0] - client->demand_seq;
    bool exact = pair && pair->has_ack_shift && pair->ack_span == 0;

    if (!(client->flags & TOA_SIDE_DEMAND)) {
        return false;
    }
    if (within_sent(client, block, 0) || (exact && within_sent(client, block, pair->ack_shift))) {
        return true;
    }
    /* a known distance may belong to another session of the load balancer: a RST ends a session, the next SYN starts one */
    if (block[1] - block[0] != client->demand_end - client->demand_seq ||
        segment->time - client->demand_time > TOA_SECOND) {
        return false;
    }
    if (related(state, x, y) || (pair && pair->has_sack_shift && pair->sack_shift == distance)) {
        return true;
    }
    pair = toa_state_pair(state, x, y);
    pair->has_sack_shift = true;
    pair->sack_shift = distance;
    return false;
}

static bool check_dsack(toa_state *state, toa_conversation *x)
{
    const toa_options *options = &state->segment->options;
    toa_conversation *candidates[TOA_SCAN_MAX];
    unsigned n;

    if (!block_is_foreign(toa_client_side(x), toa_server_side(x), options->sack[0])) {
        return false;
    }
    n = toa_requests_pending(x->key->client, candidates);
    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = candidates[i];
        toa_side *client = toa_client_side(y);
        toa_pair *pair;
        toa_finding *finding;
        uint16_t evidence = TOA_EV_SACK;

        if (toa_group_excluded(x, y) || !block_is_data_of(state, x, y, options->sack[0])) {
            continue;
        }
        pair = toa_state_pair(state, x, y);
        if (!(pair->has_ack_shift && within_sent(client, options->sack[0], pair->ack_shift))) {
            pair->has_ack_shift = true;
            pair->ack_span = 0;
            pair->ack_shift = within_sent(client, options->sack[0], 0) ? 0 : options->sack[0][0] - client->demand_seq;
        }
        if (state->segment->time - client->demand_time <= TOA_SECOND) {
            evidence |= TOA_EV_TRIGGER;
        }
        evidence |= toa_same_reported_key(x, y) ? TOA_EV_KEY : 0;
        pair->n_found++;
        pair->found_time = state->segment->time;
        pair->n_dup_acks++;
        finding = toa_state_report(state, TOA_FINDING_FOREIGN_DUP_ACK, x, y, evidence);
        finding->other_frame = client->demand_frame;
        finding->ack_shift = within_sent(client, options->sack[0], 0) ? 0 : pair->ack_shift;
        finding->count = pair->n_dup_acks;
        return true;
    }
    return false;
}

/* ---- silent ---- */

/* The only thing that is unanswered on x begins just where this segment ends: its answer would acknowledge it, so this one had
 * left before. A full receiver may repeat its ACK, but offers no window then. */
static bool comes_before_answer(const toa_side *client, const toa_segment *segment)
{
    return (client->flags & TOA_SIDE_DEMAND) && client->demand_seq == segment->ack && client->demand_end == client->next &&
           client->demand_end != client->demand_seq && segment->window != 0;
}

/* The segment repeats the server's last ACK, and nothing on x asked for it. Whatever has gone unanswered for more than a
 * second will not be answered any more. */
static bool answers_nothing_own(const toa_side *server, const toa_side *client, const toa_segment *segment)
{
    if (!(server->flags & client->flags & TOA_SIDE_ANCHORED) || server->n_acks == 0 || segment->seq != server->next ||
        segment->ack != server->acks[0] || segment->window > server->window) {
        return false;
    }
    if (segment->ack != client->next) {
        return comes_before_answer(client, segment);
    }
    return !((client->flags & TOA_SIDE_DEMAND) && client->demand_time >= server->last_time &&
             segment->time - client->demand_time <= TOA_SECOND);
}

/* Time from SYN to SYN-ACK, from whichever of the two has both; 0: neither. */
static int64_t round_trip(const toa_conversation *x, const toa_conversation *y)
{
    int64_t trip = toa_pending_trip(x);

    return trip > 0 ? trip : toa_pending_trip(y);
}

/* The shorter one: a server that is busy makes its client wait. */
static int64_t least_trip(const toa_conversation *x, const toa_conversation *y)
{
    int64_t a = toa_pending_trip(x), b = toa_pending_trip(y);

    return a > 0 && b > 0 ? MIN(a, b) : MAX(a, b);
}

/* The server's last segment was a plain ACK, which may have been the answer to what was asked at `asked`. A keep-alive has an
 * older number. */
static bool answered_last(const toa_side *server, int64_t asked, int64_t trip)
{
    return server->last_empty && server->last_flags == TOA_FLAG_ACK && server->burst_end == server->next &&
           !toa_pending_too_soon(server->last_time - asked, trip);
}

/* If x's server has sent something since y's client asked, the answer must come after one round trip. What the server sends
 * of its own accord, a push or a keep-alive, can overtake the question but not the answer; and each of several questions has
 * its own answer. */
static bool comes_in_time(const toa_state *state, const toa_conversation *x, const toa_conversation *y)
{
    const toa_segment *segment = state->segment;
    const toa_pair *pair = toa_state_find_pair(state, x, y);
    const toa_side *server = &x->side[!x->client], *client = &y->side[y->client];
    int64_t delay = segment->time - client->demand_time, trip = round_trip(x, y);
    bool one_more = pair && pair->dup_ack_time && pair->dup_ack_time == server->last_time;

    if (!one_more && client->unanswered < 2 && toa_pending_too_soon(delay, related(state, x, y) ? least_trip(x, y) : trip)) {
        return false; /* the only question */
    }
    if (client->demand_time >= server->last_time || (one_more && segment->time - server->last_time <= TOA_OVERTAKEN_NS)) {
        return true;
    }
    return trip > 0 && (one_more || !answered_last(server, client->demand_time, trip)) &&
           delay <= trip + trip / 2 + TOA_OVERTAKEN_NS;
}

/* The last time at which something was sent on x, but for a question that the server has not seen yet. */
static int64_t last_sent(const toa_side *server, const toa_side *client, const toa_segment *segment)
{
    bool is_pending = segment->ack != client->next && client->demand_frame == client->last_frame;

    return is_pending ? server->last_time : MAX(server->last_time, client->last_time);
}

/* The server's socket is not open yet, its answer has no identification (RFC 793 has no other reason for it than a strange
 * segment: a SYN that comes again draws a SYN-ACK). */
static bool is_opening(const toa_side *server, const toa_side *client, const toa_segment *segment)
{
    return segment->ip_id == 0 && (server->flags & client->flags & TOA_SIDE_SYN) && server->next == server->isn + 1 &&
           segment->ack == client->isn + 1 && server->last_flags == (TOA_FLAG_SYN | TOA_FLAG_ACK);
}

/* y's client sends a SYN, and one round trip later x's server repeats its last ACK. x was silent for a while before, so
 * that what its client has sent itself could not come so late, however it was overtaken; or it is just being opened. */
static bool answers_syn(const toa_conversation *x, const toa_conversation *y, const toa_segment *segment)
{
    const toa_side *xc = &x->side[x->client], *xs = &x->side[!x->client], *client = &y->side[y->client];
    int64_t trip = toa_pending_trip(x), idle = client->demand_time - last_sent(xs, xc, segment);
    int64_t delay = segment->time - client->demand_time;

    return trip > 0 && (client->flags & TOA_SIDE_SYN) && client->demand_seq == client->isn &&
           client->next == client->isn + 1 &&
           (idle >= MAX(IDLE_NS, IDLE_TRIPS * trip) || is_opening(xs, xc, segment)) && !toa_pending_too_soon(4 * delay, trip) &&
           delay <= trip + trip / 2 + TOA_OVERTAKEN_NS;
}

/* The conversation whose client has just sent a plain ACK. Even that draws an answer, if its number is not one of x: between
 * two that have been crossed it explains a duplicate ACK when nothing else does. */
static toa_conversation *last_acked(const toa_state *state, const toa_conversation *x)
{
    const toa_side *xc = &x->side[x->client];
    toa_conversation *candidates[TOA_SCAN_MAX], *newest = NULL;
    unsigned n = toa_requests_pending(x->key->client, candidates);

    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = candidates[i];
        const toa_side *client = toa_client_side(y);
        const toa_pair *pair = toa_state_find_pair(state, x, y);
        int64_t trip = round_trip(x, y), delay = state->segment->time - client->last_time;

        if (toa_group_excluded(x, y) || !crossed(state, x, y) || !client->last_empty || client->last_flags != TOA_FLAG_ACK ||
            y->side[!y->client].last_time > client->last_time || (pair && pair->dup_ack_time >= client->last_time) ||
            client->last_time < x->side[!x->client].last_time || client->last_time - xc->last_time < TOA_OVERTAKEN_NS ||
            toa_pending_too_soon(delay, least_trip(x, y)) || delay > trip + trip / 2 + TOA_OVERTAKEN_NS) {
            continue;
        }
        if (!newest || client->last_time > toa_client_side(newest)->last_time) {
            newest = y;
        }
    }
    return newest;
}

static void report_silent(toa_state *state, toa_conversation *x, toa_conversation *y, toa_pair *pair, uint32_t cause)
{
    toa_finding *finding;

    pair->n_found++;
    pair->found_time = state->segment->time;
    finding = toa_state_report(state, TOA_FINDING_FOREIGN_DUP_ACK, x, y,
                               TOA_EV_TRIGGER | (toa_same_reported_key(x, y) ? TOA_EV_KEY : 0));
    finding->other_frame = cause;
    finding->count = pair->n_dup_acks;
}

static toa_pair *count_silent(toa_state *state, toa_conversation *x, toa_conversation *y)
{
    toa_pair *pair = toa_state_pair(state, x, y);

    pair->n_dup_acks++;
    pair->dup_ack_time = state->segment->time;
    return pair;
}

static void check_silent(toa_state *state, toa_conversation *x)
{
    toa_conversation *y;
    toa_pair *pair;
    bool keepalive, at_once;

    if (!answers_nothing_own(toa_server_side(x), toa_client_side(x), state->segment)) {
        return;
    }
    y = toa_pending_newest(state, x, 0);
    if (!y) {
        y = last_acked(state, x);
        if (y) {
            report_silent(state, x, y, count_silent(state, x, y), toa_client_side(y)->last_frame);
        }
        return;
    }
    if (!comes_in_time(state, x, y)) {
        return;
    }
    toa_client_side(y)->unanswered--; /* each demand explains one duplicate ACK */
    keepalive = toa_client_side(y)->demand_end == toa_client_side(y)->demand_seq;
    at_once = keepalive ? crossed(state, x, y) : related(state, x, y) || answers_syn(x, y, state->segment);
    pair = count_silent(state, x, y);
    if (at_once || pair->n_dup_acks >= (keepalive ? SILENT_MIN + 1u : SILENT_MIN)) {
        report_silent(state, x, y, pair, toa_client_side(y)->demand_frame);
    }
}

void toa_dupack_check(toa_state *state, toa_conversation *x)
{
    const toa_segment *segment = state->segment;
    const uint16_t control = TOA_FLAG_SYN | TOA_FLAG_FIN | TOA_FLAG_RST | TOA_FLAG_ACK;

    if (!(x->flags & TOA_CONV_SHARED) || segment->length != 0 || (segment->flags & control) != TOA_FLAG_ACK) {
        return;
    }
    if (segment->options.n_sack == 0) {
        check_silent(state, x);
    } else {
        check_dsack(state, x);
    }
}
