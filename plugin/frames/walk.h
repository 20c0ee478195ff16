/* walk.h
 * One frame on its way through the layers: where we are, and what was found so far. For layers.c and its neighbours alone.
 *
 * A step reads one layer's header, moves on, and names the next layer by table and number. Nobody reads a byte that
 * walk_need has not shown to be there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_WALK_H
#define TOA_FRAMES_WALK_H

#include "frames/layers.h"

typedef enum walk_space {
    WALK_LINK,
    WALK_ETHERTYPE,
    WALK_IP,
    WALK_UDP,
    WALK_PPP,
    WALK_GRE,
    WALK_COOKED, /* Linux's own numbers in a cooked header */
    WALK_FAMILY, /* AF_* of BSDs */
    WALK_SPACES,
    WALK_END     /* walk.result says what was found */
} walk_space;

typedef struct toa_walk {
    const uint8_t *start; /* of the frame */
    const uint8_t *at;
    uint32_t captured, reported; /* from there on */
    walk_space next;
    uint32_t protocol;
    uint16_t gre_flags;
    uint8_t fcs; /* still at the end */
    toa_found result;
    uint64_t network; /* hash of all labels so far; 0: none */
    toa_dsr tunnel_dsr; /* what a tunnel's header says of the IP packet in it */
    toa_tcp_layer *layer;
} toa_walk;

typedef void (*walk_step)(toa_walk *walk);

/* Wireshark, or this, expects a tunnel on it. */
bool toa_is_tunnel_port(uint16_t port);
/* A datagram of this IP protocol, UDP and ICMP aside. */
bool toa_may_hold_tcp(uint32_t protocol);

static inline void walk_stop(toa_walk *walk, toa_found result)
{
    walk->next = WALK_END;
    walk->result = result;
}

static inline void walk_unknown(toa_walk *walk, const char *space, uint32_t protocol)
{
    walk_stop(walk, TOA_FOUND_UNKNOWN);
    walk->layer->space = space;
    walk->layer->protocol = protocol;
}

/* So many bytes are there; false: the walk ends here. */
static inline bool walk_need(toa_walk *walk, uint32_t n)
{
    if (walk->captured >= n) {
        return true;
    }
    walk_stop(walk, TOA_FOUND_CUT);
    return false;
}

/* Over n bytes that are there, to the next layer. */
static inline void walk_on(toa_walk *walk, uint32_t n, walk_space next, uint32_t protocol)
{
    walk->at += n;
    walk->captured -= n;
    walk->reported -= n;
    walk->next = next;
    walk->protocol = protocol;
}

/* The layer is so long, what follows is a trailer. More than there is changes nothing. */
static inline void walk_limit(toa_walk *walk, uint32_t length)
{
    walk->reported = length < walk->reported ? length : walk->reported;
    walk->captured = walk->captured < walk->reported ? walk->captured : walk->reported;
}

/* What keeps networks apart. Each kind has a number of its own: VLAN 5 is not VNI 5. */
enum { LABEL_VLAN = 1, LABEL_MPLS, LABEL_VNI, LABEL_GRE, LABEL_GTP, LABEL_ERSPAN, LABEL_TUNNEL };

static inline void walk_label(toa_walk *walk, unsigned kind, uint64_t value)
{
    walk->network = toa_mix((walk->network + kind) * 31 ^ value) | 1;
}

/* An IP header inside another: that one's ends are a tunnel's, the same number in both directions. */
static inline void walk_leave_ip(toa_walk *walk)
{
    const toa_tcp_layer *layer = walk->layer;

    if (layer->source.family != TOA_FAMILY_NONE) {
        walk_label(walk, LABEL_TUNNEL,
                   toa_endpoint_hash(&layer->source, LABEL_TUNNEL) + toa_endpoint_hash(&layer->destination, LABEL_TUNNEL));
    }
}

static inline uint16_t walk_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t walk_get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

#endif
