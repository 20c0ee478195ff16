/* run.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "native/run.h"

#include "native/segment.h"

#include <limits.h>

void toa_native_init(toa_native *native, const toa_config *config, FILE *file)
{
    *native = (toa_native){.config = config, .engine = config->analysis ? toa_engine_new(config) : NULL};
    toa_streams_init(&native->streams, TOA_STREAMS_BUILT, (uint64_t)g_random_int() << 32 | g_random_int());
    toa_records_init(&native->records, config, file);
    toa_rotation_init(&native->rotation);
}

void toa_native_clear(toa_native *native)
{
    toa_records_free(&native->records);
    toa_streams_clear(&native->streams);
    toa_rotation_clear(&native->rotation);
    if (native->rotated) {
        toa_streams_clear(&native->file_streams);
        g_array_free(native->placed, TRUE);
    }
    toa_engine_free(native->engine);
}

/* ---- forgetting ---- */

/* Incidents are told at the end, but not of more conversations than fit into half of what there is: some 2 KB each. */
#define INCIDENT_BYTES 4096u

static size_t beside(const void *data, size_t *ret_spare)
{
    const toa_native *self = data;
    size_t bytes = toa_streams_memory(&self->streams, ret_spare) + toa_records_memory(&self->records), spare = 0;

    if (self->rotated) {
        bytes += toa_streams_memory(&self->file_streams, &spare) + self->placed->len * sizeof(toa_native_place);
        *ret_spare += spare;
    }
    return bytes;
}

static GHashTable *needs(void *data)
{
    const toa_native *self = data;

    return toa_records_needs(&self->records, (guint)MIN(self->limit.bytes / 2 / INCIDENT_BYTES, INT_MAX));
}

static void forget(void *data, GHashTable *conversations)
{
    toa_records_forget(&((toa_native *)data)->records, conversations);
}

static bool is_remembered(void *data, const toa_stream_pair *pair)
{
    return toa_engine_find(data, &pair->ends[0], &pair->ends[1]) != NULL;
}

static void forget_streams(void *data)
{
    toa_native *self = data;

    toa_streams_forget(&self->streams, is_remembered, self->engine);
    if (self->rotated) {
        toa_streams_forget(&self->file_streams, is_remembered, self->engine);
        self->forgetful = true;
        g_array_free(self->placed, TRUE);
        self->placed = g_array_new(FALSE, TRUE, sizeof(toa_native_place));
    }
}

static const toa_limit_user limit_user = {beside, needs, forget, forget_streams};

void toa_native_set_memory(toa_native *native, size_t memory)
{
    toa_limit_init(&native->limit, native->engine ? memory : 0, native->engine, &limit_user, native);
}

static void tell_forgotten(toa_native *native)
{
    uint64_t closed = native->limit.closed - native->told_closed, idle = native->limit.idle - native->told_idle;

    if (closed || idle) {
        toa_records_put_forgotten(&native->records, closed, idle);
        native->told_closed = native->limit.closed;
        native->told_idle = native->limit.idle;
    }
}

void toa_native_finish(toa_native *native)
{
    tell_forgotten(native);
    toa_records_finish(&native->records);
}

/* ---- several files ---- */

bool toa_native_begin_file(toa_native *native, const char *name, bool silent)
{
    if (native->rotated) {
        toa_streams_clear(&native->file_streams);
    } else {
        native->rotated = true;
        native->placed = g_array_new(FALSE, TRUE, sizeof(toa_native_place));
        native->records.rotation = &native->rotation;
    }
    toa_streams_init(&native->file_streams, TOA_STREAMS_BUILT, native->streams.seed);
    native->counts = (toa_native_counts){0};
    toa_rotation_add(&native->rotation, name, native->before);
    toa_records_begin_file(&native->records, name, silent);
    if (silent) {
        native->records.since_frame = UINT32_MAX;
    } else if (native->records.since_frame == UINT32_MAX || !native->records.since_frame) {
        native->records.since_frame = native->before + 1;
    }
    return native->before < UINT32_MAX / 2;
}

void toa_native_end_file(toa_native *native, uint32_t frames, const char *state, const char *why, bool last)
{
    if (!native->records.silent) {
        tell_forgotten(native);
    }
    toa_records_end_file(&native->records, state, why, last);
    native->before += frames;
}

static uint32_t part_of(const toa_native *native)
{
    return native->records.stats_table.part;
}

/* NULL: it was not seen in this file yet. */
static const toa_native_place *find_place(const toa_native *native, const toa_conversation *conv)
{
    const toa_native_place *place = conv && conv->stream < native->placed->len
                                        ? &g_array_index(native->placed, toa_native_place, conv->stream)
                                        : NULL;

    return place && place->part == part_of(native) ? place : NULL;
}

static void keep_place(toa_native *native, const toa_conversation *conv, uint32_t stream)
{
    if (native->forgetful) {
        return; /* it grows with all streams that have ever been; without it, they are looked up */
    }
    if (conv->stream >= native->placed->len) {
        g_array_set_size(native->placed, conv->stream + 1);
    }
    g_array_index(native->placed, toa_native_place, conv->stream) = (toa_native_place){part_of(native), stream};
}

/* ---- one segment ---- */

bool toa_native_missed(const toa_native *native)
{
    return native->counts.found[TOA_FOUND_FRAGMENT] || native->counts.found[TOA_FOUND_UNKNOWN];
}

typedef struct numbers {
    uint32_t stream, file_stream; /* file_stream: where there are several files */
} numbers;

static void feed(toa_native *native, toa_conversation *conv, const toa_segment *segment, numbers known,
                 uint32_t header_length)
{
    toa_fed fed = toa_engine_feed(native->engine, conv, segment, known.stream);
    toa_layer layer = {.segment = segment,
                       .conversation = fed.conversation,
                       .findings = fed.findings,
                       .n_findings = fed.n_findings,
                       .header_length = header_length,
                       .unexplained = fed.unexplained,
                       .file_stream = known.file_stream,
                       .first_pass = true};

    if (native->rotated) {
        keep_place(native, fed.conversation, known.file_stream);
    }
    toa_records_add(&native->records, &layer);
}

/* The stream of a layer, as TCP's dissector tells it. known: that of its conversation; NULL: new. False: no memory. */
static bool find_stream(toa_streams *streams, const toa_tcp_layer *layer, const toa_segment *segment, bool counts,
                        const uint32_t *known, uint32_t *ret_stream)
{
    toa_stream_segment shown = {.source = &segment->source,
                                  .destination = &segment->destination,
                                  .seq = segment->seq,
                                  .ack = segment->ack,
                                  .flags = segment->flags,
                                  .counts = counts && !layer->quoted};

    if (known && !(segment->flags & (TOA_FLAG_SYN | TOA_FLAG_FIN | TOA_FLAG_RST)) && toa_streams_settled(streams, *known)) {
        *ret_stream = *known;
        return true;
    }
    return toa_streams_take(streams, &shown, ret_stream);
}

static bool find_numbers(toa_native *native, const toa_tcp_layer *layer, const toa_segment *segment, bool counts,
                         const toa_conversation *conv, numbers *ret_numbers)
{
    const toa_native_place *place;

    if (!find_stream(&native->streams, layer, segment, counts, conv ? &conv->stream : NULL, &ret_numbers->stream)) {
        return false;
    }
    if (!native->rotated) {
        return true;
    }
    place = find_place(native, conv);
    return find_stream(&native->file_streams, layer, segment, counts, place ? &place->stream : NULL,
                       &ret_numbers->file_stream);
}

static bool take_layer(toa_native *native, const toa_frame_bytes *frame, const toa_tcp_layer *layer)
{
    numbers known = {0, 0};
    toa_conversation *conv;
    toa_segment_rest rest;
    toa_segment segment;

    if (!toa_segment_read(frame, layer, native->before + frame->number, &segment, &rest)) {
        return true;
    }
    conv = native->engine ? toa_engine_find(native->engine, &segment.source, &segment.destination) : NULL;
    if (!find_numbers(native, layer, &segment, layer->reported >= rest.length, conv, &known)) {
        return false;
    }
    if (!rest.whole || !native->engine) {
        return true;
    }
    toa_segment_read_options(native->config, native->engine, layer, &rest, &segment);
    native->counts.segments++;
    feed(native, conv, &segment, known, rest.length);
    if (toa_limit_is_reached(&native->limit)) {
        toa_limit_make_room(&native->limit, segment.time, segment.frame);
    }
    return true;
}

bool toa_native_take(toa_native *native, const toa_frame_bytes *frame)
{
    toa_native_counts *counts = &native->counts;
    toa_tcp_layer layer;
    toa_found found = toa_find_tcp(frame, &layer);

    counts->frames++;
    counts->bytes += frame->captured;
    counts->found[found]++;
    if (found == TOA_FOUND_TCP) {
        return take_layer(native, frame, &layer);
    }
    if ((found == TOA_FOUND_FRAGMENT || found == TOA_FOUND_UNKNOWN) && !counts->frame) {
        counts->space = layer.space;
        counts->protocol = layer.protocol;
        counts->frame = frame->number;
    }
    return true;
}
