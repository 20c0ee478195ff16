/* arena.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/base/arena.h"

#include <glib.h>

#define FIRST_BLOCK ((size_t)4096)
#define LARGEST_BLOCK ((size_t)1 << 20)

struct toa_arena_block {
    struct toa_arena_block *next;
    size_t size;
    unsigned char *bytes;
};

void *toa_arena_alloc(toa_arena *arena, size_t size)
{
    struct toa_arena_block *block = arena->blocks;
    void *memory;

    size = (size + 7) & ~(size_t)7; /* the largest alignment that records have */
    if (!block || block->size - arena->used < size) {
        /* small captures stay small, big ones take few blocks */
        size_t want = block ? MIN(block->size * 2, LARGEST_BLOCK) : FIRST_BLOCK;

        block = g_new0(struct toa_arena_block, 1);
        block->size = MAX(want, size);
        block->bytes = g_malloc0(block->size);
        block->next = arena->blocks;
        arena->blocks = block;
        arena->used = 0;
        arena->total += block->size;
    }
    memory = block->bytes + arena->used;
    arena->used += size;
    return memory;
}

void toa_arena_free(toa_arena *arena)
{
    while (arena->blocks) {
        struct toa_arena_block *next = arena->blocks->next;
        g_free(arena->blocks->bytes);
        g_free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = arena->total = 0;
}
