/* toa-copies.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "toa-copies.h"

#define WINDOW_NS INT64_C(10000000)
#define SAME_NS INT64_C(1000)

/* Everything that copies have in common. The conversation's keyed hash stands for the endpoints. */
static uint64_t fingerprint(const toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    const toa_options *options = &segment->options;
    uint64_t numbers = (uint64_t)segment->seq << 32 | segment->ack;
    uint64_t sizes = (uint64_t)segment->length << 32 | (uint32_t)segment->window << 16 | segment->ip_id;
    uint64_t rest = (uint64_t)conv->hash << 32 | (uint32_t)segment->flags << 16 | sender << 15 |
                    (uint32_t)options->n_sack << 8 | options->n_items;
    uint64_t hash = toa_mix(numbers ^ rest) ^ sizes;

    if (options->has_timestamps) {
        hash ^= (uint64_t)options->tsval << 32 ^ (uint64_t)options->tsecr << 7;
    }
    for (unsigned i = 0; i < options->n_sack; i++) {
        hash = toa_mix(hash ^ ((uint64_t)options->sack[i][0] << 32 | options->sack[i][1]));
    }
    return toa_mix(hash);
}

bool toa_copies_seen(toa_copies *copies, const toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    uint64_t print = fingerprint(conv, sender, segment);
    toa_copy_slot *slot = &copies->slots[print % TOA_COPY_SLOTS];
    int64_t age = segment->time - slot->time;
    bool same = slot->fingerprint == print && age >= 0 && age <= WINDOW_NS &&
                (segment->ip_id != 0 || slot->ttl != segment->ttl || slot->interface != segment->interface ||
                 age <= SAME_NS);

    if (!same) {
        *slot = (toa_copy_slot){print, segment->time, segment->interface, segment->ttl};
    }
    return same;
}
