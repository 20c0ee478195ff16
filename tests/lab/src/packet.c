#include "packet.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { IP4_HEADER = 20, IP6_HEADER = 40, TCP_HEADER = 20, PROTO_TCP = 6 };

uint16_t get16(const uint8_t *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

void put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)(v & 0xff);
}

void put32(uint8_t *p, uint32_t v)
{
    put16(p, (uint16_t)(v >> 16));
    put16(p + 2, (uint16_t)(v & 0xffff));
}

/* Finds the IP header's length and fills addresses and TTL; 0 if it is not plain TCP over IP. *ret_len loses padding. */
static size_t parse_ip(const uint8_t *ip, size_t len, struct packet *p, size_t *ret_len)
{
    size_t header, total;

    if (len < IP4_HEADER)
        return 0;
    if (ip[0] >> 4 == 4) {
        header = (size_t)(ip[0] & 0x0f) * 4;
        total = get16(ip + 2);
        if (header < IP4_HEADER || total < header || total > len || ip[9] != PROTO_TCP || (get16(ip + 6) & 0x3fff))
            return 0;
        p->src.family = p->dst.family = 4;
        memcpy(p->src.addr, ip + 12, 4);
        memcpy(p->dst.addr, ip + 16, 4);
        p->ttl = ip[8];
    } else {
        if (ip[0] >> 4 != 6 || len < IP6_HEADER || ip[6] != PROTO_TCP)
            return 0;
        header = IP6_HEADER;
        total = header + get16(ip + 4);
        if (total > len)
            return 0;
        p->src.family = p->dst.family = 6;
        memcpy(p->src.addr, ip + 8, 16);
        memcpy(p->dst.addr, ip + 24, 16);
        p->ttl = ip[7];
    }
    *ret_len = total;
    return header;
}

bool packet_parse(const uint8_t *ip, size_t len, struct packet *ret_packet)
{
    struct packet p;
    size_t total = 0, header, tcp_header;

    memset(&p, 0, sizeof p);
    header = parse_ip(ip, len, &p, &total);
    if (!header || total < header + TCP_HEADER)
        return false;
    p.ip = ip;
    p.len = total;
    p.tcp = ip + header;
    tcp_header = (size_t)(p.tcp[12] >> 4) * 4;
    if (tcp_header < TCP_HEADER || tcp_header > total - header)
        return false;
    p.src.port = get16(p.tcp);
    p.dst.port = get16(p.tcp + 2);
    p.seq = get32(p.tcp + 4);
    p.ack = get32(p.tcp + 8);
    p.flags = p.tcp[13];
    p.options = p.tcp + TCP_HEADER;
    p.options_len = tcp_header - TCP_HEADER;
    p.payload = p.tcp + tcp_header;
    p.payload_len = total - header - tcp_header;
    *ret_packet = p;
    return true;
}

void packet_edit_init(const struct packet *p, struct edit *ret_edit)
{
    memset(ret_edit, 0, sizeof *ret_edit);
    ret_edit->src = p->src;
    ret_edit->dst = p->dst;
    ret_edit->seq = p->seq;
    ret_edit->ack = p->ack;
    ret_edit->ttl = p->ttl;
    ret_edit->options_len = p->options_len;
    memcpy(ret_edit->options, p->options, p->options_len);
}

/* One's complement sum of RFC 1071, not yet folded. */
static uint64_t sum_bytes(uint64_t sum, const uint8_t *p, size_t len)
{
    for (; len > 1; p += 2, len -= 2)
        sum += get16(p);
    return len ? sum + ((uint64_t)p[0] << 8) : sum;
}

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static void write_tcp_checksum(const struct edit *e, uint8_t *tcp, size_t len, bool partial)
{
    size_t addr_len = e->src.family == 4 ? 4 : 16;
    uint64_t sum = sum_bytes(0, e->src.addr, addr_len) + sum_bytes(0, e->dst.addr, addr_len) + PROTO_TCP + len;

    put16(tcp + 16, 0);
    if (partial)
        put16(tcp + 16, fold(sum));
    else
        put16(tcp + 16, (uint16_t)~fold(sum_bytes(sum, tcp, len)));
}

/* Header of the new packet. Same family: everything that a router would not touch is kept, the IP-ID included. */
static size_t write_ip(const struct packet *p, const struct edit *e, size_t tcp_len, uint8_t *out)
{
    bool same = p->ip && p->src.family == e->src.family;

    if (e->src.family == 4) {
        memset(out, 0, IP4_HEADER);
        out[0] = 0x45;
        if (same)
            out[1] = p->ip[1];
        put16(out + 2, (uint16_t)(IP4_HEADER + tcp_len));
        put16(out + 4, same ? get16(p->ip + 4) : e->new_ip_id);
        put16(out + 6, same ? get16(p->ip + 6) : 0x4000);
        out[8] = e->ttl;
        out[9] = PROTO_TCP;
        memcpy(out + 12, e->src.addr, 4);
        memcpy(out + 16, e->dst.addr, 4);
        put16(out + 10, (uint16_t)~fold(sum_bytes(0, out, IP4_HEADER)));
        return IP4_HEADER;
    }
    memset(out, 0, IP6_HEADER);
    if (same)
        memcpy(out, p->ip, 4); /* version, traffic class, flow label */
    else
        out[0] = 0x60;
    put16(out + 4, (uint16_t)tcp_len);
    out[6] = PROTO_TCP;
    out[7] = e->ttl;
    memcpy(out + 8, e->src.addr, 16);
    memcpy(out + 24, e->dst.addr, 16);
    return IP6_HEADER;
}

size_t packet_write(const struct packet *p, const struct edit *e, bool partial_checksum, uint8_t *out)
{
    size_t options_len = (e->options_len + 3) / 4 * 4;
    size_t tcp_len = TCP_HEADER + options_len + p->payload_len;
    size_t header = e->src.family == 4 ? IP4_HEADER : IP6_HEADER;
    uint8_t *tcp = out + header;

    if (options_len > OPTIONS_MAX || header + tcp_len > 65535 || e->src.family != e->dst.family)
        return 0;
    write_ip(p, e, tcp_len, out);
    if (p->tcp)
        memcpy(tcp, p->tcp, TCP_HEADER); /* window, urgent pointer, reserved bits */
    else
        memset(tcp, 0, TCP_HEADER);
    put16(tcp, e->src.port);
    put16(tcp + 2, e->dst.port);
    put32(tcp + 4, e->seq);
    put32(tcp + 8, e->ack);
    tcp[12] = (uint8_t)((TCP_HEADER + options_len) / 4 << 4 | (tcp[12] & 0x0f));
    tcp[13] = p->flags;
    memset(tcp + TCP_HEADER, OPT_NOP, options_len);
    memcpy(tcp + TCP_HEADER, e->options, e->options_len);
    if (p->payload_len)
        memcpy(tcp + TCP_HEADER + options_len, p->payload, p->payload_len);
    write_tcp_checksum(e, tcp, tcp_len, partial_checksum);
    return header + tcp_len;
}

size_t packet_reset(const struct endpoint *src, const struct endpoint *dst, uint32_t seq, uint16_t ip_id, uint8_t *out)
{
    struct packet p;
    struct edit e;

    memset(&p, 0, sizeof p);
    memset(&e, 0, sizeof e);
    p.flags = TCP_RST;
    e.src = *src;
    e.dst = *dst;
    e.seq = seq;
    e.ttl = 64;
    e.new_ip_id = ip_id;
    return packet_write(&p, &e, false, out);
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return a->family == b->family && a->port == b->port && memcmp(a->addr, b->addr, sizeof a->addr) == 0;
}

bool endpoint_parse_address(const char *text, struct endpoint *ret_endpoint)
{
    struct endpoint e;

    memset(&e, 0, sizeof e);
    if (inet_pton(AF_INET, text, e.addr) == 1)
        e.family = 4;
    else if (inet_pton(AF_INET6, text, e.addr) == 1)
        e.family = 6;
    else
        return false;
    *ret_endpoint = e;
    return true;
}

const char *endpoint_format(const struct endpoint *e, char buffer[ENDPOINT_TEXT])
{
    char address[INET6_ADDRSTRLEN];

    if (!inet_ntop(e->family == 4 ? AF_INET : AF_INET6, e->addr, address, sizeof address))
        return "?";
    snprintf(buffer, ENDPOINT_TEXT, "%s:%u", address, e->port);
    return buffer;
}
