/* segments.c
 * The segments of the incidents for the pictures: what report/packets.c asks tshark for, the page reads itself, a second
 * time, with the same reader.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/option/segment.h"
#include "frames/capture.h"
#include "frames/layers.h"
#include "report/packets.h"

#include <fcntl.h>
#include <unistd.h>

/* Pictures draw no more than some ninety rows each, and thin out what is none of the findings. */
#define MAX_KEPT 200000u

static void take_frame(GPtrArray *packets, const scan_request *request, const toa_frame_bytes *frame)
{
    char source_text[TOA_ENDPOINT_TEXT], destination_text[TOA_ENDPOINT_TEXT];
    toa_endpoint source, destination;
    toa_tcp_layer layer;
    scan_packet *packet;
    guint32 header;
    gint64 ports;

    if (frame->time < request->from || frame->time > request->to || toa_find_tcp(frame, &layer) != TOA_FOUND_TCP ||
        layer.captured < 16 || layer.quoted) {
        return;
    }
    source = layer.source;
    source.port = (uint16_t)(layer.header[0] << 8 | layer.header[1]);
    destination = layer.destination;
    destination.port = (uint16_t)(layer.header[2] << 8 | layer.header[3]);
    ports = scan_request_ports(source.port, destination.port);
    if (!g_hash_table_contains(request->ports, &ports)) {
        return;
    }
    toa_endpoint_format(&source, source_text);
    toa_endpoint_format(&destination, destination_text);
    if (!scan_request_has(request, source_text, destination_text)) {
        return;
    }
    header = (layer.header[12] >> 4) * 4u;
    packet = g_new0(scan_packet, 1);
    packet->frame = frame->number;
    packet->time = frame->time;
    packet->flags = (layer.header[12] << 8 | layer.header[13]) & 0x0fff;
    packet->seq = toa_read32(layer.header + 4);
    packet->ack = toa_read32(layer.header + 8);
    packet->length = layer.reported >= header ? (gint64)(layer.reported - header) : -1;
    packet->ip_id = source.family == TOA_FAMILY_IPV4 ? layer.ip_id : -1;
    packet->source = g_strdup(source_text);
    packet->destination = g_strdup(destination_text);
    g_ptr_array_add(packets, packet);
}

static GPtrArray *read_file(void *data, const char *path, const scan_request *request)
{
    GPtrArray *packets = g_ptr_array_new_with_free_func(scan_packet_free);
    int fd = path ? open(path, O_RDONLY) : -1;
    toa_frame_bytes frame;
    toa_capture capture;

    (void)data;
    toa_capture_init(&capture, toa_source_fd(&fd));
    while (toa_capture_next(&capture, &frame) == TOA_READ_FRAME && packets->len < MAX_KEPT) {
        take_frame(packets, request, &frame);
    }
    toa_capture_clear(&capture);
    close(fd);
    return packets;
}

scan_packets *scan_packets_load(const scan_report *report, guint max, const char *tshark)
{
    (void)tshark;
    return scan_requests_read(report, max, read_file, NULL);
}
