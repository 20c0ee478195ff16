/* table.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/base/table.h"

#include "core/base/host.h"
#include "core/base/poison.h"

#include <string.h>

/* Least size of a chunk: few allocations, and little that is held and not used. */
#define CHUNK_BYTES ((size_t)64 * 1024)
#define CACHE_LINE 64u

static void put(toa_table_slot *slots, uint32_t n_slots, toa_table_slot slot)
{
    uint32_t at = slot.hash & (n_slots - 1);

    while (slots[at].number) {
        at = (at + 1) & (n_slots - 1);
    }
    slots[at] = slot;
}

static void grow(toa_table *table)
{
    uint32_t n_slots = table->n_slots ? table->n_slots * 2 : table->first_slots;
    toa_table_slot *slots = g_new0(toa_table_slot, n_slots);

    for (uint32_t i = 0; i < table->n_slots; i++) {
        if (table->slots[i].number) {
            put(slots, n_slots, table->slots[i]);
        }
    }
    g_free(table->slots);
    table->slots = slots;
    table->n_slots = n_slots;
}

static size_t chunk_size(const toa_table *table)
{
    return ((size_t)table->record_size << table->chunk_bits) + CACHE_LINE;
}

static void fill_chunk(toa_table *table, toa_table_chunk *chunk)
{
    chunk->memory = g_malloc(chunk_size(table));
    table->chunk_memory += chunk_size(table);
    chunk->records = (char *)chunk->memory + (CACHE_LINE - (uintptr_t)chunk->memory % CACHE_LINE) % CACHE_LINE;
}

static void add_chunk(toa_table *table)
{
    toa_table_chunk *chunk;

    while (table->n_chunks == 0 && (size_t)table->record_size << table->chunk_bits < CHUNK_BYTES) {
        table->chunk_bits++;
    }
    table->chunks = g_renew(toa_table_chunk, table->chunks, table->n_chunks + 1);
    chunk = &table->chunks[table->n_chunks++];
    *chunk = (toa_table_chunk){0};
    fill_chunk(table, chunk);
}

/* ---- removed records ---- */

static uint32_t chunk_records(const toa_table *table)
{
    return 1u << table->chunk_bits;
}

static size_t bitmap_words(const toa_table *table)
{
    return (chunk_records(table) + 63) / 64;
}

static bool is_gone(const toa_table *table, uint32_t number)
{
    const toa_table_chunk *chunk = &table->chunks[(number - 1) >> table->chunk_bits];
    uint32_t at = (number - 1) & (chunk_records(table) - 1);

    return chunk->gone && (chunk->gone[at / 64] >> at % 64 & 1);
}

/* The lowest free number, so that the last chunks become empty. */
static uint32_t take_gone(toa_table *table)
{
    toa_table_chunk *chunk = &table->chunks[table->first_gone];
    size_t word = 0;
    unsigned bit;

    while (chunk->n_gone == 0) {
        chunk++;
    }
    table->first_gone = (uint32_t)(chunk - table->chunks);
    if (!chunk->memory) {
        fill_chunk(table, chunk);
        table->n_gone_memory += (size_t)chunk->n_gone * table->record_size;
        toa_poison(chunk->records, (size_t)chunk->n_gone * table->record_size);
    }
    while (chunk->gone[word] == 0) {
        word++;
    }
    bit = (unsigned)__builtin_ctzll(chunk->gone[word]);
    chunk->gone[word] &= ~(UINT64_C(1) << bit);
    chunk->n_gone--;
    table->n_gone--;
    table->n_gone_memory -= table->record_size;
    return (table->first_gone << table->chunk_bits) + (uint32_t)word * 64 + bit + 1;
}

/* Only a full chunk is given back: the last one is still being filled. */
static void give_back(toa_table *table, toa_table_chunk *chunk)
{
    if (chunk->n_gone == chunk_records(table)) {
        toa_unpoison(chunk->records, (size_t)chunk->n_gone * table->record_size);
        g_clear_pointer(&chunk->memory, g_free);
        table->chunk_memory -= chunk_size(table);
        table->n_gone_memory -= (size_t)chunk->n_gone * table->record_size;
    }
}

static void release(toa_table *table, uint32_t number)
{
    uint32_t index = (number - 1) >> table->chunk_bits, at = (number - 1) & (chunk_records(table) - 1);
    toa_table_chunk *chunk = &table->chunks[index];

    if (!chunk->gone) {
        chunk->gone = g_new0(uint64_t, bitmap_words(table));
        table->chunk_memory += bitmap_words(table) * sizeof *chunk->gone;
    }
    chunk->gone[at / 64] |= UINT64_C(1) << at % 64;
    chunk->n_gone++;
    table->first_gone = table->n_gone ? MIN(table->first_gone, index) : index;
    table->n_gone++;
    table->n_gone_memory += table->record_size;
    toa_poison(toa_table_at(table, number), table->record_size);
    give_back(table, chunk);
}

/* Empties a slot. Records that had to make way for it move up. */
static void empty_slot(toa_table *table, uint32_t at)
{
    uint32_t mask = table->n_slots - 1, hole = at;

    for (at = (at + 1) & mask; table->slots[at].number; at = (at + 1) & mask) {
        if (((at - table->slots[at].hash) & mask) >= ((at - hole) & mask)) { /* its place is the hole, or before it */
            table->slots[hole] = table->slots[at];
            hole = at;
        }
    }
    table->slots[hole] = (toa_table_slot){0};
    table->n_used--;
}

void toa_table_remove(toa_table *table, uint32_t hash, uint32_t number)
{
    uint32_t mask = table->n_slots - 1, at = hash & mask;

    while (table->slots[at].number && table->slots[at].number != number) {
        at = (at + 1) & mask;
    }
    if (table->slots[at].number) {
        empty_slot(table, at);
    }
    release(table, number);
}

uint32_t toa_table_next(const toa_table *table, uint32_t number)
{
    while (number++ < table->n_records) {
        const toa_table_chunk *chunk = &table->chunks[(number - 1) >> table->chunk_bits];
        if (!chunk->memory) {
            number = ((number - 1) | (chunk_records(table) - 1)) + 1; /* the last record of this chunk */
        } else if (!is_gone(table, number)) {
            return number;
        }
    }
    return 0;
}

/* ---- new records ---- */

static void *new_record(toa_table *table, uint32_t *ret_number)
{
    if (table->n_gone) {
        *ret_number = take_gone(table);
        toa_unpoison(toa_table_at(table, *ret_number), table->record_size);
    } else {
        if (table->n_records >> table->chunk_bits >= table->n_chunks) {
            add_chunk(table);
        }
        *ret_number = ++table->n_records;
    }
    return memset(toa_table_at(table, *ret_number), 0, table->record_size);
}

static void add_slot(toa_table *table, toa_table_slot slot)
{
    if (table->n_used + 1 > table->n_slots / 4 * 3) {
        grow(table);
    }
    put(table->slots, table->n_slots, slot);
    table->n_used++;
}

void toa_table_restore(toa_table *table, uint32_t hash, uint32_t number)
{
    add_slot(table, (toa_table_slot){hash, number});
}

void *toa_table_add(toa_table *table, uint32_t hash, const void *earlier)
{
    toa_table_slot slot = {.hash = hash};
    void *record = new_record(table, &slot.number);

    if (earlier) {
        uint32_t at = hash & (table->n_slots - 1);
        while (table->slots[at].number == 0 || toa_table_at(table, table->slots[at].number) != earlier) {
            at = (at + 1) & (table->n_slots - 1);
        }
        table->slots[at] = slot;
        return record;
    }
    add_slot(table, slot);
    return record;
}

void toa_table_free(toa_table *table)
{
    for (uint32_t i = 0; i < table->n_chunks; i++) {
        toa_table_chunk *chunk = &table->chunks[i];
        if (chunk->memory) {
            toa_unpoison(chunk->records, (size_t)table->record_size << table->chunk_bits);
        }
        g_free(chunk->memory);
        g_free(chunk->gone);
    }
    g_free(table->chunks);
    g_free(table->slots);
    *table = (toa_table){.record_size = table->record_size, .first_slots = table->first_slots};
}

size_t toa_table_memory(const toa_table *table)
{
    return table->n_slots * sizeof *table->slots + table->n_chunks * sizeof *table->chunks + table->chunk_memory;
}

size_t toa_table_spare(const toa_table *table)
{
    return table->n_gone_memory;
}
