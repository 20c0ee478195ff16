/* segments.c
 * The segments of the incidents for the pictures: what report/packets.c asks tshark for, the page reads itself, a second
 * time, with the same reader.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/option/segment.h"
#include "frames/capture.h"
#include "frames/layers.h"
#include "frames/streams.h"
#include "report/packets.h"

#include <fcntl.h>
#include <unistd.h>

/* As in report/packets.c. */
#define MARGIN (2 * SCAN_NS_PER_S)

/* Pictures draw no more than some ninety rows each, and thin out what is none of the findings. */
#define MAX_KEPT 200000u

/* What is wanted of one file. */
typedef struct request {
    GHashTable *streams; /* gint64 */
    gint64 from, to;     /* whole seconds of these ns */
} request;

static void request_free(gpointer data)
{
    g_hash_table_unref(((request *)data)->streams);
    g_free(data);
}

static void packet_free(gpointer data)
{
    g_free(((scan_packet *)data)->source);
    g_free(data);
}

static void add_request(GHashTable *requests, const scan_place *place, gint64 from, gint64 to)
{
    request *self = g_hash_table_lookup(requests, &place->file);

    if (!self) {
        self = g_new0(request, 1);
        *self = (request){g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL), from, to};
        g_hash_table_insert(requests, g_memdup2(&place->file, sizeof place->file), self);
    }
    g_hash_table_add(self->streams, g_memdup2(&place->stream, sizeof place->stream));
    self->from = MIN(self->from, from);
    self->to = MAX(self->to, to);
}

static void request_for(GHashTable *requests, const scan_report *report, const scan_incident *incident)
{
    for (unsigned side = 0; side < scan_incident_sides(incident); side++) {
        for (guint i = 0; i < incident->flows[side]->len; i++) {
            const scan_flow *flow = incident->flows[side]->pdata[i];
            const scan_skew *skew = scan_report_skew(report, flow->point);
            gint64 offset = skew ? skew->skew : 0;
            for (guint p = 0; p < flow->places->len; p++) {
                add_request(requests, &g_array_index(flow->places, scan_place, p), incident->first_time + offset - MARGIN,
                            incident->last_time + offset + MARGIN);
            }
        }
    }
}

static void keep(GPtrArray *packets, const toa_frame_bytes *frame, const toa_tcp_layer *layer,
                 const toa_stream_segment *segment, guint32 stream, guint32 header)
{
    scan_packet *packet = g_new0(scan_packet, 1);
    char text[TOA_ENDPOINT_TEXT];

    packet->frame = frame->number;
    packet->stream = stream;
    packet->time = frame->time;
    packet->flags = segment->flags;
    packet->seq = segment->seq;
    packet->ack = segment->ack;
    packet->length = layer->reported >= header ? (gint64)(layer->reported - header) : -1;
    packet->ip_id = segment->source->family == TOA_FAMILY_IPV4 ? layer->ip_id : -1;
    packet->source = g_strdup(toa_endpoint_format(segment->source, text));
    g_ptr_array_add(packets, packet);
}

static void take_frame(GPtrArray *packets, toa_streams *streams, const request *wanted, const toa_frame_bytes *frame)
{
    toa_endpoint source, destination;
    toa_stream_segment segment;
    toa_tcp_layer layer;
    guint32 stream, header;
    gint64 number;

    if (toa_find_tcp(frame, &layer) != TOA_FOUND_TCP || layer.captured < 16) {
        return;
    }
    header = (layer.header[12] >> 4) * 4u;
    source = layer.source;
    source.port = (uint16_t)(layer.header[0] << 8 | layer.header[1]);
    destination = layer.destination;
    destination.port = (uint16_t)(layer.header[2] << 8 | layer.header[3]);
    segment = (toa_stream_segment){.source = &source, .destination = &destination, .seq = toa_read32(layer.header + 4),
                                   .ack = toa_read32(layer.header + 8),
                                   .flags = (uint16_t)((layer.header[12] << 8 | layer.header[13]) & 0x0fff),
                                   .counts = layer.reported >= header && !layer.quoted};
    if (!toa_streams_take(streams, &segment, &stream)) {
        return;
    }
    number = stream;
    if (!layer.quoted && frame->time >= wanted->from && frame->time <= wanted->to && packets->len < MAX_KEPT &&
        g_hash_table_contains(wanted->streams, &number)) {
        keep(packets, frame, &layer, &segment, stream, header);
    }
}

static GPtrArray *read_file(const char *path, const request *wanted)
{
    GPtrArray *packets = g_ptr_array_new_with_free_func(packet_free);
    int fd = open(path, O_RDONLY);
    toa_frame_bytes frame;
    toa_capture capture;
    toa_streams streams;

    toa_streams_init(&streams, (uint64_t)g_random_int() << 32 | g_random_int());
    toa_capture_init(&capture, toa_source_fd(&fd));
    while (toa_capture_next(&capture, &frame) == TOA_READ_FRAME && packets->len < MAX_KEPT) {
        take_frame(packets, &streams, wanted, &frame);
    }
    toa_capture_clear(&capture);
    toa_streams_clear(&streams);
    close(fd);
    return packets;
}

scan_packets *scan_packets_load(const scan_report *report, guint max, const char *tshark)
{
    GHashTable *requests = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, request_free);
    scan_packets *packets = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    gpointer key, value;
    GHashTableIter iter;

    (void)tshark;
    for (guint i = 0; i < MIN(report->incidents->len, max); i++) {
        request_for(requests, report, report->incidents->pdata[i]);
    }
    g_hash_table_iter_init(&iter, requests);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        request *wanted = value;
        GPtrArray *list;
        wanted->from = wanted->from / SCAN_NS_PER_S * SCAN_NS_PER_S;
        wanted->to = (wanted->to / SCAN_NS_PER_S + 1) * SCAN_NS_PER_S;
        list = read_file(g_hash_table_lookup(report->local, key), wanted);
        for (guint i = 0; i < list->len; i++) {
            ((scan_packet *)list->pdata[i])->file = *(gint64 *)key;
        }
        g_hash_table_insert(packets, g_memdup2(key, sizeof(gint64)), list);
    }
    g_hash_table_unref(requests);
    return packets;
}
