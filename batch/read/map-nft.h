/* map-nft.h
 * Rows of an address map from "nft -j list ruleset": which address and TCP port leads to which dnat.
 *
 * Followed are matches of a destination (one value, a set, a named set), verdict maps and maps keyed by it (kube-proxy's
 * service-ips), and the chains that they, "jump" and "goto" lead to, whatever these ask but a destination of their own: each dnat
 * there is a candidate. Ports at "any local address" (kube-proxy's node ports) wait for the addresses of the nodes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_MAP_NFT_H
#define TOA_SCAN_MAP_NFT_H

#include "read/any.h"
#include "read/map-nodes.h"

/* objects: the array "nftables"; NULL: nothing. */
void scan_map_nft(scan_map *map, scan_map_nodes *nodes, JsonArray *objects);

#endif
