/* map.h
 * The address map (preference toa.map) from what load balancers, Kubernetes and kernels print.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_MAP_H
#define TOA_SCAN_MAP_H

#include "read/map-rows.h"

/* Reads files: each is one of those that map-text.c and map-json.c know. Kubernetes services and endpoint slices may be in
 * different ones. False: unreadable, or no row in one. */
gboolean scan_map_read(scan_map *map, char **paths, GError **error);

#endif
