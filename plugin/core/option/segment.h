/* segment.h
 * One TCP segment as the engine wants it: a plain struct, filled by the glue from a Wireshark packet and by tests
 * and fuzzers from anything else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SEGMENT_H
#define TOA_SEGMENT_H

#include "core/option/options.h"

enum {
    TOA_FLAG_FIN = 0x01,
    TOA_FLAG_SYN = 0x02,
    TOA_FLAG_RST = 0x04,
    TOA_FLAG_PSH = 0x08,
    TOA_FLAG_ACK = 0x10
};

/* All times and distances of time are in ns. */
#define TOA_SECOND INT64_C(1000000000)

/* Times are kept within so many seconds of the epoch (year 2112), so that nanoseconds and their differences fit 64 bits;
 * only a broken capture has others. */
#define TOA_SECONDS_MAX INT64_C(4500000000)

typedef struct toa_segment {
    int64_t time;       /* ns since the epoch, as captured */
    uint32_t frame;     /* number of the frame, from 1 */
    uint32_t interface; /* capture interface; tells copies apart */
    toa_endpoint source;
    toa_endpoint destination;
    uint32_t seq; /* raw numbers */
    uint32_t ack; /* meaningless without TOA_FLAG_ACK */
    uint32_t length; /* payload bytes on the wire, also of a segment cut by the snapshot length */
    uint16_t flags;
    uint16_t window; /* unscaled */
    uint16_t ip_id;  /* 0: none (IPv6, or not told) */
    uint8_t ttl;
    uint16_t network; /* hash of the encapsulation: VLAN, VNI, keys, labels, tunnel endpoints; 0: none. Both directions have one
                       * value if their encapsulation is the same. Two networks share a value by chance once in 65535 */
    toa_endpoint vip; /* of a SYN under direct server return: the address the client sent it to, before the balancer replaced it
                       * with the server's own; family TOA_FAMILY_NONE: not known */
    toa_options options;
} toa_segment;

/* Sequence number behind the segment: SYN and FIN count one each. */
static inline uint32_t toa_segment_end(const toa_segment *segment)
{
    return segment->seq + segment->length + ((segment->flags & TOA_FLAG_SYN) != 0) +
           ((segment->flags & TOA_FLAG_FIN) != 0);
}

/* A RST without ACK. A server sends it where it has no connection, with the number of the segment that it answers (RFC 9293,
 * section 3.10.7.1); a client to refuse what it does not know; a load balancer to end a session. */
static inline bool toa_segment_is_lone_rst(const toa_segment *segment)
{
    return (segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) == TOA_FLAG_RST;
}

#endif
