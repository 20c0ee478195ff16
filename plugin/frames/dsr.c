/* dsr.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/dsr.h"

#include <string.h>

enum { SYN = 0x02, ACK = 0x10 };

static toa_dsr found(const toa_walk *walk, toa_dsr_kind kind, uint32_t at, uint8_t length, uint8_t address, uint8_t port)
{
    const uint8_t *option = walk->at + at;
    uint16_t number = walk_get16(option + port);
    bool v6 = kind == TOA_DSR_IP6 || kind == TOA_DSR_GENEVE6;

    return (toa_dsr){.kind = (uint8_t)kind,
                     .length = length,
                     .address = address,
                     .port = port,
                     .offset = (uint32_t)(option - walk->start),
                     .vip = v6 ? toa_endpoint_ipv6(option + address, number) : toa_endpoint_ipv4(option + address, number)};
}

/*  0x9a | 8 | port(2) | VIP(4) */
void walk_dsr_ip4(toa_walk *walk, uint32_t header)
{
    const uint8_t *at = walk->at;

    if (header >= 28 && at[20] == 0x9a && at[21] == 8 && at[9] == 6) {
        walk->layer->dsr = found(walk, TOA_DSR_IP4, 20, 8, 4, 2);
    }
}

/*  next(1) length(1) | 0x1b | 20 | VIP(16) port(2) pad(2) */
void walk_dsr_ip6(toa_walk *walk, uint32_t header)
{
    const uint8_t *at = walk->at;

    if (header == 24 && at[0] == 6 && at[2] == 0x1b && at[3] == 20) {
        walk->layer->dsr = found(walk, TOA_DSR_IP6, 2, 22, 2, 18);
    }
}

/* Early builds took an unassigned class. */
static bool is_cilium(const uint8_t *option)
{
    uint16_t class = walk_get16(option);

    return (class == 0x014b && option[2] == 0x81) || (class == 0x0200 && (option[2] & 0x7f) == 1);
}

/*  class(2) type(1) length in words(1) | VIP(4 or 16) port(2) pad(2) */
void walk_dsr_geneve(toa_walk *walk, uint32_t header)
{
    const uint8_t *at = walk->at;
    uint32_t length;

    walk->tunnel_dsr.kind = TOA_DSR_NONE;
    for (uint32_t i = 8; i + 4 <= header; i += length) {
        length = 4 + (at[i + 3] & 0x1fu) * 4;
        if (i + length > header) {
            return;
        }
        if (is_cilium(at + i) && (length == 12 || length == 24)) {
            bool v6 = length == 24;
            walk->tunnel_dsr = found(walk, v6 ? TOA_DSR_GENEVE6 : TOA_DSR_GENEVE4, i, (uint8_t)length, 4, v6 ? 20 : 8);
            return;
        }
    }
}

bool toa_dsr_stands(const toa_tcp_layer *layer)
{
    static const uint8_t none[16];
    const toa_endpoint *vip = &layer->dsr.vip;

    return layer->source.family == vip->family && layer->captured >= 14 && (layer->header[13] & (SYN | ACK)) == SYN &&
           !layer->quoted && vip->port && !toa_endpoint_same_address(vip, &layer->destination) &&
           memcmp(vip->address, none, vip->family == TOA_FAMILY_IPV6 ? 16 : 4) != 0;
}
