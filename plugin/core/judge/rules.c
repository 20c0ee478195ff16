/* rules.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/rules.h"

#include "core/model/group.h"
#include "core/base/serial.h"

/* An identification this far ahead still continues a run: offload and lost packets skip some. */
#define IP_ID_REACH 8
/* The same for a segment whose sequence number is near y's, in both directions: segments overtake each other on their way. */
#define IP_ID_REACH_NEAR 64

/* The RST of a closed port comes after one round trip, or after some if segments are lost on the way; not so long after. */
#define LATE_NS (TOA_SECOND / 10)
#define LATE_TRIPS 8
/* A server repeats a SYN-ACK after one, two and four seconds. */
#define REPEATED_NS (8 * TOA_SECOND)

#define KEY TOA_EV_KEY
#define SEQ TOA_EV_SEQ
#define ACK TOA_EV_ACK
#define IP_ID TOA_EV_IP_ID
#define TSECR TOA_EV_TSECR
#define TRIGGER TOA_EV_TRIGGER
#define NEAR TOA_HINT_NEAR
#define WAITING TOA_HINT_WAITING
#define AGAIN TOA_HINT_AGAIN
#define CHALLENGE TOA_HINT_CHALLENGE
#define CROSSED TOA_HINT_CROSSED
#define APART TOA_HINT_APART
#define UNSTAMPED TOA_HINT_UNSTAMPED
#define REPEATED TOA_HINT_REPEATED

/* One row a line. No row has ack alone, which gave false warnings on captures of other people, or IP-ID alone, which matches
 * once in 65536 by chance. tests/unit/test-rules.c has a case for each row. */
const toa_rule toa_rules[] = {
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, ACK | TSECR},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, ACK | IP_ID},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, TSECR | IP_ID},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, TSECR | TRIGGER},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_SYNACK, ACK | TRIGGER},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_SYNACK, ACK | REPEATED},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, NEAR | TSECR},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, NEAR | IP_ID},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, NEAR | ACK},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, ACK | CHALLENGE},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, KEY | IP_ID | CHALLENGE}, /* another socket answers; the run says which */
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, IP_ID | CHALLENGE | APART},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, KEY | IP_ID | UNSTAMPED}, /* the same for a connection that is open */
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_RST, NEAR | CROSSED},
    {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_REPLY, SEQ | ACK},
    {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_REPLY, SEQ | TSECR},
    {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_REPLY, SEQ | IP_ID},
    {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_REPLY, NEAR | TSECR | IP_ID},
    {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_RST, SEQ | TRIGGER},
    {TOA_WHERE_SERVER, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ | ACK},
    {TOA_WHERE_SERVER, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ | TSECR},
    {TOA_WHERE_SERVER, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ | IP_ID},
    {TOA_WHERE_SERVER, TOA_OWN_NONE, TOA_ONLY_RST, SEQ | TRIGGER},
    {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_ANY, KEY | SEQ | ACK},
    {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_ANY, KEY | SEQ | TSECR},
    {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_ANY, KEY | SEQ | IP_ID},
    {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_RST, KEY | SEQ | TRIGGER},
    {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_RST, SEQ | TRIGGER | WAITING | AGAIN},
    {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_REPLY, NEAR | WAITING | AGAIN},
    {TOA_WHERE_SERVER, TOA_OWN_UNKNOWN, TOA_ONLY_LONE_RST, SEQ | IP_ID},
    {TOA_WHERE_SERVER, TOA_OWN_UNKNOWN, TOA_ONLY_RST, SEQ | TRIGGER | WAITING | AGAIN},
    {TOA_WHERE_HOST, TOA_OWN_NONE, TOA_ONLY_REPLY, SEQ | ACK},
    {TOA_WHERE_HOST, TOA_OWN_NONE, TOA_ONLY_REPLY, SEQ | TSECR},
    {TOA_WHERE_HOST, TOA_OWN_NONE, TOA_ONLY_REPLY, SEQ | IP_ID},
    {TOA_WHERE_HOST, TOA_OWN_NONE, TOA_ONLY_RST, SEQ | TRIGGER},
    {TOA_WHERE_EARLIER, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ},
    {TOA_WHERE_EARLIER, TOA_OWN_NONE, TOA_ONLY_ANY, ACK | TSECR},
    {TOA_WHERE_EARLIER, TOA_OWN_NONE, TOA_ONLY_SYNACK, ACK},
};
const unsigned toa_n_rules = sizeof toa_rules / sizeof toa_rules[0];

toa_shift toa_rules_shift(const toa_pair *pair, bool from_server)
{
    toa_shift shift = {0, 0};

    if (pair && pair->has_seq_shift) {
        shift.seq = pair->seq_shift;
    }
    if (pair && pair->has_ack_shift && pair->ack_span == 0) {
        shift.ack = pair->ack_shift;
    }
    return from_server ? shift : (toa_shift){shift.ack, shift.seq};
}

static bool is_synack(const toa_segment *segment)
{
    return (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) == (TOA_FLAG_SYN | TOA_FLAG_ACK);
}

/* seq is what y's sender would send next, or what y's receiver acknowledged last; or the segment repeats the end of what y's
 * sender has sent. */
static bool seq_is(const toa_side *ya, const toa_side *yb, const toa_segment *segment, uint32_t seq, bool from_server)
{
    if (segment->seq == 0) {
        return false; /* a RST,ACK in answer to a SYN; broken stacks also send 0 */
    }
    if (is_synack(segment)) {
        return from_server && (ya->flags & TOA_SIDE_SYN) && seq == ya->isn;
    }
    if ((ya->flags & TOA_SIDE_ANCHORED) &&
        (seq == ya->next || (segment->length > 0 && seq + segment->length == ya->next) ||
         (segment->length <= 1 && seq == ya->next - 1 && !(segment->flags & TOA_FLAG_RST)))) {
        return true; /* a keep-alive or a window probe */
    }
    return yb->n_acks > 0 && seq == yb->acks[0];
}

/* seq is one that y's sender may use at this moment: not acknowledged yet, and within the window. */
static bool seq_is_near(const toa_side *ya, const toa_side *yb, const toa_segment *segment, uint32_t seq)
{
    bool anchored = (ya->flags & TOA_SIDE_ANCHORED) != 0;
    uint32_t low = yb->n_acks > 0 ? yb->acks[yb->n_acks - 1] : ya->low;

    if ((segment->flags & TOA_FLAG_SYN) || segment->seq == 0 || !(anchored || yb->n_acks > 0)) {
        return false;
    }
    return toa_seq_within(seq, low, (yb->n_acks > 0 ? yb->acks[0] : ya->next) + toa_conversation_window(yb, ya)) ||
           (anchored && toa_seq_within(seq, low, ya->next));
}

static bool ack_is(const toa_side *ya, const toa_side *yb, const toa_segment *segment, uint32_t ack, const toa_pair *pair)
{
    if (!(segment->flags & TOA_FLAG_ACK)) {
        return false;
    }
    if (is_synack(segment)) { /* or it is a retransmission of one that was found before */
        return ((yb->flags & TOA_SIDE_SYN) && ack == yb->isn + 1) || toa_rules_acked_before(pair, segment->ack);
    }
    return (yb->flags & TOA_SIDE_ANCHORED) && (ack == yb->next || (ya->n_acks > 0 && ack == ya->acks[0]));
}

/* The segment's IP-ID continues this side's run. If its sequence number is near the side's own, more of the run counts. */
static bool continues_run(const toa_side *side, const toa_segment *segment, bool near)
{
    uint16_t ahead = toa_id_ahead(segment->ip_id, side->ip_id), behind = toa_id_ahead(side->ip_id, segment->ip_id);

    if (segment->ip_id == 0 || side->ip_id == 0) {
        return false;
    }
    return near ? ahead != 0 && (ahead <= IP_ID_REACH_NEAR || behind <= IP_ID_REACH_NEAR / 2)
                : ahead >= 1 && ahead <= IP_ID_REACH;
}

/* TSecr echoes a TSval of y's peer, and none of x's. *ret_exact: it is a TSval that was captured, not one between two that
 * were. */
static bool tsecr_is(const toa_conversation *x, unsigned xb, const toa_conversation *y, unsigned yb,
                     const toa_segment *segment, bool *ret_exact)
{
    uint32_t tsecr = segment->options.tsecr;
    bool own_exact;

    if (!segment->options.has_timestamps || tsecr == 0 || !toa_conversation_sent_tsval(y, yb, tsecr, ret_exact)) {
        return false;
    }
    /* a client with one clock for all its connections uses the same TSvals on both, so that only a captured one counts */
    return !toa_conversation_sent_tsval(x, xb, tsecr, &own_exact) || (*ret_exact && !own_exact);
}

static bool waits_for_answer(const toa_side *side, const toa_segment *segment)
{
    return (side->flags & TOA_SIDE_DEMAND) && !(side->flags & TOA_SIDE_ANSWERED) &&
           segment->time - side->demand_time <= TOA_SECOND;
}

bool toa_rules_acked_before(const toa_pair *pair, uint32_t number)
{
    for (unsigned i = 0; pair && i < pair->n_acks; i++) {
        if (pair->acks[i] == number) {
            return true;
        }
    }
    return false;
}

bool toa_rules_answers(const toa_pair *pair, const toa_segment *segment)
{
    return toa_rules_acked_before(pair, segment->seq);
}

/* The segment has a cause. *ret_frame: the cause's frame, if it is on y. *ret_own: the cause is on x itself, a demand of its
 * own or the segment that its client answers. */
static bool has_trigger(const toa_side *xb, const toa_side *yb, const toa_segment *segment, uint32_t seq,
                        bool from_server, const toa_pair *pair, uint32_t *ret_frame, bool *ret_own)
{
    bool plain_rst = toa_segment_is_lone_rst(segment);

    *ret_own = plain_rst && !from_server;
    if (*ret_own) {
        return toa_rules_answers(pair, segment);
    }
    if (plain_rst) {
        /* RFC 9293 section 3.10.7.1: the RST of a closed port takes its seq from SEG.ACK */
        if (yb->n_acks > 0 && yb->acks[0] == seq && segment->time - yb->last_time <= TOA_SECOND) {
            *ret_frame = yb->last_frame;
            return true;
        }
        return false;
    }
    if (waits_for_answer(yb, segment)) {
        *ret_frame = yb->demand_frame;
        return true;
    }
    *ret_own = true;
    return waits_for_answer(xb, segment);
}

bool toa_rules_is_challenge(const toa_conversation *x, const toa_segment *segment)
{
    const toa_side *client = &x->side[x->client];

    return (client->flags & TOA_SIDE_SYN) && client->next == client->isn + 1 && client->n_acks == 0 &&
           (client->flags & TOA_SIDE_DEMAND) && !(x->flags & TOA_CONV_SYNACK_SEEN) &&
           segment->time - client->demand_time <= TOA_SECOND &&
           (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_RST | TOA_FLAG_FIN | TOA_FLAG_ACK)) == TOA_FLAG_ACK;
}

/* Since the answer was noted on x, y has had none, and who asks there has said the same again. Otherwise x is how the answers
 * come: where the server answers the client by another address than it was asked at, a capture that began late has all questions
 * on y and all answers on x. */
static bool repeats_in_vain(const toa_side *requester, const toa_side *responder, const toa_pair *pair)
{
    return responder->last_time <= pair->noted_time && requester->last_time > pair->noted_time &&
           requester->next == pair->noted_next && requester->acks[0] == pair->noted_ack;
}

bool toa_rules_lacks_timestamps(const toa_conversation *x, const toa_segment *segment)
{
    return (x->side[0].flags & x->side[1].flags & TOA_SIDE_TIMESTAMPS) != 0 && !segment->options.has_timestamps &&
           !(segment->flags & (TOA_FLAG_RST | TOA_FLAG_SYN));
}

/* The same for what x's server sends. */
static uint32_t circumstances_of_reply(const toa_conversation *x, const toa_conversation *y, const toa_segment *segment,
                                       const toa_pair *pair)
{
    bool rst = (segment->flags & TOA_FLAG_RST) != 0;
    uint32_t hints = 0;

    if (rst && x->server_party->large && x->server_party->large->unsolicited) {
        hints |= AGAIN; /* between any client and this server */
    }
    if (toa_rules_is_challenge(x, segment)) {
        hints |= CHALLENGE;
    }
    if (toa_is_established(y) && !toa_endpoint_same_address(toa_wire_server(x), toa_wire_server(y))) {
        hints |= APART;
    }
    if (toa_rules_lacks_timestamps(x, segment)) {
        hints |= UNSTAMPED;
    }
    if (is_synack(segment) && toa_rules_acked_before(pair, segment->ack) && segment->time - pair->found_time <= REPEATED_NS) {
        hints |= REPEATED;
    }
    return hints;
}

/* Hints from what is known of the two conversations, apart from the segment's numbers. */
static uint32_t circumstances(const toa_conversation *x, const toa_conversation *y, bool from_server,
                              const toa_segment *segment, const toa_pair *pair)
{
    const toa_side *requester = &y->side[from_server ? y->client : !y->client],
                   *responder = &y->side[from_server ? !y->client : y->client];
    uint32_t hints = from_server ? circumstances_of_reply(x, y, segment, pair) : 0;

    if (!(y->flags & TOA_CONV_CLOSED) && requester->last_frame && responder->last_time <= requester->last_time) {
        hints |= WAITING;
    }
    /* no look at y for a RST: if y had got it as well, it would be closed */
    if (pair && pair->noted_time && ((segment->flags & TOA_FLAG_RST) || repeats_in_vain(requester, responder, pair))) {
        hints |= AGAIN;
    }
    if (!from_server && pair && pair->n_found > 0 && segment->time - pair->found_time <= TOA_SECOND) {
        hints |= CROSSED;
    }
    return hints;
}

/* x and y have one key: *ret_reported by a TOA, the map or a leg, not by a proof alone. */
static bool one_key(const toa_conversation *x, const toa_conversation *y, bool *ret_reported)
{
    *ret_reported = toa_same_reported_key(x, y);
    return *ret_reported || x->key == y->key;
}

/* The evidence under one shift. */
static void evidence_with(const toa_conversation *x, toa_conversation *y, bool from_server,
                          const toa_segment *segment, toa_shift shift, toa_match *ret_match)
{
    unsigned xs = from_server ? !x->client : x->client, ys = from_server ? !y->client : y->client;
    const toa_side *xa = &x->side[xs], *xb = &x->side[!xs], *ya = &y->side[ys], *yb = &y->side[!ys];
    uint32_t seq = segment->seq - shift.seq, ack = segment->ack - shift.ack, evidence = 0;
    bool exact = false, own_cause, reported;

    ret_match->n_exact = 0;
    ret_match->shift = shift;
    ret_match->other_frame = ya->last_frame ? ya->last_frame : y->first_frame;
    if (seq_is(ya, yb, segment, seq, from_server)) {
        evidence |= SEQ;
        ret_match->n_exact = (uint8_t)(ret_match->n_exact + (shift.seq == 0));
    }
    if (seq_is_near(ya, yb, segment, seq)) {
        evidence |= NEAR;
    }
    if (ack_is(ya, yb, segment, ack, ret_match->pair)) {
        evidence |= ACK;
        ret_match->n_exact = (uint8_t)(ret_match->n_exact + (shift.ack == 0));
    }
    if (tsecr_is(x, !xs, y, !ys, segment, &exact)) {
        evidence |= TSECR;
        ret_match->n_exact = (uint8_t)(ret_match->n_exact + exact);
    }
    if (continues_run(ya, segment, (evidence & NEAR) != 0) && !continues_run(xa, segment, false)) {
        evidence |= IP_ID;
        ret_match->ip_id_delta = toa_id_ahead(segment->ip_id, ya->ip_id);
    } else {
        ret_match->ip_id_delta = 0;
    }
    if (has_trigger(xb, yb, segment, seq, from_server, ret_match->pair, &ret_match->other_frame, &own_cause)) {
        evidence |= TRIGGER | (own_cause ? (uint32_t)TOA_HINT_OWN_CAUSE : 0u);
    }
    if (segment->options.has_timestamps && toa_conversation_without_timestamps(x)) {
        evidence |= TOA_EV_TIMESTAMPS;
    }
    if (one_key(x, y, &reported)) {
        evidence |= KEY | (reported ? 0u : (uint32_t)TOA_HINT_PROVEN);
    }
    evidence |= circumstances(x, y, from_server, segment, ret_match->pair);
    ret_match->evidence = evidence;
}

/* How many observations speak for it. */
static int count(uint32_t evidence)
{
    return __builtin_popcount(evidence & ~(uint32_t)(TOA_HINT_OWN_CAUSE | TOA_HINT_PROVEN));
}

bool toa_rules_better(const toa_match *a, const toa_match *b)
{
    int bits_a, bits_b;

    if (!b->owner) {
        return true;
    }
    if (a->n_exact != b->n_exact) {
        return a->n_exact > b->n_exact;
    }
    bits_a = count(a->evidence);
    bits_b = count(b->evidence);
    if (bits_a != bits_b) {
        return bits_a > bits_b;
    }
    return a->owner->first_frame > b->owner->first_frame;
}

void toa_rules_evidence(const toa_conversation *x, toa_conversation *y, bool from_server, const toa_segment *segment,
                        toa_pair *pair, toa_match *ret_match)
{
    const toa_shift none = {0, 0};
    toa_shift shift = toa_rules_shift(pair, from_server);

    ret_match->owner = y;
    ret_match->pair = pair;
    evidence_with(x, y, from_server, segment, none, ret_match);
    if (shift.seq || shift.ack) {
        toa_match shifted = *ret_match;
        evidence_with(x, y, from_server, segment, shift, &shifted);
        if (count(shifted.evidence) > count(ret_match->evidence)) {
            *ret_match = shifted;
        }
    }
}

static bool only_fits(unsigned only, const toa_match *match, const toa_conversation *x, const toa_segment *segment)
{
    switch (only) {
    case TOA_ONLY_REPLY:
        return (segment->flags & TOA_FLAG_RST) || toa_endpoint_equal(&segment->source, toa_wire_server(x));
    case TOA_ONLY_RST:
        return (segment->flags & TOA_FLAG_RST) != 0;
    case TOA_ONLY_SYNACK:
        return is_synack(segment);
    case TOA_ONLY_LONE_RST:
        return (segment->flags & TOA_FLAG_RST) &&
               toa_endpoint_same_address(toa_wire_client(x), toa_wire_client(match->owner));
    default:
        return true;
    }
}

/* In a crowded group two numbers must agree, or one number and the keys. A trigger does not count: some member always has a
 * pending request. */
static bool lone_number_in_crowd(const toa_match *match, const toa_conversation *x)
{
    return match->where == TOA_WHERE_GROUP && toa_crowded(x, match->owner) && !(match->evidence & KEY) &&
           __builtin_popcount(match->evidence & (SEQ | ACK | IP_ID | TSECR)) < 2;
}

bool toa_rules_worth_noting(const toa_match *match, toa_own own, bool from_server, const toa_segment *segment)
{
    const uint32_t wanted = SEQ | TRIGGER | WAITING;
    bool rst = toa_segment_is_lone_rst(segment);
    /* of a client it shows that x is how it talks to y's server: with direct server return, questions and answers have tuples of their own */
    bool plain = from_server && (segment->flags & (TOA_FLAG_RST | TOA_FLAG_SYN | TOA_FLAG_ACK)) == TOA_FLAG_ACK;

    return own == TOA_OWN_UNKNOWN && (rst || plain) && (match->evidence & wanted) == wanted &&
           !(match->pair && match->pair->noted_time);
}

/* What y's client has sent last was sent so long ago that no closed port can still answer it. */
static bool is_late(const toa_conversation *y, const toa_segment *segment)
{
    int64_t trip = y->syn_time && (y->flags & TOA_CONV_SYNACK_SEEN) ? y->synack_time - y->syn_time : 0;

    return trip > 0 && segment->time - y->side[y->client].last_time > LATE_NS + LATE_TRIPS * trip;
}

/* A RST that nothing has caused, with the number that a crossed segment has left behind and the IP-ID of somebody else: a load
 * balancer ends its sessions so, all that are idle at once, towards both sides. */
static bool ends_session(const toa_match *match, const toa_conversation *x, const toa_segment *segment)
{
    bool from_server = toa_endpoint_equal(&segment->source, toa_wire_server(x));

    if (!toa_segment_is_lone_rst(segment) || segment->ip_id == 0 || (match->evidence & (IP_ID | CROSSED))) {
        return false;
    }
    return !(match->evidence & TRIGGER) || (from_server && is_late(match->owner, segment));
}

bool toa_rules_enough(const toa_match *match, const toa_conversation *x, toa_own own, const toa_segment *segment)
{
    if (lone_number_in_crowd(match, x) || ends_session(match, x, segment)) {
        return false;
    }
    for (unsigned i = 0; i < toa_n_rules; i++) {
        const toa_rule *rule = &toa_rules[i];
        if (rule->where == match->where && rule->own == own && (match->evidence & rule->evidence) == rule->evidence &&
            only_fits(rule->only, match, x, segment)) {
            return true;
        }
    }
    return false;
}
