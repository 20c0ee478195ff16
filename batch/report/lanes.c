/* lanes.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report/lanes.h"

#include "report/words.h"

#include <string.h>

#define MAX_ROWS 90
#define ROW 24
#define TOP 64
#define WIDTH 1180

enum { LANE_CLIENT, LANE_LVS, LANE_RS };
static const int lane_x[] = {190, 480, 770};

typedef struct lane_row {
    gint64 time, flags, seq, ack, length, ip_id, file, frame;
    unsigned own;          /* 0 or 1: connection that carries it */
    gboolean from_client;
    int left, right;       /* lanes of the leg */
    const scan_fact *fact; /* NULL: its own */
    gboolean marked;       /* to be drawn in any case */
} lane_row;

/* ---- rows ---- */

/* One flow a leg: the capture point that saw most of it. */
static gboolean is_best(const GPtrArray *flows, const scan_flow *flow)
{
    for (guint i = 0; i < flows->len; i++) {
        const scan_flow *other = flows->pdata[i];
        gboolean same_leg = g_str_equal(other->client, flow->client) && g_str_equal(other->server, flow->server);
        if (same_leg && (other->frames > flow->frames ||
                         (other->frames == flow->frames && strcmp(other->point, flow->point) < 0))) {
            return FALSE;
        }
    }
    return TRUE;
}

/* What the real server sees, as the incident has it. */
static char *real_server(const scan_incident *incident)
{
    const char *arrow = strstr(incident->key, " > ");

    return g_strdup(arrow ? arrow + 3 : "");
}

static const scan_fact *fact_of(const scan_incident *incident, gint64 file, gint64 frame)
{
    const scan_fact *found = NULL;

    for (guint i = 0; i < incident->facts->len; i++) {
        const scan_fact *fact = incident->facts->pdata[i];
        if (fact->file == file && fact->frame == frame &&
            (g_str_has_prefix(fact->finding, "foreign.") || g_str_equal(fact->finding, "stale_session"))) {
            found = fact;
        }
    }
    return found;
}

static void set_lanes(lane_row *row, const scan_flow *flow, const scan_incident *incident, const char *server)
{
    size_t length = strlen(flow->client);

    row->left = strncmp(incident->key, flow->client, length) == 0 && incident->key[length] == ' ' ? LANE_CLIENT : LANE_LVS;
    row->right = g_str_equal(flow->server, server) ? LANE_RS : LANE_LVS;
    if (row->left == row->right) {
        row->left = LANE_CLIENT;
    }
}

/* Another connection of the flow's wire tuple, of the same incident, that began after it and before that time. */
static gboolean is_succeeded(const scan_incident *incident, const scan_flow *flow, gint64 time)
{
    for (unsigned side = 0; side < scan_incident_sides(incident); side++) {
        for (guint i = 0; i < incident->flows[side]->len; i++) {
            const scan_flow *other = incident->flows[side]->pdata[i];
            if (other->first_time > flow->first_time && other->first_time <= time && g_str_equal(other->point, flow->point) &&
                g_str_equal(other->client, flow->client) && g_str_equal(other->server, flow->server)) {
                return TRUE;
            }
        }
    }
    return FALSE;
}

/* Of its wire tuple and in its time; time as corrected. */
static gboolean is_of_flow(const scan_incident *incident, const scan_flow *flow, const scan_packet *packet, gint64 time)
{
    gboolean there = g_str_equal(packet->source, flow->client) && g_str_equal(packet->destination, flow->server);
    gboolean back = g_str_equal(packet->source, flow->server) && g_str_equal(packet->destination, flow->client);

    return (there || back) && time >= flow->first_time && time <= flow->last_time && !is_succeeded(incident, flow, time);
}

static void add_packets(GArray *rows, const scan_incident *incident, const scan_flow *flow, unsigned own, gint64 skew,
                        const char *server, const GPtrArray *packets)
{
    for (guint i = 0; i < packets->len; i++) {
        const scan_packet *packet = packets->pdata[i];
        if (!is_of_flow(incident, flow, packet, packet->time - skew)) {
            continue;
        }
        lane_row row = {.time = packet->time - skew, .flags = packet->flags, .seq = packet->seq, .ack = packet->ack,
                   .length = packet->length, .ip_id = packet->ip_id, .file = packet->file,
                   .frame = packet->frame, .own = own};
        row.from_client = g_str_equal(packet->source, flow->client);
        row.fact = fact_of(incident, packet->file, packet->frame);
        row.marked = row.fact || (row.flags & 7);
        set_lanes(&row, flow, incident, server);
        g_array_append_val(rows, row);
    }
}

/* Where the capture is not here: what the facts say. */
static void add_facts(GArray *rows, const scan_incident *incident, const scan_flow *flow, unsigned own, gint64 file,
                      const char *server)
{
    for (guint i = 0; i < incident->facts->len; i++) {
        const scan_fact *fact = incident->facts->pdata[i];
        if (fact->file != file || fact->own != own || fact_of(incident, file, fact->frame) != fact) {
            continue;
        }
        lane_row row = {.time = fact->at, .flags = fact->flags, .seq = fact->seq, .ack = fact->ack, .length = -1,
                   .ip_id = fact->ip_id, .file = file, .frame = fact->frame, .own = own, .fact = fact, .marked = TRUE};
        row.from_client = g_strcmp0(fact->sender, "client") == 0;
        set_lanes(&row, flow, incident, server);
        g_array_append_val(rows, row);
    }
}

static int compare_rows(gconstpointer a, gconstpointer b)
{
    const lane_row *x = a, *y = b;

    return x->time < y->time ? -1 : x->time > y->time;
}

static GArray *collect(const scan_report *report, const scan_incident *incident, scan_packets *packets)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(lane_row));
    char *server = real_server(incident);

    for (unsigned own = 0; own < scan_incident_sides(incident); own++) {
        for (guint i = 0; i < incident->flows[own]->len; i++) {
            const scan_flow *flow = incident->flows[own]->pdata[i];
            const scan_skew *skew = scan_report_skew(report, flow->point);
            for (guint p = 0; is_best(incident->flows[own], flow) && p < flow->places->len; p++) {
                const scan_place *place = &g_array_index(flow->places, scan_place, p);
                const GPtrArray *list = g_hash_table_lookup(packets, &place->file);
                if (list) {
                    add_packets(rows, incident, flow, own, skew ? skew->skew : 0, server, list);
                } else {
                    add_facts(rows, incident, flow, own, place->file, server);
                }
            }
        }
    }
    g_free(server);
    g_array_sort(rows, compare_rows);
    return rows;
}

/* The segment that the finding names; -1: none, or not drawn. */
static int named_row(const GArray *rows, const lane_row *foreign)
{
    for (guint i = 0; i < rows->len; i++) {
        const lane_row *other = &g_array_index(rows, lane_row, i);
        if (other->file == foreign->fact->other_file && other->frame == foreign->fact->other_frame) {
            return (int)i;
        }
    }
    return -1;
}

/* The newest earlier segment of the owner that this one's number comes from: what its sender sent before, or what the
 * peer acknowledged. A load balancer may have shifted the number: then what the finding names. -1: not drawn. */
static int owner_row(const GArray *rows, int at)
{
    const lane_row *foreign = &g_array_index(rows, lane_row, at);

    for (int i = at - 1; i >= 0; i--) {
        const lane_row *other = &g_array_index(rows, lane_row, i);
        gint64 length = MAX(other->length, 0) + ((other->flags & 3) != 0);
        if (other->own == foreign->own || other->fact) {
            continue;
        }
        if (other->from_client == foreign->from_client ? (other->seq + length) % G_GINT64_CONSTANT(4294967296) == foreign->seq
                                                       : other->ack == foreign->seq) {
            return i;
        }
    }
    return named_row(rows, foreign);
}

/* Thins out what is not marked. Returns how many rows went. */
static guint thin_out(GArray *rows)
{
    guint before = rows->len;

    for (guint i = 0; i < rows->len; i++) {
        int owner = g_array_index(rows, lane_row, i).fact ? owner_row(rows, (int)i) : -1;
        if (owner >= 0) {
            g_array_index(rows, lane_row, owner).marked = TRUE;
        }
    }
    for (guint i = rows->len; rows->len > MAX_ROWS && i-- > 0;) {
        if (!g_array_index(rows, lane_row, i).marked) {
            g_array_remove_index(rows, i);
        }
    }
    if (rows->len > MAX_ROWS) {
        g_array_set_size(rows, MAX_ROWS);
    }
    return before - rows->len;
}

/* ---- drawing ---- */

static int y_of(int at)
{
    return TOP + 20 + at * ROW;
}

/* What the client dials: the first endpoint that is not the real server. */
static const char *vip(const scan_incident *incident, const char *server)
{
    for (unsigned side = 0; side < 2; side++) {
        for (guint i = 0; i < incident->flows[side]->len; i++) {
            const scan_flow *flow = incident->flows[side]->pdata[i];
            if (!g_str_equal(flow->server, server)) {
                return flow->server;
            }
        }
    }
    return "";
}

static void draw_lanes(GString *page, const scan_incident *incident, int bottom)
{
    static const char *const names[] = {"client", "load balancer", "real server"};
    char *server = real_server(incident), *client = g_strndup(incident->key, strcspn(incident->key, " "));
    const char *addresses[] = {client, vip(incident, server), server};

    for (unsigned i = 0; i < 3; i++) {
        char *address = g_markup_escape_text(addresses[i], -1); /* records of other hosts may hold anything */
        g_string_append_printf(page,
                               "<line class=\"lane\" x1=\"%d\" y1=\"44\" x2=\"%d\" y2=\"%d\"/>"
                               "<text class=\"head\" x=\"%d\" y=\"18\">%s</text><text class=\"sub\" x=\"%d\" y=\"36\">%s</text>",
                               lane_x[i], lane_x[i], bottom, lane_x[i], names[i], lane_x[i], address);
        g_free(address);
    }
    g_free(server);
    g_free(client);
}

static void draw_row(GString *page, const lane_row *row, int at, gint64 start)
{
    int from = lane_x[row->from_client ? row->left : row->right], to = lane_x[row->from_client ? row->right : row->left];
    int y = y_of(at), tip = to > from ? to - 7 : to + 7;
    char owner = (char)('a' + (row->fact ? !row->own : row->own));
    const char *flags = scan_words_flags(row->flags);

    g_string_append_printf(page, "<g class=\"%c%s\"><text class=\"time\" x=\"8\" y=\"%d\">+%.6f</text>", owner,
                           row->fact ? " foreign" : "", y + 4, (double)(row->time - start) / SCAN_NS_PER_S);
    g_string_append_printf(page, "<line class=\"arrow\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
                                 "<path class=\"tip\" d=\"M%d %d l%d -4 v8 z\"/>",
                           from, y, tip, y, to, y, to > from ? -8 : 8);
    g_string_append_printf(page, "<text class=\"flags\" x=\"%d\" y=\"%d\">%c %s", (from + to) / 2, y - 4,
                           'A' + (char)row->own, flags);
    if (row->length > 0) {
        g_string_append_printf(page, " %" G_GINT64_FORMAT " B", row->length);
    }
    g_string_append_printf(page, "</text><text class=\"data\" x=\"800\" y=\"%d\">seq %" G_GINT64_FORMAT, y + 4, row->seq);
    if (row->flags & 0x10) {
        g_string_append_printf(page, " ack %" G_GINT64_FORMAT, row->ack);
    }
    if (row->ip_id >= 0) {
        g_string_append_printf(page, " IP-ID %" G_GINT64_FORMAT, row->ip_id);
    }
    if (row->fact) {
        g_string_append_printf(page, " &#8592; of %c", 'A' + (char)!row->own);
    }
    g_string_append(page, "</text></g>");
}

static void draw_link(GString *page, const GArray *rows, int at)
{
    const lane_row *foreign = &g_array_index(rows, lane_row, at);
    int owner = foreign->fact ? owner_row(rows, at) : -1;

    if (owner >= 0) {
        const lane_row *other = &g_array_index(rows, lane_row, owner);
        int x1 = (lane_x[foreign->left] * 3 + lane_x[foreign->right]) / 4;
        int x2 = (lane_x[other->left] * 3 + lane_x[other->right]) / 4;
        g_string_append_printf(page,
                               "<path class=\"link %c\" d=\"M%d %d C%d %d %d %d %d %d\"/><circle class=\"%c\" cx=\"%d\" "
                               "cy=\"%d\" r=\"3\"/><circle class=\"%c\" cx=\"%d\" cy=\"%d\" r=\"3\"/>",
                               'a' + (char)!foreign->own, x1, y_of(at), x1 - 60, y_of(at) - 8, x2 - 60, y_of(owner) + 8,
                               x2, y_of(owner), 'a' + (char)!foreign->own, x1, y_of(at), 'a' + (char)!foreign->own, x2,
                               y_of(owner));
    }
}

void scan_lanes_draw(GString *page, const scan_report *report, const scan_incident *incident, scan_packets *packets)
{
    GArray *rows = collect(report, incident, packets);
    guint left_out = thin_out(rows);
    int bottom = y_of((int)rows->len);
    gint64 start = rows->len ? g_array_index(rows, lane_row, 0).time : 0;
    char *time = scan_words_time(start);

    if (rows->len) {
        g_string_append_printf(page, "<div class=\"wide\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Segments of both connections over time\">",
                               WIDTH, bottom + 24);
        draw_lanes(page, incident, bottom);
        for (guint i = 0; i < rows->len; i++) {
            draw_link(page, rows, (int)i);
        }
        for (guint i = 0; i < rows->len; i++) {
            draw_row(page, &g_array_index(rows, lane_row, i), (int)i, start);
        }
        g_string_append_printf(page,
                               "<text class=\"time\" x=\"8\" y=\"36\">seconds since</text>"
                               "<text class=\"time\" x=\"8\" y=\"50\">%s</text>",
                               time + 11);
        g_string_append(page, "</svg></div>");
        g_string_append(page, "<p class=\"small\"><span class=\"ka\">Blue: connection A</span>, <span class=\"kb\">orange: "
                              "connection B</span>. The letter on an arrow is the connection that carries the segment, "
                              "the colour the one that it belongs to; thick and dashed where the two differ, with a "
                              "dotted line to the segment that it belongs to.</p>");
    }
    if (left_out) {
        g_string_append_printf(page, "<p class=\"small\">%u more segments are not drawn.</p>", left_out);
    }
    g_free(time);
    g_array_unref(rows);
}
