/* copies.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/copies.h"

#define WINDOW_NS INT64_C(10000000)
#define SAME_NS INT64_C(1000)
#define SOON_NS INT64_C(500000)

/* Everything that copies have in common. The conversation's hash stands for the endpoints. */
static uint64_t fingerprint(uint64_t seed, const toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    const toa_options *options = &segment->options;
    uint64_t numbers = (uint64_t)segment->seq << 32 | segment->ack;
    uint64_t sizes = (uint64_t)segment->length << 32 | (uint32_t)segment->window << 16 | segment->ip_id;
    uint64_t rest = (uint64_t)conv->hash << 32 | (uint32_t)segment->flags << 16 | sender << 15 |
                    (uint32_t)options->has_timestamps << 14 | (uint32_t)options->n_sack << 8 | options->n_items;
    uint64_t times = (uint64_t)options->tsval << 32 | options->tsecr;
    uint64_t hash = toa_mix_pair(toa_mix_pair(numbers ^ seed, rest ^ ~seed) ^ times ^ seed, sizes ^ ~seed);

    for (unsigned i = 0; i < options->n_items; i++) {
        hash = toa_endpoint_hash(&options->items[i].info.client, hash ^ options->items[i].kind);
    }
    for (unsigned i = 0; i < options->n_sack; i++) {
        hash = toa_mix(hash ^ ((uint64_t)options->sack[i][0] << 32 | options->sack[i][1]));
    }
    return hash;
}

/* For how long after the first packet the same bytes count as a copy. */
static int64_t window_of(const toa_copies *copies, const toa_copy_slot *slot, const toa_segment *segment)
{
    bool synack = (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) == (TOA_FLAG_SYN | TOA_FLAG_ACK);

    if (segment->ip_id != 0 || slot->ttl != segment->ttl || slot->interface != segment->interface) {
        return WINDOW_NS; /* something that a second packet of the sender would not have */
    }
    if (toa_segment_end(segment) != segment->seq && !synack) {
        return SOON_NS; /* no stack repeats data so soon */
    }
    /* Any stack sends equal ACKs, and each SYN that comes again draws an equal SYN-ACK; equal RSTs may each answer a segment. */
    return !(segment->flags & TOA_FLAG_RST) && toa_copies_lately(copies, segment->time) ? SOON_NS : SAME_NS;
}

/* One of the set has this fingerprint and is not too old. */
static bool __attribute__((noinline)) is_copy(const toa_copies *copies, const toa_copy_slot *set, uint64_t print,
                                              const toa_segment *segment)
{
    for (unsigned i = 0; i < TOA_COPY_WAYS; i++) {
        int64_t age = segment->time - set[i].time;
        if (set[i].fingerprint == print && age >= 0 && age <= window_of(copies, &set[i], segment)) {
            return true;
        }
    }
    return false;
}

_Static_assert(TOA_COPY_WAYS == 4, "toa_copies_seen looks at four");

bool toa_copies_seen(toa_copies *copies, const toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    uint64_t print = fingerprint(copies->seed, conv, sender, segment);
    size_t at = print % TOA_COPY_SETS;
    toa_copy_slot *set = copies->slots[at];

    /* hardly ever is one of them equal, so that is asked first, without a loop */
    if ((set[0].fingerprint == print || set[1].fingerprint == print || set[2].fingerprint == print ||
         set[3].fingerprint == print) &&
        is_copy(copies, set, print, segment)) {
        copies->time = segment->time;
        return true;
    }
    set[copies->turn[at]++ % TOA_COPY_WAYS] = (toa_copy_slot){print, segment->time, segment->interface, segment->ttl};
    return false;
}
