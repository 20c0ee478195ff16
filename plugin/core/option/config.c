/* config.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/option/config.h"

#include "core/base/host.h"

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

    return order ? order : toa_endpoint_compare(&left->server, &right->server);
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
