/* arena.h
 * Memory for records of few sizes that live as long as the capture file is open: handed out, and taken back one by one only by
 * an engine that forgets.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_ARENA_H
#define TOA_ARENA_H

#include <stddef.h>

/* Larger pieces are not taken back. */
#define TOA_ARENA_LARGEST 1024

typedef struct toa_arena {
    struct toa_arena_block *blocks; /* newest first */
    size_t used;                    /* of the newest block */
    size_t total;                   /* bytes of all blocks */
    size_t spare;                   /* bytes that were taken back */
    struct toa_arena_piece *pieces[TOA_ARENA_LARGEST / 8 + 1]; /* that were taken back, by size / 8 */
} toa_arena;

/* Zeroed memory, aligned to 8 bytes. Valid until toa_arena_free. Never fails (GLib aborts instead). */
void *toa_arena_alloc(toa_arena *arena, size_t size);

/* Takes back what was handed out with this size, for the next one of it; NULL is nothing. */
void toa_arena_give(toa_arena *arena, void *memory, size_t size);

/* Gives everything back; the arena is empty and usable again. */
void toa_arena_free(toa_arena *arena);

#define toa_arena_new(arena, type) ((type *)toa_arena_alloc((arena), sizeof(type)))

#endif
