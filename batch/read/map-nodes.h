/* map-nodes.h
 * Ports that every node of a cluster has, and the addresses of the nodes: they may come from different files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_MAP_NODES_H
#define TOA_SCAN_MAP_NODES_H

#include "read/map-rows.h"

typedef struct scan_map_nodes {
    GPtrArray *addresses; /* char *, owned */
    GPtrArray *ports;     /* scan_map_row without a VIP, owned */
} scan_map_nodes;

void scan_map_nodes_init(scan_map_nodes *self);
void scan_map_nodes_clear(scan_map_nodes *self);
guint scan_map_nodes_count(const scan_map_nodes *self);
void scan_map_nodes_add(scan_map_nodes *self, const char *address);
/* The port leads to that server, at each node. */
void scan_map_nodes_add_port(scan_map_nodes *self, gint64 port, const char *server, gint64 server_port);
/* Each port at each address of its server's family. */
void scan_map_nodes_join(const scan_map_nodes *self, scan_map *map);

#endif
