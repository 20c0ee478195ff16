/* json.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report/json.h"

#include "report/words.h"

#include <json-glib/json-glib.h>

/* Of the object that is printed: higher when a member changes its meaning or goes; members may be added. */
#define SCAN_JSON_VERSION 3

static void put_text(JsonBuilder *out, const char *name, const char *value)
{
    json_builder_set_member_name(out, name);
    if (value) {
        json_builder_add_string_value(out, value);
    } else {
        json_builder_add_null_value(out);
    }
}

static void put_number(JsonBuilder *out, const char *name, gint64 value)
{
    json_builder_add_int_value(json_builder_set_member_name(out, name), value);
}

/* -1: unknown */
static void put_known(JsonBuilder *out, const char *name, gint64 value)
{
    json_builder_set_member_name(out, name);
    if (value >= 0) {
        json_builder_add_int_value(out, value);
    } else {
        json_builder_add_null_value(out);
    }
}

static void put_flow(JsonBuilder *out, const scan_report *report, const scan_flow *flow)
{
    json_builder_begin_object(out);
    put_text(out, "point", flow->point);
    put_text(out, "client", flow->client);
    put_text(out, "server", flow->server);
    put_text(out, "key_client", flow->key_client);
    put_text(out, "key_server", flow->key_server);
    put_number(out, "first_time", flow->first_time);
    put_number(out, "last_time", flow->last_time);
    put_known(out, "closed_time", flow->closed_time ? flow->closed_time : -1);
    put_number(out, "frames", flow->frames);
    json_builder_begin_array(json_builder_set_member_name(out, "places"));
    for (guint i = 0; i < flow->places->len; i++) {
        const scan_place *place = &g_array_index(flow->places, scan_place, i);
        json_builder_begin_object(out);
        put_text(out, "file", scan_report_path(report, place->file));
        put_number(out, "stream", place->stream);
        json_builder_end_object(out);
    }
    json_builder_end_array(out);
    json_builder_end_object(out);
}

static void put_evidence(JsonBuilder *out, const char *evidence)
{
    char **words = g_strsplit(evidence ? evidence : "", ",", -1);

    json_builder_begin_array(json_builder_set_member_name(out, "evidence"));
    for (char **word = words; *word; word++) {
        if (**word) {
            json_builder_add_string_value(out, *word);
        }
    }
    json_builder_end_array(out);
    g_strfreev(words);
}

static void put_fact(JsonBuilder *out, const scan_report *report, const scan_fact *fact)
{
    json_builder_begin_object(out);
    put_text(out, "finding", fact->finding);
    put_text(out, "severity", fact->severity);
    put_text(out, "own", fact->own ? "b" : "a");
    put_text(out, "point", fact->point);
    put_number(out, "time", fact->at);
    put_text(out, "file", fact->file >= 0 ? scan_report_path(report, fact->file) : NULL);
    put_known(out, "frame", fact->frame);
    put_text(out, "from", fact->sender);
    put_known(out, "flags", fact->flags);
    put_known(out, "seq", fact->seq);
    put_known(out, "ack", fact->ack);
    put_known(out, "ip_id", fact->ip_id);
    put_text(out, "other_file", fact->other_file >= 0 ? scan_report_path(report, fact->other_file) : NULL);
    put_known(out, "other_stream", fact->other_stream);
    put_known(out, "other_frame", fact->other_frame);
    put_evidence(out, fact->evidence);
    put_text(out, "cause", fact->cause);
    put_known(out, "times", fact->times);
    json_builder_add_boolean_value(json_builder_set_member_name(out, "across_files"), fact->across);
    json_builder_end_object(out);
}

static void put_side(JsonBuilder *out, const scan_report *report, const char *name, const GPtrArray *flows)
{
    json_builder_begin_array(json_builder_set_member_name(out, name));
    for (guint i = 0; i < flows->len; i++) {
        put_flow(out, report, flows->pdata[i]);
    }
    json_builder_end_array(out);
}

static void put_incident(JsonBuilder *out, const scan_report *report, const scan_incident *incident)
{
    static const char *const severities[] = {"chat", "note", "warn"};
    char *filter = scan_words_filter(incident);

    json_builder_begin_object(out);
    put_text(out, "kind", incident->kind);
    put_text(out, "severity", severities[CLAMP(incident->severity, 0, 2)]);
    put_text(out, "key", incident->key);
    put_number(out, "first_time", incident->first_time);
    put_number(out, "last_time", incident->last_time);
    put_number(out, "foreign_rsts", incident->rsts);
    put_number(out, "foreign_segments", incident->segments);
    put_number(out, "foreign_dup_acks", incident->dup_acks);
    put_number(out, "stale", incident->stale);
    json_builder_add_boolean_value(json_builder_set_member_name(out, "across_files"), incident->across);
    put_text(out, "filter", filter);
    put_text(out, "victim", incident->victim < 0 ? NULL : incident->victim ? "b" : "a");
    put_text(out, "victim_since_file", incident->victim < 0 ? NULL : scan_report_path(report, incident->victim_file));
    put_known(out, "victim_since_frame", incident->victim < 0 ? -1 : incident->victim_frame);
    put_known(out, "victim_segments", incident->victim < 0 ? -1 : incident->victim_asked);
    put_side(out, report, "a", incident->flows[0]);
    put_side(out, report, "b", incident->flows[1]);
    json_builder_begin_array(json_builder_set_member_name(out, "facts"));
    for (guint i = 0; i < incident->facts->len; i++) {
        put_fact(out, report, incident->facts->pdata[i]);
    }
    json_builder_end_array(out);
    json_builder_end_object(out);
    g_free(filter);
}

static void put_skew(JsonBuilder *out, const scan_skew *skew)
{
    json_builder_begin_object(out);
    put_text(out, "point", skew->point);
    put_text(out, "reference", skew->reference);
    put_number(out, "skew_ns", skew->skew);
    put_number(out, "error_ns", skew->error);
    put_number(out, "connections", skew->meetings);
    put_number(out, "hops", skew->hops);
    put_number(out, "group", skew->component);
    json_builder_end_object(out);
}

static void put_capture(JsonBuilder *out, const scan_capture *capture)
{
    json_builder_begin_object(out);
    put_text(out, "file", capture->path);
    put_text(out, "host", capture->host);
    put_text(out, "point", capture->point);
    put_text(out, "signature", capture->signature);
    put_text(out, "state", capture->state);
    put_number(out, "size", capture->size);
    put_number(out, "packets", capture->packets);
    put_known(out, "first_time", capture->first_time ? capture->first_time : -1);
    put_known(out, "last_time", capture->last_time ? capture->last_time : -1);
    json_builder_end_object(out);
}

/* What became of the files of this run. */
static void put_counts(JsonBuilder *out, const scan_counts *counts)
{
    json_builder_begin_object(json_builder_set_member_name(out, "run"));
#define X(name, is_error, words) put_number(out, #name, counts->name);
    SCAN_COUNTS(X)
#undef X
    put_number(out, "refused_records", (gint64)counts->refused_records);
    put_number(out, "read_again", counts->learnt);
    put_number(out, "points_joined", counts->joined);
    json_builder_end_object(out);
}

void scan_report_json(const scan_report *report, FILE *output)
{
    JsonBuilder *out = json_builder_begin_object(json_builder_new());
    JsonGenerator *generator = json_generator_new();
    JsonNode *root;
    char *text;

    put_number(out, "schema", SCAN_JSON_VERSION);
    put_text(out, "version", TOA_VERSION);
    put_number(out, "files", (gint64)report->files);
    put_number(out, "packets", (gint64)report->packets);
    put_number(out, "conversations", (gint64)report->conversations);
    put_number(out, "warnings", report->warnings);
    put_number(out, "notes", report->notes);
    put_number(out, "unseen_connections", report->unseen);
    put_number(out, "unseen_segments", report->unseen_segments);
    put_number(out, "points", (gint64)report->points);
    put_number(out, "signatures", report->signatures);
    put_number(out, "clock_groups", report->components);
    put_number(out, "crowds", report->crowds);
    put_number(out, "forgotten_closed", (gint64)report->forgotten_closed);
    put_number(out, "forgotten_idle", (gint64)report->forgotten_idle);
    put_counts(out, &report->counts);
    json_builder_begin_array(json_builder_set_member_name(out, "captures"));
    for (guint i = 0; i < report->captures->len; i++) {
        put_capture(out, report->captures->pdata[i]);
    }
    json_builder_end_array(out);
    json_builder_begin_array(json_builder_set_member_name(out, "clocks"));
    for (guint i = 0; i < report->skews->len; i++) {
        put_skew(out, report->skews->pdata[i]);
    }
    json_builder_end_array(out);
    json_builder_begin_array(json_builder_set_member_name(out, "incidents"));
    for (guint i = 0; i < report->incidents->len; i++) {
        put_incident(out, report, report->incidents->pdata[i]);
    }
    json_builder_end_array(out);
    root = json_builder_get_root(json_builder_end_object(out));
    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    text = json_generator_to_data(generator, NULL);
    fprintf(output, "%s\n", text);
    g_free(text);
    json_node_unref(root);
    g_object_unref(generator);
    g_object_unref(out);
}
