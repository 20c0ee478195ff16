/* window.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE ((size_t)1 << 18)

void toa_window_init(toa_window *window, toa_source source)
{
    *window = (toa_window){.source = source, .state = 1};
}

void toa_window_clear(toa_window *window)
{
    free(window->buffer);
    window->buffer = NULL;
}

/* Room behind end, for at least one byte. */
static int make_room(toa_window *window)
{
    size_t held = window->end - window->start;

    if (window->start) {
        memmove(window->buffer, window->buffer + window->start, held);
        window->start = 0;
        window->end = held;
    }
    if (held == window->size) { /* all of it has arrived, and more is wanted */
        size_t size = window->size ? window->size * 2 : FIRST_SIZE;
        uint8_t *buffer = realloc(window->buffer, size);
        if (!buffer) {
            return 0;
        }
        window->buffer = buffer;
        window->size = size;
    }
    return 1;
}

const uint8_t *toa_window_peek(toa_window *window, size_t n, size_t *ret_left)
{
    while (window->end - window->start < n && window->state > 0) {
        if (window->end == window->size && !make_room(window)) {
            window->state = TOA_SOURCE_FAILED;
            errno = ENOMEM;
            break;
        }
        window->state = window->source.read(window->source.context, window->buffer + window->end,
                                            window->size - window->end);
        window->end += window->state > 0 ? (size_t)window->state : 0;
    }
    if (ret_left) {
        *ret_left = window->end - window->start;
    }
    return window->end - window->start < n ? NULL : window->buffer + window->start;
}

uint64_t toa_window_skip(toa_window *window, uint64_t n)
{
    uint64_t skipped = 0;

    while (skipped < n) {
        size_t left;
        toa_window_peek(window, 1, &left);
        if (!left) {
            break;
        }
        left = left < n - skipped ? left : (size_t)(n - skipped);
        toa_window_take(window, left);
        skipped += left;
    }
    return skipped;
}
