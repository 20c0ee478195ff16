/* segment.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "native/segment.h"

bool toa_segment_read(const toa_frame_bytes *frame, const toa_tcp_layer *layer, uint32_t number, toa_segment *ret_segment,
                      toa_segment_rest *ret_rest)
{
    const uint8_t *header = layer->header;
    uint32_t captured = layer->captured < 60 ? layer->captured : 60, length;
    toa_segment *segment = ret_segment;

    if (captured < 16) { /* TCP's dissector needs so many to look for a stream */
        return false;
    }
    length = (header[12] >> 4) * 4u;
    segment->source = layer->source;
    segment->source.port = (uint16_t)(header[0] << 8 | header[1]);
    segment->destination = layer->destination;
    segment->destination.port = (uint16_t)(header[2] << 8 | header[3]);
    segment->time = frame->time;
    segment->frame = number;
    segment->interface = frame->interface;
    segment->seq = toa_read32(header + 4);
    segment->ack = toa_read32(header + 8);
    segment->flags = (uint16_t)((header[12] << 8 | header[13]) & 0x0fff);
    segment->window = (uint16_t)(header[14] << 8 | header[15]);
    segment->length = layer->reported - length;
    segment->ip_id = layer->ip_id;
    segment->ttl = layer->ttl;
    segment->network = layer->network;
    segment->vip.family = TOA_FAMILY_NONE;
    if (layer->dsr.kind) {
        segment->vip = layer->dsr.vip;
    }
    *ret_rest = (toa_segment_rest){.captured = captured < length ? captured : length,
                                   .length = length,
                                   .whole = captured >= 20 && length >= 20 && layer->reported >= length && !layer->quoted};
    return true;
}

/* Options that are not the usual ones; see read_unusual_options in dissector/glue.c. */
static void read_unusual_options(const toa_config *config, toa_engine *engine, const uint8_t *header,
                                 const toa_segment_rest *rest, toa_segment *segment)
{
    toa_options_context context = {.table = &config->options,
                                   .kind253 = config->kind253,
                                   .effective = config->effective,
                                   .tcp_flags = segment->flags,
                                   .source = &segment->source,
                                   .destination = &segment->destination};
    toa_options *options = &segment->options;
    uint8_t kind;

    toa_options_scan(header, rest->captured, rest->length, &context, options);
    if (!options->context_matters && options->client_item < 0) {
        return;
    }
    kind = options->n_items ? options->items[0].kind : 253;
    context.remembered = toa_engine_remembered(engine, &segment->source, &segment->destination, kind, &context.neighbours);
    if (options->context_matters) {
        toa_options_scan(header, rest->captured, rest->length, &context, options);
    }
    if (options->client_item >= 0 && context.remembered) {
        const toa_endpoint *client = &options->items[options->client_item].info.client;
        if (!toa_endpoint_same_address(client, context.remembered) ||
            (client->port && client->port != context.remembered->port)) {
            options->items[options->client_item].flags |= TOA_ITEM_CHANGED;
        }
    }
}

void toa_segment_read_options(const toa_config *config, toa_engine *engine, const toa_tcp_layer *layer,
                              const toa_segment_rest *rest, toa_segment *segment)
{
    if (!toa_options_scan_usual(layer->header, rest->captured, rest->length, &segment->options)) {
        read_unusual_options(config, engine, layer->header, rest, segment);
    }
}
