/* capture.c
 * Writes a load (load.h) as a capture file: Ethernet, IPv4, TCP without checksums, payload of zeros.
 *
 * usage: bench-capture FILE LOAD CONVERSATIONS PER_CONVERSATION WINDOW
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETHERNET 14u
#define IP 20u

static void put16(uint8_t *bytes, unsigned value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static void put32(uint8_t *bytes, uint32_t value)
{
    put16(bytes, value >> 16);
    put16(bytes + 2, value & 0xffff);
}

static void write_file_header(FILE *file)
{
    /* pcap, nanoseconds, in this machine's byte order */
    const uint32_t header[6] = {0xa1b23c4d, 4u << 16 | 2, 0, 0, 65535, 1};

    fwrite(header, sizeof header, 1, file);
}

static void write_packet(FILE *file, const load_packet *packet)
{
    static uint8_t frame[ETHERNET + IP + 60 + 65536];
    const toa_segment *segment = &packet->segment;
    uint32_t length = packet->segment.length > 1400 ? 1400 : packet->segment.length;
    uint32_t size = ETHERNET + IP + packet->header_length + length;
    const uint32_t record[4] = {(uint32_t)(segment->time / 1000000000), (uint32_t)(segment->time % 1000000000), size,
                                size};
    uint8_t *ip = frame + ETHERNET, *tcp = ip + IP;

    memset(frame, 0, size);
    frame[0] = frame[6] = 2;
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, size - ETHERNET);
    put16(ip + 4, segment->ip_id);
    ip[6] = 0x40;
    ip[8] = segment->ttl;
    ip[9] = 6;
    memcpy(ip + 12, segment->source.address, 4);
    memcpy(ip + 16, segment->destination.address, 4);
    memcpy(tcp, packet->header, packet->header_length);
    put16(tcp, segment->source.port);
    put16(tcp + 2, segment->destination.port);
    put32(tcp + 4, segment->seq);
    put32(tcp + 8, segment->ack);
    put16(tcp + 12, packet->header_length / 4 << 12 | segment->flags);
    put16(tcp + 14, segment->window);
    fwrite(record, sizeof record, 1, file);
    fwrite(frame, size, 1, file);
}

int main(int argc, char **argv)
{
    static load_packet packet;
    const load_kind *load = loads;
    load_size size;
    FILE *file;

    if (argc != 6) {
        fprintf(stderr, "usage: bench-capture FILE LOAD CONVERSATIONS PER_CONVERSATION WINDOW\n");
        return 2;
    }
    while (load->name && strcmp(load->name, argv[2]) != 0) {
        load++;
    }
    file = load->name ? fopen(argv[1], "wb") : NULL;
    if (!file) {
        fprintf(stderr, "bench-capture: no load %s, or cannot write %s\n", argv[2], argv[1]);
        return 2;
    }
    size = (load_size){strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10)};
    write_file_header(file);
    for (uint64_t i = 0; i < size.conversations * size.per_conversation; i++) {
        load->fill(&size, i, &packet);
        write_packet(file, &packet);
    }
    return fclose(file) == 0 ? 0 : 2;
}
