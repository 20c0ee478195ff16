/* map-rows.h
 * Rows of the address map (preference toa.map), each with the time in which it holds.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_MAP_ROWS_H
#define TOA_SCAN_MAP_ROWS_H

#include "scan.h"

/* More rows than that are no map of addresses, and too many for a command line. */
#define SCAN_MAP_ROWS_MAX 10000

/* One server behind a VIP, for a time. */
typedef struct scan_map_row {
    char *vip, *server;   /* addresses without brackets */
    guint vip_port, server_port;
    gint64 from, until;   /* seconds since the epoch, both included; 0: no limit */
} scan_map_row;

typedef struct scan_map {
    GPtrArray *rows;   /* scan_map_row, owned; one a pair of endpoints, but for rows of different times */
    GHashTable *open;  /* "VIP,port,RS,port" to its row: what is said again makes its time longer */
} scan_map;

void scan_map_init(scan_map *map);
void scan_map_clear(scan_map *map);

/* Takes a row; false: an address or a port that is none. Times that meet those of the same row make it longer. */
gboolean scan_map_add(scan_map *map, const char *vip, gint64 vip_port, const char *server, gint64 server_port, gint64 from,
                      gint64 until);
/* The row is over at that time, whatever was said of it before. */
void scan_map_end(scan_map *map, const char *vip, gint64 vip_port, const char *server, gint64 server_port, gint64 until);

/* Appends "-o", "uat:toa.map:..." for each row to arguments (owned strings). */
void scan_map_arguments(const scan_map *map, GPtrArray *arguments);

/* The rows as Wireshark's file toa_map has them. */
void scan_map_print(const scan_map *map);

#endif
