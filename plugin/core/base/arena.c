/* arena.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/base/arena.h"

#include "core/base/host.h"
#include "core/base/poison.h"

#include <string.h>

#define FIRST_BLOCK ((size_t)4096)
#define LARGEST_BLOCK ((size_t)1 << 20)

struct toa_arena_block {
    struct toa_arena_block *next;
    size_t size;
    unsigned char *bytes;
};

struct toa_arena_piece {
    struct toa_arena_piece *next;
};

static size_t rounded(size_t size)
{
    return (size + 7) & ~(size_t)7; /* the largest alignment that records have */
}

static void *take_piece(toa_arena *arena, size_t size)
{
    struct toa_arena_piece *piece = arena->pieces[size / 8];

    toa_unpoison(piece, size);
    arena->pieces[size / 8] = piece->next;
    arena->spare -= size;
    return memset(piece, 0, size);
}

void *toa_arena_alloc(toa_arena *arena, size_t size)
{
    struct toa_arena_block *block = arena->blocks;
    void *memory;

    size = rounded(size);
    if (size <= TOA_ARENA_LARGEST && arena->pieces[size / 8]) {
        return take_piece(arena, size);
    }
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

void toa_arena_give(toa_arena *arena, void *memory, size_t size)
{
    struct toa_arena_piece *piece = memory;

    size = rounded(size);
    if (piece && size >= sizeof *piece && size <= TOA_ARENA_LARGEST) {
        piece->next = arena->pieces[size / 8];
        arena->pieces[size / 8] = piece;
        arena->spare += size;
        toa_poison(piece, size);
    }
}

void toa_arena_free(toa_arena *arena)
{
    while (arena->blocks) {
        struct toa_arena_block *next = arena->blocks->next;
        toa_unpoison(arena->blocks->bytes, arena->blocks->size);
        g_free(arena->blocks->bytes);
        g_free(arena->blocks);
        arena->blocks = next;
    }
    *arena = (toa_arena){0};
}
