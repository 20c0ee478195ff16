/* packets.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report/packets.h"

#include "read/child.h"
#include "report/words.h"

#include <json-glib/json-glib.h>

#include <string.h>

#define SECONDS 3600 /* for one file */

/* What tshark answers for one file. */
typedef struct packet_answer {
    const scan_request *request;
    GPtrArray *packets; /* scan_packet */
} packet_answer;

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

static char *endpoint(const char *address, const char *port)
{
    return g_strdup_printf(strchr(address, ':') ? "[%s]:%s" : "%s:%s", address, port);
}

/* A tunnel may have both families, each with its addresses. */
static gboolean read_ends(JsonObject *layers, const scan_request *request, scan_packet *packet)
{
    static const char *const names[][2] = {{"ip.src", "ip.dst"}, {"ipv6.src", "ipv6.dst"}};
    const char *ports[] = {field(layers, "tcp.srcport"), field(layers, "tcp.dstport")};

    for (unsigned i = 0; ports[0] && ports[1] && i < G_N_ELEMENTS(names); i++) {
        const char *source = field(layers, names[i][0]), *destination = field(layers, names[i][1]);
        if (!source || !destination) {
            continue;
        }
        packet->source = endpoint(source, ports[0]);
        packet->destination = endpoint(destination, ports[1]);
        if (scan_request_has(request, packet->source, packet->destination)) {
            return TRUE;
        }
        g_clear_pointer(&packet->source, g_free);
        g_clear_pointer(&packet->destination, g_free);
    }
    return FALSE;
}

static void read_packet(JsonArray *array G_GNUC_UNUSED, guint index G_GNUC_UNUSED, JsonNode *node, gpointer data)
{
    JsonObject *source = json_object_get_object_member(json_node_get_object(node), "_source");
    JsonObject *layers = source ? json_object_get_object_member(source, "layers") : NULL;
    const char *time = layers ? field(layers, "frame.time_epoch") : NULL;
    packet_answer *answer = data;
    scan_packet *packet;

    if (!time) {
        return;
    }
    packet = g_new0(scan_packet, 1);
    packet->frame = number(layers, "frame.number");
    packet->time = nanoseconds(time);
    packet->flags = number(layers, "tcp.flags");
    packet->seq = number(layers, "tcp.seq_raw");
    packet->ack = number(layers, "tcp.ack_raw");
    packet->length = number(layers, "tcp.len");
    packet->ip_id = number(layers, "ip.id");
    if (read_ends(layers, answer->request, packet)) {
        g_ptr_array_add(answer->packets, packet);
    } else {
        scan_packet_free(packet);
    }
}

static char *filter_of(const scan_request *request)
{
    GString *filter = g_string_new(NULL);

    g_string_printf(filter, "frame.time_epoch >= %" G_GINT64_FORMAT " && frame.time_epoch <= %" G_GINT64_FORMAT " && (",
                    request->from / SCAN_NS_PER_S, request->to / SCAN_NS_PER_S);
    for (guint i = 0; i < request->flows->len; i++) {
        char *tuple = scan_words_tuple(request->flows->pdata[i]);
        g_string_append_printf(filter, "%s(%s)", i ? " || " : "", tuple);
        g_free(tuple);
    }
    g_string_append_c(filter, ')');
    return g_string_free(filter, FALSE);
}

static GPtrArray *read_file(void *tshark, const char *path, const scan_request *request)
{
    char *filter = filter_of(request);
    const char *const arguments[] = {
        tshark, "-n",           "-r", path,          "-o", "toa.analysis:FALSE", "-Y", filter,     "-T", "json",
        "-e",   "frame.number", "-e", "frame.time_epoch", "-e", "tcp.flags",     "-e", "tcp.seq_raw", "-e", "tcp.ack_raw",
        "-e",   "tcp.len",      "-e", "ip.id",       "-e", "ip.src",             "-e", "ip.dst",   "-e", "ipv6.src",
        "-e",   "ipv6.dst",     "-e", "tcp.srcport", "-e", "tcp.dstport",        NULL};
    packet_answer answer = {request, NULL};
    JsonParser *parser = json_parser_new();
    char *output;
    GError *error = NULL;

    if (!path || !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        /* of another host, or gone */
    } else if (scan_child_run(arguments, SECONDS, &output, &error)) {
        if (json_parser_load_from_data(parser, output, -1, NULL) &&
            JSON_NODE_HOLDS_ARRAY(json_parser_get_root(parser))) {
            answer.packets = g_ptr_array_new_with_free_func(scan_packet_free);
            json_array_foreach_element(json_node_get_array(json_parser_get_root(parser)), read_packet, &answer);
        }
        g_free(output);
    } else if (!scan_stop) {
        scan_warn("%s: no picture of its packets: %s", path, error->message);
    }
    g_clear_error(&error);
    g_object_unref(parser);
    g_free(filter);
    return answer.packets;
}

scan_packets *scan_packets_load(const scan_report *report, guint max, const char *tshark)
{
    return scan_requests_read(report, max, read_file, (void *)tshark);
}
