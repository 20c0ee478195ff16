/* report-text.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report.h"
#include "words.h"

static const char *const severities[] = {"chat", "note", "WARNING"};

static void print_flows(const scan_incident *incident, FILE *output)
{
    for (unsigned side = 0; side < 2 && (side == 0 || incident->id[0] != incident->id[1]); side++) {
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
    guint shown = 0;

    for (guint i = 0; i < incident->facts->len; i++) {
        const scan_fact *fact = incident->facts->pdata[i];
        if (fact->frame < 0) {
            continue;
        }
        if (shown++ == 8) {
            fprintf(output, "  ... %u more (--json has them all)\n", incident->facts->len - i);
            break;
        }
        char *time = scan_words_time(fact->at);
        fprintf(output, "  %s %s, %s, frame %" G_GINT64_FORMAT " of %s\n", time, fact->finding,
                scan_words_flags(fact->flags), fact->frame, scan_report_path(report, fact->file));
        g_free(time);
    }
}

static void print_incident(const scan_report *report, const scan_incident *incident, unsigned number, FILE *output)
{
    char *story = scan_words_story(incident), *filter = scan_words_filter(incident);
    char **evidence = scan_words_evidence(incident);

    fprintf(output, "%u. %s toa.%s: %s\n  key %s\n", number, severities[CLAMP(incident->severity, 0, 2)], incident->kind,
            scan_words_kind(incident->kind), incident->key);
    print_flows(incident, output);
    fprintf(output, "  %s\n", story);
    for (char **line = evidence; *line; line++) {
        fprintf(output, "  - %s\n", *line);
    }
    print_facts(report, incident, output);
    fprintf(output, "  filter: %s\n\n", filter);
    g_strfreev(evidence);
    g_free(story);
    g_free(filter);
}

void scan_report_text(const scan_report *report, FILE *output)
{
    for (guint i = 0; i < report->incidents->len; i++) {
        print_incident(report, report->incidents->pdata[i], i + 1, output);
    }
    for (guint i = 0; i < report->skews->len; i++) {
        char *text = scan_words_skew(report->skews->pdata[i]);
        if (text) {
            fprintf(output, "%s\n", text);
        }
        g_free(text);
    }
    fprintf(output, "%" G_GUINT64_FORMAT " file%s, %" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT
            " conversations: %u incident%s, %u note%s\n", report->files, report->files == 1 ? "" : "s",
            report->packets, report->conversations,
            report->warnings, report->warnings == 1 ? "" : "s", report->notes, report->notes == 1 ? "" : "s");
}
