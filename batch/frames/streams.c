/* streams.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/streams.h"

#include "core/option/segment.h"

#include <stdlib.h>
#include <string.h>

void toa_streams_init(toa_streams *streams, toa_streams_rule rule, uint64_t seed)
{
    *streams = (toa_streams){.seed = seed, .rule = rule};
}

void toa_streams_clear(toa_streams *streams)
{
    free(streams->pairs);
    free(streams->slots);
    free(streams->settled);
    streams->pairs = NULL;
    streams->slots = NULL;
    streams->settled = NULL;
}

/* The slot of the pair, or the empty one where it belongs. There always is an empty one. */
static uint32_t *find_slot(const toa_streams *streams, const toa_tuple *tuple)
{
    size_t mask = streams->n_slots - 1, at = tuple->hash & mask;

    for (; streams->slots[at]; at = (at + 1) & mask) {
        const toa_stream_pair *pair = &streams->pairs[streams->slots[at] - 1];
        if (toa_endpoint_equal(&pair->ends[0], &tuple->wire[0]) && toa_endpoint_equal(&pair->ends[1], &tuple->wire[1])) {
            break;
        }
    }
    return &streams->slots[at];
}

/* All pairs have their slots anew. */
static void fill_slots(toa_streams *streams)
{
    for (size_t i = 0; i < streams->n_pairs; i++) {
        const toa_stream_pair *pair = &streams->pairs[i];
        toa_tuple tuple = toa_tuple_make(&pair->ends[0], &pair->ends[1], streams->seed);
        *find_slot(streams, &tuple) = (uint32_t)i + 1;
    }
}

static bool grow_slots(toa_streams *streams)
{
    size_t n_slots = streams->n_slots ? streams->n_slots * 2 : 1024;
    uint32_t *slots = calloc(n_slots, sizeof *slots);

    if (!slots) {
        return false;
    }
    free(streams->slots);
    streams->slots = slots;
    streams->n_slots = n_slots;
    fill_slots(streams);
    return true;
}

/* Room for one more. */
static bool grow(toa_streams *streams)
{
    if (streams->n_pairs == streams->room_pairs) {
        size_t room = streams->room_pairs ? streams->room_pairs * 2 : 512;
        toa_stream_pair *pairs = realloc(streams->pairs, room * sizeof *pairs);
        if (!pairs) {
            return false;
        }
        streams->pairs = pairs;
        streams->room_pairs = room;
    }
    return streams->n_pairs * 2 < streams->n_slots || grow_slots(streams);
}

/* Room for the bit of the next stream. */
static bool grow_settled(toa_streams *streams)
{
    size_t room = streams->room_settled ? streams->room_settled * 2 : 128;
    uint8_t *settled;

    if (streams->next / 8 < streams->room_settled) {
        return true;
    }
    settled = realloc(streams->settled, room);
    if (!settled) {
        return false;
    }
    memset(settled + streams->room_settled, 0, room - streams->room_settled);
    streams->settled = settled;
    streams->room_settled = room;
    return true;
}

static void learn_beginnings(toa_stream_pair *pair, unsigned sender, const toa_stream_segment *segment)
{
    bool ack = (segment->flags & TOA_FLAG_ACK) != 0;

    if (!(pair->begun & 1u << sender)) {
        pair->begin[sender] = segment->flags & TOA_FLAG_SYN ? segment->seq : segment->seq - 1;
        pair->begun |= (uint8_t)(1u << sender);
    }
    if (ack && !(pair->begun & 1u << !sender)) {
        pair->begin[!sender] = segment->ack - 1;
        pair->begun |= (uint8_t)(1u << !sender);
    }
}

bool toa_streams_take(toa_streams *streams, const toa_stream_segment *segment, uint32_t *ret_stream)
{
    toa_tuple tuple;
    toa_stream_pair *pair;
    uint32_t *slot;
    unsigned syn = segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK), sender;

    if (!grow(streams) || !grow_settled(streams)) {
        return false;
    }
    tuple = toa_tuple_make(segment->source, segment->destination, streams->seed);
    sender = tuple.sender;
    slot = find_slot(streams, &tuple);
    if (!*slot) {
        pair = &streams->pairs[streams->n_pairs++];
        *pair = (toa_stream_pair){.ends = {tuple.wire[0], tuple.wire[1]}, .stream = streams->next++};
        *slot = (uint32_t)streams->n_pairs;
    }
    pair = &streams->pairs[*slot - 1];
    if (pair->begun & 1u << sender) {
        bool other = pair->begin[sender] != segment->seq, again = pair->ended && streams->rule == TOA_STREAMS_4_4;
        if (syn == TOA_FLAG_SYN && (other || again)) {
            streams->settled[pair->stream / 8] &= (uint8_t)~(1u << pair->stream % 8); /* it is not the pair's any more */
            pair->stream = streams->next++;
            pair->begun = 0;
            pair->ended = false;
        } else if (syn == (TOA_FLAG_SYN | TOA_FLAG_ACK) && other) {
            pair->begin[sender] = segment->seq;
        }
    }
    if (segment->counts) {
        learn_beginnings(pair, sender, segment);
        pair->ended |= (segment->flags & (TOA_FLAG_FIN | TOA_FLAG_RST)) != 0;
    }
    if (pair->begun == 3) {
        streams->settled[pair->stream / 8] |= (uint8_t)(1u << pair->stream % 8);
    }
    *ret_stream = pair->stream;
    return true;
}

void toa_streams_forget(toa_streams *streams, bool (*keeps)(void *data, const toa_stream_pair *pair), void *data)
{
    size_t kept = 0;

    for (size_t i = 0; i < streams->n_pairs; i++) {
        if (keeps(data, &streams->pairs[i])) {
            streams->pairs[kept++] = streams->pairs[i];
        }
    }
    streams->n_pairs = kept;
    if (streams->n_slots) {
        memset(streams->slots, 0, streams->n_slots * sizeof *streams->slots);
        fill_slots(streams);
    }
}

size_t toa_streams_memory(const toa_streams *streams, size_t *ret_spare)
{
    *ret_spare = (streams->room_pairs - streams->n_pairs) * sizeof *streams->pairs;
    return streams->room_pairs * sizeof *streams->pairs + streams->n_slots * sizeof *streams->slots + streams->room_settled;
}
