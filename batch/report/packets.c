/* packets.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report/packets.h"

#include "read/child.h"

#include <json-glib/json-glib.h>

#include <string.h>

#define SECONDS 3600 /* for one file */

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

/* "1,5,7" */
static GString *streams_of(const scan_request *request)
{
    GString *text = g_string_new(NULL);
    GHashTableIter iter;
    gpointer stream;

    g_hash_table_iter_init(&iter, request->streams);
    while (g_hash_table_iter_next(&iter, &stream, NULL)) {
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, text->len ? "," : "", *(gint64 *)stream);
    }
    return text;
}

static GPtrArray *read_file(void *tshark, const char *path, const scan_request *request)
{
    GString *streams = streams_of(request);
    char *filter = g_strdup_printf(
        "tcp.stream in {%s} && frame.time_epoch >= %" G_GINT64_FORMAT " && frame.time_epoch <= %" G_GINT64_FORMAT, streams->str,
        request->from / SCAN_NS_PER_S, request->to / SCAN_NS_PER_S);
    const char *const arguments[] = {
        tshark, "-n",         "-r", path,            "-o", "toa.analysis:FALSE", "-Y", filter,   "-T", "json",
        "-e",   "frame.number", "-e", "frame.time_epoch", "-e", "tcp.stream",         "-e", "tcp.flags", "-e", "tcp.seq_raw",
        "-e",   "tcp.ack_raw",  "-e", "tcp.len",          "-e", "ip.id",              "-e", "ip.src",    "-e", "ipv6.src",
        "-e",   "tcp.srcport",  NULL};
    GPtrArray *packets = NULL;
    JsonParser *parser = json_parser_new();
    char *output;
    GError *error = NULL;

    if (!path || !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        /* of another host, or gone */
    } else if (scan_child_run(arguments, SECONDS, &output, &error)) {
        if (json_parser_load_from_data(parser, output, -1, NULL) &&
            JSON_NODE_HOLDS_ARRAY(json_parser_get_root(parser))) {
            packets = g_ptr_array_new_with_free_func(scan_packet_free);
            json_array_foreach_element(json_node_get_array(json_parser_get_root(parser)), read_packet, packets);
        }
        g_free(output);
    } else if (!scan_stop) {
        scan_warn("%s: no picture of its packets: %s", path, error->message);
    }
    g_clear_error(&error);
    g_object_unref(parser);
    g_free(filter);
    g_string_free(streams, TRUE);
    return packets;
}

scan_packets *scan_packets_load(const scan_report *report, guint max, const char *tshark)
{
    return scan_requests_read(report, max, read_file, (void *)tshark);
}
