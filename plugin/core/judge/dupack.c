/* dupack.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/dupack.h"

#include "core/model/group.h"
#include "core/model/index.h"
#include "core/judge/owner.h"
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

/* The answer to a segment that was overtaken comes at most this much later than one and a half round trips. */
#define OVERTAKEN_NS (TOA_SECOND / 200)
/* A SYN may take this much longer than a segment of an open connection. */
#define HANDSHAKE_NS (TOA_SECOND / 1000)
/* From this many on, silent duplicate ACKs between two unrelated conversations are no coincidence. A keep-alive of x that
 * the capture lost looks like one of y, so keep-alives need one more. */
#define SILENT_MIN 2u

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
    n = toa_index_pending(x->key->client, candidates);
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

/* The segment repeats the server's last ACK, and nothing on x asked for it. Whatever has gone unanswered for more than a
 * second will not be answered any more. */
static bool answers_nothing_own(const toa_side *server, const toa_side *client, const toa_segment *segment)
{
    return (server->flags & client->flags & TOA_SIDE_ANCHORED) && server->n_acks > 0 && segment->seq == server->next &&
           segment->ack == server->acks[0] && segment->ack == client->next && segment->window <= server->window &&
           !((client->flags & TOA_SIDE_DEMAND) && client->demand_time >= server->last_time &&
             segment->time - client->demand_time <= TOA_SECOND);
}

/* Time from SYN to SYN-ACK, from whichever of the two has both; 0: neither. */
static int64_t round_trip(const toa_conversation *x, const toa_conversation *y)
{
    if (x->syn_time && (x->flags & TOA_CONV_SYNACK_SEEN)) {
        return x->synack_time - x->syn_time;
    }
    return y->syn_time && (y->flags & TOA_CONV_SYNACK_SEEN) ? y->synack_time - y->syn_time : 0;
}

/* The side's last segment was a plain ACK, which may have been an answer. A keep-alive has an older number. */
static bool acked_last(const toa_side *side)
{
    return side->last_empty && side->last_flags == TOA_FLAG_ACK && side->burst_end == side->next;
}

/* If x's server has sent something since y's client asked, the answer must come after one round trip. What the server sends
 * of its own accord, a push or a keep-alive, can overtake the question but not the answer; and each of several questions has
 * its own answer. */
static bool comes_in_time(const toa_conversation *x, const toa_conversation *y, const toa_pair *pair,
                          const toa_segment *segment)
{
    const toa_side *server = &x->side[!x->client], *client = &y->side[y->client];
    int64_t delay = segment->time - client->demand_time, trip = round_trip(x, y);
    bool one_more = pair && pair->dup_ack_time && pair->dup_ack_time == server->last_time;

    if (!one_more && client->unanswered < 2 && 2 * delay + HANDSHAKE_NS < trip) {
        return false; /* too soon for an answer to the only question */
    }
    if (client->demand_time >= server->last_time || (one_more && segment->time - server->last_time <= OVERTAKEN_NS)) {
        return true;
    }
    return trip > 0 && (one_more || !acked_last(server)) && delay <= trip + trip / 2 + OVERTAKEN_NS;
}

static void check_silent(toa_state *state, toa_conversation *x)
{
    toa_conversation *y;
    toa_finding *finding;
    toa_pair *pair;
    uint16_t evidence = TOA_EV_TRIGGER;
    bool keepalive;

    if (!answers_nothing_own(toa_server_side(x), toa_client_side(x), state->segment)) {
        return;
    }
    y = toa_owner_newest_pending(state, x, 0);
    if (!y || !comes_in_time(x, y, toa_state_find_pair(state, x, y), state->segment)) {
        return;
    }
    toa_client_side(y)->unanswered--; /* each demand explains one duplicate ACK */
    keepalive = toa_client_side(y)->demand_end == toa_client_side(y)->demand_seq;
    pair = toa_state_pair(state, x, y);
    pair->n_dup_acks++;
    pair->dup_ack_time = state->segment->time;
    if (pair->n_dup_acks < (keepalive ? SILENT_MIN + 1u : SILENT_MIN) && !(keepalive ? crossed(state, x, y) : related(state, x, y))) {
        return;
    }
    evidence |= toa_same_reported_key(x, y) ? TOA_EV_KEY : 0;
    pair->n_found++;
    pair->found_time = state->segment->time;
    finding = toa_state_report(state, TOA_FINDING_FOREIGN_DUP_ACK, x, y, evidence);
    finding->other_frame = toa_client_side(y)->demand_frame;
    finding->count = pair->n_dup_acks;
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
