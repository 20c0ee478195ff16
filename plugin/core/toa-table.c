/* toa-table.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "toa-table.h"

#include <glib.h>

#define CHUNK_BITS 8
#define CHUNK ((uint32_t)1 << CHUNK_BITS)
#define FIRST_SLOTS ((uint32_t)64)
#define CACHE_LINE 64

static toa_conversation *conversation_at(const toa_table *table, uint32_t number)
{
    uint32_t index = number - 1;

    return &table->chunks[index >> CHUNK_BITS][index & (CHUNK - 1)];
}

/* A record spans several cache lines, all of which a segment needs: ask for them at once, not one after the other. */
static void prefetch(const toa_conversation *conv)
{
    const char *line = (const char *)conv;

    for (size_t at = CACHE_LINE; at < offsetof(toa_conversation, first_time) + sizeof(int64_t); at += CACHE_LINE) {
        __builtin_prefetch(line + at);
    }
}

toa_conversation *toa_table_find_ordered(const toa_table *table, const toa_endpoint *low, const toa_endpoint *high,
                                         uint32_t hash)
{
    uint32_t mask = table->n_slots - 1, at = hash & mask;

    if (table->n_slots == 0) {
        return NULL;
    }
    for (; table->slots[at].number; at = (at + 1) & mask) {
        toa_conversation *conv;
        if (table->slots[at].hash != hash) {
            continue;
        }
        conv = conversation_at(table, table->slots[at].number);
        prefetch(conv);
        if (toa_endpoint_equal(&conv->wire[0], low) && toa_endpoint_equal(&conv->wire[1], high)) {
            return conv;
        }
    }
    return NULL;
}

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
    uint32_t n_slots = table->n_slots ? table->n_slots * 2 : FIRST_SLOTS;
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

static toa_conversation *new_conversation(toa_table *table)
{
    uint32_t index = table->n_conversations++;

    if ((index & (CHUNK - 1)) == 0) {
        table->n_chunks++;
        table->chunks = g_renew(toa_conversation *, table->chunks, table->n_chunks);
        table->chunks[table->n_chunks - 1] = g_new0(toa_conversation, CHUNK);
    }
    return conversation_at(table, index + 1);
}

toa_conversation *toa_table_add(toa_table *table, const toa_tuple *tuple, toa_conversation *earlier)
{
    toa_conversation *conv = new_conversation(table);
    toa_table_slot slot = {tuple->hash, table->n_conversations};

    conv->wire[0] = tuple->wire[0];
    conv->wire[1] = tuple->wire[1];
    conv->hash = tuple->hash;
    if (earlier) {
        uint32_t at = tuple->hash & (table->n_slots - 1);
        while (table->slots[at].number == 0 || conversation_at(table, table->slots[at].number) != earlier) {
            at = (at + 1) & (table->n_slots - 1);
        }
        table->slots[at] = slot;
        return conv;
    }
    if (table->n_used + 1 > table->n_slots / 4 * 3) {
        grow(table);
    }
    put(table->slots, table->n_slots, slot);
    table->n_used++;
    return conv;
}

void toa_table_free(toa_table *table)
{
    for (uint32_t i = 0; i < table->n_chunks; i++) {
        g_free(table->chunks[i]);
    }
    g_free(table->chunks);
    g_free(table->slots);
    *table = (toa_table){0};
}

size_t toa_table_memory(const toa_table *table)
{
    return table->n_slots * sizeof *table->slots +
           table->n_chunks * (sizeof(void *) + CHUNK * sizeof(toa_conversation));
}
