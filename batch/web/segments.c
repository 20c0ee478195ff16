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

/* Pictures draw no more than some ninety rows each, and thin out what is none of the findings. */
#define MAX_KEPT 200000u

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

static void take_frame(GPtrArray *packets, toa_streams *streams, const scan_request *wanted, const toa_frame_bytes *frame)
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

static GPtrArray *read_file(void *data, const char *path, const scan_request *wanted)
{
    GPtrArray *packets = g_ptr_array_new_with_free_func(scan_packet_free);
    int fd = path ? open(path, O_RDONLY) : -1;
    toa_frame_bytes frame;
    toa_capture capture;
    toa_streams streams;

    (void)data;
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
    (void)tshark;
    return scan_requests_read(report, max, read_file, NULL);
}
