/* dsr.h
 * Direct server return: the VIP that Cilium's balancer puts beside a SYN. These option numbers are not registered (except
 * GENEVE's), so an option counts only where Cilium puts it, with Cilium's length, in front of a SYN.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_DSR_H
#define TOA_FRAMES_DSR_H

#include "frames/walk.h"

/* A new IP header begins: it takes over what the tunnel around it said. */
static inline void walk_enter_dsr(toa_walk *walk)
{
    walk->layer->dsr = walk->tunnel_dsr;
    walk->tunnel_dsr.kind = TOA_DSR_NONE;
}

/* The walk is at an IPv4 header of so many bytes, all of them there. */
void walk_dsr_ip4(toa_walk *walk, uint32_t header);
/* At an IPv6 header of destination options, all of it there. */
void walk_dsr_ip6(toa_walk *walk, uint32_t header);
/* At a GENEVE header, all of it there. */
void walk_dsr_geneve(toa_walk *walk, uint32_t header);

/* Whether the option in front of this TCP header is believed: it is a SYN, of the same family, and the address is possible. */
bool toa_dsr_stands(const toa_tcp_layer *layer);

#endif
