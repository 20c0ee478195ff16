/* rules.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/rules.h"

#include "core/model/group.h"
#include "core/base/serial.h"

/* An identification this far ahead still continues a run: offload and lost packets skip some. */
#define IP_ID_REACH 8

#define KEY TOA_EV_KEY
#define SEQ TOA_EV_SEQ
#define ACK TOA_EV_ACK
#define IP_ID TOA_EV_IP_ID
#define TSECR TOA_EV_TSECR
#define TRIGGER TOA_EV_TRIGGER

/* One row a line. Measured on 3,405 foreign captures; ack alone gave false warnings there, IP-ID alone matches once
 * in 65536 by chance. tests/unit/test-rules.c has a case for each row. */
const toa_rule toa_rules[] = {
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, ACK | TSECR},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, ACK | IP_ID},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, TSECR | IP_ID},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, TSECR | TRIGGER},
    {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_SYNACK, ACK | TRIGGER},
    {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_REPLY, SEQ | ACK},
    {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_REPLY, SEQ | TSECR},
    {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_REPLY, SEQ | IP_ID},
    {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_RST, SEQ | TRIGGER},
    {TOA_WHERE_SERVER, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ | ACK},
    {TOA_WHERE_SERVER, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ | TSECR},
    {TOA_WHERE_SERVER, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ | IP_ID},
    {TOA_WHERE_SERVER, TOA_OWN_NONE, TOA_ONLY_RST, SEQ | TRIGGER},
    {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_ANY, KEY | SEQ | ACK},
    {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_ANY, KEY | SEQ | TSECR},
    {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_ANY, KEY | SEQ | IP_ID},
    {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_RST, KEY | SEQ | TRIGGER},
    {TOA_WHERE_SERVER, TOA_OWN_UNKNOWN, TOA_ONLY_LONE_RST, SEQ | IP_ID},
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
    if (pair && pair->has_ack_shift) {
        shift.ack = pair->ack_shift;
    }
    return from_server ? shift : (toa_shift){shift.ack, shift.seq};
}

static bool is_synack(const toa_segment *segment)
{
    return (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) == (TOA_FLAG_SYN | TOA_FLAG_ACK);
}

/* seq is what y's sender would send next, or what y's peer asked for last; or the segment repeats the end of what y's
 * sender has sent. */
static bool seq_is(const toa_side *ya, const toa_side *yb, const toa_segment *segment, uint32_t seq, bool from_server)
{
    if (segment->seq == 0) {
        return false; /* a RST,ACK to a SYN; also the chance value of broken stacks */
    }
    if (is_synack(segment)) {
        return from_server && (ya->flags & TOA_SIDE_SYN) && seq == ya->isn;
    }
    if ((ya->flags & TOA_SIDE_ANCHORED) &&
        (seq == ya->next || (segment->length > 0 && seq + segment->length == ya->next))) {
        return true;
    }
    return yb->n_acks > 0 && seq == yb->acks[0];
}

static bool ack_is(const toa_side *yb, const toa_segment *segment, uint32_t ack)
{
    if (!(segment->flags & TOA_FLAG_ACK)) {
        return false;
    }
    if (is_synack(segment)) {
        return (yb->flags & TOA_SIDE_SYN) && ack == yb->isn + 1;
    }
    return (yb->flags & TOA_SIDE_ANCHORED) && ack == yb->next;
}

/* 1 to IP_ID_REACH ahead of y's run, and not of x's own; 0: no evidence. */
static uint16_t ip_id_ahead(const toa_side *xa, const toa_side *ya, const toa_segment *segment)
{
    uint16_t ahead = toa_id_ahead(segment->ip_id, ya->ip_id), own = toa_id_ahead(segment->ip_id, xa->ip_id);

    if (segment->ip_id == 0 || ya->ip_id == 0 || ahead < 1 || ahead > IP_ID_REACH) {
        return 0;
    }
    return xa->ip_id != 0 && own >= 1 && own <= IP_ID_REACH ? 0 : ahead;
}

static bool tsecr_is(const toa_side *xb, const toa_side *yb, const toa_segment *segment)
{
    uint32_t tsecr = segment->options.tsecr;

    return segment->options.has_timestamps && tsecr != 0 && (yb->flags & TOA_SIDE_TSVAL) && tsecr == yb->tsval &&
           !((xb->flags & TOA_SIDE_TSVAL) && tsecr == xb->tsval);
}

static bool waits_for_answer(const toa_side *side, const toa_segment *segment)
{
    return (side->flags & TOA_SIDE_DEMAND) && !(side->flags & TOA_SIDE_ANSWERED) &&
           segment->time - side->demand_time <= TOA_SECOND;
}

bool toa_rules_answers(const toa_pair *pair, const toa_segment *segment)
{
    for (unsigned i = 0; pair && i < pair->n_acks; i++) {
        if (pair->acks[i] == segment->seq) {
            return true;
        }
    }
    return false;
}

/* The segment that caused this one; *ret_frame its frame if it is y's. */
static bool has_trigger(const toa_side *xb, const toa_side *yb, const toa_segment *segment, uint32_t seq,
                        bool from_server, const toa_pair *pair, uint32_t *ret_frame)
{
    bool plain_rst = (segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) == TOA_FLAG_RST;

    if (plain_rst && !from_server) {
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
    return waits_for_answer(xb, segment);
}

/* The evidence under one shift. */
static void evidence_with(const toa_conversation *x, toa_conversation *y, bool from_server,
                          const toa_segment *segment, toa_shift shift, toa_match *ret_match)
{
    unsigned xs = from_server ? !x->client : x->client, ys = from_server ? !y->client : y->client;
    const toa_side *xa = &x->side[xs], *xb = &x->side[!xs], *ya = &y->side[ys], *yb = &y->side[!ys];
    uint32_t seq = segment->seq - shift.seq, ack = segment->ack - shift.ack;
    uint16_t evidence = 0;

    ret_match->n_exact = 0;
    ret_match->other_frame = ya->last_frame ? ya->last_frame : y->first_frame;
    if (seq_is(ya, yb, segment, seq, from_server)) {
        evidence |= SEQ;
        ret_match->n_exact = (uint8_t)(ret_match->n_exact + (shift.seq == 0));
    }
    if (ack_is(yb, segment, ack)) {
        evidence |= ACK;
        ret_match->n_exact = (uint8_t)(ret_match->n_exact + (shift.ack == 0));
    }
    if (tsecr_is(xb, yb, segment)) {
        evidence |= TSECR;
        ret_match->n_exact++;
    }
    ret_match->ip_id_delta = ip_id_ahead(xa, ya, segment);
    if (ret_match->ip_id_delta) {
        evidence |= IP_ID;
    }
    if (has_trigger(xb, yb, segment, seq, from_server, ret_match->pair, &ret_match->other_frame)) {
        evidence |= TRIGGER;
    }
    if (segment->options.has_timestamps && toa_conversation_without_timestamps(x)) {
        evidence |= TOA_EV_TIMESTAMPS;
    }
    if (x->key == y->key) {
        evidence |= KEY;
    }
    ret_match->evidence = evidence;
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
    bits_a = __builtin_popcount(a->evidence);
    bits_b = __builtin_popcount(b->evidence);
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
        if (__builtin_popcount(shifted.evidence) > __builtin_popcount(ret_match->evidence)) {
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

/* In a crowd two numbers must agree, or one and the keys; a cause is no help, somebody has always just asked. */
static bool lone_number_in_crowd(const toa_match *match, const toa_conversation *x)
{
    return match->where == TOA_WHERE_GROUP && toa_crowded(x) && !(match->evidence & KEY) &&
           __builtin_popcount(match->evidence & (SEQ | ACK | IP_ID | TSECR)) < 2;
}

bool toa_rules_enough(const toa_match *match, const toa_conversation *x, toa_own own, const toa_segment *segment)
{
    if (lone_number_in_crowd(match, x)) {
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
