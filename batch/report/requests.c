/* requests.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report/requests.h"

#include <string.h>

/* What lies further from the incident's facts than this is not drawn. */
#define MARGIN (2 * SCAN_NS_PER_S)

static void request_free(gpointer data)
{
    scan_request *self = data;

    g_hash_table_unref(self->tuples);
    g_hash_table_unref(self->ports);
    g_ptr_array_unref(self->flows);
    g_free(self);
}

void scan_packet_free(gpointer data)
{
    g_free(((scan_packet *)data)->source);
    g_free(((scan_packet *)data)->destination);
    g_free(data);
}

gboolean scan_request_has(const scan_request *self, const char *source, const char *destination)
{
    char *tuple = g_strdup_printf("%s %s", source, destination);
    gboolean found = g_hash_table_contains(self->tuples, tuple);

    g_free(tuple);
    return found;
}

static guint port_of(const char *endpoint)
{
    const char *colon = strrchr(endpoint, ':'); /* there is one: the schema of records */

    return (guint)g_ascii_strtoll(colon + 1, NULL, 10);
}

static void add_one_way(scan_request *self, const char *source, const char *destination)
{
    gint64 ports = scan_request_ports(port_of(source), port_of(destination));

    g_hash_table_add(self->tuples, g_strdup_printf("%s %s", source, destination));
    g_hash_table_add(self->ports, g_memdup2(&ports, sizeof ports));
}

static void add_request(GHashTable *requests, gint64 file, scan_flow *flow, gint64 from, gint64 to)
{
    scan_request *self = g_hash_table_lookup(requests, &file);

    if (!self) {
        self = g_new0(scan_request, 1);
        *self = (scan_request){g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                               g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL), g_ptr_array_new(), from, to};
        g_hash_table_insert(requests, g_memdup2(&file, sizeof file), self);
    }
    if (!scan_request_has(self, flow->client, flow->server)) {
        g_ptr_array_add(self->flows, flow);
        add_one_way(self, flow->client, flow->server);
        add_one_way(self, flow->server, flow->client);
    }
    self->from = MIN(self->from, from);
    self->to = MAX(self->to, to);
}

static void request_incident(GHashTable *requests, const scan_report *report, const scan_incident *incident)
{
    for (unsigned side = 0; side < scan_incident_sides(incident); side++) {
        for (guint i = 0; i < incident->flows[side]->len; i++) {
            scan_flow *flow = incident->flows[side]->pdata[i];
            const scan_skew *skew = scan_report_skew(report, flow->point);
            gint64 offset = skew ? skew->skew : 0;
            for (guint p = 0; p < flow->places->len; p++) {
                add_request(requests, g_array_index(flow->places, scan_place, p).file, flow,
                            incident->first_time + offset - MARGIN, incident->last_time + offset + MARGIN);
            }
        }
    }
}

scan_packets *scan_requests_read(const scan_report *report, guint max, scan_read_packets read, void *data)
{
    GHashTable *requests = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, request_free);
    scan_packets *packets = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    GHashTableIter iter;
    gpointer key, value;

    for (guint i = 0; i < MIN(report->incidents->len, max); i++) {
        request_incident(requests, report, report->incidents->pdata[i]);
    }
    g_hash_table_iter_init(&iter, requests);
    while (!scan_stop && g_hash_table_iter_next(&iter, &key, &value)) {
        scan_request *request = value;
        GPtrArray *list;
        request->from = request->from / SCAN_NS_PER_S * SCAN_NS_PER_S;
        request->to = (request->to / SCAN_NS_PER_S + 1) * SCAN_NS_PER_S;
        list = read(data, g_hash_table_lookup(report->local, key), request);
        for (guint i = 0; list && i < list->len; i++) {
            ((scan_packet *)list->pdata[i])->file = *(gint64 *)key;
        }
        if (list) {
            g_hash_table_insert(packets, g_memdup2(key, sizeof(gint64)), list);
        }
    }
    g_hash_table_unref(requests);
    return packets;
}
