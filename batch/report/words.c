/* words.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report/words.h"

#include "lists/findings.h"

#include <string.h>

typedef struct sentence {
    const char *name, *text;
} sentence;

static const sentence evidence[] = {
#define X(bit, id, name, text) {name, text},
    TOA_EVIDENCE(X)
#undef X
};

/* What an incident is called: its findings' names, and three that take more than one finding. */
static const sentence kinds[] = {
#define X(id, name, severity, role, text) {name, text},
    TOA_FINDINGS(X)
#undef X
    {"toa.foreign", "Segments of another connection"},
    {"toa.untranslated", "Answers from another address than the one that was asked"},
    {"toa.collision.unclear", "Same key, but whether the first connection had closed was not captured"},
};

static const char *look_up(const sentence *list, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) {
            return list[i].text;
        }
    }
    return name;
}

char *scan_words_time(gint64 ns)
{
    gint64 rest = (ns % SCAN_NS_PER_S + SCAN_NS_PER_S) % SCAN_NS_PER_S; /* a skew may lead to before 1970 */
    GDateTime *time = g_date_time_new_from_unix_utc((ns - rest) / SCAN_NS_PER_S);
    char *seconds = time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("?");
    char *text = g_strdup_printf("%s.%06d", seconds, (int)(rest / 1000));

    g_clear_pointer(&time, g_date_time_unref);
    g_free(seconds);
    return text;
}

char *scan_words_span(gint64 ns, gboolean is_signed)
{
    const char *sign = ns < 0 ? "-" : is_signed ? "+" : "";
    double size = (double)ABS(ns);

    /* from where three digits round up to 1000, which %.3g would write as 1e+03 */
    return size >= 999.5e6   ? g_strdup_printf("%s%.6g s", sign, size / 1e9)
           : size >= 999.5e3 ? g_strdup_printf("%s%.3g ms", sign, size / 1e6)
                             : g_strdup_printf("%s%.3g us", sign, size / 1e3);
}

const char *scan_words_kind(const char *kind)
{
    char *name = g_strconcat("toa.", kind, NULL);
    const char *text = look_up(kinds, G_N_ELEMENTS(kinds), name);

    text = text == name ? kind : text;
    g_free(name);
    return text;
}

const char *scan_words_flags(gint64 flags)
{
    return flags < 0      ? ""
           : flags & 0x04 ? (flags & 0x10 ? "RST,ACK" : "RST")
           : flags & 0x02 ? (flags & 0x10 ? "SYN,ACK" : "SYN")
           : flags & 0x01 ? "FIN,ACK"
           : flags & 0x10 ? "ACK"
                          : "no flags";
}

static gboolean has_evidence(const scan_incident *incident, const char *name)
{
    gboolean found = FALSE;

    for (guint i = 0; i < incident->facts->len && !found; i++) {
        const scan_fact *fact = incident->facts->pdata[i];
        char **words = g_strsplit(fact->evidence ? fact->evidence : "", ",", -1);
        found = g_strv_contains((const char *const *)words, name);
        g_strfreev(words);
    }
    return found;
}

char **scan_words_evidence(const scan_incident *incident)
{
    GPtrArray *sentences = g_ptr_array_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(evidence); i++) {
        if (has_evidence(incident, evidence[i].name)) {
            g_ptr_array_add(sentences, g_strdup(evidence[i].text));
        }
    }
    for (guint i = 0; i < incident->facts->len; i++) {
        const scan_fact *fact = incident->facts->pdata[i];
        if (fact->has_isn_error) {
            char *error = scan_words_span(fact->isn_error, TRUE);
            g_ptr_array_add(sentences, g_strdup_printf("The clock of the initial sequence numbers fits to %s", error));
            g_free(error);
            break;
        }
    }
    if (incident->across) {
        g_ptr_array_add(sentences, g_strdup("It takes more than one file to see this"));
    }
    g_ptr_array_add(sentences, NULL);
    return (char **)(void *)g_ptr_array_free(sentences, FALSE);
}

char *scan_words_flow(const scan_flow *flow)
{
    char *first = scan_words_time(flow->first_time), *last = scan_words_time(flow->last_time);
    gboolean rewritten = flow->source > '1' && (!g_str_equal(flow->client, flow->key_client) ||
                                               !g_str_equal(flow->server, flow->key_server));
    char *key = rewritten ? g_strdup_printf(" (for the server: %s > %s)", flow->key_client, flow->key_server)
                          : g_strdup("");
    char *text = g_strdup_printf("%s > %s%s, %s to %s%s, %" G_GINT64_FORMAT " packets, %u file%s", flow->client,
                                 flow->server, key, first, last + 11, flow->closed_time ? "" : " (not closed)",
                                 flow->frames, flow->places->len, flow->places->len == 1 ? "" : "s");

    g_free(first);
    g_free(last);
    g_free(key);
    return text;
}

/* The first fact of the finding that is no word on the whole pair; NULL: none. */
static const scan_fact *first_segment(const scan_incident *incident)
{
    for (guint i = 0; i < incident->facts->len; i++) {
        const scan_fact *fact = incident->facts->pdata[i];
        if (g_str_has_prefix(fact->finding, "foreign.") || g_str_equal(fact->finding, "stale_session")) {
            return fact;
        }
    }
    return NULL;
}

static const char *tuple_of(const scan_incident *incident, unsigned side)
{
    const scan_flow *flow = incident->flows[side]->len ? incident->flows[side]->pdata[0] : NULL;

    return flow ? flow->server : "?";
}

/* A TOA option has named a client of it. */
static gboolean is_named(const scan_incident *incident)
{
    for (unsigned side = 0; side < 2; side++) {
        for (guint i = 0; i < incident->flows[side]->len; i++) {
            if (((const scan_flow *)incident->flows[side]->pdata[i])->source == '4') {
                return TRUE;
            }
        }
    }
    return FALSE;
}

/* What ends it, by what is known of the place. Seen over several readings, segments of another connection and answers that nobody
 * has translated back look alike. */
static const char *advice(const scan_incident *incident)
{
    if (g_str_equal(incident->kind, "untranslated")) {
        return "Route the server's answers back through whatever translates them; client and server must not reach each other past "
               "it. \"tshark -q -z toa,explain -r\" with this capture lists what does this in LVS-NAT, Kubernetes and clouds.";
    }
    if (g_str_equal(incident->kind, "stale_session")) {
        return "Both are between the same two addresses, and one answers for the other. Either a load balancer or the host has kept an "
               "old session, or something on the way has made one pair of addresses of two paths with one source port: give the "
               "paths source ports of their own.";
    }
    if (is_named(incident)) {
        return "A client must not use one source port for both paths at a time: keep one path, give each path ports of its "
               "own, or let the real servers no longer put the client's address into their connections.";
    }
    if (g_str_has_prefix(incident->kind, "collision")) {
        return "Something on one of the paths makes the server see the client's own address and port, whatever address was "
               "dialled: keep one path, give each path source ports of its own, or let the balancer use addresses of its own. "
               "\"tshark -q -z toa,explain -r\" with this capture lists the products that do it, with their sources.";
    }
    if (!incident->across) {
        return "That both are one connection to the server, which one source port on two paths makes them, is likely, but not "
               "proven: keep one path, or give each path source ports of its own. \"tshark -q -z toa,explain -r\" with this capture "
               "lists the products that do it, with their sources.";
    }
    return "Either both are one connection to the server, which one source port on two paths makes them, or the server's answers "
           "come from an address that was not asked: \"tshark -q -z toa,explain -r\" with this capture says which, and what to "
           "change.";
}

/* One connection with two addresses of its server. */
static char *untranslated_story(const scan_incident *incident, const scan_fact *fact)
{
    char *time = scan_words_time(fact->at);
    char *text = g_strdup_printf("The client has asked %s (connection %c), and since %s it is answered from %s (connection %c): nothing "
                                 "on the way translates the server's answers back. That is one connection, not two that collide. "
                                 "On connection %c: %" G_GINT64_FORMAT " RST, %" G_GINT64_FORMAT " other. %s",
                                 tuple_of(incident, !fact->own), 'A' + (char)!fact->own, time, tuple_of(incident, fact->own),
                                 'A' + (char)fact->own, 'A' + (char)fact->own, incident->rsts, incident->segments,
                                 advice(incident));

    g_free(time);
    return text;
}

char *scan_words_story(const scan_incident *incident)
{
    const scan_fact *fact = first_segment(incident);
    GString *text = g_string_new(NULL);
    const char *one = tuple_of(incident, 0), *two = tuple_of(incident, 1);

    if (fact && g_str_equal(incident->kind, "untranslated")) {
        g_string_free(text, TRUE);
        return untranslated_story(incident, fact);
    }
    if (scan_incident_sides(incident) == 1) {
        g_string_append_printf(text, "Connection A is from %s to itself.", one);
    } else {
        g_string_append_printf(text, "Connection A (to %s) was captured first, connection B (to %s) later. ", one, two);
    }
    if (fact) {
        char *time = scan_words_time(fact->at);
        g_string_append_printf(text, "Since %s segments that belong to connection %c arrive on connection %c", time,
                               fact->own ? 'A' : 'B', fact->own ? 'B' : 'A');
        g_string_append_printf(text, ": %" G_GINT64_FORMAT " RST, %" G_GINT64_FORMAT " other, %" G_GINT64_FORMAT
                               " duplicate ACKs. ", incident->rsts, incident->segments,
                               incident->dup_acks);
        g_free(time);
    }
    if (incident->severity == 2) {
        g_string_append(text, advice(incident));
    }
    return g_string_free(text, FALSE);
}

char *scan_words_victim(const scan_report *report, const scan_incident *incident)
{
    char name = incident->victim ? 'B' : 'A';

    if (incident->victim < 0) {
        return NULL;
    }
    if (incident->victim_frame < 0) {
        return g_strdup_printf("Victim: connection %c.", name);
    }
    return g_strdup_printf("Victim: connection %c, without an answer since frame %" G_GINT64_FORMAT " of %s (%" G_GINT64_FORMAT
                           " segment%s that ask for one).", name, incident->victim_frame,
                           scan_report_path(report, incident->victim_file), incident->victim_asked,
                           incident->victim_asked == 1 ? "" : "s");
}

char *scan_words_unseen(const scan_report *report)
{
    if (!report->unseen) {
        return NULL;
    }
    return g_strdup_printf("%u segment%s on %u connection%s belong to a connection that is in none of the captures, first frame %"
                           G_GINT64_FORMAT " of %s: capture at the client or the real server, too (--strict makes this an "
                           "incident for the exit status)", report->unseen_segments, report->unseen_segments == 1 ? "" : "s",
                           report->unseen, report->unseen == 1 ? "" : "s", report->unseen_frame,
                           scan_report_path(report, report->unseen_file));
}

char *scan_words_past(const scan_counts *counts)
{
    GString *text = g_string_new(NULL);

    if (counts->learnt) {
        g_string_append_printf(text, "%u file%s of earlier runs read again, for connections that were open at their end",
                               counts->learnt, counts->learnt == 1 ? "" : "s");
    }
    if (counts->joined) {
        g_string_append_printf(text, "%s%u capture point%s whose new files go on from files that are gone: joined by their records",
                               text->len ? "; " : "", counts->joined, counts->joined == 1 ? "" : "s");
    }
    return g_string_free(text, text->len == 0);
}

char *scan_words_forgotten(const scan_report *report)
{
    guint64 all = report->forgotten_closed + report->forgotten_idle;

    if (!all) {
        return NULL;
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT " connection%s forgotten to stay within the memory limit (%" G_GUINT64_FORMAT
                           " closed, %" G_GUINT64_FORMAT " silent for the longest): what came on them later counts as new "
                           "connections, and incidents of them may be missing", all, all == 1 ? "" : "s",
                           report->forgotten_closed, report->forgotten_idle);
}

char *scan_words_tuple(const scan_flow *flow)
{
    const char *const ends[] = {flow->client, flow->server};
    GString *text = g_string_new(NULL);

    for (unsigned e = 0; e < 2; e++) {
        const char *colon = strrchr(ends[e], ':'); /* there is one: the schema of records */
        gboolean v6 = ends[e][0] == '[';
        char *host = g_strndup(ends[e] + v6, (gsize)(colon - ends[e]) - (v6 ? 2 : 0));
        g_string_append_printf(text, "%s%s.addr == %s && tcp.port == %s", e ? " && " : "", v6 ? "ipv6" : "ip", host, colon + 1);
        g_free(host);
    }
    return g_string_free(text, FALSE);
}

static void add_tuples(GHashTable *tuples, const GPtrArray *flows)
{
    for (guint i = 0; i < flows->len; i++) {
        char *tuple = scan_words_tuple(flows->pdata[i]);
        g_hash_table_add(tuples, g_strdup_printf("(%s)", tuple));
        g_free(tuple);
    }
}

static int compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *scan_words_filter(const scan_incident *incident)
{
    GHashTable *tuples = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint count;
    char **list, *text;

    add_tuples(tuples, incident->flows[0]);
    add_tuples(tuples, incident->flows[1]);
    list = (char **)g_hash_table_get_keys_as_array(tuples, &count);
    qsort(list, count, sizeof *list, compare_text);
    text = g_strjoinv(" || ", list);
    g_free(list);
    g_hash_table_unref(tuples);
    return text;
}

char *scan_words_counts(const scan_counts *counts)
{
    GString *text = g_string_new(NULL);

#define X(name, is_error, words)                                                        \
    if (counts->name) {                                                                 \
        g_string_append_printf(text, "%s%u %s", text->len ? ", " : "", counts->name, words); \
    }
    SCAN_COUNTS(X)
#undef X
    return g_string_free(text, FALSE);
}

char *scan_words_skew(const scan_skew *skew)
{
    char *offset, *error, *over, *text;

    if (g_str_equal(skew->point, skew->reference)) {
        return skew->members > 1 ? NULL
                                 : g_strdup_printf("%s: no connection was seen at both it and another point, so its clock "
                                                   "may differ by 10 s", skew->point);
    }
    offset = scan_words_span(ABS(skew->skew), FALSE);
    error = scan_words_span(skew->error, FALSE);
    over = skew->hops > 1 ? g_strdup_printf("over %d other points, at least ", (int)skew->hops - 1) : g_strdup("");
    text = g_strdup_printf("%s: its clock is %s %s that of %s, to within %s (%s%" G_GINT64_FORMAT " connections seen at both)",
                           skew->point, offset, skew->skew < 0 ? "behind" : "ahead of", skew->reference, error, over,
                           skew->meetings);
    g_free(offset);
    g_free(error);
    g_free(over);
    return text;
}

char *scan_words_groups(const scan_report *report)
{
    GString *text;

    if (report->components < 2 || report->components == report->skews->len) {
        return NULL;
    }
    text = g_string_new("Clocks fall into groups that have no connection in common, and may differ by 10 s between them:");
    for (guint i = 0, reported = 0; i < report->skews->len && reported < 20; i++) {
        const scan_skew *skew = report->skews->pdata[i];
        if (skew->members > 1 && g_str_equal(skew->point, skew->reference)) {
            g_string_append_printf(text, "%s %s and %u more", reported++ ? ";" : "", skew->point, skew->members - 1);
        }
    }
    return g_string_free(text, FALSE);
}
