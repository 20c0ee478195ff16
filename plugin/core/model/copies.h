/* copies.h
 * One packet captured twice (mirror port, "-i any", merged captures): rule R0 (plugin/doc/rules.md).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_COPIES_H
#define TOA_COPIES_H

#include "core/model/conversation.h"

/* The slots of a set are overwritten in turn. A copy whose slot was overwritten within the 10 ms counts as a segment of its
 * own; that takes well over a thousand packets in that time. */
#define TOA_COPY_SETS 1024
#define TOA_COPY_WAYS 4

typedef struct toa_copy_slot {
    uint64_t fingerprint;
    int64_t time;
    uint32_t interface;
    uint8_t ttl;
} toa_copy_slot;

typedef struct toa_copies {
    uint64_t seed; /* keeps a hostile capture from making segments that look like copies */
    toa_copy_slot slots[TOA_COPY_SETS][TOA_COPY_WAYS];
    uint8_t turn[TOA_COPY_SETS]; /* slot that is overwritten next, modulo TOA_COPY_WAYS */
    int64_t time;                /* of the last copy; 0: none */
} toa_copies;

/* A packet was captured twice within the last second. */
static inline bool toa_copies_lately(const toa_copies *copies, int64_t now)
{
    return copies->time && now - copies->time <= TOA_SECOND;
}

/* Remembers the segment that side `sender` of conv has sent; true if it is a copy of one seen within the last 10 ms: the same
 * endpoints, numbers, flags, length, window, options and IP-ID, and either an IP-ID that is not 0, or another TTL or interface,
 * or the very same time (1 us). Within 0.5 ms data, SYN and FIN need none of these, and neither do ACKs if other packets were
 * captured twice lately. */
bool toa_copies_seen(toa_copies *copies, const toa_conversation *conv, unsigned sender, const toa_segment *segment);

#endif
