/* source.h
 * Where bytes come from: a file, a pipe, memory, or something that unpacks another source. Plain C, so that it can be
 * compiled for places without files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_SOURCE_H
#define TOA_FRAMES_SOURCE_H

#include <stddef.h>
#include <stdint.h>

enum { TOA_SOURCE_FAILED = -1, TOA_SOURCE_DAMAGED = -2 };

typedef struct toa_source {
    /* Returns how many bytes it wrote to into, 1 to room; 0 at the end; TOA_SOURCE_FAILED (errno tells why) or
     * TOA_SOURCE_DAMAGED (packed data that cannot be unpacked). May wait. */
    ptrdiff_t (*read)(void *context, uint8_t *into, size_t room);
    void *context;
} toa_source;

/* From a file descriptor, which is borrowed. fd must live as long as the source. */
toa_source toa_source_fd(int *fd);

/* From memory, both borrowed. Moves memory->at. */
typedef struct toa_memory {
    const uint8_t *at, *end;
} toa_memory;
toa_source toa_source_memory(toa_memory *memory);

#endif
