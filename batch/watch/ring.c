/* ring.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "watch/ring.h"

#include <stdlib.h>
#include <string.h>

/* In front of each frame's bytes. A frame lies in one piece: where none fits before the end of the ring there is a head with
 * size 0, or no room for one, and the next frame lies at the beginning. */
typedef struct head {
    toa_frame_bytes frame; /* bytes: not valid */
    uint32_t hash;
    uint32_t size; /* of all, a multiple of 8 */
} head;

bool toa_ring_init(toa_ring *ring, size_t bytes)
{
    *ring = (toa_ring){.bytes = bytes ? malloc(bytes) : NULL, .size = bytes & ~(size_t)7};
    return ring->bytes || !bytes;
}

void toa_ring_clear(toa_ring *ring)
{
    free(ring->bytes);
    *ring = (toa_ring){0};
}

/* Where the frame at this place, or the one that should be there, really is. */
static size_t really(const toa_ring *ring, size_t at)
{
    head h;

    if (ring->size - at < sizeof h) {
        return 0;
    }
    memcpy(&h, ring->bytes + at, sizeof h);
    return h.size ? at : 0;
}

static void drop_oldest(toa_ring *ring)
{
    head h;

    ring->first = really(ring, ring->first);
    memcpy(&h, ring->bytes + ring->first, sizeof h);
    ring->first += h.size;
    if (--ring->n == 0) {
        ring->first = ring->end = 0;
    } else {
        ring->first = really(ring, ring->first);
    }
}

/* Bytes that can be written at end. */
static size_t room(const toa_ring *ring)
{
    return ring->n && ring->first >= ring->end ? ring->first - ring->end : ring->size - ring->end;
}

static void wrap(toa_ring *ring)
{
    const head none = {.size = 0};

    while (ring->n && ring->first >= ring->end) { /* the oldest lie behind end: they would be overtaken */
        drop_oldest(ring);
    }
    if (ring->n == 0) {
        return;
    }
    if (ring->size - ring->end >= sizeof none) {
        memcpy(ring->bytes + ring->end, &none, sizeof none);
    }
    ring->end = 0;
}

void toa_ring_put(toa_ring *ring, const toa_frame_bytes *frame, uint32_t hash)
{
    head h = {*frame, hash, (uint32_t)((sizeof h + frame->captured + 7) & ~(size_t)7)};

    if (h.size > ring->size) {
        return;
    }
    if (ring->size - ring->end < h.size) {
        wrap(ring);
    }
    while (room(ring) < h.size) {
        drop_oldest(ring);
    }
    memcpy(ring->bytes + ring->end, &h, sizeof h);
    memcpy(ring->bytes + ring->end + sizeof h, frame->bytes, frame->captured);
    ring->end += h.size;
    ring->n++;
}

bool toa_ring_next(const toa_ring *ring, toa_ring_cursor *cursor, toa_frame_bytes *ret_frame, uint32_t *ret_hash)
{
    head h;

    if (cursor->n == ring->n) {
        return false;
    }
    cursor->at = really(ring, cursor->n ? cursor->at : ring->first);
    memcpy(&h, ring->bytes + cursor->at, sizeof h);
    *ret_frame = h.frame;
    ret_frame->bytes = ring->bytes + cursor->at + sizeof h;
    *ret_hash = h.hash;
    cursor->at += h.size;
    cursor->n++;
    return true;
}
