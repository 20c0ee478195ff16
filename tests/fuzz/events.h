/* events.h
 * A fuzzer's input as a sequence of TCP segments between 16 endpoints. Numbers can be given relative to what some
 * conversation has used, so that crossed segments are easily found.
 *
 * One event: bits (1), source and destination endpoint (1 each), ms since the last event (1), TCP flags (1), length
 * (2), seq (4), ack (4), window (2), IP-ID (2), then as bits say: timestamps (8), one SACK block (8), endpoint that a
 * TOA names (1). A crossed one has its source byte's conversation as carrier, and of its own numbers only those that its
 * mask does not replace by numbers of another.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FUZZ_EVENTS_H
#define FUZZ_EVENTS_H

#include "input.h"

#include "core/toa-engine.h"

enum {
    EVENT_TIMESTAMPS = 1,
    EVENT_SACK = 2,
    EVENT_TOA = 4,
    EVENT_SEQ_RELATIVE = 8, /* the four bytes are: conversation, which number, signed distance, ignored */
    EVENT_ACK_RELATIVE = 16,
    EVENT_REST_RELATIVE = 32, /* IP-ID and TSecr; conversation and side as for seq */
    EVENT_CROSSED = 64,       /* the four bytes of seq are: conversation, side, signed distance, CROSSED_* */
    EVENT_FORGET = 128        /* before it, the engine forgets some; how many is in the source byte */
};

/* Which numbers of a crossed segment are those that the other conversation would use now. */
enum {
    CROSSED_SEQ = 1,
    CROSSED_ACK = 2,
    CROSSED_TSECR = 4,
    CROSSED_IP_ID = 8,
    CROSSED_OLD_ACK = 16, /* the ack is the last one again */
    CROSSED_ASKED = 32,   /* the sequence number is the one that its peer has acknowledged */
    CROSSED_EDGE = 64     /* ... or the last that its peer's window allows */
};

#define EVENT_ENDPOINTS 16
#define CONVERSATIONS_MAX 128

/* Conversations so far, in the order in which they began. */
typedef struct known {
    toa_conversation *list[CONVERSATIONS_MAX];
    unsigned n;
} known;

static inline toa_endpoint event_endpoint(unsigned number)
{
    /* few clients and several servers: groups of more than 8 are needed to reach the indexes */
    uint8_t address[4] = {10, 0, number % EVENT_ENDPOINTS < 4, (uint8_t)(number % EVENT_ENDPOINTS)};

    return toa_endpoint_ipv4(address, number % EVENT_ENDPOINTS < 4 ? 40000 : 80);
}

static inline const toa_side *event_side(const known *known, uint8_t conversation, uint8_t which)
{
    static const toa_side nothing;

    return known->n ? &known->list[conversation % known->n]->side[which & 1] : &nothing;
}

static inline uint32_t event_number(const known *known, uint32_t raw)
{
    uint8_t which = (uint8_t)(raw >> 16);
    const toa_side *side = event_side(known, (uint8_t)(raw >> 24), which);
    const uint32_t numbers[8] = {side->next, side->acks[0], side->isn, side->isn + 1,
                                 side->low,  side->acks[1], side->demand_seq, side->demand_end};

    return numbers[which >> 1 & 7] + (uint32_t)(int8_t)(raw >> 8);
}

static inline void event_toa(input *in, toa_segment *segment)
{
    toa_options *options = &segment->options;
    toa_item *item = &options->items[0];

    *item = (toa_item){.kind = 254, .length = 8, .offset = 20, .decoded = true, .effective = true};
    item->info.has_client = item->info.has_client_port = true;
    item->info.client = event_endpoint(take8(in));
    options->n_items = 1;
    options->client_item = 0;
}

/* The segment becomes one of another conversation, on the wire tuple of the carrier and in the direction that it has there. */
static inline void event_cross(const known *known, uint8_t carrier, uint32_t raw, toa_segment *segment)
{
    uint8_t mask = (uint8_t)raw;
    int8_t apart = (int8_t)(raw >> 8);
    const toa_conversation *x, *y;
    const toa_side *a, *b;
    unsigned server = raw >> 16 & 1;

    if (known->n == 0) {
        return;
    }
    x = known->list[carrier % known->n];
    y = known->list[(raw >> 24) % known->n];
    a = &y->side[server ? !y->client : y->client];
    b = &y->side[server ? y->client : !y->client];
    segment->source = x->wire[server ? !x->client : x->client];
    segment->destination = x->wire[server ? x->client : !x->client];
    if (mask & (CROSSED_SEQ | CROSSED_ASKED)) {
        segment->seq = (segment->flags & TOA_FLAG_SYN ? a->isn : mask & CROSSED_ASKED ? b->acks[0] : a->next) + (uint32_t)apart;
    }
    if (mask & CROSSED_EDGE) {
        segment->seq = (b->n_acks ? b->acks[0] : a->next) + toa_conversation_window(b, a) + (uint32_t)apart;
    }
    if (mask & (CROSSED_ACK | CROSSED_OLD_ACK)) {
        segment->ack = segment->flags & TOA_FLAG_SYN ? b->isn + 1 : mask & CROSSED_OLD_ACK ? a->acks[0] : b->next;
    }
    if (mask & CROSSED_TSECR) {
        segment->options.has_timestamps = true;
        segment->options.tsecr = b->tsval;
    }
    if (mask & CROSSED_IP_ID) {
        segment->ip_id = (uint16_t)(a->ip_id + 1 + (segment->ip_id & 7));
    }
}

/* How many conversations the engine forgets before the next segment. */
static inline unsigned event_forgets(const input *in)
{
    return in->left >= 2 && in->bytes[0] & EVENT_FORGET ? 1 + (in->bytes[1] >> 4 & 7) : 0;
}

/* Takes the next segment; false at the end of the input. *time is moved on. */
static inline bool take_event(input *in, const known *known, int64_t *time, uint32_t frame, toa_segment *ret_segment)
{
    toa_segment *segment = ret_segment;
    uint8_t bits = take8(in), source;
    uint32_t raw_seq;

    if (in->left < 20) {
        return false;
    }
    *segment = (toa_segment){.frame = frame, .ttl = 64, .options.client_item = -1};
    source = take8(in);
    segment->source = event_endpoint(source);
    segment->destination = event_endpoint(take8(in));
    *time += (int64_t)take8(in) * 1000000;
    segment->time = *time;
    segment->flags = take8(in) & 0x1f;
    segment->length = take16(in);
    raw_seq = take32(in);
    segment->seq = bits & EVENT_SEQ_RELATIVE ? event_number(known, raw_seq) : raw_seq;
    segment->ack = take32(in);
    if (bits & EVENT_ACK_RELATIVE) {
        segment->ack = event_number(known, segment->ack);
    }
    segment->window = take16(in);
    segment->ip_id = take16(in);
    if (bits & EVENT_TIMESTAMPS) {
        segment->options.has_timestamps = true;
        segment->options.tsval = take32(in);
        segment->options.tsecr = take32(in);
    }
    if (bits & EVENT_REST_RELATIVE) {
        const toa_side *side = event_side(known, (uint8_t)(raw_seq >> 24), (uint8_t)(raw_seq >> 16));
        const toa_side *peer = event_side(known, (uint8_t)(raw_seq >> 24), (uint8_t)(raw_seq >> 16) ^ 1);
        segment->ip_id = (uint16_t)(side->ip_id + (segment->ip_id & 15));
        segment->options.tsecr = segment->options.has_timestamps ? peer->tsval : 0;
    }
    if (bits & EVENT_CROSSED) {
        event_cross(known, source, raw_seq, segment);
    }
    if (bits & EVENT_SACK) {
        segment->options.n_sack = 1;
        segment->options.sack[0][0] = take32(in);
        segment->options.sack[0][1] = take32(in);
    }
    if (bits & EVENT_TOA) {
        event_toa(in, segment);
    }
    return true;
}

#endif
