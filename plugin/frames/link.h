/* link.h
 * Steps of the walk (walk.h) over link layers, and the tags between them and IP.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_LINK_H
#define TOA_FRAMES_LINK_H

#include "frames/walk.h"

void walk_ethernet(toa_walk *walk);
void walk_cooked(toa_walk *walk);
void walk_cooked2(toa_walk *walk);
void walk_null(toa_walk *walk);
void walk_loop(toa_walk *walk);
void walk_raw(toa_walk *walk);
void walk_ppp(toa_walk *walk);
void walk_ppp_hdlc(toa_walk *walk);
void walk_pppoe(toa_walk *walk);
void walk_chdlc(toa_walk *walk);
void walk_vlan(toa_walk *walk);
void walk_mpls(toa_walk *walk);
void walk_llc(toa_walk *walk);

#endif
