/* identity.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/identity.h"

#include "core/model/state.h"

#include <string.h>

/* Earlier connections of the tuple that are asked whether a SYN is theirs. */
#define EARLIER_MAX 4
/* A SYN is sent again for so long (Linux: 63 s, Windows and BSD: 75 s), and lives on the way for a while. */
#define SYN_NS (120 * TOA_SECOND)
/* Streams that there is room for at first. */
#define STREAMS_FIRST 4

/* Whoever repeats a SYN and a RST can give one conversation many streams: so the room doubles. */
struct toa_streams_of {
    uint32_t n, room;
    toa_stream_from from[];
};

static bool began_with(const toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    return (conv->side[sender].flags & TOA_SIDE_SYN) && conv->side[sender].isn == segment->seq &&
           segment->time - conv->first_time <= SYN_NS;
}

toa_conversation *toa_identity_find(toa_conversation *newest, const toa_segment *segment)
{
    unsigned sender = toa_endpoint_equal(&newest->wire[0], &segment->source) ? 0 : 1;
    toa_conversation *earlier = newest->extra ? newest->extra->earlier : NULL;

    if (toa_conversation_began_with(newest, sender, segment->seq)) {
        return newest;
    }
    if ((newest->flags & TOA_CONV_CLOSED) || !toa_is_established(newest)) {
        return NULL;
    }
    /* newest is under way, and this may be a late SYN of an earlier connection, which does not begin again because of it */
    for (unsigned i = 0; earlier && i < EARLIER_MAX; i++) {
        if (began_with(earlier, sender, segment)) {
            return earlier;
        }
        earlier = earlier->extra ? earlier->extra->earlier : NULL;
    }
    return NULL;
}

static size_t size_of(uint32_t room)
{
    return sizeof(toa_streams_of) + room * sizeof(toa_stream_from);
}

void toa_identity_forget(toa_state *state, toa_extra *extra)
{
    if (extra->streams) {
        toa_arena_give(&state->arena, extra->streams, size_of(extra->streams->room));
        extra->streams = NULL;
    }
}

static toa_streams_of *with_room(toa_state *state, toa_extra *extra)
{
    toa_streams_of *old = extra->streams, *grown;
    uint32_t room = old ? old->room * 2 : STREAMS_FIRST;

    if (old && old->n < old->room) {
        return old;
    }
    grown = toa_arena_alloc(&state->arena, size_of(room));
    grown->room = room;
    if (old) {
        grown->n = old->n;
        memcpy(grown->from, old->from, old->n * sizeof old->from[0]);
    }
    toa_identity_forget(state, extra);
    extra->streams = grown;
    return grown;
}

void toa_identity_stream(toa_state *state, toa_conversation *conv, uint32_t stream, uint32_t frame, int64_t time)
{
    toa_streams_of *streams;

    if (toa_stream_last(conv) == stream) {
        return;
    }
    streams = with_room(state, toa_state_extra(state, conv));
    streams->from[streams->n++] = (toa_stream_from){.time = time, .frame = frame, .stream = stream};
}

toa_conversation *toa_identity_of_syn(toa_state *state, toa_conversation *newest, const toa_segment *segment, uint32_t stream)
{
    toa_conversation *conv = toa_identity_find(newest, segment);

    if (conv) {
        toa_identity_stream(state, newest, stream, segment->frame, segment->time);
    }
    if (conv && conv != newest) { /* what follows in this stream belongs to newest, the SYN does not */
        toa_identity_stream(state, conv, stream, segment->frame, segment->time);
        conv->shares_stream = newest->shares_stream = 1;
    }
    return conv;
}

uint32_t toa_stream_at(const toa_conversation *conv, uint32_t frame)
{
    const toa_streams_of *streams = conv->extra ? conv->extra->streams : NULL;
    uint32_t low = 0, high = streams ? streams->n : 0;

    while (low < high) { /* how many begin up to this frame */
        uint32_t middle = low + (high - low) / 2;
        if (streams->from[middle].frame <= frame) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low ? streams->from[low - 1].stream : conv->stream;
}

uint32_t toa_stream_last(const toa_conversation *conv)
{
    const toa_streams_of *streams = conv->extra ? conv->extra->streams : NULL;

    return streams ? streams->from[streams->n - 1].stream : conv->stream;
}

const toa_stream_from *toa_streams_more(const toa_conversation *conv, uint32_t *ret_n)
{
    const toa_streams_of *streams = conv->extra ? conv->extra->streams : NULL;

    *ret_n = streams ? streams->n : 0;
    return streams ? streams->from : NULL;
}
