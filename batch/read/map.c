/* map.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/map.h"

#include "read/map-json.h"
#include "read/map-text.h"

#include <string.h>

static gboolean read_file(scan_map *map, scan_map_kubernetes *kubernetes, const char *path, GError **error)
{
    guint before = map->rows->len, known = scan_map_json_count(kubernetes);
    char *text, *start;
    gboolean ok = TRUE;

    if (!g_file_get_contents(path, &text, NULL, error)) {
        return FALSE;
    }
    start = text + strspn(text, " \t\r\n");
    if (*start == '{' || (*start == '[' && start[strspn(start, "[ \t\r\n")] == '{')) {
        ok = scan_map_json(map, kubernetes, path, text, error);
    } else {
        ok = scan_map_text(map, path, text, error);
    }
    g_free(text);
    if (ok && map->rows->len == before && scan_map_json_count(kubernetes) == known) {
        g_set_error(error, SCAN_FAILURE, 0,
                    "%s: no row of a map in it (expected: ipvsadm -Ln or -Sn, conntrack -L or -E -o timestamp, kubectl get "
                    "services,endpointslices,nodes -o json, nft -j list ruleset, or VIP,port,RS,port[,from,until])", path);
        return FALSE;
    }
    return ok;
}

gboolean scan_map_read(scan_map *map, char **paths, GError **error)
{
    scan_map_kubernetes *kubernetes = scan_map_kubernetes_new();
    gboolean ok = TRUE;

    for (char **path = paths; path && *path && ok; path++) {
        ok = read_file(map, kubernetes, *path, error);
    }
    if (ok) {
        scan_map_kubernetes_join(map, kubernetes);
    }
    if (!paths || !*paths) {
        /* no map */
    } else if (ok && map->rows->len == 0) {
        g_set_error(error, SCAN_FAILURE, 0, "%s: no row of a map: services and endpointslices belong together", *paths);
        ok = FALSE;
    } else if (ok && map->rows->len > SCAN_MAP_ROWS_MAX) {
        g_set_error(error, SCAN_FAILURE, 0, "%s: %u rows of a map, more than %d", *paths, map->rows->len, SCAN_MAP_ROWS_MAX);
        ok = FALSE;
    }
    scan_map_kubernetes_free(kubernetes);
    return ok;
}
