/* layers.h
 * Finds the TCP layer of a frame: link layers, tags and tunnels, one table row a protocol (layers.c). What Wireshark 4.0's
 * dissectors would hand to TCP, with its addresses, is the model; rows say where it is.
 *
 * Not found here, and said so: IP fragments (TOA_FOUND_FRAGMENT), and whatever may have TCP in it but has no row
 * (TOA_FOUND_UNKNOWN), with what it is. Not known at all: what only a heuristic of Wireshark's or a preference would find,
 * such as a tunnel on a UDP port of its own.
 * Depth is limited; nothing is allocated.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_LAYERS_H
#define TOA_FRAMES_LAYERS_H

#include "core/base/endpoint.h"
#include "frames/frame.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum toa_found {
    TOA_FOUND_TCP,
    TOA_FOUND_OTHER,    /* no TCP in it */
    TOA_FOUND_CUT,      /* ends before one can be seen, by the snapshot length or by damage */
    TOA_FOUND_FRAGMENT, /* of an IP datagram that may hold TCP */
    TOA_FOUND_UNKNOWN,  /* a protocol without a row that may hold TCP */
    TOA_FOUND_MAX
} toa_found;

/* Direct server return: a balancer replaces the destination with the server's own address, and the server answers the client
 * itself. These are the ways in which the address that the client dialled travels with the SYN. Formats are Cilium's:
 * bpf/lib/nodeport.h, common.h, tunnel.h. */
typedef enum toa_dsr_kind {
    TOA_DSR_NONE,
    TOA_DSR_IP4,    /* IPv4 option 0x9a, the first one */
    TOA_DSR_IP6,    /* IPv6 destination option 0x1b */
    TOA_DSR_GENEVE4, /* GENEVE option of class 0x014b, in front of an IPv4 packet */
    TOA_DSR_GENEVE6
} toa_dsr_kind;

typedef struct toa_dsr {
    uint8_t kind;    /* toa_dsr_kind; NONE: the rest is not valid */
    uint8_t length;  /* of the option, its head included */
    uint8_t address, port; /* where in the option they are */
    uint32_t offset; /* of the option, from the start of the frame */
    toa_endpoint vip;
} toa_dsr;

typedef struct toa_tcp_layer {
    const uint8_t *header;       /* of TCP */
    uint32_t captured, reported; /* bytes from there on, within IP's length */
    toa_endpoint source, destination; /* without ports: fewer bytes than that may have been captured */
    uint16_t ip_id;              /* 0 with IPv6 */
    uint8_t ttl;
    bool quoted;                 /* in an ICMP error */
    uint16_t network;            /* hash of tags, labels, keys and tunnel endpoints in front of it; 0: none
                                  * (core/option/segment.h) */
    toa_dsr dsr;                 /* with a SYN without ACK only */
    /* with TOA_FOUND_UNKNOWN and FRAGMENT: what, as "ethertype", 0x88e7 */
    const char *space;
    uint32_t protocol;
} toa_tcp_layer;

toa_found toa_find_tcp(const toa_frame_bytes *frame, toa_tcp_layer *ret_layer);

/* The network alone, as far as the layers are known; also for a frame that is known only in part. */
uint16_t toa_find_network(const toa_frame_bytes *frame);

/* "ethertype 0x88e7", "IP protocol 115": for messages. */
void toa_found_name(const char *space, uint32_t protocol, char *text, size_t size);

#endif
