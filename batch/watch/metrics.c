/* metrics.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "watch/metrics.h"

static void add_kind(GString *text, const char *name, const char *type, const char *help)
{
    g_string_append_printf(text, "# HELP toa_watch_%s %s\n# TYPE toa_watch_%s %s\n", name, help, name, type);
}

static void add_counter(GString *text, const char *name, const char *help, guint64 value)
{
    add_kind(text, name, "counter", help);
    g_string_append_printf(text, "toa_watch_%s_total %" G_GUINT64_FORMAT "\n", name, value);
}

static void add_gauge(GString *text, const char *name, const char *help, guint64 value)
{
    add_kind(text, name, "gauge", help);
    g_string_append_printf(text, "toa_watch_%s %" G_GUINT64_FORMAT "\n", name, value);
}

/* One counter for each value of a label; names end with NULL. */
static void add_family(GString *text, const char *name, const char *help, const char *label, const char *const *names,
                       const guint64 *values)
{
    add_kind(text, name, "counter", help);
    for (unsigned i = 0; names[i]; i++) {
        g_string_append_printf(text, "toa_watch_%s_total{%s=\"%s\"} %" G_GUINT64_FORMAT "\n", name, label, names[i], values[i]);
    }
}

static void add_traffic(GString *text, const toa_watch *watch, const toa_watch_input *input)
{
    const toa_watch_counts *counts = &watch->counts;
    toa_watch_missed missed = toa_watch_input_missed(input);

    add_counter(text, "packets", "Packets read.", counts->frames);
    add_counter(text, "bytes", "Captured bytes of them.", counts->bytes);
    add_counter(text, "segments", "TCP segments analysed.", counts->segments);
    add_counter(text, "unread", "Packets that may hold TCP which is not read: IP fragments, unknown protocols.",
                counts->unread);
    add_counter(text, "drops", "Packets that whoever captures says to have lost.", toa_watch_input_drops(input));
    add_counter(text, "missed_files", "Files of the ring that were overwritten before they were read.", missed.files);
    add_counter(text, "missed_bytes", "Their bytes, partly estimated.", missed.bytes);
    add_counter(text, "damaged_files", "Files of the ring that could not be read to their end.", missed.damaged);
}

static void add_memory(GString *text, const toa_watch *watch)
{
    static const char *const why[] = {"closed", "idle", NULL};
    char pause[G_ASCII_DTOSTR_BUF_SIZE];
    const guint64 forgotten[] = {watch->limit.closed, watch->limit.idle};

    add_gauge(text, "conversations", "Conversations remembered.", toa_engine_remembers(watch->engine));
    add_counter(text, "conversations_seen", "Conversations so far.", toa_engine_conversations(watch->engine));
    add_family(text, "forgotten", "Conversations forgotten to stay within --memory.", "why", why, forgotten);
    add_kind(text, "longest_pause_seconds", "gauge", "The longest time that forgetting took; packets wait meanwhile.");
    g_string_append_printf(text, "toa_watch_longest_pause_seconds %s\n",
                           g_ascii_formatd(pause, sizeof pause, "%.6f", (double)watch->counts.longest_pause / 1e6));
    add_gauge(text, "engine_bytes", "Memory that the engine holds.", toa_engine_memory(watch->engine));
}

static void add_events(GString *text, const toa_watch *watch)
{
    static const char *const kinds[] = {"confirmed", "foreign", "untranslated", "stale", "collision", "note", NULL};
    static const char *const results[] = {"written", "failed", "left_out", NULL};
    const toa_events_counts *counts = &watch->events.counts;
    const guint64 events[] = {counts->confirmed, counts->foreign,   counts->untranslated,
                              counts->stale,     counts->collision, counts->note};
    const toa_files *its = &watch->events.files;
    const guint64 files[] = {its->n_written, its->n_failed, its->n_left_out};

    add_family(text, "incidents", "Incidents that have come to be of this kind; one may come to several.", "kind", kinds,
               events);
    add_family(text, "evidence_files", "Files with packets of incidents.", "result", results, files);
    add_gauge(text, "incidents_open", "Incidents that are being followed.", watch->events.open->len);
}

bool toa_watch_metrics(const char *path, const toa_watch *watch, const toa_watch_input *input, GError **ret_error)
{
    GString *text = g_string_new(NULL);
    bool ok;

    add_traffic(text, watch, input);
    add_memory(text, watch);
    add_events(text, watch);
    add_gauge(text, "last_packet_timestamp_seconds", "Time of the newest segment.", (guint64)MAX(0, watch->now / TOA_SECOND));
    add_gauge(text, "written_timestamp_seconds", "When this was written.", (guint64)(g_get_real_time() / G_USEC_PER_SEC));
    g_string_append(text, "# EOF\n");
    ok = g_file_set_contents_full(path, text->str, (gssize)text->len, G_FILE_SET_CONTENTS_CONSISTENT, 0644, ret_error);
    g_string_free(text, TRUE);
    return ok;
}
