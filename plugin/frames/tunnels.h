/* tunnels.h
 * Steps of the walk (walk.h) over tunnels: the packet goes on with another link layer or IP.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_TUNNELS_H
#define TOA_FRAMES_TUNNELS_H

#include "frames/walk.h"

void walk_gre(toa_walk *walk);
void walk_erspan1(toa_walk *walk);
void walk_erspan(toa_walk *walk);
void walk_wccp(toa_walk *walk);
void walk_etherip(toa_walk *walk);
void walk_vxlan(toa_walk *walk);
void walk_geneve(toa_walk *walk);
void walk_gtp(toa_walk *walk);

#endif
