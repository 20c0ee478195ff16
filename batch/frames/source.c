/* source.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static ptrdiff_t read_fd(void *context, uint8_t *into, size_t room)
{
    ssize_t got;

    do {
        got = read(*(int *)context, into, room);
    } while (got < 0 && errno == EINTR);
    return got;
}

toa_source toa_source_fd(int *fd)
{
    return (toa_source){read_fd, fd};
}

static ptrdiff_t read_memory(void *context, uint8_t *into, size_t room)
{
    toa_memory *memory = context;
    size_t left = (size_t)(memory->end - memory->at), n = room < left ? room : left;

    memcpy(into, memory->at, n);
    memory->at += n;
    return (ptrdiff_t)n;
}

toa_source toa_source_memory(toa_memory *memory)
{
    return (toa_source){read_memory, memory};
}
