/* map-json.h
 * Rows of an address map in JSON: Kubernetes services with their endpoint slices and nodes, and nftables.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_MAP_JSON_H
#define TOA_SCAN_MAP_JSON_H

#include "read/map-rows.h"

/* Services, endpoint slices and nodes until all are there, from any number of files. */
typedef struct scan_map_kubernetes scan_map_kubernetes;

scan_map_kubernetes *scan_map_kubernetes_new(void);
void scan_map_kubernetes_free(scan_map_kubernetes *self);
/* Ports of services and endpoints kept so far. */
guint scan_map_json_count(const scan_map_kubernetes *self);
/* Each address and port of a service, with each ready endpoint of the same port's name and family; node ports at each address of
 * the nodes. */
void scan_map_kubernetes_join(scan_map *map, scan_map_kubernetes *self);

/* Takes one document: of "kubectl get services,endpointslices,nodes -o json" (one object or a list), or of "nft -j list ruleset"
 * (map-nft.h). False: no JSON. */
gboolean scan_map_json(scan_map *map, scan_map_kubernetes *kubernetes, const char *path, const char *text, GError **error);

#endif
