/* dupack.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/dupack.h"

#include "core/model/group.h"
#include "core/model/index.h"
#include "core/judge/owner.h"
#include "core/base/serial.h"

/* A segment of y was found on x before, or the other way round. */
static bool crossed(const toa_state *state, const toa_conversation *x, const toa_conversation *y)
{
    const toa_pair *pair = toa_state_find_pair(state, x, y), *back = toa_state_find_pair(state, y, x);

    return (pair && (pair->n_found || pair->confirmed)) || (back && (back->n_found || back->confirmed));
}

/* The two already have something with each other, so less evidence will do. */
static bool related(const toa_state *state, const toa_conversation *x, const toa_conversation *y)
{
    return x->key == y->key || crossed(state, x, y);
}

/* ---- D-SACK ---- */

/* The first block lies outside of everything x's client can have sent. */
static bool block_is_foreign(const toa_side *client, const toa_side *server, const uint32_t block[2])
{
    uint32_t reach = client->next + toa_conversation_window(server, client);

    if (!(client->flags & TOA_SIDE_ANCHORED) || !toa_seq_lt(block[0], block[1])) {
        return false;
    }
    return !toa_seq_within(block[0], client->low, reach) || !toa_seq_within(block[1], client->low, reach);
}

/* A range that y's client has sent, less the distance between the numbers of the two: a burst is answered segment by
 * segment, after all of it. */
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

    if (!(client->flags & TOA_SIDE_DEMAND)) {
        return false;
    }
    if (within_sent(client, block, 0) || (pair && pair->has_ack_shift && within_sent(client, block, pair->ack_shift))) {
        return true;
    }
    if (block[1] - block[0] != client->demand_end - client->demand_seq) {
        return false;
    }
    if ((pair && pair->has_ack_shift) || segment->time - client->demand_time > TOA_SECOND) {
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
    n = toa_index_askers(x->key->client, candidates);
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
        if (!pair->has_ack_shift) {
            pair->has_ack_shift = true;
            pair->ack_shift = within_sent(client, options->sack[0], 0) ? 0 : options->sack[0][0] - client->demand_seq;
        }
        if (state->segment->time - client->demand_time <= TOA_SECOND) {
            evidence |= TOA_EV_TRIGGER;
        }
        evidence |= x->key == y->key ? TOA_EV_KEY : 0;
        pair->n_found++;
        pair->n_dup_acks++;
        finding = toa_state_report(state, TOA_FINDING_FOREIGN_DUP_ACK, x, y, evidence);
        finding->other_frame = client->demand_frame;
        finding->count = pair->n_dup_acks;
        return true;
    }
    return false;
}

/* ---- silent ---- */

/* A plain repetition of the server's last ACK that nothing of x's own asked for. */
static bool answers_nothing_own(const toa_side *server, const toa_side *client, const toa_segment *segment)
{
    return (server->flags & client->flags & TOA_SIDE_ANCHORED) && server->n_acks > 0 && segment->seq == server->next &&
           segment->ack == server->acks[0] && segment->ack == client->next && segment->window <= server->window &&
           !((client->flags & TOA_SIDE_DEMAND) && client->demand_time >= server->last_time);
}

static void check_silent(toa_state *state, toa_conversation *x)
{
    toa_conversation *y;
    toa_finding *finding;
    toa_pair *pair;
    uint16_t evidence = TOA_EV_TRIGGER;

    if (!answers_nothing_own(toa_server_side(x), toa_client_side(x), state->segment)) {
        return;
    }
    y = toa_owner_newest_asker(state, x, toa_server_side(x)->last_time);
    if (!y) {
        return;
    }
    toa_client_side(y)->unanswered--; /* each explains one duplicate ACK */
    if (toa_client_side(y)->demand_end == toa_client_side(y)->demand_seq && !crossed(state, x, y)) {
        return; /* a keep-alive: x's own one, lost by the capture, would look the same */
    }
    pair = toa_state_pair(state, x, y);
    pair->n_dup_acks++;
    if (pair->n_dup_acks < 2 && !related(state, x, y)) {
        return;
    }
    evidence |= x->key == y->key ? TOA_EV_KEY : 0;
    pair->n_found++;
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
