/* config.h
 * The user's settings as the core needs them (plugin/doc/reference.md, Preferences).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_CONFIG_H
#define TOA_CONFIG_H

#include "core/option/options.h"

typedef enum toa_rewriting { TOA_REWRITING_UNKNOWN, TOA_REWRITING_YES, TOA_REWRITING_NO } toa_rewriting;
typedef enum toa_reply_meaning { TOA_REPLY_DESTINATION, TOA_REPLY_SOURCE } toa_reply_meaning;

/* VIP to real server. Several rows may have one VIP: then none of them is taken without further evidence. A row may hold for a
 * time only, which the conversation's first segment must lie in. */
typedef struct toa_map_row {
    toa_endpoint vip;
    toa_endpoint server;
    int64_t from, until; /* ns since the epoch, both included; 0: no limit */
} toa_map_row;

typedef struct toa_config {
    toa_option_table options;
    toa_map_row *map; /* sorted by toa_config_set_map; owned */
    unsigned n_map;
    toa_rewriting rewriting;
    toa_effective effective;
    toa_reply_meaning reply_meaning;
    toa_kind253 kind253;
    int64_t time_wait; /* ns */
    bool analysis;
} toa_config;

/* Defaults of every preference, built-in option rows, empty map. */
void toa_config_init(toa_config *config);
void toa_config_clear(toa_config *config);

/* Copies and sorts the rows; exact duplicates are dropped. */
void toa_config_set_map(toa_config *config, const toa_map_row *rows, unsigned n_rows);

/* Rows of this VIP, whatever the time: number of them, *ret_first the first (they are neighbours, sorted by server). */
unsigned toa_config_map_lookup(const toa_config *config, const toa_endpoint *vip, const toa_map_row **ret_first);

static inline bool toa_map_row_holds(const toa_map_row *row, int64_t time)
{
    return row->from <= time && (!row->until || time <= row->until);
}

/* The server that the rows give this VIP at that time; NULL: none, or several. */
const toa_endpoint *toa_config_map_server(const toa_config *config, const toa_endpoint *vip, int64_t time);

/* A server's address as the table has it: "10.1.0.7", "fd00::7", or with the time in which the row holds, in seconds since the
 * epoch, either end open: "10.1.0.7@1764547200-1764550800". Fills server, from and until; false, *ret_row untouched: neither. */
bool toa_map_row_parse_server(const char *text, uint16_t port, toa_map_row *ret_row);

#endif
