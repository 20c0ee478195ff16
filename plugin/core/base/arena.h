/* arena.h
 * Memory for records that live as long as the capture file is open: handed out, never taken back one by one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_ARENA_H
#define TOA_ARENA_H

#include <stddef.h>

typedef struct toa_arena {
    struct toa_arena_block *blocks; /* newest first */
    size_t used;                    /* of the newest block */
    size_t total;                   /* bytes of all blocks */
} toa_arena;

/* Zeroed memory, aligned to 8 bytes. Valid until toa_arena_free. Never fails (GLib aborts instead). */
void *toa_arena_alloc(toa_arena *arena, size_t size);

/* Gives everything back; the arena is empty and usable again. */
void toa_arena_free(toa_arena *arena);

#define toa_arena_new(arena, type) ((type *)toa_arena_alloc((arena), sizeof(type)))

#endif
