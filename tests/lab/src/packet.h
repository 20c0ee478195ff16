/* packet.h: a TCP/IP packet in memory, and the one way the lab's programs rewrite one.
 *
 * A packet is parsed once (packet_parse), the wanted changes are written into a struct edit, and packet_write() makes
 * a new packet from both. Headers are always built anew and the checksum is computed over the result, so that no
 * program needs its own arithmetic for checksums.
 *
 * What it is not: a general IP library. IPv4 fragments, IPv6 extension headers and anything but TCP are refused.
 */
#ifndef LAB_PACKET_H
#define LAB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKET_MAX = 66000, OPTIONS_MAX = 40, ENDPOINT_TEXT = 64 };

enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08, TCP_ACK = 0x10 };
enum { OPT_EOL = 0, OPT_NOP = 1, OPT_MSS = 2, OPT_SACK = 5, OPT_TIMESTAMPS = 8 };

/* Address and port. family is 4 or 6; the unused bytes of addr are 0, so that endpoints compare bytewise. */
struct endpoint {
    uint8_t family;
    uint8_t addr[16];
    uint16_t port; /* host order */
};

/* A parsed packet: pointers into the caller's buffer, valid as long as that. */
struct packet {
    const uint8_t *ip;
    size_t len;
    const uint8_t *tcp;
    const uint8_t *options;
    size_t options_len;
    const uint8_t *payload;
    size_t payload_len;
    struct endpoint src, dst;
    uint32_t seq, ack;
    uint8_t flags;
    uint8_t ttl;
};

/* What the new packet has instead. packet_edit_init() fills it with the values of the old one. */
struct edit {
    struct endpoint src, dst;
    uint32_t seq, ack;
    uint8_t ttl;
    uint8_t options[OPTIONS_MAX];
    size_t options_len;
    uint16_t new_ip_id; /* used only when an IPv6 packet becomes an IPv4 one */
};

uint16_t get16(const uint8_t *p);
uint32_t get32(const uint8_t *p);
void put16(uint8_t *p, uint16_t v);
void put32(uint8_t *p, uint32_t v);

/* Returns false for everything that is not one whole TCP segment; *ret_packet is then untouched. */
bool packet_parse(const uint8_t *ip, size_t len, struct packet *ret_packet);

void packet_edit_init(const struct packet *p, struct edit *ret_edit);

/* Writes the new packet to out (at least PACKET_MAX bytes) and returns its length, 0 if it would not fit.
 * partial_checksum: leave only the pseudo header's sum in the TCP checksum, as segmentation offload wants it. */
size_t packet_write(const struct packet *p, const struct edit *e, bool partial_checksum, uint8_t *out);

/* A RST without payload and options, for a load balancer that gives a session up. Returns its length. */
size_t packet_reset(const struct endpoint *src, const struct endpoint *dst, uint32_t seq, uint16_t ip_id, uint8_t *out);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
bool endpoint_parse_address(const char *text, struct endpoint *ret_endpoint); /* the port stays 0 */
const char *endpoint_format(const struct endpoint *e, char buffer[ENDPOINT_TEXT]);

#endif
