/* reporter.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "watch/reporter.h"

#include "core/model/key.h"
#include "lists/versions.h"
#include "tell/text.h"

#include <string.h>

/* ---- text ---- */

static void add_connection(GString *text, const toa_conversation *conv)
{
    toa_text_endpoint(text, toa_wire_client(conv));
    g_string_append(text, " > ");
    toa_text_endpoint(text, toa_wire_server(conv));
}

static void add_load(GString *text, const toa_incident *incident)
{
    toa_load load = toa_incident_load(incident);

    if (load.rsts + load.segments + load.dup_acks == 0) {
        return;
    }
    g_string_append(text, "; on the wrong one: ");
    toa_text_count(text, load.rsts, "RST", "RSTs");
    g_string_append(text, ", ");
    toa_text_count(text, load.segments, "segment", "segments");
    if (load.dup_acks) {
        g_string_append(text, ", ");
        toa_text_count(text, load.dup_acks, "duplicate ACK", "duplicate ACKs");
    }
}

static const char *victim_name(unsigned victims)
{
    static const char *const names[] = {NULL, "early", "late", "both"};

    return names[victims & 3];
}

static char *describe(const toa_open *open, const toa_stats_table *stats_table)
{
    const toa_incident *best = toa_open_best(open);
    unsigned victims = stats_table ? toa_incident_victims(best, stats_table) : 0;
    GString *text = g_string_new(NULL);
    char *evidence = toa_evidence_text(best->evidence), key[TOA_KEY_NAME];

    g_string_append_printf(text, "%s: ", toa_verdict_name(toa_incident_verdict(best)));
    add_connection(text, best->early);
    g_string_append(text, " and ");
    add_connection(text, best->late);
    g_string_append_printf(text, "; one to the server as %s", toa_key_name(best->late->key, key));
    add_load(text, best);
    if (victims) {
        g_string_append_printf(text, "; waits: %s",
                               victims == 3                  ? "both"
                               : victims == TOA_VICTIM_EARLY ? "the first"
                                                             : "the second");
    }
    if (*evidence) {
        g_string_append_printf(text, "; evidence: %s", evidence);
    }
    g_free(evidence);
    return g_string_free(text, FALSE);
}

static bool write_text(const toa_reporter *reporter, const toa_open *open, const char *what, const toa_stats_table *stats_table,
                       const toa_report_place *place)
{
    GString *line = g_string_new(NULL);
    char *text = describe(open, stats_table);

    toa_text_date(line, open->last_time);
    g_string_append_printf(line, " #%" G_GUINT64_FORMAT " %s, %s; frame %u", open->id, what, text, place->file_frame);
    if (place->file) {
        g_string_append_printf(line, " of %s", place->file);
    }
    if (open->evidence_path) {
        g_string_append_printf(line, "; packets in %s", open->evidence_path);
    }
    for (gsize i = 0; i < line->len; i++) { /* a file may have any name */
        if ((unsigned char)line->str[i] < 0x20) {
            line->str[i] = '?';
        }
    }
    fprintf(reporter->out, "%s\n", line->str);
    g_free(text);
    g_string_free(line, TRUE);
    return fflush(reporter->out) == 0;
}

/* ---- JSON ---- */

/* JSON is UTF-8, names of files are what they are. */
static void put_name(toa_json *out, const char *name, const char *value)
{
    char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

    toa_json_text(out, name, valid);
    g_free(valid);
}

static bool write_json(const toa_reporter *reporter, const toa_open *open, const char *what, const toa_stats_table *stats_table,
                       const toa_report_place *place)
{
    const toa_incident *best = toa_open_best(open);
    toa_verdict verdict = toa_incident_verdict(best);
    toa_load load = toa_incident_load(best);
    toa_json out = {.file = reporter->out};

    toa_json_begin(&out);
    toa_json_text(&out, "record", "incident");
    toa_json_text(&out, "event", what);
    toa_json_number(&out, "id", true, (int64_t)open->id);
    toa_json_text(&out, "kind", toa_open_kind(open));
    toa_json_text(&out, "verdict", toa_verdict_name(verdict));
    toa_json_number(&out, "time", true, open->last_time);
    toa_json_number(&out, "first_time", true, best->first_time);
    toa_put_endpoint(&out, "early_client_ip", "early_client_port", toa_wire_client(best->early));
    toa_put_endpoint(&out, "early_server_ip", "early_server_port", toa_wire_server(best->early));
    toa_put_endpoint(&out, "late_client_ip", "late_client_port", toa_wire_client(best->late));
    toa_put_endpoint(&out, "late_server_ip", "late_server_port", toa_wire_server(best->late));
    toa_put_endpoint(&out, "key_client_ip", "key_client_port", &best->late->key->client->endpoint);
    toa_put_endpoint(&out, "key_server_ip", "key_server_port", &best->late->key->server->endpoint);
    toa_json_number(&out, "rsts", true, load.rsts);
    toa_json_number(&out, "segments", true, load.segments);
    toa_json_number(&out, "dup_acks", true, load.dup_acks);
    toa_json_number(&out, "findings", true, toa_open_count(open));
    toa_put_evidence(&out, best->evidence);
    toa_json_text(&out, "victim", victim_name(toa_incident_victims(best, stats_table)));
    put_name(&out, "file", place->file);
    toa_json_number(&out, "frame", true, place->file_frame);
    put_name(&out, "packets", open->evidence_path);
    toa_json_end(&out);
    return fflush(reporter->out) == 0;
}

bool toa_report_event(const toa_reporter *reporter, const toa_open *open, const char *what, const toa_stats_table *stats_table,
                      const toa_report_place *place)
{
    return reporter->json ? write_json(reporter, open, what, stats_table, place)
                          : write_text(reporter, open, what, stats_table, place);
}

/* ---- comments ---- */

char *toa_report_comment(const toa_layer *layer, const toa_report_place *place)
{
    GString *text;

    if (layer->n_findings == 0) {
        return NULL;
    }
    text = g_string_new(NULL);
    for (unsigned i = 0; i < layer->n_findings; i++) {
        const toa_finding *finding = &layer->findings[i];
        char *evidence = toa_evidence_text(finding->evidence);
        g_string_append_printf(text, "%s%s: %s", i ? "\n" : "", toa_finding_infos[finding->kind].filter,
                               toa_finding_infos[finding->kind].message);
        if (finding->other) {
            g_string_append(text, "; the other is ");
            add_connection(text, finding->other);
        }
        g_string_append_printf(text, "%s%s", *evidence ? "; evidence: " : "", evidence);
        g_free(evidence);
    }
    g_string_append_printf(text, "\nframe %u%s%s", place->file_frame, place->file ? " of " : " of the capture",
                           place->file ? place->file : "");
    return g_string_free(text, FALSE);
}

char *toa_report_summary(const toa_open *open)
{
    char *text = describe(open, NULL),
         *summary = g_strdup_printf("incident #%" G_GUINT64_FORMAT ", as first told: %s", open->id, text);

    g_free(text);
    return summary;
}

/* ---- records ---- */

static guint32 number_in(const void *data, guint32 frame)
{
    const toa_open *open = data;
    guint32 number = open->evidence && frame ? toa_evidence_number(open->evidence, frame) : 0;

    return open->evidence_path ? number : frame;
}

static void put_file(const toa_reporter *reporter, const toa_open *open)
{
    toa_json out = {.file = reporter->records};
    char id[33];

    g_snprintf(id, sizeof id, "%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x",
               toa_mix((guint64)g_get_real_time() ^ (guint64)g_random_int() << 32),
               toa_mix(open->id ^ (guint64)g_random_int() << 32));
    toa_json_begin(&out);
    toa_json_text(&out, "record", "file");
    put_name(&out, "host", reporter->host);
    put_name(&out, "path", open->evidence_path ? open->evidence_path : reporter->point);
    put_name(&out, "point", reporter->point);
    toa_json_text(&out, "signature", "watch " TOA_VERSION);
    toa_json_text(&out, "state", "done");
    toa_json_text(&out, "content", id);
    toa_json_text(&out, "head", "");
    toa_json_number(&out, "schema", true, TOA_FILE_RECORDS_VERSION);
    toa_json_number(&out, "size", true, 0);
    toa_json_number(&out, "mtime", true, open->last_time);
    toa_json_end(&out);
}

static void put_conversation(toa_records *records, const toa_conversation *conv)
{
    const toa_stats *stats = toa_stats_find(&records->stats_table, conv);
    toa_stats shown =
        stats ? *stats
              : (toa_stats){.conv = conv, .last_time = conv->first_time, .n_frames = 1, .last_frame = conv->first_frame};

    shown.first_time = conv->first_time;
    shown.first_frame = conv->first_frame;
    toa_records_put_conversation(records, &shown);
}

static void put_findings(const toa_open *open, toa_records *records)
{
    for (guint i = 0; i < open->findings->len; i++) {
        toa_open_finding its = g_array_index(open->findings, toa_open_finding, i);
        toa_layer layer = {.segment = &its.segment, .conversation = its.finding.own};
        if (number_in(open, its.segment.frame)) {
            toa_records_put_finding(records, &layer, &its.finding);
        }
    }
}

void toa_report_records(const toa_reporter *reporter, const toa_open *open, toa_records *records,
                        const GPtrArray *conversations)
{
    if (!reporter->records) {
        return;
    }
    put_file(reporter, open);
    records->out = (toa_json){.file = reporter->records};
    records->number = number_in;
    records->number_data = open;
    records->one = toa_open_one(open);
    put_findings(open, records);
    for (guint i = 0; i < conversations->len; i++) {
        put_conversation(records, conversations->pdata[i]);
    }
    g_hash_table_destroy(records->one);
    records->one = NULL;
    toa_records_put_incident(records, toa_open_best(open));
    records->number = NULL;
    fputs("{\"record\":\"end\"}\n", reporter->records);
    fflush(reporter->records);
}
