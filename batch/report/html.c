/* html.c
 * One page, no script, nothing fetched.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report/html.h"

#include "report/lanes.h"
#include "report/words.h"

/* Incidents after these are told without a picture, and those after MAX_TOLD by a line of the list only: a page of
 * megabytes helps nobody. */
#define MAX_PICTURES 50
#define MAX_TOLD 1000

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\"><title>TOA: crossed TCP connections</title>\n<style>\n"
    ":root{--ink:#1b1f24;--dim:#5a6572;--paper:#fff;--card:#f5f7f9;--rule:#cfd6dd;--a:#0b5cad;--b:#a34700;--warn:#b3261e}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#e6e9ed;--dim:#9aa6b2;--paper:#14181c;--card:#1e242a;--rule:#3a444e;"
    "--a:#6fb3ff;--b:#ffa657;--warn:#ff8a80}}\n"
    "@media print{:root{--ink:#000;--dim:#444;--paper:#fff;--card:#fff;--rule:#999;--a:#0b5cad;--b:#a34700;--warn:#b3261e}"
    "@page{margin:12mm}html body{max-width:none;padding:0;font-size:13px}.wide svg{min-width:0}section{break-before:page}"
    "section:first-of-type{break-before:auto}.wide{overflow:visible}}\n"
    "*{box-sizing:border-box}body{margin:0 auto;padding:1.5rem;max-width:76rem;background:var(--paper);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.5rem;margin:0 0 .5rem}h2{font-size:1.15rem;margin:0 0 .5rem}section{border:1px solid var(--rule);"
    "border-radius:6px;background:var(--card);padding:1rem;margin:1.25rem 0}\n"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid "
    "var(--rule);vertical-align:top}th{color:var(--dim);font-weight:600}.wide{overflow-x:auto}\n"
    "code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}code.copy{display:block;user-select:all;border:1px "
    "dashed var(--rule);padding:.4rem .6rem;margin:.25rem 0}.small{color:var(--dim);font-size:.875rem}\n"
    ".warn{color:var(--warn);font-weight:700}.ka{color:var(--a);font-weight:700}.kb{color:var(--b);font-weight:700}\n"
    "svg{width:100%;min-width:62rem;height:auto;display:block;font-family:system-ui,sans-serif}\n"
    "svg text{fill:var(--ink);font-size:12px}svg .head{font-size:14px;font-weight:700;text-anchor:middle}svg .sub{text-anchor:"
    "middle;fill:var(--dim)}svg .time{fill:var(--dim);font-variant-numeric:tabular-nums}svg .flags{text-anchor:middle;"
    "font-size:11px}svg .data{font-size:11px;font-family:ui-monospace,monospace}\n"
    "svg .lane{stroke:var(--rule);stroke-width:2}svg .arrow{stroke-width:1.6}svg .a .arrow{stroke:var(--a)}svg .b .arrow"
    "{stroke:var(--b)}svg .a .tip,circle.a{fill:var(--a)}svg .b .tip,circle.b{fill:var(--b)}svg .a .flags{fill:var(--a)}"
    "svg .b .flags{fill:var(--b)}\n"
    "svg .foreign .arrow{stroke-width:3;stroke-dasharray:7 3}svg .foreign text{font-weight:700}svg .foreign .data{fill:"
    "var(--warn)}svg .link{fill:none;stroke-width:1.2;stroke-dasharray:2 3}svg .link.a{stroke:var(--a)}svg .link.b"
    "{stroke:var(--b)}\n"
    "</style></head><body>\n";

static void add_escaped(GString *page, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_escaped(GString *page, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = g_markup_vprintf_escaped(format, arguments);
    va_end(arguments);
    g_string_append(page, text);
    g_free(text);
}

static void add_summary(GString *page, const scan_report *report)
{
    g_string_append(page, "<h1>Crossed TCP connections</h1>\n");
    g_string_append_printf(page, "<p>%" G_GUINT64_FORMAT " file%s, %" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT
                           " conversations: <strong>%u incident%s</strong>, %u note%s.</p>\n", report->files,
                           report->files == 1 ? "" : "s", report->packets, report->conversations, report->warnings, report->warnings == 1 ? "" : "s",
                           report->notes, report->notes == 1 ? "" : "s");
    if (report->incidents->len) {
        g_string_append(page, "<div class=\"wide\"><table><tr><th>#</th><th>Since (UTC)</th><th>What</th><th>Key: client &gt; real "
                              "server</th><th>RST</th><th>other</th></tr>\n");
        for (guint i = 0; i < report->incidents->len; i++) {
            const scan_incident *incident = report->incidents->pdata[i];
            char *time = scan_words_time(incident->first_time);
            add_escaped(page, "<tr><td><a href=\"#i%u\">%u</a></td><td>%s</td><td>%s</td><td><code>%s</code></td><td>%d</td><td>%d</td></tr>\n",
                        i + 1, i + 1, time, scan_words_kind(incident->kind), incident->key, (int)incident->rsts,
                        (int)(incident->segments + incident->dup_acks));
            g_free(time);
        }
        g_string_append(page, "</table></div>\n");
    }
    char *unseen = scan_words_unseen(report);
    if (unseen) {
        add_escaped(page, "<p>%s</p>\n", unseen);
    }
    g_free(unseen);
    char *counts = scan_words_counts(&report->counts), *past = scan_words_past(&report->counts);
    if (*counts) {
        add_escaped(page, "<p class=\"small\">Files of this run: %s</p>\n", counts);
    }
    if (past) {
        add_escaped(page, "<p class=\"small\">%s</p>\n", past);
    }
    g_free(counts);
    g_free(past);
    char *forgotten = scan_words_forgotten(report);
    if (forgotten) {
        add_escaped(page, "<p>%s</p>\n", forgotten);
    }
    g_free(forgotten);
    char *groups = scan_words_groups(report);
    if (groups) {
        add_escaped(page, "<p class=\"small\">%s</p>\n", groups);
    }
    g_free(groups);
    for (guint i = 0; report->skews->len > 1 && i < MIN(report->skews->len, MAX_TOLD); i++) {
        char *text = scan_words_skew(report->skews->pdata[i]);
        if (text) {
            add_escaped(page, "<p class=\"small\">Clocks: %s</p>\n", text);
        }
        g_free(text);
    }
}

static void add_flows(GString *page, const scan_report *report, const scan_incident *incident)
{
    g_string_append(page, "<div class=\"wide\"><table><tr><th></th><th>Connection</th><th>Captured at, in</th></tr>\n");
    for (unsigned side = 0; side < scan_incident_sides(incident); side++) {
        for (guint i = 0; i < incident->flows[side]->len; i++) {
            const scan_flow *flow = incident->flows[side]->pdata[i];
            char *text = scan_words_flow(flow), *filter = scan_words_tuple(flow);
            add_escaped(page, "<tr><td class=\"k%c\">%c</td><td>%s</td><td>%s", 'a' + (char)side, 'A' + (char)side, text,
                        flow->point);
            for (guint p = 0; p < MIN(flow->places->len, 6); p++) {
                const scan_place *place = &g_array_index(flow->places, scan_place, p);
                char *name = g_path_get_basename(scan_report_path(report, place->file));
                add_escaped(page, "<br>%s", name);
                g_free(name);
            }
            add_escaped(page, "<br><code>%s</code></td></tr>\n", filter);
            g_free(filter);
            g_free(text);
        }
    }
    g_string_append(page, "</table></div>\n");
}

static void add_incident(GString *page, const scan_report *report, guint number, scan_packets *packets)
{
    const scan_incident *incident = report->incidents->pdata[number];
    char *story = scan_words_story(incident), *filter = scan_words_filter(incident);
    char *victim = scan_words_victim(report, incident);
    char **evidence = scan_words_evidence(incident);

    add_escaped(page, "<section id=\"i%u\"><h2>%u. <span class=\"%s\">%s</span> <code>toa.%s</code></h2>\n", number + 1,
                number + 1, incident->severity == 2 ? "warn" : "note", scan_words_kind(incident->kind), incident->kind);
    add_escaped(page, "<p>Key: <code>%s</code></p>\n<p>%s</p>\n", incident->key, story);
    if (victim) {
        add_escaped(page, "<p>%s</p>\n", victim);
    }
    g_free(victim);
    g_string_append(page, "<ul>\n");
    for (char **line = evidence; *line; line++) {
        add_escaped(page, "<li>%s</li>\n", *line);
    }
    g_string_append(page, "</ul>\n");
    if (number < MAX_PICTURES) {
        scan_lanes_draw(page, report, incident, packets);
    }
    add_flows(page, report, incident);
    add_escaped(page, "<p class=\"small\">Display filter:</p><code class=\"copy\">%s</code></section>\n", filter);
    g_strfreev(evidence);
    g_free(story);
    g_free(filter);
}

gboolean scan_report_html(const scan_report *report, const char *tshark, const char *path, GError **error)
{
    GString *page = g_string_new(head);
    scan_packets *packets = scan_packets_load(report, MAX_PICTURES, tshark);
    gboolean ok;

    add_summary(page, report);
    for (guint i = 0; i < MIN(report->incidents->len, MAX_TOLD) && !scan_stop; i++) {
        add_incident(page, report, i, packets);
    }
    if (report->incidents->len > MAX_TOLD) {
        g_string_append_printf(page, "<p>%u more are in the list only; --json has them all.</p>\n",
                               report->incidents->len - MAX_TOLD);
    }
    g_string_append(page, "</body></html>\n");
    ok = !scan_stop && g_file_set_contents(path, page->str, (gssize)page->len, error);
    g_hash_table_unref(packets);
    g_string_free(page, TRUE);
    return ok;
}
