/* text.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report/text.h"

#include "report/words.h"

/* Lines of the list of incidents. */
#define MAX_LINES 40

static const char *const severities[] = {"chat", "note", "WARNING"};

static void print_flows(const scan_incident *incident, FILE *output)
{
    for (unsigned side = 0; side < scan_incident_sides(incident); side++) {
        for (guint i = 0; i < incident->flows[side]->len; i++) {
            const scan_flow *flow = incident->flows[side]->pdata[i];
            char *text = scan_words_flow(flow);
            fprintf(output, "  %c %s\n    at %s\n", 'A' + (char)side, text, flow->point);
            g_free(text);
        }
    }
}

/* The first frames to look at; the rest is in --json. */
static void print_facts(const scan_report *report, const scan_incident *incident, FILE *output)
{
    guint shown = 0, more = 0;

    for (guint i = 0; i < incident->facts->len; i++) {
        const scan_fact *fact = incident->facts->pdata[i];
        if (fact->frame < 0) {
            continue;
        }
        if (shown == 8) {
            more++;
            continue;
        }
        shown++;
        char *time = scan_words_time(fact->at);
        fprintf(output, "  %s %s, %s, frame %" G_GINT64_FORMAT " of %s\n", time, fact->finding,
                scan_words_flags(fact->flags), fact->frame, scan_report_path(report, fact->file));
        g_free(time);
    }
    if (more) {
        fprintf(output, "  ... %u more (--json has them all)\n", more);
    }
}

static void print_incident(const scan_report *report, const scan_incident *incident, unsigned number, FILE *output)
{
    char *story = scan_words_story(incident), *filter = scan_words_filter(incident);
    char **evidence = scan_words_evidence(incident), *victim = scan_words_victim(report, incident);

    fprintf(output, "%u. %s toa.%s: %s\n  key %s\n", number, severities[CLAMP(incident->severity, 0, 2)], incident->kind,
            scan_words_kind(incident->kind), incident->key);
    print_flows(incident, output);
    fprintf(output, "  %s\n", story);
    if (victim) {
        fprintf(output, "  %s\n", victim);
    }
    for (char **line = evidence; *line; line++) {
        fprintf(output, "  - %s\n", *line);
    }
    print_facts(report, incident, output);
    fprintf(output, "  filter: %s\n\n", filter);
    g_strfreev(evidence);
    g_free(story);
    g_free(victim);
    g_free(filter);
}

static const char *plural(guint64 count)
{
    return count == 1 ? "" : "s";
}

/* The answer before the details: what and how many, worst first. */
static void print_list(const scan_report *report, FILE *output)
{
    guint count = report->incidents->len;

    fprintf(output, "%u incident%s, %u note%s in %" G_GUINT64_FORMAT " file%s, %" G_GUINT64_FORMAT
            " packets, %" G_GUINT64_FORMAT " conversations\n", report->warnings, plural(report->warnings), report->notes,
            plural(report->notes), report->files, plural(report->files), report->packets, report->conversations);
    for (guint i = 0; i < MIN(count, MAX_LINES); i++) {
        const scan_incident *incident = report->incidents->pdata[i];
        char *time = scan_words_time(incident->first_time);
        fprintf(output, "%4u. %s %-19s %s, since %.19s UTC: %" G_GINT64_FORMAT " RST, %" G_GINT64_FORMAT " other\n", i + 1,
                severities[CLAMP(incident->severity, 0, 2)], incident->kind, incident->key, time, incident->rsts,
                incident->segments + incident->dup_acks);
        g_free(time);
    }
    if (count > MAX_LINES) {
        fprintf(output, "      and %u more: --json or --html\n", count - MAX_LINES);
    }
    char *unseen = scan_words_unseen(report);
    if (unseen) {
        fprintf(output, "%s\n", unseen);
    }
    g_free(unseen);
    fputc('\n', output);
}

static void print_files(const scan_report *report, FILE *output)
{
    char *counts = scan_words_counts(&report->counts), *past = scan_words_past(&report->counts);
    char *forgotten = scan_words_forgotten(report);

    if (*counts) {
        fprintf(output, "files of this run: %s\n", counts);
    }
    if (past) {
        fprintf(output, "%s\n", past);
    }
    g_free(past);
    if (forgotten) {
        fprintf(output, "%s\n", forgotten);
    }
    g_free(forgotten);
    if (report->counts.refused_records) {
        fprintf(output, "%" G_GUINT64_FORMAT " record%s refused\n", report->counts.refused_records,
                plural(report->counts.refused_records));
    }
    if (report->signatures > 1) {
        fprintf(output, "records of %u different plugins or settings: their answers may differ\n", report->signatures);
    }
    g_free(counts);
}

static void print_clocks(const scan_report *report, FILE *output)
{
    char *groups = scan_words_groups(report);
    guint alone = 0;

    for (guint i = 0; i < report->skews->len; i++) {
        const scan_skew *skew = report->skews->pdata[i];
        char *text = skew->members > 1 ? scan_words_skew(skew) : NULL;
        alone += skew->members == 1 ? 1 : 0;
        if (text) {
            fprintf(output, "%s\n", text);
        }
        g_free(text);
    }
    if (groups) {
        fprintf(output, "%s\n", groups);
    }
    if (alone && report->skews->len > 1) {
        fprintf(output, "%u capture point%s shared no connection with any other: clocks may differ by 10 s\n", alone,
                plural(alone));
    }
    if (report->crowds) {
        fprintf(output, "%u client endpoint%s or key%s with too many connections to compare each with each over files; "
                "findings within a file and segments count as ever\n", report->crowds, plural(report->crowds),
                plural(report->crowds));
    }
    g_free(groups);
}

void scan_report_text(const scan_report *report, guint max, FILE *output)
{
    guint count = report->incidents->len, reported = max && max < count ? max : count;

    print_list(report, output);
    for (guint i = 0; i < reported; i++) {
        print_incident(report, report->incidents->pdata[i], i + 1, output);
    }
    print_clocks(report, output);
    print_files(report, output);
    if (reported < count) {
        fprintf(output, "%u incident%s of %u told in full; all of them: --max 0, --html FILE or --json\n", reported,
                plural(reported), count);
    }
}
