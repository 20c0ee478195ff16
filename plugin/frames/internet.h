/* internet.h
 * Steps of the walk (walk.h) over IP and what is directly above it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_INTERNET_H
#define TOA_FRAMES_INTERNET_H

#include "frames/walk.h"

void walk_ip(toa_walk *walk); /* either version */
void walk_ipv4(toa_walk *walk);
void walk_ipv6(toa_walk *walk);
void walk_tcp(toa_walk *walk);
void walk_udp(toa_walk *walk);
void walk_icmp(toa_walk *walk);
void walk_icmpv6(toa_walk *walk);
void walk_ah(toa_walk *walk);
void walk_options6(toa_walk *walk);
void walk_routing6(toa_walk *walk);
void walk_fragment6(toa_walk *walk);

#endif
