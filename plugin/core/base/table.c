/* table.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/base/table.h"

#include <glib.h>
#include <string.h>

/* Least size of a chunk: few allocations, and little that is held and not used. */
#define CHUNK_BYTES ((size_t)128 * 1024)
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

static void add_chunk(toa_table *table)
{
    toa_table_chunk *chunk;

    while (table->n_chunks == 0 && (size_t)table->record_size << table->chunk_bits < CHUNK_BYTES) {
        table->chunk_bits++;
    }
    table->chunks = g_renew(toa_table_chunk, table->chunks, table->n_chunks + 1);
    chunk = &table->chunks[table->n_chunks++];
    chunk->memory = g_malloc(chunk_size(table));
    chunk->records = (char *)chunk->memory + (CACHE_LINE - (uintptr_t)chunk->memory % CACHE_LINE) % CACHE_LINE;
}

static void *new_record(toa_table *table)
{
    if (table->n_records >> table->chunk_bits >= table->n_chunks) {
        add_chunk(table);
    }
    table->n_records++;
    return memset(toa_table_at(table, table->n_records), 0, table->record_size);
}

void *toa_table_add(toa_table *table, uint32_t hash, const void *earlier)
{
    void *record = new_record(table);
    toa_table_slot slot = {hash, table->n_records};

    if (earlier) {
        uint32_t at = hash & (table->n_slots - 1);
        while (table->slots[at].number == 0 || toa_table_at(table, table->slots[at].number) != earlier) {
            at = (at + 1) & (table->n_slots - 1);
        }
        table->slots[at] = slot;
        return record;
    }
    if (table->n_used + 1 > table->n_slots / 4 * 3) {
        grow(table);
    }
    put(table->slots, table->n_slots, slot);
    table->n_used++;
    return record;
}

void toa_table_free(toa_table *table)
{
    for (uint32_t i = 0; i < table->n_chunks; i++) {
        g_free(table->chunks[i].memory);
    }
    g_free(table->chunks);
    g_free(table->slots);
    *table = (toa_table){.record_size = table->record_size, .first_slots = table->first_slots};
}

size_t toa_table_memory(const toa_table *table)
{
    return table->n_slots * sizeof *table->slots +
           table->n_chunks * (sizeof *table->chunks + chunk_size(table));
}
