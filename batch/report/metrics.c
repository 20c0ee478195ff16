/* metrics.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report/metrics.h"

static void add(GString *text, const char *name, const char *help, guint64 value)
{
    g_string_append_printf(text, "# HELP toa_scan_%s %s\n# TYPE toa_scan_%s gauge\ntoa_scan_%s %" G_GUINT64_FORMAT "\n",
                           name, help, name, name, value);
}

static void add_files(GString *text, const scan_counts *counts)
{
    g_string_append(text, "# HELP toa_scan_files Files of the last run, by what became of them.\n"
                          "# TYPE toa_scan_files gauge\n");
#define X(name, is_error, words) g_string_append_printf(text, "toa_scan_files{state=\"" #name "\"} %u\n", counts->name);
    SCAN_COUNTS(X)
#undef X
}

static void add_incidents(GString *text, const scan_report *report)
{
    guint others = report->warnings - report->confirmed - report->foreign - report->untranslated - report->stale;

    g_string_append_printf(text,
                           "# HELP toa_scan_incidents Incidents, by kind.\n# TYPE toa_scan_incidents gauge\n"
                           "toa_scan_incidents{kind=\"confirmed\"} %u\ntoa_scan_incidents{kind=\"foreign\"} %u\n"
                           "toa_scan_incidents{kind=\"untranslated\"} %u\ntoa_scan_incidents{kind=\"stale\"} %u\n"
                           "toa_scan_incidents{kind=\"collision\"} %u\ntoa_scan_incidents{kind=\"note\"} %u\n",
                           report->confirmed, report->foreign, report->untranslated, report->stale, others, report->notes);
}

static void add_forgotten(GString *text, const scan_report *report)
{
    g_string_append_printf(text,
                           "# HELP toa_scan_forgotten Conversations forgotten to stay within --memory.\n"
                           "# TYPE toa_scan_forgotten gauge\n"
                           "toa_scan_forgotten{why=\"closed\"} %" G_GUINT64_FORMAT "\n"
                           "toa_scan_forgotten{why=\"idle\"} %" G_GUINT64_FORMAT "\n",
                           report->forgotten_closed, report->forgotten_idle);
}

gboolean scan_report_metrics(const scan_report *report, const char *path, GError **error)
{
    GString *text = g_string_new(NULL);
    gboolean ok;

    add_incidents(text, report);
    add_files(text, &report->counts);
    add(text, "captures", "Captures that the answer is about.", report->files);
    add(text, "packets", "TCP segments in them.", report->packets);
    add(text, "conversations", "Conversations in them.", report->conversations);
    add_forgotten(text, report);
    add(text, "unseen_segments", "Segments of connections that no capture has.", report->unseen_segments);
    add(text, "refused_records", "Lines of records that were refused in the last run.", report->counts.refused_records);
    add(text, "last_run_timestamp_seconds", "When the last run ended.", (guint64)(g_get_real_time() / G_USEC_PER_SEC));
    g_string_append(text, "# EOF\n");
    ok = g_file_set_contents_full(path, text->str, (gssize)text->len, G_FILE_SET_CONTENTS_CONSISTENT, 0644, error);
    g_string_free(text, TRUE);
    return ok;
}
