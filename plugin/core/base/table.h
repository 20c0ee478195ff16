/* table.h
 * Numbered records of one kind that are found by a hash: conversations by wire tuple, parties by endpoint, keys and pairs
 * by what they join. A record is zeroed when it is made and never moves; it is taken out only by an engine that forgets, and
 * its place is used again.
 *
 * Not GHashTable: it costs four dependent cache misses and two calls through pointers a look-up, half of the engine's time
 * with a million conversations; and it grows from a few slots, which leaves holes in the heap that make everybody's
 * allocations slower (tests/bench/RESULTS.md).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TABLE_H
#define TOA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct toa_table_slot {
    uint32_t hash;
    uint32_t number; /* of the record, from 1; 0: empty */
} toa_table_slot;

typedef struct toa_table_chunk {
    char *records; /* within memory, at the start of a cache line */
    void *memory;  /* NULL: all its records have been taken out */
    uint64_t *gone; /* bit of each record: taken out; NULL: none was */
    uint32_t n_gone;
} toa_table_chunk;

typedef struct toa_table {
    toa_table_slot *slots;   /* linear probing; a power of two of them, at most 3 of 4 used */
    toa_table_chunk *chunks; /* records by number */
    uint32_t record_size;
    uint32_t first_slots; /* how many to begin with, a power of two */
    uint32_t chunk_bits;  /* 1 << chunk_bits records a chunk */
    uint32_t n_slots;
    uint32_t n_used;    /* slots */
    uint32_t n_records; /* highest number given out; those that are not found any more, or were taken out, included */
    uint32_t n_chunks;
    uint32_t n_gone;      /* taken out, and not given out again */
    uint32_t first_gone;  /* no chunk before this one has such */
    size_t n_gone_memory; /* bytes of theirs that are held */
    size_t chunk_memory;  /* bytes of records, and of what was noted of them */
} toa_table;

/* An empty table. Where most captures have records, it begins large enough for them to need no growing: pages that are not
 * touched are not resident. */
#define TOA_TABLE_LARGE 16384
#define TOA_TABLE_SMALL 64
#define TOA_TABLE(type, slots) ((toa_table){.record_size = sizeof(type), .first_slots = (slots)})

/* Record by number. */
static inline void *toa_table_at(const toa_table *table, uint32_t number)
{
    uint32_t index = number - 1;

    return table->chunks[index >> table->chunk_bits].records +
           (size_t)(index & ((1u << table->chunk_bits) - 1)) * table->record_size;
}

/* The record with this hash for which equal(record, probe) holds; NULL: none. Inlined, so that equal is, too. */
static inline void *toa_table_find(const toa_table *table, uint32_t hash,
                                   bool (*equal)(const void *record, const void *probe), const void *probe)
{
    uint32_t mask = table->n_slots - 1, at = hash & mask;

    if (table->n_slots == 0) {
        return NULL;
    }
    for (; table->slots[at].number; at = (at + 1) & mask) {
        if (table->slots[at].hash == hash) {
            void *record = toa_table_at(table, table->slots[at].number);
            if (equal(record, probe)) {
                return record;
            }
        }
    }
    return NULL;
}

/* A new record. A hash of what a capture holds must be keyed. If earlier is not NULL, that record, of the same hash, is not
 * found any more: the new one takes its place. */
void *toa_table_add(toa_table *table, uint32_t hash, const void *earlier);

/* Takes a record out; its memory is given to a new one, or back, when all its neighbours are out, too. A record that was not
 * found any more because of a newer one is taken out all the same. Pointers to it must be gone. */
void toa_table_remove(toa_table *table, uint32_t hash, uint32_t number);

/* Makes a record that is not found any more, whose newer one was taken out, be found again. */
void toa_table_restore(toa_table *table, uint32_t hash, uint32_t number);

/* The next number behind this one (0: the first) whose record was not taken out; 0: there is none. */
uint32_t toa_table_next(const toa_table *table, uint32_t number);

/* Records that are there. */
static inline uint32_t toa_table_count(const toa_table *table)
{
    return table->n_records - table->n_gone;
}

/* Frees all records; the table is empty and can be used again. */
void toa_table_free(toa_table *table);

/* Bytes held; and those among them that new records will use first. */
size_t toa_table_memory(const toa_table *table);
size_t toa_table_spare(const toa_table *table);

#endif
