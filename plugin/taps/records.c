/* records.c
 * "-z toa,records": one JSON object a line on standard output, for batch work. First, while the capture is read, one
 * line per finding and per unexplained segment, in the order of the frames; then one line per conversation, in the
 * order of tcp.stream. So the conversations alone take memory.
 *
 * Numbers are raw, times are nanoseconds since the epoch, null is what is not known. The order of members is fixed.
 * Streams and keys in conversation lines are what was known at the end, in one pass and in two.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/parts.h"
#include "taps/talks.h"

#include <wsutil/inet_addr.h>
#include <wsutil/json_dumper.h>

#include <inttypes.h>
#include <stdio.h>

/* ---- members ---- */

static void put_text(json_dumper *out, const char *name, const char *value)
{
    json_dumper_set_member_name(out, name);
    if (value) {
        json_dumper_value_string(out, value);
    } else {
        json_dumper_value_anyf(out, "null");
    }
}

static void put_number(json_dumper *out, const char *name, bool known, int64_t value)
{
    json_dumper_set_member_name(out, name);
    if (known) {
        json_dumper_value_anyf(out, "%" PRId64, value);
    } else {
        json_dumper_value_anyf(out, "null");
    }
}

static void put_bool(json_dumper *out, const char *name, bool known, bool value)
{
    json_dumper_set_member_name(out, name);
    json_dumper_value_anyf(out, known ? value ? "true" : "false" : "null");
}

/* NULL: unknown. */
static void put_endpoint(json_dumper *out, const char *ip_name, const char *port_name, const toa_endpoint *endpoint)
{
    char text[WS_INET6_ADDRSTRLEN];

    if (endpoint && endpoint->family == TOA_FAMILY_IPV6) {
        ws_inet_ntop6(endpoint->address, text, sizeof text);
    } else if (endpoint) {
        ws_inet_ntop4(endpoint->address, text, sizeof text);
    }
    put_text(out, ip_name, endpoint ? text : NULL);
    put_number(out, port_name, endpoint != NULL, endpoint ? endpoint->port : 0);
}

static void begin(json_dumper *out, const char *record)
{
    json_dumper_begin_object(out);
    put_text(out, "record", record);
}

static void end(json_dumper *out)
{
    json_dumper_end_object(out);
    json_dumper_finish(out);
}

/* ---- conversations ---- */

typedef struct side_names {
    const char *isn, *low, *next, *ack, *tsval, *ip_id;
} side_names;

static const side_names client_names = {"client_isn", "client_low",   "client_next",
                                        "client_ack", "client_tsval", "client_ip_id"};
static const side_names server_names = {"server_isn", "server_low",   "server_next",
                                        "server_ack", "server_tsval", "server_ip_id"};

static void put_side(json_dumper *out, const side_names *names, const toa_side *side)
{
    bool shown = (side->flags & TOA_SIDE_SHOWN) != 0;

    put_number(out, names->isn, side->flags & TOA_SIDE_SYN, side->isn);
    put_number(out, names->low, shown, side->low);
    put_number(out, names->next, shown, side->next);
    put_number(out, names->ack, side->n_acks > 0, side->acks[0]);
    put_number(out, names->tsval, side->flags & TOA_SIDE_TSVAL, side->tsval);
    put_number(out, names->ip_id, side->ip_id != 0, side->ip_id);
}

static void put_conversation(json_dumper *out, const toa_talk *talk)
{
    static const char *const roles[] = {[TOA_ROLES_NONE] = NULL,         [TOA_ROLES_PORT] = "port",
                                        [TOA_ROLES_MAP] = "map",         [TOA_ROLES_TOA] = "toa",
                                        [TOA_ROLES_SYNACK] = "syn-ack",  [TOA_ROLES_SYN] = "syn"};
    const toa_conversation *conv = talk->conv, *leg = toa_engine_leg(conv);
    const toa_side *client = &conv->side[conv->client], *server = &conv->side[!conv->client];
    bool syn = conv->syn_time != 0, synack = (conv->flags & TOA_CONV_SYNACK_SEEN) != 0;

    begin(out, "conversation");
    put_number(out, "stream", true, conv->stream);
    put_number(out, "key_stream", true, conv->key->stream);
    put_endpoint(out, "client_ip", "client_port", toa_wire_client(conv));
    put_endpoint(out, "server_ip", "server_port", toa_wire_server(conv));
    put_endpoint(out, "key_client_ip", "key_client_port", &conv->key->client->endpoint);
    put_endpoint(out, "key_server_ip", "key_server_port", &conv->key->server->endpoint);
    put_text(out, "key_source", toa_tap_key_source[conv->source]);
    put_endpoint(out, "toa_ip", "toa_port", toa_engine_named(conv));
    put_number(out, "leg_stream", leg != NULL, leg ? leg->stream : 0);
    put_text(out, "roles", roles[conv->roles]);
    put_number(out, "first_frame", true, talk->first_frame);
    put_number(out, "last_frame", true, talk->last_frame);
    put_number(out, "first_time", true, talk->first_time);
    put_number(out, "last_time", true, talk->last_time);
    put_number(out, "frames", true, talk->n_frames);
    put_number(out, "closed_time", conv->flags & TOA_CONV_CLOSED, conv->close_time);
    put_number(out, "syn_time", syn, conv->syn_time);
    put_number(out, "synack_time", synack, conv->synack_time);
    put_side(out, &client_names, client);
    put_side(out, &server_names, server);
    put_bool(out, "client_timestamps", client->flags & TOA_SIDE_SYN, client->flags & TOA_SIDE_TIMESTAMPS);
    put_bool(out, "server_timestamps", server->flags & TOA_SIDE_SYN, server->flags & TOA_SIDE_TIMESTAMPS);
    put_number(out, "rtt_ns", syn && synack, conv->synack_time - conv->syn_time);
    end(out);
}

/* ---- findings and unexplained segments ---- */

/* From "from" to "tsecr". */
static void put_segment(json_dumper *out, const toa_layer *layer)
{
    const toa_segment *segment = layer->segment;
    bool stamped = segment->options.has_timestamps;

    put_text(out, "from", toa_tap_from_client(layer) ? "client" : "server");
    put_number(out, "flags", true, segment->flags);
    put_number(out, "seq", true, segment->seq);
    put_number(out, "ack", segment->flags & TOA_FLAG_ACK, segment->ack);
    put_number(out, "length", true, segment->length);
    put_number(out, "ip_id", segment->source.family == TOA_FAMILY_IPV4, segment->ip_id);
    put_number(out, "tsval", stamped, segment->options.tsval);
    put_number(out, "tsecr", stamped, segment->options.tsecr);
}

static void put_evidence(json_dumper *out, uint16_t evidence)
{
    json_dumper_set_member_name(out, "evidence");
    json_dumper_begin_array(out);
    for (unsigned i = 0; i < TOA_TAP_EVIDENCE_MAX; i++) {
        if (evidence & toa_tap_evidence[i].bit) {
            json_dumper_value_string(out, toa_tap_evidence[i].name);
        }
    }
    json_dumper_end_array(out);
}

static const char *severity_name(const toa_finding *finding)
{
    static const char *const names[] = {[TOA_CHAT] = "chat", [TOA_NOTE] = "note", [TOA_WARN] = "warn"};

    return names[toa_finding_severity((toa_finding_kind)finding->kind, toa_glue_config()->rewriting)];
}

static void put_finding(json_dumper *out, const toa_layer *layer, const toa_finding *finding)
{
    begin(out, "finding");
    put_text(out, "finding", toa_tap_finding_name(finding->kind));
    put_text(out, "severity", severity_name(finding));
    put_number(out, "frame", true, layer->segment->frame);
    put_number(out, "time", true, layer->segment->time);
    put_number(out, "stream", true, layer->conversation->stream);
    put_segment(out, layer);
    put_number(out, "other_stream", finding->other != NULL, finding->other ? finding->other->stream : 0);
    put_number(out, "other_frame", finding->other_frame != 0, finding->other_frame);
    put_evidence(out, finding->evidence);
    put_number(out, "ip_id_delta", finding->evidence & TOA_EV_IP_ID, finding->ip_id_delta);
    put_number(out, "isn_error_ns", finding->evidence & TOA_EV_ISN_CLOCK, finding->isn_error);
    put_number(out, "count", finding->count != 0, finding->count);
    end(out);
}

static void put_unexplained(json_dumper *out, const toa_layer *layer)
{
    begin(out, "unexplained");
    put_number(out, "frame", true, layer->segment->frame);
    put_number(out, "time", true, layer->segment->time);
    put_number(out, "stream", true, layer->conversation->stream);
    put_segment(out, layer);
    end(out);
}

/* ---- the listener ---- */

typedef struct records {
    toa_talks talks;
    json_dumper out;
} records;

static void *create(void)
{
    records *self = g_new0(records, 1);

    self->out.output_file = stdout;
    toa_talks_init(&self->talks);
    return self;
}

static void reset(void *data)
{
    toa_talks_reset(&((records *)data)->talks);
}

static tap_packet_status packet(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *tapped,
                                tap_flags_t flags _U_)
{
    records *self = data;
    const toa_layer *layer = tapped;

    toa_talks_add(&self->talks, layer);
    for (unsigned i = 0; i < layer->n_findings; i++) {
        put_finding(&self->out, layer, &layer->findings[i]);
    }
    if (layer->unexplained) {
        put_unexplained(&self->out, layer);
    }
    return TAP_PACKET_REDRAW;
}

static void draw(void *data)
{
    records *self = data;
    GPtrArray *sorted = toa_talks_sorted(&self->talks);

    for (guint i = 0; i < sorted->len; i++) {
        put_conversation(&self->out, sorted->pdata[i]);
    }
    g_ptr_array_free(sorted, TRUE);
    fflush(stdout);
}

static void destroy(void *data)
{
    toa_talks_free(&((records *)data)->talks);
    g_free(data);
}

void toa_tap_records_register(void)
{
    static const toa_tap_text text = {"toa,records", create, reset, packet, draw, destroy};

    toa_tap_text_register(&text);
}
