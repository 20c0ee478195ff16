/* packets.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report/packets.h"

#include "read/child.h"

#include <json-glib/json-glib.h>

#include <string.h>

/* What lies further from the incident's facts than this is not drawn. */
#define MARGIN (2 * SCAN_NS_PER_S)

#define SECONDS 3600 /* for one file */

/* What is wanted of one file. */
typedef struct packet_request {
    GString *streams; /* "1,5,7" */
    gint64 from, to;  /* ns, as captured */
} packet_request;

static void request_free(gpointer data)
{
    packet_request *self = data;

    g_string_free(self->streams, TRUE);
    g_free(self);
}

static void packet_free(gpointer data)
{
    g_free(((scan_packet *)data)->source);
    g_free(data);
}

static void add_request(GHashTable *requests, const scan_place *place, gint64 from, gint64 to)
{
    packet_request *entry = g_hash_table_lookup(requests, &place->file);

    if (!entry) {
        entry = g_new0(packet_request, 1);
        *entry = (packet_request){g_string_new(NULL), from, to};
        g_hash_table_insert(requests, g_memdup2(&place->file, sizeof place->file), entry);
    }
    g_string_append_printf(entry->streams, "%s%" G_GINT64_FORMAT, entry->streams->len ? "," : "", place->stream);
    entry->from = MIN(entry->from, from);
    entry->to = MAX(entry->to, to);
}

static void request_for(GHashTable *requests, const scan_report *report, const scan_incident *incident)
{
    for (unsigned side = 0; side < scan_incident_sides(incident); side++) {
        for (guint i = 0; i < incident->flows[side]->len; i++) {
            const scan_flow *flow = incident->flows[side]->pdata[i];
            const scan_skew *skew = scan_report_skew(report, flow->point);
            gint64 offset = skew ? skew->skew : 0;
            for (guint p = 0; p < flow->places->len; p++) {
                add_request(requests, &g_array_index(flow->places, scan_place, p), incident->first_time + offset - MARGIN,
                            incident->last_time + offset + MARGIN);
            }
        }
    }
}

/* ---- tshark's answer ---- */

/* The last (innermost) value of the field; NULL: none. */
static const char *field(JsonObject *layers, const char *name)
{
    JsonArray *values = json_object_has_member(layers, name) ? json_object_get_array_member(layers, name) : NULL;
    guint count = values ? json_array_get_length(values) : 0;

    return count ? json_array_get_string_element(values, count - 1) : NULL;
}

static gint64 number(JsonObject *layers, const char *name)
{
    const char *text = field(layers, name);

    return text ? g_ascii_strtoll(text, NULL, 0) : -1;
}

/* Seconds with nine digits. */
static gint64 nanoseconds(const char *text)
{
    char *end;
    gint64 ns = g_ascii_strtoll(text, &end, 10) * SCAN_NS_PER_S;

    if (*end == '.') {
        char digits[10] = "000000000";
        memcpy(digits, end + 1, MIN(strlen(end + 1), 9));
        ns += g_ascii_strtoll(digits, NULL, 10);
    }
    return ns;
}

static void read_packet(JsonArray *array G_GNUC_UNUSED, guint index G_GNUC_UNUSED, JsonNode *node, gpointer data)
{
    JsonObject *source = json_object_get_object_member(json_node_get_object(node), "_source");
    JsonObject *layers = source ? json_object_get_object_member(source, "layers") : NULL;
    const char *time = layers ? field(layers, "frame.time_epoch") : NULL, *address;
    scan_packet *packet;

    if (!time) {
        return;
    }
    packet = g_new0(scan_packet, 1);
    packet->frame = number(layers, "frame.number");
    packet->stream = number(layers, "tcp.stream");
    packet->time = nanoseconds(time);
    packet->flags = number(layers, "tcp.flags");
    packet->seq = number(layers, "tcp.seq_raw");
    packet->ack = number(layers, "tcp.ack_raw");
    packet->length = number(layers, "tcp.len");
    packet->ip_id = number(layers, "ip.id");
    address = field(layers, "ipv6.src");
    packet->source = address ? g_strdup_printf("[%s]:%s", address, field(layers, "tcp.srcport"))
                             : g_strdup_printf("%s:%s", field(layers, "ip.src"), field(layers, "tcp.srcport"));
    g_ptr_array_add(data, packet);
}

static GPtrArray *read_file(const char *tshark, const char *path, const packet_request *request)
{
    char *filter = g_strdup_printf(
        "tcp.stream in {%s} && frame.time_epoch >= %" G_GINT64_FORMAT " && frame.time_epoch <= %" G_GINT64_FORMAT,
        request->streams->str, request->from / SCAN_NS_PER_S, request->to / SCAN_NS_PER_S + 1);
    const char *const arguments[] = {
        tshark, "-n",         "-r", path,            "-o", "toa.analysis:FALSE", "-Y", filter,   "-T", "json",
        "-e",   "frame.number", "-e", "frame.time_epoch", "-e", "tcp.stream",         "-e", "tcp.flags", "-e", "tcp.seq_raw",
        "-e",   "tcp.ack_raw",  "-e", "tcp.len",          "-e", "ip.id",              "-e", "ip.src",    "-e", "ipv6.src",
        "-e",   "tcp.srcport",  NULL};
    GPtrArray *packets = NULL;
    JsonParser *parser = json_parser_new();
    char *output;

    GError *error = NULL;

    if (scan_child_run(arguments, SECONDS, &output, &error)) {
        if (json_parser_load_from_data(parser, output, -1, NULL) &&
            JSON_NODE_HOLDS_ARRAY(json_parser_get_root(parser))) {
            packets = g_ptr_array_new_with_free_func(packet_free);
            json_array_foreach_element(json_node_get_array(json_parser_get_root(parser)), read_packet, packets);
        }
        g_free(output);
    } else if (!scan_stop) {
        scan_warn("%s: no picture of its packets: %s", path, error->message);
    }
    g_clear_error(&error);
    g_object_unref(parser);
    g_free(filter);
    return packets;
}

scan_packets *scan_packets_load(const scan_report *report, guint max, const char *tshark)
{
    GHashTable *requests = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, request_free);
    scan_packets *packets =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    GHashTableIter iter;
    gpointer key, value;

    for (guint i = 0; i < MIN(report->incidents->len, max); i++) {
        request_for(requests, report, report->incidents->pdata[i]);
    }
    g_hash_table_iter_init(&iter, requests);
    while (!scan_stop && g_hash_table_iter_next(&iter, &key, &value)) {
        const char *path = g_hash_table_lookup(report->local, key);
        GPtrArray *list = path && g_file_test(path, G_FILE_TEST_IS_REGULAR) ? read_file(tshark, path, value) : NULL;
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
