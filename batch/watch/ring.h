/* ring.h
 * The last frames of TCP that were seen, as many as fit: what an incident's file takes from before it was noticed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WATCH_RING_H
#define TOA_WATCH_RING_H

#include "frames/frame.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct toa_ring {
    uint8_t *bytes; /* NULL: there is none */
    size_t size;
    size_t first, end; /* of the oldest frame, behind the newest */
    size_t n;          /* frames */
} toa_ring;

/* bytes 0: nothing is kept. False: no memory. */
bool toa_ring_init(toa_ring *ring, size_t bytes);
void toa_ring_clear(toa_ring *ring);

/* hash: of the wire tuple, to find it by. The oldest make room; a frame that is larger than the ring is not kept. */
void toa_ring_put(toa_ring *ring, const toa_frame_bytes *frame, uint32_t hash);

/* Frames from the oldest to the newest: begin with a cursor of zeros. False: no more. The bytes are the ring's. */
typedef struct toa_ring_cursor {
    size_t at, n;
} toa_ring_cursor;
bool toa_ring_next(const toa_ring *ring, toa_ring_cursor *cursor, toa_frame_bytes *ret_frame, uint32_t *ret_hash);

#endif
