/* window.h
 * The next bytes of a source, in one piece. Grows with what has arrived, never with what a field says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_WINDOW_H
#define TOA_FRAMES_WINDOW_H

#include "frames/source.h"

typedef struct toa_window {
    toa_source source;
    uint8_t *buffer;
    size_t size;         /* of buffer */
    size_t start, end;   /* what is in it and not taken yet */
    uint64_t taken;      /* bytes of the source before start */
    ptrdiff_t state;     /* what the source returned last: 0 or less once it has ended */
} toa_window;

void toa_window_init(toa_window *window, toa_source source);
void toa_window_clear(toa_window *window);

/* The next n bytes, good until the next call; NULL: there are fewer, window->state says why. *ret_left, if wanted: how many
 * there are. */
const uint8_t *toa_window_peek(toa_window *window, size_t n, size_t *ret_left);

/* Steps over n bytes that a peek has shown. */
static inline void toa_window_take(toa_window *window, size_t n)
{
    window->start += n;
    window->taken += n;
}

/* Steps over n bytes, however many. Returns how many there were. */
uint64_t toa_window_skip(toa_window *window, uint64_t n);

#endif
