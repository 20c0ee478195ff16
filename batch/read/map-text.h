/* map-text.h
 * Rows of an address map in text: ipvsadm -Ln and -Sn, conntrack -L and -E -o timestamp, a plain table.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_MAP_TEXT_H
#define TOA_SCAN_MAP_TEXT_H

#include "read/map-rows.h"

/* Adds what the lines of text say; lines that say nothing are passed over.
 *
 * A line of conntrack counts if the destination was rewritten and the client's address and port were kept: nothing else can
 * cross. NEW and UPDATE begin a row's time, DESTROY ends it when the last connection that had it is gone.
 *
 * A plain row is VIP,port,RS,port[,from[,until]], quotes allowed; times are ISO 8601 (UTC without a zone) or seconds since the
 * epoch; empty: no limit. RS may carry its time, as --print-map writes it. False: such a row makes no sense. */
gboolean scan_map_text(scan_map *map, const char *path, const char *text, GError **error);

#endif
