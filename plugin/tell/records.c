/* records.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/records.h"

#include "lists/versions.h"
#include "tell/settle.h"

/* ---- members ---- */

void toa_put_endpoint(toa_json *out, const char *ip_name, const char *port_name, const toa_endpoint *endpoint)
{
    char text[TOA_ADDRESS_TEXT];

    toa_json_text(out, ip_name, endpoint ? toa_address_format(endpoint, text) : NULL);
    toa_json_number(out, port_name, endpoint != NULL, endpoint ? endpoint->port : 0);
}

/* The number of a frame in its file, and which file that is, if there are several. */
static void put_frame(toa_records *records, const char *name, const char *file_name, bool known, uint32_t frame)
{
    const toa_rotation_file *file = known && records->rotation ? toa_rotation_find(records->rotation, frame) : NULL;
    uint32_t number = records->number && known ? records->number(records->number_data, frame)
                                               : frame - (file ? file->before : 0);

    toa_json_number(&records->out, name, known && number, number);
    if (records->rotation && file_name) {
        toa_json_text(&records->out, file_name, file ? file->name : NULL);
    }
}

static void begin(toa_json *out, const char *record)
{
    toa_json_begin(out);
    toa_json_text(out, "record", record);
}

/* ---- conversations ---- */

typedef struct side_names {
    const char *isn, *low, *next, *ack, *tsval, *ip_id;
} side_names;

static const side_names client_names = {"client_isn", "client_low",   "client_next",
                                        "client_ack", "client_tsval", "client_ip_id"};
static const side_names server_names = {"server_isn", "server_low",   "server_next",
                                        "server_ack", "server_tsval", "server_ip_id"};

static void put_side(toa_json *out, const side_names *names, const toa_side *side)
{
    bool shown = (side->flags & TOA_SIDE_SHOWN) != 0;

    toa_json_number(out, names->isn, side->flags & TOA_SIDE_SYN, side->isn);
    toa_json_number(out, names->low, shown, side->low);
    toa_json_number(out, names->next, shown, side->next);
    toa_json_number(out, names->ack, side->n_acks > 0, side->acks[0]);
    toa_json_number(out, names->tsval, side->flags & TOA_SIDE_TSVAL, side->tsval);
    toa_json_number(out, names->ip_id, side->ip_id != 0, side->ip_id);
}

/* What the file has of it, or all there is of it. */
static void put_extent(toa_records *records, const toa_stats *stats)
{
    toa_json *out = &records->out;
    bool parts = records->rotation != NULL, seen = !parts || stats->part_frames > 0;

    put_frame(records, "first_frame", NULL, seen, parts ? stats->part_first_frame : stats->first_frame);
    put_frame(records, "last_frame", NULL, seen, stats->last_frame);
    toa_json_number(out, "first_time", true, !parts ? stats->first_time : seen ? stats->part_first_time : stats->last_time);
    toa_json_number(out, "last_time", true, stats->last_time);
    toa_json_number(out, "frames", true, parts ? stats->part_frames : stats->n_frames);
}

static void put_conversation(toa_records *records, const toa_stats *stats)
{
    toa_json *out = &records->out;
    static const char *const roles[] = {[TOA_ROLES_NONE] = NULL,         [TOA_ROLES_PORT] = "port",
                                        [TOA_ROLES_MAP] = "map",         [TOA_ROLES_TOA] = "toa",
                                        [TOA_ROLES_SYNACK] = "syn-ack",  [TOA_ROLES_SYN] = "syn"};
    const toa_conversation *conv = stats->conv, *leg = toa_engine_leg(conv);
    const toa_conversation *one = records->one ? g_hash_table_lookup(records->one, conv) : NULL;
    const toa_side *client = &conv->side[conv->client], *server = &conv->side[!conv->client];
    bool syn = conv->syn_time != 0, synack = (conv->flags & TOA_CONV_SYNACK_SEEN) != 0;

    begin(out, "conversation");
    toa_json_number(out, "stream", true, conv->stream);
    toa_json_number(out, "key_stream", true, conv->key->stream);
    toa_put_endpoint(out, "client_ip", "client_port", toa_wire_client(conv));
    toa_put_endpoint(out, "server_ip", "server_port", toa_wire_server(conv));
    toa_put_endpoint(out, "key_client_ip", "key_client_port", &conv->key->client->endpoint);
    toa_put_endpoint(out, "key_server_ip", "key_server_port", &conv->key->server->endpoint);
    toa_json_text(out, "key_source", toa_tap_key_source[conv->source]);
    toa_put_endpoint(out, "toa_ip", "toa_port", toa_engine_named(conv));
    toa_json_number(out, "leg_stream", leg != NULL, leg ? leg->stream : 0);
    toa_json_number(out, "connection_stream", one && one != conv, one ? one->stream : 0);
    toa_json_text(out, "roles", roles[conv->roles]);
    put_extent(records, stats);
    toa_json_number(out, "closed_time", conv->flags & TOA_CONV_CLOSED, conv->close_time);
    toa_json_number(out, "syn_time", syn, conv->syn_time);
    toa_json_number(out, "synack_time", synack, conv->synack_time);
    put_side(out, &client_names, client);
    put_side(out, &server_names, server);
    toa_json_bool(out, "client_timestamps", client->flags & TOA_SIDE_SYN, client->flags & TOA_SIDE_TIMESTAMPS);
    toa_json_bool(out, "server_timestamps", server->flags & TOA_SIDE_SYN, server->flags & TOA_SIDE_TIMESTAMPS);
    toa_json_number(out, "rtt_ns", syn && synack, conv->synack_time - conv->syn_time);
    if (records->rotation) {
        toa_json_number(out, "file_stream", stats->part_frames > 0, stats->part_stream);
        toa_json_number(out, "began_time", true, stats->first_time);
    }
    toa_json_end(out);
}

/* ---- findings and unexplained segments ---- */

/* From "from" to "tsecr". */
static void put_segment(toa_json *out, const toa_layer *layer)
{
    const toa_segment *segment = layer->segment;
    bool stamped = segment->options.has_timestamps;

    toa_json_text(out, "from", toa_tap_from_client(layer) ? "client" : "server");
    toa_json_number(out, "flags", true, segment->flags);
    toa_json_number(out, "seq", true, segment->seq);
    toa_json_number(out, "ack", segment->flags & TOA_FLAG_ACK, segment->ack);
    toa_json_number(out, "length", true, segment->length);
    toa_json_number(out, "ip_id", segment->source.family == TOA_FAMILY_IPV4, segment->ip_id);
    toa_json_number(out, "tsval", stamped, segment->options.tsval);
    toa_json_number(out, "tsecr", stamped, segment->options.tsecr);
}

void toa_put_evidence(toa_json *out, uint16_t evidence)
{
    toa_json_array_begin(out, "evidence");
    for (unsigned i = 0; i < TOA_TAP_EVIDENCE_MAX; i++) {
        if (evidence & toa_tap_evidence[i].bit) {
            toa_json_element(out, toa_tap_evidence[i].name);
        }
    }
    toa_json_array_end(out);
}

static const char *severity_name(const toa_finding *finding, toa_rewriting rewriting)
{
    static const char *const names[] = {[TOA_CHAT] = "chat", [TOA_NOTE] = "note", [TOA_WARN] = "warn",
                                        [TOA_ERROR] = "error"};

    return names[toa_finding_severity((toa_finding_kind)finding->kind, rewriting)];
}

static void put_finding(toa_records *records, const toa_layer *layer, const toa_finding *finding)
{
    toa_json *out = &records->out;

    begin(out, "finding");
    toa_json_text(out, "finding", toa_tap_finding_name(finding->kind));
    toa_json_text(out, "severity", severity_name(finding, records->config->rewriting));
    put_frame(records, "frame", NULL, true, layer->segment->frame);
    toa_json_number(out, "time", true, layer->segment->time);
    toa_json_number(out, "stream", true, layer->conversation->stream);
    put_segment(out, layer);
    toa_json_number(out, "other_stream", finding->other != NULL, finding->other ? finding->other->stream : 0);
    put_frame(records, "other_frame", "other_file", finding->other_frame != 0, finding->other_frame);
    toa_put_evidence(out, finding->evidence);
    toa_json_text(out, "cause", finding->untranslated ? "untranslated" : NULL);
    toa_json_number(out, "ip_id_delta", finding->evidence & TOA_EV_IP_ID, finding->ip_id_delta);
    toa_json_number(out, "isn_error_ns", finding->evidence & TOA_EV_ISN_CLOCK, finding->isn_error);
    toa_json_number(out, "count", finding->count != 0, finding->count);
    toa_json_end(out);
}

static void put_unexplained(toa_records *records, const toa_layer *layer)
{
    toa_json *out = &records->out;

    begin(out, "unexplained");
    put_frame(records, "frame", NULL, true, layer->segment->frame);
    toa_json_number(out, "time", true, layer->segment->time);
    toa_json_number(out, "stream", true, layer->conversation->stream);
    put_segment(out, layer);
    toa_json_end(out);
}

/* ---- incidents ---- */

typedef struct victim_names {
    const char *stream, *frame, *file, *count;
} victim_names;

static const victim_names victim = {"victim_stream", "victim_since_frame", "victim_since_file", "victim_segments"};
static const victim_names victim2 = {"victim2_stream", "victim2_since_frame", "victim2_since_file", "victim2_segments"};

/* It is named by the conversation that the incident is told of, whichever leg has its questions. side 2: nobody. */
static void put_victim(toa_records *records, const victim_names *names, const toa_incident *incident, unsigned side)
{
    const toa_stats *stats = side < 2 ? toa_stats_find(&records->stats_table, toa_incident_asker(incident, side)) : NULL;
    const toa_conversation *conv = side == 0 ? incident->early : incident->late;

    toa_json_number(&records->out, names->stream, stats != NULL, conv->stream);
    put_frame(records, names->frame, names->file, stats != NULL, stats ? stats->wait_frame : 0);
    toa_json_number(&records->out, names->count, stats != NULL, stats ? stats->n_waiting : 0);
}

static void put_incident(toa_records *records, const toa_incident *incident)
{
    toa_json *out = &records->out;
    toa_load load = toa_incident_load(incident);
    unsigned victims = toa_incident_victims(incident, &records->stats_table);

    begin(out, "incident");
    toa_json_text(out, "verdict", toa_verdict_name(toa_incident_verdict(incident)));
    toa_json_number(out, "early_stream", true, incident->early->stream);
    toa_json_number(out, "late_stream", true, incident->late->stream);
    put_frame(records, "first_frame", "first_file", true, incident->first_frame);
    put_frame(records, "last_frame", "last_file", true, incident->last_frame);
    toa_json_number(out, "first_time", true, incident->first_time);
    toa_json_number(out, "last_time", true, incident->last_time);
    toa_json_number(out, "rsts", true, load.rsts);
    toa_json_number(out, "segments", true, load.segments);
    toa_json_number(out, "dup_acks", true, load.dup_acks);
    put_victim(records, &victim, incident, victims & TOA_VICTIM_EARLY ? 0 : victims & TOA_VICTIM_LATE ? 1 : 2);
    put_victim(records, &victim2, incident, victims == (TOA_VICTIM_EARLY | TOA_VICTIM_LATE) ? 1 : 2);
    toa_put_evidence(out, incident->evidence);
    toa_json_end(out);
}

/* ---- all of a capture ---- */

static void put_version(toa_records *records)
{
    if (!records->begun) {
        records->begun = true;
        begin(&records->out, "schema");
        toa_json_number(&records->out, "version", true, TOA_RECORDS_VERSION);
        toa_json_end(&records->out);
    }
}

void toa_records_init(toa_records *records, const toa_config *config, FILE *file)
{
    records->config = config;
    records->out = (toa_json){.file = file};
    records->begun = records->silent = false;
    records->rotation = NULL;
    records->one = NULL;
    records->number = NULL;
    records->since_frame = 0;
    toa_stats_init(&records->stats_table);
    toa_incidents_init(&records->incidents, config);
}

void toa_records_reset(toa_records *records)
{
    toa_stats_reset(&records->stats_table);
    toa_incidents_reset(&records->incidents);
    records->begun = false;
}

void toa_records_free(toa_records *records)
{
    toa_stats_free(&records->stats_table);
    toa_incidents_free(&records->incidents);
}

void toa_records_add(toa_records *records, const toa_layer *layer)
{
    bool is_new;

    if (!records->silent) {
        put_version(records);
    }
    toa_stats_add(&records->stats_table, layer);
    for (unsigned i = 0; i < layer->n_findings; i++) {
        if (!records->silent) {
            put_finding(records, layer, &layer->findings[i]);
            toa_stats_name(&records->stats_table, layer->findings[i].other);
        }
        toa_incidents_add(&records->incidents, layer, &layer->findings[i], &is_new);
    }
    if (layer->unexplained && !records->silent) {
        put_unexplained(records, layer);
    }
}

static void put_conversations(toa_records *records)
{
    GPtrArray *sorted = toa_stats_sorted(&records->stats_table);

    for (guint i = 0; i < sorted->len; i++) {
        put_conversation(records, sorted->pdata[i]);
    }
    g_ptr_array_free(sorted, TRUE);
}

static void name_connection(toa_records *records, const toa_conversation *conv)
{
    toa_stats_name(&records->stats_table, conv);
    toa_stats_name(&records->stats_table, g_hash_table_lookup(records->one, conv));
}

/* Conversations of incidents are named again in the last file: the lines of a file can be read without those of others. */
static void name_conversations(toa_records *records)
{
    for (guint i = 0; i < records->incidents.list->len; i++) {
        const toa_incident *incident = records->incidents.list->pdata[i];
        if (incident->last_frame >= records->since_frame) {
            name_connection(records, incident->early);
            name_connection(records, incident->late);
        }
    }
}

static void finish(toa_records *records, bool with_incidents)
{
    GHashTable *one = g_hash_table_new(NULL, NULL);
    GPtrArray *settled = with_incidents ? toa_incidents_settled(&records->incidents, false, one) : g_ptr_array_new();

    records->one = one;
    if (with_incidents) {
        name_conversations(records);
    }
    put_conversations(records);
    records->one = NULL;
    g_hash_table_destroy(one);
    for (guint i = 0; i < settled->len; i++) {
        const toa_incident *incident = settled->pdata[i];
        if (incident->last_frame >= records->since_frame) {
            put_incident(records, incident);
        }
    }
    g_ptr_array_free(settled, TRUE);
}

void toa_records_finish(toa_records *records)
{
    put_version(records);
    finish(records, true);
    fflush(records->out.file);
}

void toa_records_begin_file(toa_records *records, const char *name, bool silent)
{
    toa_stats_next_part(&records->stats_table);
    records->silent = silent;
    if (!silent) {
        put_version(records);
        begin(&records->out, "capture");
        toa_json_text(&records->out, "file", name);
        toa_json_end(&records->out);
    }
}

void toa_records_end_file(toa_records *records, const char *state, const char *why, bool last)
{
    if (records->silent) {
        return;
    }
    finish(records, last);
    begin(&records->out, "capture_end");
    toa_json_text(&records->out, "state", state);
    toa_json_text(&records->out, "why", why);
    toa_json_end(&records->out);
    fflush(records->out.file);
}

/* ---- an engine that forgets ---- */

static gint compare_newest(gconstpointer a, gconstpointer b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x > y ? -1 : x < y;
}

/* The last frame of the oldest of the newest that many. */
static uint32_t oldest_of(const GPtrArray *incidents, guint most)
{
    GArray *frames;
    uint32_t oldest;

    if (incidents->len <= most) {
        return 0;
    }
    frames = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), incidents->len);
    for (guint i = 0; i < incidents->len; i++) {
        g_array_append_val(frames, ((const toa_incident *)incidents->pdata[i])->last_frame);
    }
    g_array_sort(frames, compare_newest);
    oldest = g_array_index(frames, uint32_t, most);
    g_array_free(frames, TRUE);
    return oldest + 1;
}

static void need(GHashTable *needed, const toa_conversation *conv)
{
    if (conv) {
        g_hash_table_add(needed, (gpointer)conv);
    }
}

GHashTable *toa_records_needs(const toa_records *records, guint most)
{
    const GPtrArray *incidents = records->incidents.list;
    GHashTable *needed = g_hash_table_new(NULL, NULL);
    uint32_t since = oldest_of(incidents, most);

    for (guint i = 0; i < incidents->len; i++) {
        const toa_incident *incident = incidents->pdata[i];
        if (incident->last_frame >= since) {
            need(needed, incident->early);
            need(needed, incident->late);
            need(needed, toa_engine_leg(incident->early));
            need(needed, toa_engine_leg(incident->late));
        }
    }
    return needed;
}

/* Those that stand and cannot wait until the end. */
static GPtrArray *incidents_of(const toa_records *records, GHashTable *conversations, GHashTable *one)
{
    GPtrArray *settled = toa_incidents_settled(&records->incidents, false, one);
    guint kept = 0;

    for (guint i = 0; i < settled->len; i++) {
        toa_incident *incident = settled->pdata[i];
        bool goes =
            g_hash_table_contains(conversations, incident->early) || g_hash_table_contains(conversations, incident->late);
        if (goes && incident->last_frame >= records->since_frame) {
            settled->pdata[i] = settled->pdata[kept];
            settled->pdata[kept++] = incident;
        }
    }
    g_ptr_array_set_size(settled, (gint)kept);
    return settled;
}

static void put_forgotten(toa_records *records, GHashTable *conversations)
{
    GHashTable *one = g_hash_table_new(NULL, NULL);
    GPtrArray *incidents = incidents_of(records, conversations, one), *going;

    records->one = one;
    for (guint i = 0; i < incidents->len; i++) {
        name_connection(records, ((const toa_incident *)incidents->pdata[i])->early);
        name_connection(records, ((const toa_incident *)incidents->pdata[i])->late);
    }
    going = toa_stats_of(&records->stats_table, conversations);
    for (guint i = 0; i < going->len; i++) {
        put_conversation(records, going->pdata[i]);
    }
    records->one = NULL;
    g_hash_table_destroy(one);
    for (guint i = 0; i < incidents->len; i++) {
        put_incident(records, incidents->pdata[i]);
    }
    g_ptr_array_free(going, TRUE);
    g_ptr_array_free(incidents, TRUE);
}

void toa_records_forget(toa_records *records, GHashTable *conversations)
{
    if (!records->silent) {
        put_forgotten(records, conversations);
    }
    toa_incidents_forget(&records->incidents, conversations);
    toa_stats_forget(&records->stats_table, conversations);
}

void toa_records_put_forgotten(toa_records *records, uint64_t closed, uint64_t idle)
{
    put_version(records);
    begin(&records->out, "forgotten");
    toa_json_number(&records->out, "closed", true, (int64_t)closed);
    toa_json_number(&records->out, "idle", true, (int64_t)idle);
    toa_json_end(&records->out);
}

size_t toa_records_memory(const toa_records *records)
{
    return toa_stats_memory(&records->stats_table) + toa_incidents_memory(&records->incidents);
}

/* ---- single lines ---- */

void toa_records_put_finding(toa_records *records, const toa_layer *layer, const toa_finding *finding)
{
    put_finding(records, layer, finding);
}

void toa_records_put_conversation(toa_records *records, const toa_stats *stats)
{
    put_conversation(records, stats);
}

void toa_records_put_incident(toa_records *records, const toa_incident *incident)
{
    put_incident(records, incident);
}
