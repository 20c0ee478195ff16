/* toa-copies.h
 * One packet captured twice (mirror port, "-i any", merged captures): rule R0 of the design.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_COPIES_H
#define TOA_COPIES_H

#include "toa-segment.h"

/* Slots are overwritten by newer packets with the same remainder. A copy whose slot was overwritten within
 * the 10 ms is not recognised; it then counts as a segment like any other. */
#define TOA_COPY_SLOTS 8192

typedef struct toa_copy_slot {
    uint64_t fingerprint;
    int64_t time;
    uint32_t interface;
    uint16_t ttl;
    uint16_t ip_id;
} toa_copy_slot;

typedef struct toa_copies {
    uint64_t seed;
    toa_copy_slot slots[TOA_COPY_SLOTS];
} toa_copies;

/* Remembers the segment; true if it is a copy of one seen within the last 10 ms: the same endpoints, numbers, flags,
 * length, window, options and IP-ID, and either an IP-ID that is not 0, another TTL or interface, or the very same
 * time (1 us). */
bool toa_copies_seen(toa_copies *copies, const toa_segment *segment);

#endif
