/* unpack.c
 * Each library is a row: how its data begin, and how to make, use and free a stream. A step takes packed bytes from the
 * window and writes unpacked ones.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/unpack.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#ifdef TOA_HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef TOA_HAVE_ZSTD
#include <zstd.h>
#endif
#ifdef TOA_HAVE_LZ4
#include <lz4frame.h>
#endif

/* What one step did. ended: a stream is complete, another may follow. */
typedef struct toa_unpack_progress {
    size_t used, made;
    bool ended;
} toa_unpack_progress;

typedef struct toa_unpack_method {
    uint8_t magic[4];
    unsigned n_magic;
    void *(*create)(void);
    /* False: the data are damaged. */
    bool (*step)(void *stream, const uint8_t *from, size_t n, uint8_t *into, size_t room, toa_unpack_progress *ret_progress);
    void (*destroy)(void *stream);
} toa_unpack_method;

struct toa_unpack {
    toa_window packed;
    const toa_unpack_method *method; /* NULL: not looked at yet, or not compressed */
    void *stream;         /* NULL: between two streams */
    bool looked;
};

/* ---- zlib ---- */

#ifdef TOA_HAVE_ZLIB
static void *zlib_create(void)
{
    z_stream *stream = calloc(1, sizeof *stream);

    if (stream && inflateInit2(stream, 15 + 16) != Z_OK) { /* gzip, any window */
        free(stream);
        stream = NULL;
    }
    return stream;
}

static bool zlib_step(void *data, const uint8_t *from, size_t n, uint8_t *into, size_t room, toa_unpack_progress *ret_progress)
{
    z_stream *stream = data;
    int result;

    stream->next_in = (Bytef *)from; /* not written to */
    stream->avail_in = (uInt)(n < 1u << 30 ? n : 1u << 30);
    stream->next_out = into;
    stream->avail_out = (uInt)(room < 1u << 30 ? room : 1u << 30);
    result = inflate(stream, Z_NO_FLUSH);
    ret_progress->used = (size_t)(stream->next_in - from);
    ret_progress->made = (size_t)(stream->next_out - into);
    ret_progress->ended = result == Z_STREAM_END;
    return result == Z_OK || result == Z_STREAM_END || (result == Z_BUF_ERROR && (ret_progress->used || ret_progress->made));
}

static void zlib_destroy(void *stream)
{
    inflateEnd(stream);
    free(stream);
}
#endif

/* ---- zstd ---- */

#ifdef TOA_HAVE_ZSTD
static void *zstd_create(void)
{
    return ZSTD_createDStream();
}

static bool zstd_step(void *stream, const uint8_t *from, size_t n, uint8_t *into, size_t room, toa_unpack_progress *ret_progress)
{
    ZSTD_inBuffer in = {from, n, 0};
    ZSTD_outBuffer out = {into, room, 0};
    size_t result = ZSTD_decompressStream(stream, &out, &in);

    ret_progress->used = in.pos;
    ret_progress->made = out.pos;
    ret_progress->ended = result == 0;
    return !ZSTD_isError(result);
}

static void zstd_destroy(void *stream)
{
    ZSTD_freeDStream(stream);
}
#endif

/* ---- LZ4 ---- */

#ifdef TOA_HAVE_LZ4
static void *lz4_create(void)
{
    LZ4F_dctx *context = NULL;

    return LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) ? NULL : context;
}

static bool lz4_step(void *stream, const uint8_t *from, size_t n, uint8_t *into, size_t room, toa_unpack_progress *ret_progress)
{
    size_t result;

    ret_progress->used = n;
    ret_progress->made = room;
    result = LZ4F_decompress(stream, into, &ret_progress->made, from, &ret_progress->used, NULL);
    ret_progress->ended = result == 0;
    return !LZ4F_isError(result);
}

static void lz4_destroy(void *stream)
{
    LZ4F_freeDecompressionContext(stream);
}
#endif

static const toa_unpack_method methods[] = {
#ifdef TOA_HAVE_ZLIB
    {{0x1f, 0x8b}, 2, zlib_create, zlib_step, zlib_destroy},
#endif
#ifdef TOA_HAVE_ZSTD
    {{0x28, 0xb5, 0x2f, 0xfd}, 4, zstd_create, zstd_step, zstd_destroy},
#endif
#ifdef TOA_HAVE_LZ4
    {{0x04, 0x22, 0x4d, 0x18}, 4, lz4_create, lz4_step, lz4_destroy},
#endif
    {{0}, 0, NULL, NULL, NULL}};

/* ---- the source ---- */

static const toa_unpack_method *find_method(toa_unpack *self)
{
    for (const toa_unpack_method *method = methods; method->n_magic; method++) {
        const uint8_t *head = toa_window_peek(&self->packed, method->n_magic, NULL);
        if (head && memcmp(head, method->magic, method->n_magic) == 0) {
            return method;
        }
    }
    return NULL;
}

static ptrdiff_t read_plain(toa_unpack *self, uint8_t *into, size_t room)
{
    toa_window *packed = &self->packed;
    const uint8_t *bytes;
    size_t left;

    if (packed->start == packed->end && packed->state > 0) { /* what was looked at is gone: no more through that window */
        packed->state = packed->source.read(packed->source.context, into, room);
        return packed->state;
    }
    bytes = toa_window_peek(packed, 1, &left);
    if (!bytes) {
        return packed->state;
    }
    left = left < room ? left : room;
    memcpy(into, bytes, left);
    toa_window_take(packed, left);
    return (ptrdiff_t)left;
}

/* One step of the library's. 0: the source has ended, where it may or not. */
static ptrdiff_t unpack_some(toa_unpack *self, uint8_t *into, size_t room)
{
    toa_unpack_progress progress = {0};
    size_t left;
    const uint8_t *bytes = toa_window_peek(&self->packed, 1, &left);

    if (!bytes) {
        return self->packed.state < 0 ? self->packed.state : TOA_SOURCE_DAMAGED;
    }
    if (!self->method->step(self->stream, bytes, left, into, room, &progress)) {
        return TOA_SOURCE_DAMAGED;
    }
    toa_window_take(&self->packed, progress.used);
    if (progress.ended) {
        self->method->destroy(self->stream);
        self->stream = NULL;
    } else if (!progress.used && !progress.made) {
        return TOA_SOURCE_DAMAGED; /* it would stand still */
    }
    return (ptrdiff_t)progress.made;
}

static ptrdiff_t read_unpacked(void *context, uint8_t *into, size_t room)
{
    toa_unpack *self = context;
    ptrdiff_t made = 0;

    if (!self->looked) {
        self->method = find_method(self);
        self->looked = true;
    }
    if (!self->method) {
        return read_plain(self, into, room);
    }
    while (made == 0) {
        if (!self->stream) {
            const toa_unpack_method *method = find_method(self);
            if (!method || method != self->method) { /* the end, or something that is none of it: as gzip does */
                return self->packed.state < 0 ? self->packed.state : 0;
            }
            self->stream = method->create();
            if (!self->stream) {
                return TOA_SOURCE_FAILED;
            }
        }
        made = unpack_some(self, into, room);
    }
    return made;
}

toa_unpack *toa_unpack_new(toa_source packed)
{
    toa_unpack *self = calloc(1, sizeof *self);

    if (self) {
        toa_window_init(&self->packed, packed);
    }
    return self;
}

void toa_unpack_free(toa_unpack *self)
{
    if (self && self->stream) {
        self->method->destroy(self->stream);
    }
    if (self) {
        toa_window_clear(&self->packed);
    }
    free(self);
}

toa_source toa_unpack_source(toa_unpack *self)
{
    return (toa_source){read_unpacked, self};
}
