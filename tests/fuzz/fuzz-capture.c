/* fuzz-capture.c
 * A whole capture file through the reader, the finder of TCP, and the engine behind them, as toa-read does it. Looks for
 * memory errors, and checks what others rely on: frames lie in order and in what was given, TCP lies in its frame.
 *
 * Input: how much the source gives at a time (1), then the file, compressed or not.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "input.h"
#include "frames/capture.h"
#include "frames/unpack.h"
#include "native/run.h"

#include <string.h>

/* Gives bytes in small pieces, as a pipe may. */
typedef struct trickle {
    toa_memory memory;
    size_t most;
} trickle;

static ptrdiff_t read_trickle(void *context, uint8_t *into, size_t room)
{
    trickle *self = context;
    toa_source memory = toa_source_memory(&self->memory);

    MUST(room > 0);
    return memory.read(memory.context, into, room < self->most ? room : self->most);
}

static void check_frame(const toa_frame_bytes *frame, uint32_t number)
{
    toa_tcp_layer layer;

    MUST(frame->number == number);
    MUST(frame->captured <= frame->reported && frame->captured <= TOA_FRAME_MAX);
    if (toa_find_tcp(frame, &layer) == TOA_FOUND_TCP) {
        MUST(layer.header >= frame->bytes && layer.captured <= layer.reported);
        MUST(layer.captured <= (size_t)(frame->bytes + frame->captured - layer.header));
        MUST(layer.source.family == layer.destination.family && layer.source.port == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static FILE *nowhere;
    toa_config config;
    trickle source = {.memory = {bytes + 1, bytes + size}};
    toa_frame_bytes frame;
    toa_capture capture;
    toa_native native;
    toa_unpack *unpack;
    toa_read last;
    uint32_t n = 0;

    if (size < 2) {
        return 0;
    }
    if (!nowhere) {
        nowhere = fopen("/dev/null", "w");
    }
    source.most = bytes[0] ? bytes[0] : 100000;
    toa_config_init(&config);
    unpack = toa_unpack_new((toa_source){read_trickle, &source});
    toa_capture_init(&capture, toa_unpack_source(unpack));
    toa_native_init(&native, &config, nowhere);
    /* few compressed bytes make many */
    while ((last = toa_capture_next(&capture, &frame)) == TOA_READ_FRAME && n < 3000) {
        check_frame(&frame, ++n);
        MUST(toa_native_take(&native, &frame));
    }
    MUST(last == TOA_READ_FRAME || toa_capture_next(&capture, &frame) == last);
    MUST(last == TOA_READ_FRAME || last == TOA_READ_END || capture.reason);
    toa_records_finish(&native.records);
    toa_native_clear(&native);
    toa_capture_clear(&capture);
    toa_unpack_free(unpack);
    toa_config_clear(&config);
    return 0;
}
