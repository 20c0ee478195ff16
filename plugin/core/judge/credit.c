/* credit.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/credit.h"

#include "core/base/serial.h"
#include "core/model/accept.h"
#include "core/model/index.h"

#include <string.h>

void toa_credit_distances(toa_state *state, toa_conversation *x, const toa_seen *seen)
{
    state->n_host_searches += seen->searched_host;
    if (seen->has_synack_distance) {
        toa_extra *extra = toa_state_extra(state, x);
        extra->has_distance = true;
        extra->distance = seen->synack_distance;
        extra->distance_ack = state->segment->ack;
    }
    if (seen->has_answer_distance) {
        toa_large_party *large = toa_state_large_party(state, x->server_party);
        large->has_distance = true;
        large->distance = seen->answer_distance;
        large->distance_seq = state->segment->seq;
    }
    if (seen->answer_distance_again) {
        toa_state_large_party(state, x->server_party)->distance_certain = true;
    }
    if (seen->waiting) {
        toa_stranger *stranger = x->extra->stranger;
        stranger->waiting = seen->waiting->first_frame;
        stranger->waiting_frame = seen->waiting->side[seen->waiting->client].demand_frame;
        stranger->answers = seen->answers;
    }
    if (seen->in_vain) {
        toa_extra *extra = toa_state_extra(state, x);
        extra->has_distance = true;
        extra->distance = seen->in_vain_distance;
        extra->distance_ack = seen->in_vain->side[seen->in_vain->client].demand_frame;
    }
    if (seen->refused) {
        toa_pair *pair = toa_state_pair(state, x, seen->refused);
        pair->shifted_ack = state->segment->ack;
        pair->shifted_time = state->segment->time;
    }
}

/* The acknowledgment number on x is y's plus the distance that the load balancer adds. y's server may not have received all
 * that y's client has sent, so the distance is only known to lie between two bounds: what the server has acknowledged, and
 * what the client has sent. Each segment narrows them. */
static void learn_ack_shift(toa_pair *pair, const toa_side *ya, const toa_side *yb, uint32_t ack)
{
    uint32_t least = ack - yb->next, span = 0, low;

    if (ya->n_acks > 0 && toa_seq_lt(ya->acks[0], yb->next)) {
        span = yb->next - ya->acks[0];
    }
    low = pair->ack_shift - least; /* known lower bound, relative to the new one */
    if (pair->has_ack_shift && toa_seq_within(pair->ack_shift, least, least + span)) {
        span = MIN(span - low, pair->ack_span);
        least = pair->ack_shift;
    } else if (pair->has_ack_shift && toa_seq_within(least, pair->ack_shift, pair->ack_shift + pair->ack_span)) {
        span = MIN(span, pair->ack_span + low);
    }
    pair->has_ack_shift = true;
    pair->ack_shift = least;
    pair->ack_span = span;
}

/* Learns constant shifts from a segment whose owner is known by other evidence (R6). */
static void learn_shift(toa_pair *pair, const toa_match *match, const toa_segment *segment, bool from_server)
{
    const toa_conversation *y = match->owner;
    unsigned ys = from_server ? !y->client : y->client;
    const toa_side *ya = &y->side[ys], *yb = &y->side[!ys];

    if (!from_server || (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_RST))) {
        return;
    }
    if ((segment->flags & TOA_FLAG_ACK) && (yb->flags & TOA_SIDE_ANCHORED)) {
        if (!(match->evidence & TOA_EV_ACK)) {
            learn_ack_shift(pair, ya, yb, segment->ack);
        } else if (!pair->has_ack_shift) {
            pair->has_ack_shift = true;
            pair->ack_shift = match->shift.ack;
        }
    }
    if (!pair->has_seq_shift && (ya->flags & TOA_SIDE_ANCHORED)) {
        pair->has_seq_shift = true;
        pair->seq_shift = match->evidence & (TOA_EV_SEQ | TOA_HINT_NEAR) ? 0 : segment->seq - ya->next;
    }
}

/* A crossed segment is y's: it moves y's next number and identification, nothing of x (R6). */
static void credit(toa_conversation *y, const toa_pair *pair, const toa_segment *segment, bool from_server)
{
    toa_shift shift = toa_rules_shift(pair, from_server);

    toa_conversation_credit(y, from_server ? !y->client : y->client, segment, shift.seq, shift.ack);
    if (y->flags & TOA_CONV_INDEXED) {
        toa_index_changed(y);
    }
}

/* If the client answers the foreign segment with a RST, the RST has this number (R8). */
static void remember_ack(toa_pair *pair, uint32_t ack)
{
    memmove(pair->acks + 1, pair->acks, sizeof pair->acks - sizeof pair->acks[0]);
    pair->acks[0] = ack;
    if (pair->n_acks < TOA_ACKS_KEPT) {
        pair->n_acks++;
    }
}

/* The sequence number is one that y's sender may use, but not its very next one. */
static bool is_only_near(const toa_match *match, const toa_segment *segment, bool from_server)
{
    const toa_conversation *y = match->owner;
    unsigned ys = from_server ? !y->client : y->client;
    const toa_side *ya = &y->side[ys], *yb = &y->side[!ys];
    uint32_t seq = segment->seq - match->shift.seq;

    return !(segment->flags & TOA_FLAG_SYN) && seq != ya->next && seq + segment->length != ya->next &&
           !(yb->n_acks > 0 && seq == yb->acks[0]);
}

void toa_credit_note(toa_state *state, toa_conversation *x, const toa_match *match)
{
    toa_pair *pair = toa_state_pair(state, x, match->noted);
    const toa_conversation *y = match->noted;
    bool from_server = !toa_endpoint_equal(&state->segment->source, toa_wire_client(x));
    const toa_side *requester = &y->side[from_server ? y->client : !y->client];

    pair->noted_time = state->segment->time;
    pair->noted_next = requester->next;
    pair->noted_ack = requester->acks[0];
    pair->where = match->where;
    if (state->segment->flags & TOA_FLAG_ACK) {
        remember_ack(pair, state->segment->ack);
    }
}

/* x's client answers each segment that is not its own with a RST (RFC 9293 section 3.10.7.3). */
static void count_owed(toa_pair *pair, const toa_segment *segment, bool from_server)
{
    bool rst = (segment->flags & TOA_FLAG_RST) != 0;

    if (from_server && !rst && pair->n_owed < UINT8_MAX) {
        pair->n_owed++;
    } else if (!from_server && rst && pair->n_owed > 0) {
        pair->n_owed--;
    }
}

bool toa_credit_awaits_rst(const toa_conversation *x, unsigned sender, const toa_segment *segment)
{
    unsigned tried = 0;

    if (sender != x->client || (segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) != TOA_FLAG_RST || !x->extra) {
        return false;
    }
    for (const toa_pair *pair = x->extra->pairs; pair && tried < TOA_PAIRS_TRIED; pair = pair->next, tried++) {
        if (pair->n_owed > 0 && toa_rules_answers(pair, segment)) {
            return true;
        }
    }
    return false;
}

/* A frame with more is several segments (offload), each of which draws a RST of its own. */
#define ONE_SEGMENT 1460u

bool toa_credit_is_copy(const toa_state *state, const toa_conversation *x, unsigned sender, const toa_match *match)
{
    const toa_segment *segment = state->segment;
    const toa_pair *pair = toa_state_find_pair(state, x, match->owner);
    const toa_side *requester = &match->owner->side[match->owner->client];
    bool from_client = sender == x->client;

    if (!toa_copies_lately(&state->copies, segment->time) || !(segment->flags & TOA_FLAG_RST) || segment->ip_id || !pair ||
        !pair->rst_time || pair->rst_seq != segment->seq || pair->rst_client != from_client ||
        segment->time < pair->rst_time || segment->time - pair->rst_time > TOA_COPY_NS / 10) {
        return false;
    }
    if (from_client) {
        return !toa_credit_awaits_rst(x, sender, segment);
    }
    return (match->evidence & TOA_EV_TRIGGER) && match->other_frame == pair->rst_cause &&
           requester->demand_frame == pair->rst_cause && requester->demand_end - requester->demand_seq <= ONE_SEGMENT;
}

toa_pair *toa_credit_owner(toa_state *state, toa_conversation *x, unsigned sender, const toa_match *match)
{
    const toa_segment *segment = state->segment;
    bool from_server = sender != x->client, stale = match->where == TOA_WHERE_EARLIER;
    toa_pair *pair = toa_state_pair(state, x, match->owner);
    toa_finding_kind kind = stale                                ? TOA_FINDING_STALE_SESSION
                            : (segment->flags & TOA_FLAG_RST) ? TOA_FINDING_FOREIGN_RST
                                                              : TOA_FINDING_FOREIGN_SEGMENT;
    toa_finding *finding = toa_state_report(state, kind, x, match->owner, toa_rules_shown(match->evidence));

    finding->other_frame = match->other_frame;
    finding->ip_id_delta = match->ip_id_delta;
    finding->seq_shift = match->shift.seq;
    finding->ack_shift = match->shift.ack;
    finding->near = is_only_near(match, segment, from_server);
    pair->untranslated |= match->where == TOA_WHERE_GROUP && toa_untranslated_synack(x, segment, from_server);
    finding->untranslated = pair->untranslated;
    if (from_server && kind == TOA_FINDING_FOREIGN_RST && pair->noted_time) {
        toa_state_large_party(state, x->server_party)->unsolicited = true;
    }
    pair->where = match->where;
    pair->n_found++;
    pair->found_time = segment->time;
    if (segment->flags & TOA_FLAG_RST) {
        pair->rst_cause = match->other_frame;
        pair->rst_seq = segment->seq;
        pair->rst_time = segment->time;
        pair->rst_client = !from_server;
    }
    if (segment->flags & TOA_FLAG_ACK) {
        remember_ack(pair, segment->ack);
    }
    count_owed(pair, segment, from_server);
    learn_shift(pair, match, segment, from_server);
    credit(match->owner, pair, segment, from_server);
    return pair;
}

void toa_credit_untranslated(toa_state *state, toa_conversation *x, unsigned sender, const toa_untranslated *found)
{
    for (unsigned i = 0; i < found->n_asked; i++) {
        toa_pair *pair = toa_state_pair(state, x, found->asked[i]);
        pair->synack_ack = state->segment->ack;
        pair->synack_time = state->segment->time;
    }
    if (found->match.owner) {
        toa_state_pair(state, x, found->match.owner)->untranslated |= found->is_shown;
        toa_credit_owner(state, x, sender, &found->match);
    }
}
