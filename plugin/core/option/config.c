/* config.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/option/config.h"

#include "core/base/host.h"
#include "core/option/segment.h"

#include <stdlib.h>
#include <string.h>

void toa_config_init(toa_config *config)
{
    memset(config, 0, sizeof *config);
    toa_option_table_init(&config->options);
    config->time_wait = INT64_C(60000000000);
    config->analysis = true;
}

void toa_config_clear(toa_config *config)
{
    g_free(config->map);
    config->map = NULL;
    config->n_map = 0;
}

static int compare_rows(const void *a, const void *b)
{
    const toa_map_row *left = a, *right = b;
    int order = toa_endpoint_compare(&left->vip, &right->vip);

    order = order ? order : toa_endpoint_compare(&left->server, &right->server);
    order = order ? order : (left->from > right->from) - (left->from < right->from);
    return order ? order : (left->until > right->until) - (left->until < right->until);
}

void toa_config_set_map(toa_config *config, const toa_map_row *rows, unsigned n_rows)
{
    unsigned kept = 0;

    toa_config_clear(config);
    if (n_rows == 0) {
        return;
    }
    config->map = g_memdup2(rows, n_rows * sizeof *rows);
    qsort(config->map, n_rows, sizeof *config->map, compare_rows);
    for (unsigned i = 0; i < n_rows; i++) {
        if (kept == 0 || compare_rows(&config->map[kept - 1], &config->map[i]) != 0) {
            config->map[kept++] = config->map[i];
        }
    }
    config->n_map = kept;
}

unsigned toa_config_map_lookup(const toa_config *config, const toa_endpoint *vip, const toa_map_row **ret_first)
{
    unsigned low = 0, high = config->n_map, count = 0;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (toa_endpoint_compare(&config->map[middle].vip, vip) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low + count < config->n_map && toa_endpoint_equal(&config->map[low + count].vip, vip)) {
        count++;
    }
    *ret_first = config->map + low;
    return count;
}

const toa_endpoint *toa_config_map_server(const toa_config *config, const toa_endpoint *vip, int64_t time)
{
    const toa_map_row *rows;
    const toa_endpoint *found = NULL;
    unsigned n = toa_config_map_lookup(config, vip, &rows);

    for (unsigned i = 0; i < n; i++) {
        if (!toa_map_row_holds(&rows[i], time)) {
            continue;
        }
        if (found && !toa_endpoint_equal(found, &rows[i].server)) {
            return NULL;
        }
        found = &rows[i].server;
    }
    return found;
}

/* Reads seconds up to the character `end`; no digits mean 0. */
static bool parse_seconds(const char **at, char end, int64_t *ret_ns)
{
    int64_t seconds = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        seconds = seconds * 10 + (**at - '0');
        if (seconds > TOA_SECONDS_MAX) {
            return false;
        }
    }
    *ret_ns = seconds * TOA_SECOND;
    return **at == end;
}

bool toa_map_row_parse_server(const char *text, uint16_t port, toa_map_row *ret_row)
{
    char address[64];
    const char *at = strchr(text, '@');
    size_t length = at ? (size_t)(at - text) : strlen(text);
    toa_map_row row = *ret_row;

    if (length >= sizeof address) {
        return false;
    }
    memcpy(address, text, length);
    address[length] = '\0';
    row.from = row.until = 0;
    if (at) {
        at++;
        if (!parse_seconds(&at, '-', &row.from)) {
            return false;
        }
        at++;
        if (!parse_seconds(&at, '\0', &row.until)) {
            return false;
        }
        row.until += row.until ? TOA_SECOND - 1 : 0; /* to the end of that second */
    }
    if ((row.until && row.from > row.until) || !toa_endpoint_parse(address, port, &row.server)) {
        return false;
    }
    *ret_row = row;
    return true;
}
