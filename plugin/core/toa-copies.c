/* toa-copies.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "toa-copies.h"

#define WINDOW_NS INT64_C(10000000)
#define SAME_NS INT64_C(1000)

static uint64_t add(uint64_t hash, uint64_t value)
{
    return toa_mix(hash ^ value);
}

static uint64_t fingerprint(const toa_copies *copies, const toa_segment *segment)
{
    const toa_options *options = &segment->options;
    uint64_t hash = toa_endpoint_hash(&segment->source, copies->seed);

    hash = toa_endpoint_hash(&segment->destination, hash);
    hash = add(hash, (uint64_t)segment->seq << 32 | segment->ack);
    hash = add(hash, (uint64_t)segment->length << 32 | (uint32_t)segment->window << 16 | segment->flags);
    hash = add(hash, (uint64_t)segment->ip_id << 32 | (uint32_t)options->n_sack << 8 | options->n_items);
    if (options->has_timestamps) {
        hash = add(hash, (uint64_t)options->tsval << 32 | options->tsecr);
    }
    for (unsigned i = 0; i < options->n_sack; i++) {
        hash = add(hash, (uint64_t)options->sack[i][0] << 32 | options->sack[i][1]);
    }
    return hash;
}

bool toa_copies_seen(toa_copies *copies, const toa_segment *segment)
{
    uint64_t print = fingerprint(copies, segment);
    toa_copy_slot *slot = &copies->slots[print % TOA_COPY_SLOTS];
    int64_t age = segment->time - slot->time;
    bool same = slot->fingerprint == print && age >= 0 && age <= WINDOW_NS &&
                (segment->ip_id != 0 || slot->ttl != segment->ttl || slot->interface != segment->interface ||
                 age <= SAME_NS);

    if (!same) {
        *slot = (toa_copy_slot){print, segment->time, segment->interface, segment->ttl, segment->ip_id};
    }
    return same;
}
