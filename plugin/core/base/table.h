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
    void *memory;  /* NULL: all its records were removed */
    uint64_t *gone; /* a bit for each record that was removed; NULL: none was */
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
    uint32_t n_records; /* highest number given out; removed and superseded records count */
    uint32_t n_chunks;
    uint32_t n_gone;      /* removed, and not used again yet */
    uint32_t first_gone;  /* no chunk before this one has removed records */
    size_t n_gone_memory; /* bytes of removed records */
    size_t chunk_memory;  /* bytes of records and of their bits */
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

/* A new record. A hash of what a capture holds must be keyed. If earlier is not NULL, the new record supersedes it: earlier,
 * which has the same hash, is not found any more. */
void *toa_table_add(toa_table *table, uint32_t hash, const void *earlier);

/* Removes a record, superseded or not. A new record gets its memory; or the system, when all its neighbours were removed, too.
 * Pointers to it must be gone. */
void toa_table_remove(toa_table *table, uint32_t hash, uint32_t number);

/* Makes a superseded record findable again, after the newer one was removed. */
void toa_table_restore(toa_table *table, uint32_t hash, uint32_t number);

/* The next number behind this one (0: the first) whose record was not removed; 0: none. */
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
