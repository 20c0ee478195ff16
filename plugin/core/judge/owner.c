/* owner.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/owner.h"

#include "core/model/group.h"
#include "core/model/index.h"
#include "core/model/requests.h"
#include "core/judge/legs.h"
#include "core/judge/shifted.h"
#include "core/base/serial.h"

/* Earlier connections of one wire tuple that are tried. */
#define EARLIER_MAX 4

/* Conversations that the third search looks at, the newest of the capture. */
#define HOST_LOOKED 256u
/* So many such searches are made in each capture, and one more for so many frames. */
#define HOST_FREE 1024u
#define HOST_FRAMES 64u

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

/* An ACK without data and identification looks like any other. */
static bool bare(const toa_segment *segment)
{
    return segment->length == 0 && segment->ip_id == 0;
}

/* x's SYN came after y's SYN-ACK, so the two are not legs of one connection. The exception is a SYN proxy, which connects to
 * the server after it has answered the client; there one leg leads to the VIP and the other, which names its client by TOA,
 * to the real server. */
static bool began_apart(const toa_conversation *x, const toa_conversation *y)
{
    return x->syn_time && (y->flags & TOA_CONV_SYNACK_SEEN) && y->synack_time < x->first_time &&
           (((x->flags ^ y->flags) & TOA_CONV_NAMED) == 0 || x->server_party == y->server_party);
}

/* y has shown the segment a moment ago, and yet it is no copy. Without data and identification it looks like any other; and if x
 * is not open yet, it cannot be the other leg of y, whose server repeats what was lost. */
static bool is_no_copy(const toa_conversation *x, const toa_conversation *y, const toa_segment *segment)
{
    bool opening = toa_rules_is_challenge(x, segment);

    if (opening && toa_is_established(y) && y->side[!y->client].last_time < x->side[x->client].demand_time) {
        return true; /* x's client has sent its SYN after it */
    }
    return (bare(segment) || opening) && began_apart(x, y);
}

static void add_carrier(toa_carriers *carriers, toa_conversation *y)
{
    for (unsigned i = 0; i < carriers->n; i++) {
        if (carriers->conv[i] == y) {
            return; /* already found by another number */
        }
    }
    if (carriers->n < TOA_CARRIERS_MAX) {
        carriers->conv[carriers->n++] = y;
    }
}

/* R4: y can be the owner of what x carries. */
static bool may_name(const toa_conversation *x, const toa_conversation *y, unsigned where)
{
    return where == TOA_WHERE_EARLIER ? y != x && !toa_group_legs(x, y) : !toa_group_excluded(x, y);
}

static void try(search *s, toa_conversation *y, toa_where where)
{
    toa_match match;

    if (!may_name(s->x, y, where)) {
        return;
    }
    toa_rules_evidence(s->x, y, s->from_server, s->segment, toa_state_find_pair(s->state, s->x, y), &match);
    match.where = (uint8_t)where;
    if (!toa_rules_enough(&match, s->x, s->own, s->segment)) {
        if (toa_rules_worth_noting(&match, s->own, s->from_server, s->segment)) {
            s->noted = y;
            s->noted_where = (uint8_t)where;
        }
        return;
    }
    if (toa_legs_common_number(s->state, y)) {
        return;
    }
    if (where != TOA_WHERE_EARLIER && toa_legs_carried(y, s->from_server, s->segment) && !is_no_copy(s->x, y, s->segment)) {
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

/* Tries every conversation for which the segment's sequence number can be evidence: see seq_is in rules.c. */
static void try_seq(search *s, toa_party *party, toa_index_kind by_next, toa_index_kind by_ack, toa_where where)
{
    const toa_segment *segment = s->segment;

    try_value(s, party, by_next, segment->seq, where);
    /* a repetition of the end, or a keep-alive, which repeats one number */
    try_value(s, party, by_next, segment->seq + MAX(segment->length, 1u), where);
    try_value(s, party, by_ack, segment->seq, where);
}

static void try_pairs(search *s)
{
    unsigned tried = 0;

    for (toa_pair *pair = s->x->extra ? s->x->extra->pairs : NULL; pair && tried < TOA_PAIRS_TRIED;
         pair = pair->next, tried++) {
        if (pair->y->key->client == s->x->key->client) {
            try(s, pair->y, TOA_WHERE_GROUP);
        }
    }
}

/* Numbers that are only near cannot be looked up. Of a large group, the members with the newest pending requests are tried
 * instead. */
static void try_pending(search *s)
{
    toa_conversation *pending[TOA_SCAN_MAX];
    unsigned n = toa_requests_pending(s->x->key->client, pending);

    for (unsigned i = 0; i < n; i++) {
        try(s, pending[i], TOA_WHERE_GROUP);
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
    /* every row of the table for groups needs seq, ack or tsecr. Shifted numbers cannot be looked up, so the pairs whose
     * shift is known are tried one by one */
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
    try_pending(s);
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
    /* every row of the table for the second search needs seq */
    if (s->segment->flags & TOA_FLAG_SYN) {
        try_value(s, party, TOA_BY_SERVED_ISN, s->segment->seq, TOA_WHERE_SERVER);
    }
    try_seq(s, party, server ? TOA_BY_SERVED_SERVER_NEXT : TOA_BY_SERVED_CLIENT_NEXT,
            server ? TOA_BY_SERVED_CLIENT_ACK : TOA_BY_SERVED_SERVER_ACK, TOA_WHERE_SERVER);
}

/* The number is the one that y's server would use next, or that its last question acknowledges. */
static bool has_server_next(const toa_conversation *y, const toa_segment *segment)
{
    const toa_side *client = &y->side[y->client], *server = &y->side[!y->client];

    return ((server->flags & TOA_SIDE_ANCHORED) &&
            (server->next == segment->seq || server->next == toa_segment_end(segment))) ||
           (client->n_acks > 0 && client->acks[0] == segment->seq);
}

/* A load balancer that has few ports of its own uses one for several clients' connections at a time, and mixes them up. Where
 * the clients are one host, what crosses is found by its exact number and one more, among the newest conversations of the
 * capture. That is slow, so it is done for one segment in many. */
static void try_host(search *s)
{
    toa_table *all = &s->state->conversations;
    const toa_conversation *x = s->x;
    uint32_t i = all->n_records > HOST_LOOKED ? all->n_records - HOST_LOOKED : 0;

    if (!s->from_server || s->own != TOA_OWN_NONE || s->segment->seq == 0 || (x->flags & TOA_CONV_SELF) ||
        s->state->n_host_searches > HOST_FREE + s->segment->frame / HOST_FRAMES) {
        return;
    }
    s->seen->searched_host = true;
    while ((i = toa_table_next(all, i))) {
        toa_conversation *y = toa_table_at(all, i);
        if (has_server_next(y, s->segment) && toa_endpoint_same_address(toa_wire_client(x), toa_wire_client(y)) &&
            x->server_party != y->server_party && !(y->flags & TOA_CONV_SELF) && y->key->client != x->key->client) {
            try(s, y, TOA_WHERE_HOST);
        }
    }
}

/* x's client refuses a SYN-ACK that was y's, going by its time. */
static bool refuses(const search *s, const toa_pair *pair)
{
    return !s->from_server && pair->shifted_time && s->segment->seq == pair->shifted_ack &&
           s->segment->time - pair->shifted_time <= TOA_SECOND;
}

/* A RST whose seq is the ack of a foreign segment found on x has the same owner as that segment (R8). */
static void try_answer(search *s)
{
    unsigned tried = 0;

    if (!(s->segment->flags & TOA_FLAG_RST) || (s->own != TOA_OWN_NONE && s->own != TOA_OWN_UNKNOWN) || !s->x->extra) {
        return;
    }
    for (toa_pair *pair = s->x->extra->pairs; pair && tried < TOA_PAIRS_TRIED; pair = pair->next, tried++) {
        if ((toa_rules_answers(pair, s->segment) || refuses(s, pair)) && may_name(s->x, pair->y, pair->where)) {
            toa_rules_evidence(s->x, pair->y, s->from_server, s->segment, pair, &s->best);
            s->best.where = pair->where;
            s->best.evidence |= TOA_EV_SEQ | TOA_EV_TRIGGER | TOA_HINT_OWN_CAUSE;
            return;
        }
    }
}

/* The previous conversation on the same wire tuple. */
static toa_conversation *earlier_of(const toa_conversation *conv)
{
    return conv->extra ? conv->extra->earlier : NULL;
}

/* The side has not sent this segment before. In a capture merged from several points, an old segment may show up much later. */
static bool is_news(const toa_side *side, const toa_segment *segment)
{
    uint16_t ahead = toa_id_ahead(segment->ip_id, side->ip_id);

    if (segment->ip_id && side->ip_id) {
        return ahead > 0 && ahead < 0x8000;
    }
    /* a repetition has a later TSval; a copy of what was captured before has the same */
    return segment->seq == side->next || (segment->options.has_timestamps && (side->flags & TOA_SIDE_TSVAL) &&
                                          toa_seq_diff(segment->options.tsval, side->tsval) > 0);
}

/* The segment may be reported as one of an earlier connection. Segments of the earlier connection may still be under way
 * when a client reuses its port, and that is no fault. If the client still sends them after the new connection has been open
 * for a while, they come from another socket (behind a NAT, or a proxy that keeps the client's endpoint): this is a
 * crossing, captured at the server's side. */
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
        try_host(&s);
    }
    if (!s.best.owner) {
        toa_shifted_find(state, x, s.from_server, own, &s.best, ret_seen);
    }
    leg = toa_legs_other(x);
    *ret_match = s.best;
    ret_match->noted = s.best.owner ? NULL : s.noted;
    if (ret_match->noted) {
        ret_match->where = s.noted_where;
    }
    ret_match->carried = ret_seen->carriers.n > 0 || (leg && toa_legs_carried(leg, s.from_server, s.segment));
}
