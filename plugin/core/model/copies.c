/* copies.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/copies.h"

#define WINDOW_NS INT64_C(10000000)
#define SAME_NS INT64_C(1000)

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

/* The same bytes: close enough in time, and with a mark that a second packet would not have? */
static bool is_copy(const toa_copy_slot *slot, const toa_segment *segment)
{
    int64_t age = segment->time - slot->time;
    bool marked = segment->ip_id != 0 || slot->ttl != segment->ttl || slot->interface != segment->interface;

    return age >= 0 && age <= (marked ? WINDOW_NS : SAME_NS);
}

bool toa_copies_seen(toa_copies *copies, const toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    uint64_t print = fingerprint(copies->seed, conv, sender, segment);
    size_t at = print % TOA_COPY_SETS;
    toa_copy_slot *set = copies->slots[at];

    for (unsigned i = 0; i < TOA_COPY_WAYS; i++) {
        if (set[i].fingerprint == print && is_copy(&set[i], segment)) {
            return true;
        }
    }
    set[copies->turn[at]++ % TOA_COPY_WAYS] = (toa_copy_slot){print, segment->time, segment->interface, segment->ttl};
    return false;
}
