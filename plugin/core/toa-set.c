/* toa-set.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "toa-set.h"

#include <glib.h>

/* Enough for most captures without growing: each array given back on the way up would stay as a hole among the small
 * allocations of the host, which then search longer. Pages that are not touched are not resident. */
#define FIRST_SLOTS ((uint32_t)(128 * 1024 / sizeof(void *)))

/* The slot of the record that equals the probe, or the free one where it belongs. */
static uint32_t slot_of(const toa_set *set, const void *probe, uint32_t hash)
{
    uint32_t mask = set->n_slots - 1, at = hash & mask;

    while (set->slots[at] && !(set->kind->hash(set->slots[at]) == hash && set->kind->equal(set->slots[at], probe))) {
        at = (at + 1) & mask;
    }
    return at;
}

void *toa_set_find(const toa_set *set, const void *probe)
{
    return set->n_slots ? set->slots[slot_of(set, probe, set->kind->hash(probe))] : NULL;
}

static void grow(toa_set *set)
{
    toa_set old = *set;

    set->n_slots = old.n_slots ? old.n_slots * 2 : FIRST_SLOTS;
    set->slots = g_new0(void *, set->n_slots);
    for (uint32_t i = 0; i < old.n_slots; i++) {
        if (old.slots[i]) {
            set->slots[slot_of(set, old.slots[i], set->kind->hash(old.slots[i]))] = old.slots[i];
        }
    }
    g_free(old.slots);
}

void toa_set_add(toa_set *set, void *record)
{
    if (set->n_records + 1 > set->n_slots / 4 * 3) {
        grow(set);
    }
    set->slots[slot_of(set, record, set->kind->hash(record))] = record;
    set->n_records++;
}

size_t toa_set_memory(const toa_set *set)
{
    return set->n_slots * sizeof *set->slots;
}

void toa_set_free(toa_set *set)
{
    g_free(set->slots);
    *set = (toa_set){.kind = set->kind};
}
