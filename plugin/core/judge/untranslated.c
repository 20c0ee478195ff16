/* untranslated.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/untranslated.h"

#include "core/model/group.h"
#include "core/model/requests.h"

#define PAIRS_MAX 8

static bool is_synack(const toa_segment *segment)
{
    return (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) == (TOA_FLAG_SYN | TOA_FLAG_ACK);
}

bool toa_untranslated_synack(const toa_conversation *x, const toa_segment *segment, bool from_server)
{
    return from_server && is_synack(segment) && !(x->flags & TOA_CONV_CLOSED);
}

static void fill(toa_match *match, const toa_conversation *x, toa_conversation *y, toa_pair *pair, uint32_t frame,
                 uint32_t evidence)
{
    *match = (toa_match){.owner = y, .pair = pair, .where = TOA_WHERE_GROUP, .other_frame = frame, .evidence = evidence};
    if (toa_same_reported_key(x, y)) {
        match->evidence |= TOA_EV_KEY;
    }
}

/* ---- SYN-ACK ---- */

/* The SYN-ACK answers y's SYN, which nobody has answered on y: both its ack and its TSecr fit. The ack alone is not enough,
 * because a scanner uses one ISN for all its targets, without timestamps. */
static bool answers_syn(const toa_conversation *y, const toa_segment *segment)
{
    const toa_side *client = &y->side[y->client], *server = &y->side[!y->client];
    bool echo;

    if (!(client->flags & TOA_SIDE_SYN) || client->next != client->isn + 1 || segment->ack != client->next ||
        (server->flags & TOA_SIDE_SHOWN) || (y->flags & TOA_CONV_CLOSED) ||
        segment->time - client->last_time > TOA_SECOND) {
        return false;
    }
    return segment->options.has_timestamps && segment->options.tsecr != 0 &&
           toa_conversation_sent_tsval(y, y->client, segment->options.tsecr, &echo) && echo;
}

/* More than one connection of the client began with this number. That is a scanner, and the number does not tell its
 * connections apart. */
static bool is_common(toa_conversation *const *candidates, unsigned n, uint32_t isn)
{
    unsigned same = 0;

    for (unsigned i = 0; i < n; i++) {
        const toa_side *client = toa_client_side(candidates[i]);
        same += (client->flags & TOA_SIDE_SYN) && client->isn == isn;
    }
    return same > 1;
}

/* The second leg of a NAT whose SYN the capture has lost looks the same. So the first such SYN-ACK is only remembered, and
 * reported when the client refuses it. */
static void find_synack(const toa_state *state, const toa_conversation *x, toa_untranslated *found)
{
    const toa_segment *segment = state->segment;
    toa_conversation *candidates[TOA_SCAN_MAX];
    unsigned n = toa_requests_pending(x->key->client, candidates);

    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = candidates[i];
        toa_pair *pair = y == x || !answers_syn(y, segment) ? NULL : toa_state_find_pair(state, x, y);
        if (pair && pair->untranslated) {
            fill(&found->match, x, y, pair, toa_client_side(y)->last_frame, TOA_EV_ACK | TOA_EV_TSECR | TOA_EV_TRIGGER);
            return;
        }
        if (y == x || !answers_syn(y, segment) || toa_group_excluded(x, y) ||
            is_common(candidates, n, segment->ack - 1)) {
            continue;
        }
        found->asked[found->n_asked++] = y;
    }
}

/* ---- the client's RST ---- */

static bool refuses(const toa_pair *pair, const toa_segment *segment)
{
    if (pair->untranslated) {
        return toa_rules_answers(pair, segment) || segment->seq == pair->synack_ack;
    }
    return pair->synack_time && segment->seq == pair->synack_ack && segment->time - pair->synack_time <= TOA_SECOND &&
           !(toa_server_side(pair->y)->flags & TOA_SIDE_SHOWN) && !(pair->y->flags & TOA_CONV_CLOSED);
}

static void find_refusal(const toa_state *state, const toa_conversation *x, toa_untranslated *found)
{
    unsigned tried = 0;

    for (toa_pair *pair = x->extra->pairs; pair && tried < PAIRS_MAX; pair = pair->next, tried++) {
        if (refuses(pair, state->segment)) {
            fill(&found->match, x, pair->y, pair, toa_client_side(pair->y)->last_frame, TOA_EV_SEQ);
            found->is_shown = true;
            return;
        }
    }
}

/* ---- data ---- */

/* y has been going on for a while with all its segments on its own wire tuple, so x is not its second leg. */
static bool is_established(const toa_conversation *y)
{
    const toa_side *client = &y->side[y->client], *server = &y->side[!y->client];

    return (client->flags & server->flags & TOA_SIDE_ANCHORED) && client->n_acks == TOA_ACKS_KEPT &&
           !(y->flags & TOA_CONV_CLOSED);
}

/* The capture has seen it begin on its own wire tuple. */
static bool began_here(const toa_conversation *y)
{
    const toa_side *client = &y->side[y->client], *server = &y->side[!y->client];

    return (client->flags & server->flags & TOA_SIDE_SYN) && toa_is_established(y) && !(y->flags & TOA_CONV_CLOSED);
}

/* Data of y's server on a conversation that has shown no number yet: sequence number, acknowledgment number and one more
 * must fit. */
static void find_data(const toa_state *state, const toa_conversation *x, toa_untranslated *found)
{
    const uint32_t needed = TOA_EV_SEQ | TOA_EV_ACK;
    toa_match match;
    toa_conversation *candidates[TOA_SCAN_MAX];
    unsigned n = toa_requests_pending(x->key->client, candidates);

    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = candidates[i];
        if (!is_established(y) || toa_group_excluded(x, y)) {
            continue;
        }
        toa_rules_evidence(x, y, true, state->segment, toa_state_find_pair(state, x, y), &match);
        if ((match.evidence & needed) == needed && (match.evidence & (TOA_EV_TSECR | TOA_EV_IP_ID))) {
            match.where = TOA_WHERE_GROUP;
            found->match = match;
            found->is_shown = true;
            return;
        }
    }
}

/* ---- the server's RST ---- */

/* A server that knows nothing of y (another one than before, or one that has lost it) answers y's client from its own address,
 * on a conversation that has shown nothing. y began in the capture, and all of it until now went its own way: so this is
 * neither a second leg, nor an older connection whose beginning the capture has missed. */
static void find_reset(const toa_state *state, const toa_conversation *x, toa_untranslated *found)
{
    const uint32_t needed = TOA_EV_SEQ | TOA_EV_TRIGGER;
    toa_match match;
    toa_conversation *candidates[TOA_SCAN_MAX];
    unsigned n = toa_requests_pending(x->key->client, candidates);

    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = candidates[i];
        if (!began_here(y) || toa_group_excluded(x, y)) {
            continue;
        }
        toa_rules_evidence(x, y, true, state->segment, toa_state_find_pair(state, x, y), &match);
        if ((match.evidence & needed) == needed && !(match.evidence & TOA_HINT_OWN_CAUSE)) {
            match.where = TOA_WHERE_GROUP;
            found->match = match;
            found->is_shown = true;
            return;
        }
    }
}

void toa_untranslated_find(const toa_state *state, const toa_conversation *x, unsigned sender, toa_untranslated *ret_found)
{
    const toa_segment *segment = state->segment;
    const uint16_t control = TOA_FLAG_SYN | TOA_FLAG_RST;
    bool from_server = sender != x->client;

    ret_found->match.owner = NULL;
    ret_found->is_shown = false;
    ret_found->n_asked = 0;
    if (from_server && is_synack(segment)) {
        find_synack(state, x, ret_found);
    } else if (from_server && segment->length > 0 && !(segment->flags & control) &&
               !(x->side[sender].flags & TOA_SIDE_SHOWN)) {
        find_data(state, x, ret_found);
    } else if (from_server && (segment->flags & (control | TOA_FLAG_ACK)) == TOA_FLAG_RST && segment->seq != 0 &&
               !(x->side[sender].flags & TOA_SIDE_SHOWN)) {
        find_reset(state, x, ret_found);
    } else if (!from_server && toa_segment_is_lone_rst(segment) && x->extra) {
        find_refusal(state, x, ret_found);
    }
}
