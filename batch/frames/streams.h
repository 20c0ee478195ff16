/* streams.h
 * Numbers connections as Wireshark does (tcp.stream), so that what is told can be looked up there.
 *
 * Two endpoints have one stream until a SYN (without ACK) comes whose sequence number is not the one that its sender's began
 * with; then the next. From Wireshark 4.4 on also if a FIN or RST has come in this stream and the SYN repeats the number. A
 * sender's beginning is its first segment's number, a SYN's own or one less, or, before it has sent
 * any, one less than what is acknowledged to it; a SYN-ACK with another number replaces it. Segments in ICMP errors and those
 * with a broken header take numbers, too, but set no beginning.
 * Source: epan/dissectors/packet-tcp.c and conversation.c of Wireshark 4.0.17; for 4.4.19 and 4.6.9 what their tshark prints
 * (tests/native, tests/matrix).
 *
 * Memory: 64 bytes a pair of endpoints, and the table.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_STREAMS_H
#define TOA_FRAMES_STREAMS_H

#include "core/base/endpoint.h"

/* Whose numbers. */
typedef enum toa_streams_rule {
    TOA_STREAMS_4_0,
    TOA_STREAMS_4_4 /* and 4.6 */
} toa_streams_rule;

/* Those of the Wireshark that this was built for, which is the one that it is installed with; without one (toa.html) 4.0's. */
#ifndef TOA_STREAMS_BUILT
#define TOA_STREAMS_BUILT TOA_STREAMS_4_0
#endif

typedef struct toa_stream_pair {
    toa_endpoint ends[2];
    uint32_t begin[2];  /* sequence numbers, of the sender with this index */
    uint32_t stream;
    uint8_t begun;      /* bit i: begin[i] is known */
    bool ended;         /* a FIN or RST has come in this stream */
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
    toa_streams_rule rule;
} toa_streams;

/* seed: not to be guessed by who made the capture. */
void toa_streams_init(toa_streams *streams, toa_streams_rule rule, uint64_t seed);
void toa_streams_clear(toa_streams *streams);

/* What TCP's dissector looks at. */
typedef struct toa_stream_segment {
    const toa_endpoint *source, *destination;
    uint32_t seq, ack;
    uint16_t flags;
    bool counts; /* its numbers can be a beginning */
} toa_stream_segment;

/* Nothing but a SYN, SYN-ACK, FIN or RST changes anything for this stream any more: others need not be taken. */
static inline bool toa_streams_settled(const toa_streams *streams, uint32_t stream)
{
    return stream / 8 < streams->room_settled && (streams->settled[stream / 8] & 1u << stream % 8);
}

/* The segment's stream. False: no memory. */
bool toa_streams_take(toa_streams *streams, const toa_stream_segment *segment, uint32_t *ret_stream);

/* Forgets the pairs that are not kept. One that comes again has the next number, as Wireshark gives it with a SYN only. */
void toa_streams_forget(toa_streams *streams, bool (*keeps)(void *data, const toa_stream_pair *pair), void *data);

/* Bytes that are held; *ret_spare: of them, room for pairs to come. */
size_t toa_streams_memory(const toa_streams *streams, size_t *ret_spare);

#endif
