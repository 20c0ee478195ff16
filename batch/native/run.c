/* run.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "native/run.h"

void toa_native_init(toa_native *native, const toa_config *config, FILE *file)
{
    *native = (toa_native){.config = config, .engine = config->analysis ? toa_engine_new(config) : NULL};
    toa_streams_init(&native->streams, (uint64_t)g_random_int() << 32 | g_random_int());
    toa_records_init(&native->records, config, file);
}

void toa_native_clear(toa_native *native)
{
    toa_records_free(&native->records);
    toa_streams_clear(&native->streams);
    toa_engine_free(native->engine);
}

bool toa_native_missed(const toa_native *native)
{
    return native->counts.found[TOA_FOUND_FRAGMENT] || native->counts.found[TOA_FOUND_UNKNOWN];
}

/* Options that are not the usual ones; see read_unusual_options in dissector/glue.c. */
static void read_unusual_options(const toa_native *native, const uint8_t *header, uint32_t captured, uint32_t length,
                                 toa_segment *segment)
{
    const toa_config *config = native->config;
    toa_options_context context = {.table = &config->options,
                                   .kind253 = config->kind253,
                                   .effective = config->effective,
                                   .tcp_flags = segment->flags,
                                   .source = &segment->source,
                                   .destination = &segment->destination};
    toa_options *options = &segment->options;
    uint8_t kind;

    toa_options_scan(header, captured, length, &context, options);
    if (!options->context_matters && options->client_item < 0) {
        return;
    }
    kind = options->n_items ? options->items[0].kind : 253;
    context.remembered = toa_engine_remembered(native->engine, &segment->source, &segment->destination, kind,
                                               &context.neighbours);
    if (options->context_matters) {
        toa_options_scan(header, captured, length, &context, options);
    }
    if (options->client_item >= 0 && context.remembered) {
        const toa_endpoint *client = &options->items[options->client_item].info.client;
        if (!toa_endpoint_same_address(client, context.remembered) ||
            (client->port && client->port != context.remembered->port)) {
            options->items[options->client_item].flags |= TOA_ITEM_CHANGED;
        }
    }
}

static void fill_segment(const toa_frame_bytes *frame, const toa_tcp_layer *layer, uint32_t length, toa_segment *segment)
{
    const uint8_t *header = layer->header;

    segment->time = frame->time;
    segment->frame = frame->number;
    segment->interface = frame->interface;
    segment->seq = toa_read32(header + 4);
    segment->ack = toa_read32(header + 8);
    segment->flags = (uint16_t)((header[12] << 8 | header[13]) & 0x0fff);
    segment->window = (uint16_t)(header[14] << 8 | header[15]);
    segment->length = layer->reported - length;
    segment->ip_id = layer->ip_id;
    segment->ttl = layer->ttl;
    segment->network = layer->network;
}

static void feed(toa_native *native, toa_conversation *conv, const toa_segment *segment, uint32_t stream,
                 uint32_t header_length)
{
    toa_fed fed = toa_engine_feed(native->engine, conv, segment,
                                  toa_engine_wants_stream(conv, segment) ? stream : conv->stream);
    toa_layer layer = {.segment = segment,
                       .conversation = fed.conversation,
                       .findings = fed.findings,
                       .n_findings = fed.n_findings,
                       .header_length = header_length,
                       .unexplained = fed.unexplained,
                       .first_pass = true};

    toa_records_add(&native->records, &layer);
}

/* The stream of a layer, as TCP's dissector tells it. False: no memory. */
static bool find_stream(toa_native *native, const toa_tcp_layer *layer, const toa_segment *segment, bool counts,
                        const toa_conversation *conv, uint32_t *ret_stream)
{
    toa_stream_segment numbers = {.source = &segment->source,
                                  .destination = &segment->destination,
                                  .seq = segment->seq,
                                  .ack = segment->ack,
                                  .flags = segment->flags,
                                  .counts = counts && !layer->quoted};

    if (conv && !(segment->flags & TOA_FLAG_SYN) && toa_streams_settled(&native->streams, conv->stream)) {
        *ret_stream = conv->stream;
        return true;
    }
    return toa_streams_take(&native->streams, &numbers, ret_stream);
}

static bool take_layer(toa_native *native, const toa_frame_bytes *frame, const toa_tcp_layer *layer)
{
    const uint8_t *header = layer->header;
    uint32_t captured = layer->captured < 60 ? layer->captured : 60, length, stream;
    toa_conversation *conv;
    toa_segment segment;

    if (captured < 16) { /* TCP's dissector needs so many to look for a stream */
        return true;
    }
    length = (header[12] >> 4) * 4u;
    segment.source = layer->source;
    segment.source.port = (uint16_t)(header[0] << 8 | header[1]);
    segment.destination = layer->destination;
    segment.destination.port = (uint16_t)(header[2] << 8 | header[3]);
    fill_segment(frame, layer, length, &segment);
    conv = native->engine ? toa_engine_find(native->engine, &segment.source, &segment.destination) : NULL;
    if (!find_stream(native, layer, &segment, layer->reported >= length, conv, &stream)) {
        return false;
    }
    if (captured < 20 || length < 20 || layer->reported < length || layer->quoted || !native->engine) {
        return true;
    }
    captured = captured < length ? captured : length;
    if (!toa_options_scan_usual(header, captured, length, &segment.options)) {
        read_unusual_options(native, header, captured, length, &segment);
    }
    native->counts.segments++;
    feed(native, conv, &segment, stream, length);
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
