/* load.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "load.h"

#include <string.h>

#define DATA 100u
#define STEP_NS 10000 /* between two segments of the capture */

/* What of a conversation a segment is. */
enum { FROM_CLIENT = 0, FROM_SERVER = 1 };

static void put32(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

static toa_endpoint endpoint(uint8_t net, uint64_t number, uint16_t port)
{
    uint8_t address[4] = {net, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};

    return toa_endpoint_ipv4(address, port);
}

/* Ports that no dissector of Wireshark claims. */
static toa_endpoint client_of(uint64_t number)
{
    return endpoint(10, number, (uint16_t)(51000 + number % 8000));
}

static toa_endpoint server_of(uint64_t number)
{
    return endpoint(172, number % 64, 50999);
}

static uint32_t isn_of(uint64_t number, unsigned side)
{
    return (uint32_t)toa_mix(number * 2 + side + 1);
}

static void add_timestamps(load_packet *packet, uint32_t tsval, uint32_t tsecr)
{
    put32(packet->header + 20, 0x0101080a);
    put32(packet->header + 24, tsval);
    put32(packet->header + 28, tsecr);
    packet->header_length = 32;
}

static void add_toa(load_packet *packet, const toa_endpoint *client)
{
    uint8_t *option = packet->header + packet->header_length;

    option[0] = 254;
    option[1] = 8;
    option[2] = (uint8_t)(client->port >> 8);
    option[3] = (uint8_t)client->port;
    memcpy(option + 4, client->address, 4);
    packet->header_length += 8;
}

/* Everything but options and numbers. */
static void begin(load_packet *packet, uint64_t i, uint64_t stream, toa_endpoint client, toa_endpoint server,
                  unsigned from)
{
    toa_segment *segment = &packet->segment;

    segment->time = INT64_C(1600000000000000000) + (int64_t)i * STEP_NS;
    segment->frame = (uint32_t)i + 1;
    segment->interface = 0;
    segment->source = from == FROM_CLIENT ? client : server;
    segment->destination = from == FROM_CLIENT ? server : client;
    segment->window = 502;
    segment->ttl = 64;
    segment->length = 0;
    segment->ack = 0;
    packet->stream = (uint32_t)stream;
    packet->header_length = 20;
}

/* Who sends: three segments of the handshake, then client and server in turn. */
static unsigned from_at(uint64_t step)
{
    return step < 3 ? (unsigned)(step & 1) : (unsigned)(step - 3) & 1;
}

/* An ordinary connection: handshake, requests and replies in turn, a FIN on the last of each side. */
static void converse(load_packet *packet, uint64_t number, uint64_t step, uint64_t last_step, uint32_t client_isn,
                     uint32_t server_isn)
{
    toa_segment *segment = &packet->segment;
    unsigned from = from_at(step);
    uint32_t next[2] = {client_isn + (step > 0), server_isn + (step > 1)};

    segment->flags = TOA_FLAG_ACK;
    if (step == 0) {
        segment->flags = TOA_FLAG_SYN;
    } else if (step == 1) {
        segment->flags = TOA_FLAG_SYN | TOA_FLAG_ACK;
    } else if (step > 2) {
        next[0] = client_isn + 1 + (uint32_t)((step - 2) / 2) * DATA;
        next[1] = server_isn + 1 + (uint32_t)((step - 3) / 2) * DATA;
        segment->length = DATA;
        if (step + 2 > last_step) {
            segment->flags |= TOA_FLAG_FIN;
        }
    }
    segment->seq = next[from];
    segment->ack = segment->flags & TOA_FLAG_ACK ? next[!from] : 0;
    segment->ip_id = step == 1 ? 0 : (uint16_t)(number * 31 + step);
    add_timestamps(packet, (uint32_t)(number + step), step ? (uint32_t)(number + step - 1) : 0);
}

/* Which conversation, and which of its segments, comes as number i. */
static void order(const load_size *size, uint64_t i, uint64_t *ret_number, uint64_t *ret_step)
{
    uint64_t window = size->window && size->window < size->conversations ? size->window : size->conversations;
    uint64_t block = window * size->per_conversation, first = i / block * window;

    if (size->conversations - first < window) { /* the last block may be smaller */
        window = size->conversations - first;
    }
    *ret_number = first + i % block % window;
    *ret_step = i % block / window;
}

static void fill_friendly(const load_size *size, uint64_t i, load_packet *packet)
{
    uint64_t number, step;

    order(size, i, &number, &step);
    begin(packet, i, number, client_of(number), server_of(number), from_at(step));
    converse(packet, number, step, size->per_conversation - 1, isn_of(number, 0), isn_of(number, 1));
    if (step == 2 && number % 8 == 0) { /* every eighth comes through a load balancer */
        toa_endpoint client = endpoint(11, number, 1024 + number % 50000);
        add_toa(packet, &client);
    }
}

/* ---- hostile ---- */

/* One client endpoint, as many servers as conversations. */
static void fill_one_client(const load_size *size, uint64_t i, load_packet *packet)
{
    uint64_t number, step;

    order(size, i, &number, &step);
    begin(packet, i, number, client_of(1), endpoint(172, number, 80), from_at(step));
    converse(packet, number, step, size->per_conversation - 1, isn_of(number, 0), isn_of(number, 1));
}

static void make_rst(load_packet *packet, uint32_t seq)
{
    packet->segment.flags = TOA_FLAG_RST;
    packet->segment.seq = seq;
    packet->segment.ip_id = 0;
}

/* Handshakes in one group, then RSTs from the servers whose number is nobody's. */
static void fill_rst_storm(const load_size *size, uint64_t i, load_packet *packet)
{
    uint64_t number, step;

    order(size, i, &number, &step);
    begin(packet, i, number, client_of(1), endpoint(172, number, 80), step < 3 ? from_at(step) : FROM_SERVER);
    if (step < 3) {
        converse(packet, number, step, UINT64_MAX - 3, isn_of(number, 0), isn_of(number, 1));
    } else {
        make_rst(packet, (uint32_t)toa_mix(i));
    }
}

/* The same with one server and many clients: the second look. */
static void fill_rst_storm_server(const load_size *size, uint64_t i, load_packet *packet)
{
    uint64_t number, step;

    order(size, i, &number, &step);
    begin(packet, i, number, client_of(number), endpoint(172, 0, 80), step < 3 ? from_at(step) : FROM_CLIENT);
    if (step < 3) {
        converse(packet, number, step, UINT64_MAX - 3, isn_of(number, 0), isn_of(number, 1));
    } else {
        make_rst(packet, (uint32_t)toa_mix(i));
    }
}

/* All clients of one load balancer's VIP claim by TOA to be one client: every conversation has the same key. */
static void fill_one_key(const load_size *size, uint64_t i, load_packet *packet)
{
    uint64_t number, step;
    toa_endpoint client = endpoint(11, 1, 4000);

    order(size, i, &number, &step);
    begin(packet, i, number, client_of(number), endpoint(172, 0, 80), from_at(step));
    converse(packet, number, step, UINT64_MAX - 3, isn_of(number, 0), isn_of(number, 1));
    if (step == 0) {
        add_toa(packet, &client);
    }
}

/* Each segment of one conversation has another TOA. */
static void fill_many_toas(const load_size *size, uint64_t i, load_packet *packet)
{
    toa_endpoint client = endpoint(11, i, (uint16_t)(1 + i % 60000));

    (void)size;
    begin(packet, i, 0, client_of(1), server_of(1), from_at(i));
    converse(packet, 1, i, UINT64_MAX - 3, 1000, 2000);
    add_toa(packet, &client);
}

static void fill_self_connect(const load_size *size, uint64_t i, load_packet *packet)
{
    (void)size;
    begin(packet, i, i, client_of(i), client_of(i), FROM_CLIENT);
    packet->segment.flags = TOA_FLAG_SYN;
    packet->segment.seq = isn_of(i, 0);
    packet->segment.ip_id = (uint16_t)(i | 1);
}

/* One group in which every server will send the same number next, and RSTs with that number. Different ISNs, else they
 * would be legs. */
static void fill_colliding_next(const load_size *size, uint64_t i, load_packet *packet)
{
    uint64_t number, step;
    uint32_t next = 0x40000000;
    toa_segment *segment = &packet->segment;

    order(size, i, &number, &step);
    begin(packet, i, number, client_of(1), endpoint(172, number, 80), step < 3 ? from_at(step) : FROM_SERVER);
    converse(packet, number, step, UINT64_MAX - 3, isn_of(number, 0), next - 2 - (uint32_t)number);
    if (step == 3) { /* from its own number up to the common one */
        segment->length = 1 + (uint32_t)number;
        segment->seq = next - segment->length;
    } else if (step > 3) {
        make_rst(packet, next + (uint32_t)number % 2 * 0x20000000);
    }
}

/* One wire tuple: SYN, RST, SYN, RST ... each pair a stream of its own. */
static void fill_tuple_reuse(const load_size *size, uint64_t i, load_packet *packet)
{
    (void)size;
    begin(packet, i, i / 2, client_of(1), server_of(1), i % 2 ? FROM_SERVER : FROM_CLIENT);
    packet->segment.flags = i % 2 ? TOA_FLAG_RST | TOA_FLAG_ACK : TOA_FLAG_SYN;
    packet->segment.seq = i % 2 ? 0 : isn_of(i / 2, 0);
    packet->segment.ack = i % 2 ? isn_of(i / 2, 0) + 1 : 0;
    packet->segment.ip_id = (uint16_t)(i | 1);
}

/* One group whose servers' ISNs all fit one clock, 2 ms apart so that they are no legs: each SYN-ACK proves a
 * collision with everybody near. */
static void fill_one_clock(const load_size *size, uint64_t i, load_packet *packet)
{
    uint64_t number, step;
    uint32_t server_isn;

    order(size, i, &number, &step);
    begin(packet, i, number, client_of(1), endpoint(172, number, 80), from_at(step));
    server_isn = (uint32_t)((uint64_t)(size->conversations + number) * STEP_NS / 64);
    converse(packet, number, step, UINT64_MAX - 3, isn_of(number, 0), server_isn);
}

/* Two data segments with numbers out of nowhere on each conversation, over and over (R13). */
static void fill_strays(const load_size *size, uint64_t i, load_packet *packet)
{
    uint64_t number, step;

    order(size, i, &number, &step);
    begin(packet, i, number, client_of(1), endpoint(172, number, 80), step < 3 ? from_at(step) : FROM_SERVER);
    converse(packet, number, step < 3 ? step : 4, UINT64_MAX - 3, isn_of(number, 0), isn_of(number, 1));
    if (step >= 3) {
        packet->segment.seq = (uint32_t)toa_mix((step / 2) << 32 | number) + (uint32_t)(step % 2) * DATA;
        packet->segment.ack = (uint32_t)toa_mix(step * 31 + number);
    }
}

const load_kind loads[] = {
    {"friendly", "every client its own endpoint, 64 servers, a TOA on every 8th", {100000, 20, 0}, fill_friendly},
    {"one-client", "all conversations of one client endpoint", {1000000, 20, 0}, fill_one_client},
    {"rst-storm", "unexplained RSTs in one group", {100000, 13, 0}, fill_rst_storm},
    {"rst-storm-server", "unexplained RSTs to one server", {100000, 13, 0}, fill_rst_storm_server},
    {"one-key", "all conversations share one key", {10000, 20, 0}, fill_one_key},
    {"many-toas", "every segment of one conversation names another client", {1, 10000, 0}, fill_many_toas},
    {"self-connect", "SYNs of self-connects", {1000000, 1, 0}, fill_self_connect},
    {"colliding-next", "one group, one next number, RSTs with it", {100000, 14, 0}, fill_colliding_next},
    {"tuple-reuse", "one wire tuple again and again", {1000000, 2, 0}, fill_tuple_reuse},
    {"one-clock", "one group, all ISNs on one clock", {100000, 8, 0}, fill_one_clock},
    {"strays", "one group, numbers out of nowhere, two in a row", {100000, 13, 0}, fill_strays},
    {NULL, NULL, {0, 0, 0}, NULL},
};
