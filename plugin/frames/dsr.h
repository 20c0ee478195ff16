/* dsr.h
 * Direct server return: the VIP that Cilium's balancer puts beside a SYN. The numbers of these options are nobody's by
 * registration (GENEVE's apart), so an option counts only where Cilium puts it, with its length, in front of a SYN.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_DSR_H
#define TOA_FRAMES_DSR_H

#include "frames/walk.h"

/* A new IP header begins: it has what the tunnel around it said. */
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

/* What was found in front of this TCP header may stand: it is a SYN, of the same family, and the address can be one. */
bool toa_dsr_stands(const toa_tcp_layer *layer);

#endif
