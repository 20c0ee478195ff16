/* toa-set.h
 * A set of records that are never taken out: the parties, keys and pairs of a capture. The records are the caller's and
 * must not move.
 *
 * Why not GHashTable: it grows from a few slots, and what it leaves behind makes the allocations of everybody else in the
 * process slower (tests/bench/RESULTS.md).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SET_H
#define TOA_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the records are. Records that come from a capture need a hash that is keyed. */
typedef struct toa_set_kind {
    uint32_t (*hash)(const void *record);
    bool (*equal)(const void *a, const void *b);
} toa_set_kind;

/* Zeroed but for kind, it is empty. */
typedef struct toa_set {
    const toa_set_kind *kind;
    void **slots;     /* NULL: free */
    uint32_t n_slots; /* a power of two, or 0 */
    uint32_t n_records;
} toa_set;

/* The record that equals the probe; NULL: none. */
void *toa_set_find(const toa_set *set, const void *probe);

/* Adds a record that is not in it. */
void toa_set_add(toa_set *set, void *record);

/* Bytes, without the records. */
size_t toa_set_memory(const toa_set *set);

/* Empties it; the records stay. */
void toa_set_free(toa_set *set);

#endif
