/* map-nodes.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/map-nodes.h"

#include <string.h>

static void free_port(gpointer data)
{
    scan_map_row *port = data;

    g_free(port->server);
    g_free(port);
}

void scan_map_nodes_init(scan_map_nodes *self)
{
    self->addresses = g_ptr_array_new_with_free_func(g_free);
    self->ports = g_ptr_array_new_with_free_func(free_port);
}

void scan_map_nodes_clear(scan_map_nodes *self)
{
    g_ptr_array_free(self->addresses, TRUE);
    g_ptr_array_free(self->ports, TRUE);
}

guint scan_map_nodes_count(const scan_map_nodes *self)
{
    return self->addresses->len + self->ports->len;
}

void scan_map_nodes_add(scan_map_nodes *self, const char *address)
{
    g_ptr_array_add(self->addresses, g_strdup(address));
}

void scan_map_nodes_add_port(scan_map_nodes *self, gint64 port, const char *server, gint64 server_port)
{
    scan_map_row *row;

    if (port < 1 || port > 65535 || server_port < 1 || server_port > 65535 || self->ports->len > SCAN_MAP_ROWS_MAX) {
        return;
    }
    row = g_new0(scan_map_row, 1);
    *row = (scan_map_row){.server = g_strdup(server), .vip_port = (guint)port, .server_port = (guint)server_port};
    g_ptr_array_add(self->ports, row);
}

void scan_map_nodes_join(const scan_map_nodes *self, scan_map *map)
{
    for (guint i = 0; i < self->ports->len; i++) {
        const scan_map_row *port = self->ports->pdata[i];
        for (guint a = 0; a < self->addresses->len && map->rows->len <= SCAN_MAP_ROWS_MAX; a++) {
            const char *address = self->addresses->pdata[a];
            if (!strchr(address, ':') == !strchr(port->server, ':')) {
                scan_map_add(map, address, port->vip_port, port->server, port->server_port, 0, 0);
            }
        }
    }
}
