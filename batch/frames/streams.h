/* streams.h
 * Numbers connections as Wireshark 4.0 does (tcp.stream), so that what is told can be looked up there.
 *
 * Two endpoints have one stream until a SYN (without ACK) comes whose sequence number is not the one that its sender's began
 * with; then the next. A sender's beginning is its first segment's number, a SYN's own or one less, or, before it has sent
 * any, one less than what is acknowledged to it; a SYN-ACK with another number replaces it. Segments in ICMP errors and those
 * with a broken header take numbers, too, but set no beginning.
 * Source: epan/dissectors/packet-tcp.c and conversation.c of Wireshark 4.0.17. Versions 4.4 and 4.6 number differently.
 *
 * Memory: 64 bytes a pair of endpoints, and the table.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_STREAMS_H
#define TOA_FRAMES_STREAMS_H

#include "core/base/endpoint.h"

typedef struct toa_stream_pair {
    toa_endpoint ends[2];
    uint32_t begin[2];  /* sequence numbers, of the sender with this index */
    uint32_t stream;
    uint8_t begun;      /* bit i: begin[i] is known */
} toa_stream_pair;

typedef struct toa_streams {
    toa_stream_pair *pairs;
    size_t n_pairs, room_pairs;
    uint32_t *slots; /* index of a pair plus 1; 0: empty */
    size_t n_slots;  /* a power of two */
    uint8_t *settled; /* bit of each stream */
    size_t room_settled; /* bytes */
    uint64_t seed;
    uint32_t next;
} toa_streams;

/* seed: not to be guessed by who made the capture. */
void toa_streams_init(toa_streams *streams, uint64_t seed);
void toa_streams_clear(toa_streams *streams);

/* What TCP's dissector looks at. */
typedef struct toa_stream_segment {
    const toa_endpoint *source, *destination;
    uint32_t seq, ack;
    uint16_t flags;
    bool counts; /* its numbers can be a beginning */
} toa_stream_segment;

/* Nothing but a SYN or SYN-ACK changes anything for this stream any more: others need not be taken. */
static inline bool toa_streams_settled(const toa_streams *streams, uint32_t stream)
{
    return stream / 8 < streams->room_settled && (streams->settled[stream / 8] & 1u << stream % 8);
}

/* The segment's stream. False: no memory. */
bool toa_streams_take(toa_streams *streams, const toa_stream_segment *segment, uint32_t *ret_stream);

#endif
