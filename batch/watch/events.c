/* events.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "watch/events.h"

#include "watch/say.h"

#include <errno.h>

#define OPEN_MAX 256
#define QUIET_NS (60 * TOA_SECOND)
#define FIRST_PAUSE (10 * (gint64)G_USEC_PER_SEC)
#define LONGEST_PAUSE (600 * (gint64)G_USEC_PER_SEC)

static void free_open(gpointer data)
{
    toa_open *open = data;

    g_clear_pointer(&open->evidence, toa_evidence_free);
    g_ptr_array_free(open->parts, TRUE);
    g_array_free(open->findings, TRUE);
    g_free(open->evidence_path);
    g_free(open);
}

void toa_events_init(toa_events *self, const toa_config *config, const toa_reporter *reporter, const toa_ring *ring)
{
    *self = (toa_events){.config = config, .reporter = *reporter, .files = {.ring = ring}};
    toa_records_init(&self->records, config, NULL);
    toa_stats_free(&self->records.stats_table);
    toa_stats_init_few(&self->records.stats_table);
    self->open = g_ptr_array_new_with_free_func(free_open);
    self->followed = g_hash_table_new(NULL, NULL);
}

/* ---- which conversations ---- */

static void follow(toa_events *self, const toa_conversation *conv)
{
    if (conv) {
        g_hash_table_add(self->followed, (gpointer)conv);
    }
}

static void follow_incident(toa_events *self, const toa_incident *incident)
{
    follow(self, incident->early);
    follow(self, incident->late);
    follow(self, toa_engine_leg(incident->early));
    follow(self, toa_engine_leg(incident->late));
}

/* Conversations of an event, each once. */
static GPtrArray *conversations_of(const toa_open *open)
{
    GHashTable *set = g_hash_table_new(NULL, NULL);
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter iter;
    gpointer conv;

    for (guint i = 0; i < open->parts->len; i++) {
        const toa_incident *part = open->parts->pdata[i];
        g_hash_table_add(set, (gpointer)part->early);
        g_hash_table_add(set, (gpointer)part->late);
    }
    for (guint i = 0; i < open->findings->len; i++) {
        const toa_finding *finding = &g_array_index(open->findings, toa_open_finding, i).finding;
        g_hash_table_add(set, (gpointer)finding->own);
        g_hash_table_add(set, (gpointer)finding->other);
    }
    g_hash_table_iter_init(&iter, set);
    while (g_hash_table_iter_next(&iter, &conv, NULL)) {
        g_ptr_array_add(list, conv);
    }
    g_hash_table_destroy(set);
    return list;
}

/* After an event was let go: whom the others need. */
static void follow_others(toa_events *self)
{
    GHashTable *before = self->followed;
    GHashTableIter iter;
    gpointer conv;

    self->followed = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < self->open->len; i++) {
        const toa_open *open = self->open->pdata[i];
        GPtrArray *list = conversations_of(open);
        for (guint j = 0; j < list->len; j++) {
            follow(self, list->pdata[j]);
        }
        g_ptr_array_free(list, TRUE);
        for (guint j = 0; j < open->parts->len; j++) {
            follow_incident(self, open->parts->pdata[j]);
        }
    }
    g_hash_table_iter_init(&iter, before);
    while (g_hash_table_iter_next(&iter, &conv, NULL)) {
        if (!g_hash_table_contains(self->followed, conv)) {
            toa_stats_drop(&self->records.stats_table, conv);
        }
    }
    g_hash_table_destroy(before);
}

/* ---- what is told ---- */

static guint64 *counter_of(toa_events *self, toa_verdict verdict)
{
    switch (verdict) {
    case TOA_VERDICT_CONFIRMED:
        return &self->counts.confirmed;
    case TOA_VERDICT_CROSSED:
        return &self->counts.foreign;
    case TOA_VERDICT_UNTRANSLATED:
        return &self->counts.untranslated;
    case TOA_VERDICT_SHARED:
        return &self->counts.collision;
    default:
        return &self->counts.note;
    }
}

static bool is_reported(const toa_events *self, const toa_open *open, toa_verdict verdict)
{
    return verdict >= TOA_VERDICT_UNTRANSLATED || (verdict == TOA_VERDICT_STALE && (self->notes || open->waited));
}

static toa_verdict verdict_of(toa_events *self, toa_open *open)
{
    const toa_incident *best = toa_open_best(open);
    toa_verdict verdict = toa_incident_verdict(best);

    if (verdict == TOA_VERDICT_STALE && !open->waited && toa_incident_victims(best, &self->records.stats_table)) {
        open->waited = true;
        self->counts.stale++;
    }
    return verdict;
}

static void tell(toa_events *self, toa_open *open, const char *what, const toa_report_place *place)
{
    open->reported_verdict = toa_incident_verdict(toa_open_best(open));
    open->reported_count = toa_open_count(open);
    open->next_tell = g_get_monotonic_time() + open->pause;
    open->pause = MIN(open->pause * 2, LONGEST_PAUSE);
    if (!toa_report_event(&self->reporter, open, what, &self->records.stats_table, place) && !self->failed) {
        self->failed = TRUE;
        toa_watch_say("standard output: %s", g_strerror(errno));
    }
}

/* Each kind that an event has come to counts. */
static void count_change(toa_events *self, toa_open *open, toa_verdict verdict)
{
    if (counter_of(self, open->reported_verdict) != counter_of(self, verdict) && verdict > open->reported_verdict) {
        ++*counter_of(self, verdict);
    }
    open->reported_verdict = verdict;
}

/* A verdict that has become more certain is told at once, all else not too often. */
static void tell_growth(toa_events *self, toa_open *open, const toa_report_place *place)
{
    toa_verdict verdict = verdict_of(self, open), before = open->reported_verdict;

    count_change(self, open, verdict);
    if (is_reported(self, open, before) && !is_reported(self, open, verdict)) {
        tell(self, open, "refuted", place);
    } else if (is_reported(self, open, verdict) &&
               (verdict > before || (toa_open_count(open) > open->reported_count && g_get_monotonic_time() >= open->next_tell))) {
        tell(self, open, "grown", place);
    }
}

/* ---- an event, from the beginning to its end ---- */

static void let_go(toa_events *self, toa_open *open, const toa_report_place *place)
{
    GPtrArray *list = conversations_of(open);
    bool is_due = is_reported(self, open, verdict_of(self, open));

    toa_files_end(&self->files, open);
    if (is_due && toa_open_count(open) > open->reported_count) {
        tell(self, open, open->reported_count ? "over" : "new", place);
    }
    if (is_due) {
        toa_report_records(&self->reporter, open, &self->records, list);
    }
    for (guint i = 0; i < open->parts->len; i++) {
        ((toa_incident *)open->parts->pdata[i])->user = NULL;
    }
    g_ptr_array_free(list, TRUE);
    g_ptr_array_remove_fast(self->open, open);
    follow_others(self);
}

static toa_open *quietest(const toa_events *self)
{
    toa_open *found = self->open->pdata[0];

    for (guint i = 1; i < self->open->len; i++) {
        toa_open *open = self->open->pdata[i];
        found = open->last_heard < found->last_heard ? open : found;
    }
    return found;
}

static toa_open *new_open(toa_events *self, const toa_report_place *place)
{
    toa_open *open;

    if (self->open->len >= OPEN_MAX) {
        let_go(self, quietest(self), place);
    }
    open = g_new0(toa_open, 1);
    *open = (toa_open){.id = ++self->last_id,
                       .parts = g_ptr_array_new(),
                       .pause = FIRST_PAUSE,
                       .findings = g_array_new(FALSE, FALSE, sizeof(toa_open_finding))};
    g_ptr_array_add(self->open, open);
    return open;
}

/* The event that the incident is of, begun if there is none. */
static toa_open *open_of(toa_events *self, toa_incident *incident, const toa_report_place *place)
{
    toa_open *open = incident->user;

    for (guint i = 0; !open && i < self->open->len; i++) {
        open = toa_open_same(self->open->pdata[i], incident) ? self->open->pdata[i] : NULL;
    }
    if (!open) {
        open = new_open(self, place);
    }
    if (!incident->user) {
        incident->user = open;
        g_ptr_array_add(open->parts, incident);
        follow_incident(self, incident);
    }
    return open;
}

static void keep_finding(toa_open *open, const toa_layer *layer, const toa_finding *finding)
{
    toa_open_finding its = {*layer->segment, *finding};

    if (open->findings->len < TOA_OPEN_FINDINGS) {
        g_array_append_val(open->findings, its);
    }
}

static void take_finding(toa_events *self, const toa_layer *layer, const toa_finding *finding, const toa_report_place *place)
{
    toa_incident *incident;
    toa_open *open;
    bool is_new, begins;

    if (!finding->other || finding->kind == TOA_FINDING_REUSE) {
        self->counts.note++;
        return;
    }
    incident = toa_incidents_add(&self->records.incidents, layer, finding, &is_new);
    if (!incident || !incident->first_frame) {
        return;
    }
    begins = !incident->user;
    open = open_of(self, incident, place);
    open->last_time = layer->segment->time;
    open->last_heard = g_get_monotonic_time();
    keep_finding(open, layer, finding);
    if (open->evidence && begins) {
        toa_files_want(open->evidence, incident);
    }
    if (!begins || open->parts->len > 1) {
        return; /* told with the growth of it */
    }
    ++*counter_of(self, toa_incident_verdict(incident));
    open->reported_verdict = toa_incident_verdict(incident);
}

/* All findings of the layer are in. */
static void tell_touched(toa_events *self, const toa_layer *layer, const toa_report_place *place)
{
    for (unsigned i = 0; i < layer->n_findings; i++) {
        const toa_finding *finding = &layer->findings[i];
        for (guint j = 0; finding->other && j < self->open->len; j++) {
            toa_open *open = self->open->pdata[j];
            if (!toa_open_has(open, finding->own) || !toa_open_has(open, finding->other)) {
                continue;
            }
            if (open->reported_count) {
                tell_growth(self, open, place);
                continue;
            }
            count_change(self, open, verdict_of(self, open));
            if (is_reported(self, open, open->reported_verdict)) {
                if (self->files.folder) {
                    toa_files_begin(&self->files, open, layer, place);
                }
                tell(self, open, "new", place);
            }
        }
    }
}

void toa_events_take(toa_events *self, const toa_layer *layer, const toa_frame_bytes *frame, const toa_report_place *place)
{
    if (!layer->n_findings && !self->open->len) {
        return;
    }
    if (self->files.n_open) {
        toa_files_add(&self->files, self->open, layer, frame, place); /* files that begin now get it from the ring */
    }
    for (unsigned i = 0; i < layer->n_findings; i++) {
        take_finding(self, layer, &layer->findings[i], place);
    }
    if (toa_events_needs(self, layer->conversation)) {
        toa_stats_add(&self->records.stats_table, layer);
    }
    if (layer->n_findings) {
        tell_touched(self, layer, place);
    }
}

void toa_events_tick(toa_events *self, gint64 now, const toa_report_place *place)
{
    gint64 clock = g_get_monotonic_time();

    for (guint i = self->open->len; i-- > 0;) {
        toa_open *open = self->open->pdata[i];
        gint64 silent = (clock - open->last_heard) * 1000; /* a capture that stands still, or whose times are wrong */
        toa_files_tick(&self->files, open, now, silent);
        if (open->reported_count) {
            tell_growth(self, open, place);
        }
        if (now - open->last_time > QUIET_NS || silent > QUIET_NS) {
            let_go(self, open, place);
        }
    }
}

void toa_events_finish(toa_events *self, const toa_report_place *place)
{
    while (self->open->len) {
        let_go(self, self->open->pdata[self->open->len - 1], place);
    }
}

void toa_events_clear(toa_events *self)
{
    g_ptr_array_free(self->open, TRUE);
    g_hash_table_destroy(self->followed);
    toa_records_free(&self->records);
}
