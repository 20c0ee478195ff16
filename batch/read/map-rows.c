/* map-rows.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/map-rows.h"

#include <arpa/inet.h>
#include <string.h>

static void free_row(gpointer data)
{
    scan_map_row *row = data;

    g_free(row->vip);
    g_free(row->server);
    g_free(row);
}

void scan_map_init(scan_map *map)
{
    map->rows = g_ptr_array_new_with_free_func(free_row);
    map->open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void scan_map_clear(scan_map *map)
{
    g_hash_table_destroy(map->open);
    g_ptr_array_free(map->rows, TRUE);
}

/* ---- rows ---- */

static gboolean is_address(const char *text)
{
    unsigned char bytes[16];

    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static gboolean is_port(gint64 port)
{
    return port >= 1 && port <= 65535;
}

static char *name_of(const char *vip, gint64 vip_port, const char *server, gint64 server_port)
{
    return g_strdup_printf("%s,%d,%s,%d", vip, (int)vip_port, server, (int)server_port);
}

/* 0 is no limit. */
static gboolean meet(const scan_map_row *row, gint64 from, gint64 until)
{
    return (!row->until || from <= row->until) && (!until || row->from <= until);
}

gboolean scan_map_add(scan_map *map, const char *vip, gint64 vip_port, const char *server, gint64 server_port, gint64 from,
                      gint64 until)
{
    char *name;
    scan_map_row *row;

    if (!is_address(vip) || !is_address(server) || !is_port(vip_port) || !is_port(server_port) || (until && from > until)) {
        return FALSE;
    }
    name = name_of(vip, vip_port, server, server_port);
    row = g_hash_table_lookup(map->open, name);
    if (row && meet(row, from, until)) {
        row->from = MIN(row->from, from);
        row->until = row->until && until ? MAX(row->until, until) : 0;
        g_free(name);
        return TRUE;
    }
    row = g_new(scan_map_row, 1);
    *row = (scan_map_row){g_strdup(vip), g_strdup(server), (guint)vip_port, (guint)server_port, from, until};
    g_ptr_array_add(map->rows, row);
    g_hash_table_replace(map->open, name, row);
    return TRUE;
}

void scan_map_end(scan_map *map, const char *vip, gint64 vip_port, const char *server, gint64 server_port, gint64 until)
{
    char *name = name_of(vip, vip_port, server, server_port);
    scan_map_row *row = g_hash_table_lookup(map->open, name);

    if (row) {
        row->until = MAX(row->from, until);
    } else {
        scan_map_add(map, vip, vip_port, server, server_port, 0, until); /* it began before anybody looked */
    }
    g_free(name);
}

/* ---- what comes of it ---- */

/* As the preference has it: "VIP","port","RS@from-until","port". */
static char *row_text(const scan_map_row *row)
{
    GString *text = g_string_new(NULL);

    g_string_printf(text, "\"%s\",\"%u\",\"%s", row->vip, row->vip_port, row->server);
    if (row->from || row->until) {
        g_string_append_c(text, '@');
        if (row->from) {
            g_string_append_printf(text, "%" G_GINT64_FORMAT, row->from);
        }
        g_string_append_c(text, '-');
        if (row->until) {
            g_string_append_printf(text, "%" G_GINT64_FORMAT, row->until);
        }
    }
    g_string_append_printf(text, "\",\"%u\"", row->server_port);
    return g_string_free(text, FALSE);
}

void scan_map_arguments(const scan_map *map, GPtrArray *arguments)
{
    for (guint i = 0; i < map->rows->len; i++) {
        char *text = row_text(map->rows->pdata[i]);
        g_ptr_array_add(arguments, g_strdup("-o"));
        g_ptr_array_add(arguments, g_strconcat("uat:toa.map:", text, NULL));
        g_free(text);
    }
}

void scan_map_print(const scan_map *map)
{
    for (guint i = 0; i < map->rows->len; i++) {
        char *text = row_text(map->rows->pdata[i]);
        g_print("%s\n", text);
        g_free(text);
    }
}
