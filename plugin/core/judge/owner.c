/* owner.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/owner.h"

#include "core/model/group.h"
#include "core/model/index.h"
#include "core/judge/legs.h"
#include "core/judge/untranslated.h"
#include "core/base/serial.h"

#include <string.h>

/* Earlier connections of one wire tuple, and pairs of one conversation, that are tried. */
#define EARLIER_MAX 4
#define PAIRS_MAX 8

/* One search. */
typedef struct search {
    toa_state *state;
    toa_conversation *x;
    const toa_segment *segment;
    toa_own own;
    bool from_server;
    toa_conversation *noted;
    uint8_t noted_where;
    toa_seen *seen;
    toa_match best;
} search;

/* Without data and identification one ACK looks like another. */
static bool bare(const toa_segment *segment)
{
    return segment->length == 0 && segment->ip_id == 0;
}

/* x's client dialled when y's server had answered: the two are no sides of one connection. (A SYN proxy answers first and
 * dials then; there one side leads to the VIP and the other, which names its client by TOA, to the real server.) */
static bool began_apart(const toa_conversation *x, const toa_conversation *y)
{
    return x->syn_time && (y->flags & TOA_CONV_SYNACK_SEEN) && y->synack_time < x->first_time &&
           (((x->flags ^ y->flags) & TOA_CONV_NAMED) == 0 || x->server_party == y->server_party);
}

static void add_carrier(toa_carriers *carriers, toa_conversation *y)
{
    for (unsigned i = 0; i < carriers->n; i++) {
        if (carriers->conv[i] == y) {
            return; /* found by another of its numbers */
        }
    }
    if (carriers->n < TOA_CARRIERS_MAX) {
        carriers->conv[carriers->n++] = y;
    }
}

static void try(search *s, toa_conversation *y, toa_where where)
{
    toa_match match;

    if (where == TOA_WHERE_EARLIER) {
        if (y == s->x || toa_group_legs(s->x, y)) {
            return;
        }
    } else if (toa_group_excluded(s->x, y)) {
        return;
    }
    toa_rules_evidence(s->x, y, s->from_server, s->segment, toa_state_find_pair(s->state, s->x, y), &match);
    match.where = (uint8_t)where;
    if (!toa_rules_enough(&match, s->x, s->own, s->segment)) {
        if (toa_rules_worth_noting(&match, s->own, s->segment)) {
            s->noted = y;
            s->noted_where = (uint8_t)where;
        }
        return;
    }
    if (toa_legs_common_number(s->state, y)) {
        return;
    }
    if (where != TOA_WHERE_EARLIER && !(bare(s->segment) && began_apart(s->x, y)) && toa_legs_carried(y, s->from_server, s->segment)) {
        add_carrier(&s->seen->carriers, y);
        return;
    }
    if (toa_rules_better(&match, &s->best)) {
        s->best = match;
    }
}

static void try_value(search *s, toa_party *party, toa_index_kind kind, uint32_t value, toa_where where)
{
    toa_conversation *found[TOA_HITS_MAX];
    unsigned n = toa_index_find(s->state, party, kind, value, found);

    for (unsigned i = 0; i < n; i++) {
        try(s, found[i], where);
    }
}

/* All for which the segment's sequence number can be evidence: see seq_is in rules.c. */
static void try_seq(search *s, toa_party *party, toa_index_kind by_next, toa_index_kind by_ack, toa_where where)
{
    const toa_segment *segment = s->segment;

    try_value(s, party, by_next, segment->seq, where);
    /* a repetition of the end, or a keepalive, which repeats one number */
    try_value(s, party, by_next, segment->seq + MAX(segment->length, 1u), where);
    try_value(s, party, by_ack, segment->seq, where);
}

static void try_pairs(search *s)
{
    unsigned tried = 0;

    for (toa_pair *pair = s->x->extra ? s->x->extra->pairs : NULL; pair && tried < PAIRS_MAX; pair = pair->next, tried++) {
        if (pair->y->key->client == s->x->key->client) {
            try(s, pair->y, TOA_WHERE_GROUP);
        }
    }
}

/* In a large group, numbers that are only near can be looked up by nothing: those whose clients asked last are tried. */
static void try_askers(search *s)
{
    toa_conversation *askers[TOA_SCAN_MAX];
    unsigned n = toa_index_askers(s->x->key->client, askers);

    for (unsigned i = 0; i < n; i++) {
        try(s, askers[i], TOA_WHERE_GROUP);
    }
}

static void try_group(search *s)
{
    toa_party *party = s->x->key->client;
    const toa_segment *segment = s->segment;
    bool server = s->from_server;

    if (s->x->flags & TOA_CONV_SELF) {
        return;
    }
    if (party->n_group <= TOA_SCAN_MAX) {
        for (toa_conversation *y = party->group; y; y = toa_group_next(y)) {
            try(s, y, TOA_WHERE_GROUP);
        }
        return;
    }
    /* every row of the table for groups asks for seq, ack or tsecr; numbers that are shifted cannot be looked up, so
     * those whose shift is known are tried one by one */
    try_pairs(s);
    try_seq(s, party, server ? TOA_BY_GROUP_SERVER_NEXT : TOA_BY_GROUP_CLIENT_NEXT,
            server ? TOA_BY_GROUP_CLIENT_ACK : TOA_BY_GROUP_SERVER_ACK, TOA_WHERE_GROUP);
    if (segment->flags & TOA_FLAG_SYN) {
        try_value(s, party, TOA_BY_ISN, segment->seq, TOA_WHERE_GROUP);
    }
    if ((segment->flags & TOA_FLAG_SYN) && (segment->flags & TOA_FLAG_ACK)) {
        try_value(s, party, server ? TOA_BY_ISN_CLIENT : TOA_BY_ISN, segment->ack - 1, TOA_WHERE_GROUP);
    } else if (segment->flags & TOA_FLAG_ACK) {
        try_value(s, party, server ? TOA_BY_GROUP_CLIENT_NEXT : TOA_BY_GROUP_SERVER_NEXT, segment->ack,
                  TOA_WHERE_GROUP);
        try_value(s, party, server ? TOA_BY_GROUP_SERVER_ACK : TOA_BY_GROUP_CLIENT_ACK, segment->ack, TOA_WHERE_GROUP);
    }
    if (segment->options.has_timestamps) {
        toa_index_kind by = server ? TOA_BY_GROUP_CLIENT_TSVAL : TOA_BY_GROUP_SERVER_TSVAL;
        try_value(s, party, by, toa_index_tsval(segment->options.tsecr), TOA_WHERE_GROUP);
        try_value(s, party, by, toa_index_tsval(segment->options.tsecr + TOA_INDEX_TSVALS), TOA_WHERE_GROUP);
    }
    try_askers(s);
}

static void try_server(search *s)
{
    toa_party *party = s->x->server_party;
    bool server = s->from_server;

    if (party->n_served <= TOA_SCAN_MAX) {
        for (toa_conversation *y = party->served; y; y = y->served_next) {
            if (y->key->client != s->x->key->client) {
                try(s, y, TOA_WHERE_SERVER);
            }
        }
        return;
    }
    /* every row of the table for the second look asks for seq */
    if (s->segment->flags & TOA_FLAG_SYN) {
        try_value(s, party, TOA_BY_SERVED_ISN, s->segment->seq, TOA_WHERE_SERVER);
    }
    try_seq(s, party, server ? TOA_BY_SERVED_SERVER_NEXT : TOA_BY_SERVED_CLIENT_NEXT,
            server ? TOA_BY_SERVED_CLIENT_ACK : TOA_BY_SERVED_SERVER_ACK, TOA_WHERE_SERVER);
}

/* A RST whose seq is the ack of a segment found to be foreign on this conversation has that segment's owner (R8). */
static void try_answer(search *s)
{
    unsigned tried = 0;

    if (!(s->segment->flags & TOA_FLAG_RST) || (s->own != TOA_OWN_NONE && s->own != TOA_OWN_UNKNOWN) || !s->x->extra) {
        return;
    }
    for (toa_pair *pair = s->x->extra->pairs; pair && tried < PAIRS_MAX; pair = pair->next, tried++) {
        if (toa_rules_answers(pair, s->segment)) {
            toa_rules_evidence(s->x, pair->y, s->from_server, s->segment, pair, &s->best);
            s->best.where = pair->where;
            s->best.evidence |= TOA_EV_SEQ | TOA_EV_TRIGGER | TOA_HINT_OWN_CAUSE;
            return;
        }
    }
}

toa_conversation *toa_owner_newest_asker(const toa_state *state, const toa_conversation *x, int64_t since)
{
    toa_conversation *candidates[TOA_SCAN_MAX], *newest = NULL;
    unsigned n = toa_index_askers(x->key->client, candidates);

    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = candidates[i];
        const toa_side *client = toa_client_side(y);

        if (toa_group_excluded(x, y) || !(client->flags & TOA_SIDE_DEMAND) || (client->flags & TOA_SIDE_ANSWERED) ||
            client->unanswered == 0 || client->demand_time < since ||
            state->segment->time - client->demand_time > TOA_SECOND) {
            continue;
        }
        if (!newest || client->demand_time > toa_client_side(newest)->demand_time) {
            newest = y;
        }
    }
    return newest;
}

/* A SYN-ACK through a load balancer that shifts the client's numbers, without timestamps to tell: right after an
 * unanswered SYN of y, foreign once the same distance has occurred for two different SYN-ACKs (R7). */
static void try_distance(search *s)
{
    const toa_segment *segment = s->segment;
    const toa_extra *extra = s->x->extra;
    toa_conversation *y;
    const toa_side *client;
    uint32_t distance;

    if ((segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) != (TOA_FLAG_SYN | TOA_FLAG_ACK) ||
        s->own != TOA_OWN_NONE || !s->from_server) {
        return;
    }
    y = toa_owner_newest_asker(s->state, s->x, 0);
    if (!y) {
        return;
    }
    client = toa_client_side(y);
    if (!(client->flags & TOA_SIDE_SYN) || client->demand_seq != client->isn) {
        return;
    }
    distance = segment->ack - client->isn - 1;
    if (extra && extra->has_distance && extra->distance == distance && extra->distance_ack != segment->ack) {
        toa_rules_evidence(s->x, y, true, segment, toa_state_find_pair(s->state, s->x, y), &s->best);
        s->best.where = TOA_WHERE_GROUP;
        s->best.evidence |= TOA_EV_ACK | TOA_EV_TRIGGER;
        s->best.shift.ack = distance;
        return;
    }
    s->seen->has_synack_distance = true;
    s->seen->synack_distance = distance;
}

/* The number of y that this answer would have if nothing shifted it: a RST repeats what y's client has acknowledged, a
 * challenge ACK has what y's server would send next. False: it would answer nothing of y. */
static bool answered_number(const toa_conversation *y, const toa_segment *segment, uint32_t *ret_number)
{
    const toa_side *client = &y->side[y->client], *server = &y->side[!y->client];
    bool rst = (segment->flags & TOA_FLAG_RST) != 0;

    *ret_number = rst ? client->acks[0] : server->next;
    return rst ? client->n_acks > 0 && segment->time - client->last_time <= TOA_SECOND && server->last_time <= client->last_time
               : (server->flags & TOA_SIDE_ANCHORED) != 0;
}

/* A load balancer that shifts the server's numbers (SYN proxy) puts one distance on all connections. An answer from a server
 * whose owner is not known otherwise: foreign once the same distance has occurred for two different numbers (R7). */
static void try_shifted(search *s)
{
    const toa_segment *segment = s->segment;
    const toa_company *company = s->x->server_party->company;
    toa_conversation *candidates[TOA_SCAN_MAX], *newest = NULL;
    bool rst = (segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) == TOA_FLAG_RST && segment->seq != 0;
    uint32_t number;
    unsigned n;

    if (!s->from_server || (s->own != TOA_OWN_NONE && s->own != TOA_OWN_UNKNOWN) ||
        !(rst || toa_rules_is_challenge(s->x, segment))) {
        return;
    }
    n = toa_index_askers(s->x->key->client, candidates);
    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = candidates[i];
        if (toa_group_excluded(s->x, y) || !answered_number(y, segment, &number)) {
            continue;
        }
        if (company && company->has_distance && segment->seq - number == company->distance &&
            segment->seq != company->distance_seq) {
            toa_rules_evidence(s->x, y, true, segment, toa_state_find_pair(s->state, s->x, y), &s->best);
            s->best.where = TOA_WHERE_GROUP;
            s->best.evidence |= TOA_EV_SEQ | (rst ? TOA_EV_TRIGGER : 0u);
            return;
        }
        if (segment->seq != number && (!newest || toa_client_side(y)->last_time > toa_client_side(newest)->last_time)) {
            newest = y;
        }
    }
    if (newest && answered_number(newest, segment, &number)) {
        s->seen->has_answer_distance = true;
        s->seen->answer_distance = segment->seq - number;
    }
}

/* An answer to another one's question, by a load balancer that shifts both numbers: x's server goes on with a run of numbers
 * that is not its own, and acknowledges just as much more as y's client alone has sent since; y's server has the same run of
 * IP-IDs (R7). */
static void try_advance(search *s)
{
    const toa_segment *segment = s->segment;
    const toa_stranger *run = s->x->extra ? s->x->extra->stranger : NULL;
    toa_conversation *y;
    const toa_side *client;
    toa_match match;

    if (!run || !s->from_server || s->own != TOA_OWN_NONE || segment->ack == run->ack ||
        (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_RST | TOA_FLAG_ACK)) != TOA_FLAG_ACK ||
        !toa_seq_within(segment->seq, run->seq, run->end)) {
        return;
    }
    y = toa_owner_newest_asker(s->state, s->x, run->time);
    client = y ? toa_client_side(y) : NULL;
    if (!y || client->unanswered != 1 || client->demand_end != client->next ||
        client->demand_end - client->demand_seq != segment->ack - run->ack) {
        return;
    }
    toa_rules_evidence(s->x, y, true, segment, toa_state_find_pair(s->state, s->x, y), &match);
    if (!(match.evidence & TOA_EV_IP_ID)) {
        return;
    }
    s->best = match;
    s->best.where = TOA_WHERE_GROUP;
    s->best.evidence |= TOA_EV_ACK;
    s->best.shift.ack = segment->ack - client->next;
}

/* The previous conversation on the same wire tuple. */
static toa_conversation *earlier_of(const toa_conversation *conv)
{
    return conv->extra ? conv->extra->earlier : NULL;
}

/* The side has not sent this segment before: another capture point, merged in, may show it much later. */
static bool is_news(const toa_side *side, const toa_segment *segment)
{
    uint16_t ahead = toa_id_ahead(segment->ip_id, side->ip_id);

    return segment->ip_id && side->ip_id ? ahead > 0 && ahead < 0x8000 : segment->seq == side->next;
}

/* A client that uses its port again may still have segments of before under way: those are nobody's mistake. What it still
 * sends when the new connection has been there for a while comes from another socket (behind a NAT, or a proxy that keeps
 * the client's endpoint): the capture point is the server's side of a crossing. */
static bool can_be_stale(const toa_conversation *x, bool from_server, const toa_segment *segment)
{
    const toa_conversation *earlier = earlier_of(x);

    return from_server || (segment->flags & TOA_FLAG_RST) ||
           (earlier && !(earlier->flags & TOA_CONV_CLOSED) && segment->length > 0 &&
            segment->time - x->first_time > TOA_SECOND && is_news(&earlier->side[earlier->client], segment));
}

void toa_owner_find(toa_state *state, toa_conversation *x, unsigned sender, toa_own own, toa_match *ret_match,
                    toa_seen *ret_seen)
{
    search s = {.state = state, .x = x, .segment = state->segment, .own = own, .from_server = sender != x->client,
                .seen = ret_seen};
    toa_conversation *earlier = can_be_stale(x, s.from_server, state->segment) ? earlier_of(x) : NULL;
    const toa_conversation *leg;

    *ret_seen = (toa_seen){0};
    for (unsigned i = 0; earlier && i < EARLIER_MAX; i++, earlier = earlier_of(earlier)) {
        try(&s, earlier, TOA_WHERE_EARLIER);
    }
    if (!s.best.owner) {
        try_group(&s);
    }
    if (!s.best.owner) {
        try_server(&s);
    }
    if (!s.best.owner) {
        try_answer(&s);
    }
    if (!s.best.owner) {
        try_distance(&s);
    }
    if (!s.best.owner) {
        try_shifted(&s);
    }
    if (!s.best.owner) {
        try_advance(&s);
    }
    leg = toa_legs_other(x);
    *ret_match = s.best;
    ret_match->noted = s.best.owner ? NULL : s.noted;
    if (ret_match->noted) {
        ret_match->where = s.noted_where;
    }
    ret_match->carried = ret_seen->carriers.n > 0 || (leg && toa_legs_carried(leg, s.from_server, s.segment));
}

/* ---- what a search and a match change ---- */

void toa_owner_learn(toa_state *state, toa_conversation *x, const toa_seen *seen)
{
    if (seen->has_synack_distance) {
        toa_extra *extra = toa_state_extra(state, x);
        extra->has_distance = true;
        extra->distance = seen->synack_distance;
        extra->distance_ack = state->segment->ack;
    }
    if (seen->has_answer_distance) {
        toa_company *company = toa_state_company(state, x->server_party);
        company->has_distance = true;
        company->distance = seen->answer_distance;
        company->distance_seq = state->segment->seq;
    }
}

/* The acknowledgment on x is y's, plus the distance that the load balancer puts on it. y's server may not have got all that
 * y's client has sent: what it has acknowledged and what was sent are the bounds, which each segment narrows. */
static void learn_ack_shift(toa_pair *pair, const toa_side *ya, const toa_side *yb, uint32_t ack)
{
    uint32_t least = ack - yb->next, span = 0, low;

    if (ya->n_acks > 0 && toa_seq_lt(ya->acks[0], yb->next)) {
        span = yb->next - ya->acks[0];
    }
    low = pair->ack_shift - least; /* of what is known, from the new lower bound */
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

/* Learns constant shifts from a segment that other evidence has attributed (R6). */
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
        pair->seq_shift = match->evidence & TOA_EV_SEQ ? 0 : segment->seq - ya->next;
    }
}

/* A crossed segment is y's: it moves y's next number and identification, nothing of x (R6). */
static void credit(toa_conversation *y, const toa_pair *pair, const toa_segment *segment,
                   bool from_server)
{
    unsigned ys = from_server ? !y->client : y->client;
    toa_side *ya = &y->side[ys], *yb = &y->side[!ys];
    toa_shift shift = toa_rules_shift(pair, from_server);
    uint32_t seq = segment->seq - shift.seq, end = toa_segment_end(segment) - shift.seq;

    if (segment->ip_id) {
        ya->ip_id = segment->ip_id;
    }
    if (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_RST)) {
        yb->flags |= TOA_SIDE_ANSWERED;
    } else {
        if ((ya->flags & TOA_SIDE_ANCHORED) &&
            toa_seq_within(seq, ya->low, ya->next + toa_conversation_window(yb, ya))) {
            ya->next = toa_seq_max(ya->next, end);
            ya->low = toa_conversation_low(ya);
        }
        if ((yb->flags & TOA_SIDE_DEMAND) && toa_seq_le(yb->demand_end, segment->ack - shift.ack)) {
            yb->flags |= TOA_SIDE_ANSWERED;
        }
        if (segment->options.has_timestamps && (ya->flags & TOA_SIDE_TSVAL)) {
            ya->tsval = segment->options.tsval;
        }
    }
    if (y->flags & TOA_CONV_INDEXED) {
        toa_index_changed(y);
    }
}

/* A client answers a foreign segment with a RST that has this number (R8). */
static void remember_ack(toa_pair *pair, uint32_t ack)
{
    memmove(pair->acks + 1, pair->acks, sizeof pair->acks - sizeof pair->acks[0]);
    pair->acks[0] = ack;
    if (pair->n_acks < TOA_ACKS_KEPT) {
        pair->n_acks++;
    }
}

/* The number is not the very one that y's sender would use next. */
static bool is_only_near(const toa_match *match, const toa_segment *segment, bool from_server)
{
    const toa_conversation *y = match->owner;
    unsigned ys = from_server ? !y->client : y->client;
    const toa_side *ya = &y->side[ys], *yb = &y->side[!ys];
    uint32_t seq = segment->seq - match->shift.seq;

    return !(segment->flags & TOA_FLAG_SYN) && seq != ya->next && seq + segment->length != ya->next &&
           !(yb->n_acks > 0 && seq == yb->acks[0]);
}

void toa_owner_note(toa_state *state, toa_conversation *x, const toa_match *match)
{
    toa_pair *pair = toa_state_pair(state, x, match->noted);

    pair->noted_time = state->segment->time;
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

bool toa_owner_awaits_rst(const toa_conversation *x, unsigned sender, const toa_segment *segment)
{
    unsigned tried = 0;

    if (sender != x->client || (segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) != TOA_FLAG_RST || !x->extra) {
        return false;
    }
    for (const toa_pair *pair = x->extra->pairs; pair && tried < PAIRS_MAX; pair = pair->next, tried++) {
        if (pair->n_owed > 0 && toa_rules_answers(pair, segment)) {
            return true;
        }
    }
    return false;
}

toa_pair *toa_owner_report(toa_state *state, toa_conversation *x, unsigned sender, const toa_match *match)
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
        toa_state_company(state, x->server_party)->unasked = true;
    }
    pair->where = match->where;
    pair->n_found++;
    pair->found_time = segment->time;
    if (segment->flags & TOA_FLAG_ACK) {
        remember_ack(pair, segment->ack);
    }
    count_owed(pair, segment, from_server);
    learn_shift(pair, match, segment, from_server);
    credit(match->owner, pair, segment, from_server);
    return pair;
}
