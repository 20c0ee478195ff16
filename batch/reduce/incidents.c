/* incidents.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/incidents.h"

#include "printable.h"

static void flow_free(gpointer data)
{
    scan_flow *self = data;
    char *texts[] = {self->point, self->client, self->server, self->key_client, self->key_server};

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(texts[i]);
    }
    g_array_unref(self->places);
    g_free(self);
}

static void fact_free(gpointer data)
{
    scan_fact *self = data;
    char *texts[] = {self->finding, self->severity, self->point, self->sender, self->evidence, self->cause};

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(texts[i]);
    }
    g_free(self);
}

static void incident_free(gpointer data)
{
    scan_incident *self = data;

    g_free(self->kind);
    g_free(self->key);
    g_ptr_array_unref(self->flows[0]);
    g_ptr_array_unref(self->flows[1]);
    g_ptr_array_unref(self->facts);
    g_free(self);
}

static void capture_free(gpointer data)
{
    scan_capture *self = data;
    char *texts[] = {self->path, self->host, self->point, self->signature, self->state};

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(texts[i]);
    }
    g_free(self);
}

static void skew_free(gpointer data)
{
    scan_skew *self = data;

    g_free(self->point);
    g_free(self->reference);
    g_free(self);
}

/* ---- columns of a row ---- */

/* Printable: names of points and hosts may come from anywhere. */
static char *text_at(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text ? scan_printable(text) : NULL;
}

static gint64 number_at(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, column);
}

/* Calls read for each row of a statement; parameters go to ?1, ?2 ... */
static gboolean each_row(scan_db *db, const char *sql, const gint64 *parameters, int n_parameters,
                         scan_db_take read, void *data, GError **error)
{
    sqlite3_stmt *statement = scan_db_prepare(db, sql, error);

    for (int i = 0; statement && i < n_parameters; i++) {
        sqlite3_bind_int64(statement, i + 1, parameters[i]);
    }
    return scan_db_each(db, statement, read, data, error);
}

/* ---- rows ---- */

static void read_incident(sqlite3_stmt *row, void *data)
{
    scan_incident *incident = g_new0(scan_incident, 1);

    incident->id[0] = number_at(row, 0);
    incident->id[1] = number_at(row, 1);
    incident->kind = text_at(row, 2);
    incident->severity = (int)number_at(row, 3);
    incident->key = text_at(row, 4);
    incident->first_time = number_at(row, 5);
    incident->last_time = number_at(row, 6);
    incident->rsts = number_at(row, 7);
    incident->segments = number_at(row, 8);
    incident->dup_acks = number_at(row, 9);
    incident->stale = number_at(row, 10);
    incident->across = number_at(row, 11) > 0;
    incident->victim = -1;
    incident->flows[0] = g_ptr_array_new_with_free_func(flow_free);
    incident->flows[1] = g_ptr_array_new_with_free_func(flow_free);
    incident->facts = g_ptr_array_new_with_free_func(fact_free);
    g_ptr_array_add(data, incident);
}

static void read_flow(sqlite3_stmt *row, void *data)
{
    scan_flow *flow = g_new0(scan_flow, 1);

    flow->point = text_at(row, 0);
    flow->client = text_at(row, 1);
    flow->server = text_at(row, 2);
    flow->key_client = text_at(row, 3);
    flow->key_server = text_at(row, 4);
    flow->source = *(const char *)sqlite3_column_text(row, 5);
    flow->first_time = number_at(row, 6);
    flow->last_time = number_at(row, 7);
    flow->closed_time = sqlite3_column_int64(row, 8);
    flow->frames = number_at(row, 9);
    flow->number = sqlite3_column_int64(row, 10);
    flow->places = g_array_new(FALSE, FALSE, sizeof(scan_place));
    g_ptr_array_add(data, flow);
}

static void read_place(sqlite3_stmt *row, void *data)
{
    GPtrArray *flows = data;
    gint64 number = sqlite3_column_int64(row, 0);
    scan_place place = {sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 2)};

    for (guint i = 0; i < flows->len; i++) {
        scan_flow *flow = flows->pdata[i];
        if (flow->number == number) {
            g_array_append_val(flow->places, place);
            return;
        }
    }
}

static void read_fact(sqlite3_stmt *row, void *data)
{
    scan_incident *incident = data;
    scan_fact *fact = g_new0(scan_fact, 1);
    gint64 *const numbers[] = {&fact->file, &fact->frame, &fact->at, &fact->flags, &fact->seq, &fact->ack,
                               &fact->ip_id, &fact->other_file, &fact->other_stream, &fact->other_frame,
                               &fact->isn_error, &fact->times};

    fact->finding = text_at(row, 0);
    fact->severity = text_at(row, 1);
    fact->own = sqlite3_column_int64(row, 2) == incident->id[0] ? 0 : 1;
    fact->point = text_at(row, 3);
    fact->sender = text_at(row, 4);
    fact->evidence = text_at(row, 5);
    fact->cause = text_at(row, 19);
    fact->across = sqlite3_column_int(row, 6) != 0;
    fact->has_isn_error = sqlite3_column_type(row, 17) != SQLITE_NULL;
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        *numbers[i] = number_at(row, 7 + (int)i);
    }
    g_ptr_array_add(incident->facts, fact);
}

static void read_victim(sqlite3_stmt *row, void *data)
{
    scan_incident *incident = data;

    incident->victim = sqlite3_column_int64(row, 0) == incident->id[0] ? 0 : 1;
    incident->victim_file = number_at(row, 1);
    incident->victim_frame = number_at(row, 2);
    incident->victim_asked = number_at(row, 3);
}

static void read_unseen(sqlite3_stmt *row, void *data)
{
    scan_report *self = data;

    self->unseen = (guint)sqlite3_column_int(row, 0);
    self->unseen_segments = (guint)sqlite3_column_int(row, 1);
    self->unseen_file = number_at(row, 2);
    self->unseen_frame = number_at(row, 3);
}

static void read_skew(sqlite3_stmt *row, void *data)
{
    scan_skew *skew = g_new0(scan_skew, 1);

    skew->point = text_at(row, 0);
    skew->reference = text_at(row, 1);
    skew->skew = sqlite3_column_int64(row, 2);
    skew->error = sqlite3_column_int64(row, 3);
    skew->meetings = sqlite3_column_int64(row, 4);
    skew->hops = sqlite3_column_int64(row, 5);
    skew->component = sqlite3_column_int64(row, 6);
    skew->members = (guint)sqlite3_column_int(row, 7);
    g_ptr_array_add(data, skew);
}

static void read_capture(sqlite3_stmt *row, void *data)
{
    scan_report *self = data;
    gint64 file = sqlite3_column_int64(row, 0);
    const char *path = (const char *)sqlite3_column_text(row, 1);
    scan_capture *capture = g_new0(scan_capture, 1);

    capture->path = text_at(row, 1);
    capture->host = text_at(row, 3);
    capture->point = text_at(row, 4);
    capture->signature = text_at(row, 5);
    capture->state = text_at(row, 6);
    capture->size = sqlite3_column_int64(row, 7);
    capture->packets = sqlite3_column_int64(row, 8);
    capture->first_time = sqlite3_column_int64(row, 9);
    capture->last_time = sqlite3_column_int64(row, 10);
    g_ptr_array_add(self->captures, capture);
    g_hash_table_insert(self->paths, g_memdup2(&file, sizeof file), g_strdup(capture->path));
    if (sqlite3_column_int(row, 2) && path) {
        g_hash_table_insert(self->local, g_memdup2(&file, sizeof file), g_strdup(path));
    }
}

static void read_totals(sqlite3_stmt *row, void *data)
{
    scan_report *self = data;

    self->files = (guint64)sqlite3_column_int64(row, 0);
    self->packets = (guint64)sqlite3_column_int64(row, 1);
    self->conversations = (guint64)sqlite3_column_int64(row, 2);
    self->warnings = (guint)sqlite3_column_int(row, 3);
    self->notes = (guint)sqlite3_column_int(row, 4);
    self->confirmed = (guint)sqlite3_column_int(row, 5);
    self->foreign = (guint)sqlite3_column_int(row, 6);
    self->signatures = (guint)sqlite3_column_int(row, 7);
    self->points = (guint64)sqlite3_column_int64(row, 8);
    self->components = (guint)sqlite3_column_int(row, 9);
    self->crowds = (guint)sqlite3_column_int(row, 10);
    self->forgotten_closed = (guint64)sqlite3_column_int64(row, 11);
    self->forgotten_idle = (guint64)sqlite3_column_int64(row, 12);
    self->untranslated = (guint)sqlite3_column_int(row, 13);
    self->stale = (guint)sqlite3_column_int(row, 14);
}

static gboolean load_incident(scan_incident *incident, scan_db *db, GError **error)
{
    for (unsigned i = 0; i < 2; i++) {
        if (!each_row(db,
                      "SELECT point, client, server, key_client, key_server, source, first_time, last_time, closed_time,"
                      " frames, flow FROM incident_flow WHERE conn = ?1 ORDER BY point, client, flow",
                      &incident->id[i], 1, read_flow, incident->flows[i], error) ||
            !each_row(db, "SELECT flow, file, stream FROM incident_place WHERE conn = ?1 ORDER BY n",
                      &incident->id[i], 1, read_place, incident->flows[i], error)) {
            return FALSE;
        }
    }
    /* of several places of capture the one that saw most of the waiting */
    if (!each_row(db,
                  "SELECT conn, file, frame, asked FROM incident_victim WHERE (x = ?1 AND y = ?2) OR (x = ?2 AND y = ?1)"
                  " ORDER BY last_time DESC, asked DESC, file, frame LIMIT 1",
                  incident->id, 2, read_victim, incident, error)) {
        return FALSE;
    }
    return each_row(db,
                    "SELECT finding, severity, x, point, sender, evidence, across, file, frame, at, flags, seq, ack,"
                    " ip_id, y_file, y_stream, y_frame, isn_error, times, cause FROM incident_fact"
                    " WHERE (x = ?1 AND y = ?2) OR (x = ?2 AND y = ?1) ORDER BY at, file, frame, finding",
                    incident->id, 2, read_fact, incident, error);
}

gboolean scan_report_load(scan_report *self, scan_db *db, gboolean notes, gint64 since, gint64 until, GError **error)
{
    const gint64 parameters[] = {notes ? 1 : 2, since, until};

    self->incidents = g_ptr_array_new_with_free_func(incident_free);
    self->skews = g_ptr_array_new_with_free_func(skew_free);
    self->captures = g_ptr_array_new_with_free_func(capture_free);
    self->paths = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    self->local = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    if (!each_row(db,
                  "SELECT (SELECT COUNT(*) FROM capture_file), (SELECT SUM(packets) FROM capture_file),"
                  " (SELECT MAX(conversations) FROM reduction), COALESCE(SUM(severity = 2), 0), COALESCE(SUM(severity = 1), 0),"
                  " COALESCE(SUM(severity = 2 AND kind = 'collision.confirmed'), 0),"
                  " COALESCE(SUM(severity = 2 AND kind IN ('foreign', 'foreign.dup_ack')), 0),"
                  " (SELECT COUNT(DISTINCT signature) FROM capture_file), (SELECT COUNT(DISTINCT point) FROM capture_file),"
                  " (SELECT COUNT(DISTINCT component) FROM clock_skew), (SELECT SUM(crowds) FROM reduction),"
                  " (SELECT SUM(forgotten_closed) FROM capture_file), (SELECT SUM(forgotten_idle) FROM capture_file),"
                  " COALESCE(SUM(severity = 2 AND kind = 'untranslated'), 0),"
                  " COALESCE(SUM(severity = 2 AND kind = 'stale_session'), 0)"
                  " FROM incident WHERE last_time >= ?2 AND first_time <= ?3 AND ?1 > 0",
                  parameters, 3, read_totals, self, error) ||
        !each_row(db, "SELECT COUNT(DISTINCT u.conn), COALESCE(SUM(u.segments), 0),"
                      " (SELECT v.file FROM incident_unseen v ORDER BY v.file, v.frame LIMIT 1),"
                      " (SELECT v.frame FROM incident_unseen v ORDER BY v.file, v.frame LIMIT 1) FROM incident_unseen u",
                  NULL, 0, read_unseen, self, error) ||
        !each_row(db, "SELECT point, reference, skew_ns, error_ns, meetings, hops, component,"
                      " COUNT(*) OVER (PARTITION BY component) FROM clock_skew ORDER BY component, point <> reference, point",
                  NULL, 0, read_skew, self->skews, error) ||
        !each_row(db, "SELECT file, path, local, host, point, signature, state, size, packets, first_time, last_time"
                      " FROM capture_file ORDER BY path, file", NULL, 0, read_capture, self, error) ||
        !each_row(db,
                  "SELECT a, b, kind, severity, key_text, first_time, last_time, foreign_rsts, foreign_segments,"
                  " dup_acks, stale, across FROM incident WHERE severity >= ? AND last_time >= ?"
                  " AND first_time <= ? ORDER BY severity DESC, kind <> 'collision.confirmed', kind <> 'collision',"
                  " first_time, key_text, a, b",
                  parameters, 3, read_incident, self->incidents, error)) {
        return FALSE;
    }
    for (guint i = 0; i < self->incidents->len; i++) {
        if (!load_incident(self->incidents->pdata[i], db, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

void scan_report_clear(scan_report *self)
{
    g_clear_pointer(&self->incidents, g_ptr_array_unref);
    g_clear_pointer(&self->skews, g_ptr_array_unref);
    g_clear_pointer(&self->captures, g_ptr_array_unref);
    g_clear_pointer(&self->paths, g_hash_table_unref);
    g_clear_pointer(&self->local, g_hash_table_unref);
}

gboolean scan_report_counts(const scan_report *self, scan_fail_on kind)
{
    const guint counts[FAIL_ON_MAX] = {
        [FAIL_ON_CONFIRMED] = self->confirmed,
        [FAIL_ON_FOREIGN] = self->confirmed + self->foreign,
        [FAIL_ON_UNTRANSLATED] = self->confirmed + self->foreign + self->untranslated,
        [FAIL_ON_STALE] = self->confirmed + self->foreign + self->untranslated + self->stale,
        [FAIL_ON_COLLISION] = self->warnings,
        [FAIL_ON_NOTE] = self->warnings + self->notes,
    };

    return counts[kind] > 0;
}

unsigned scan_incident_sides(const scan_incident *self)
{
    return self->id[0] == self->id[1] ? 1 : 2;
}

const char *scan_report_path(const scan_report *self, gint64 file)
{
    const char *path = g_hash_table_lookup(self->paths, &file);

    return path ? path : "?";
}

const scan_skew *scan_report_skew(const scan_report *self, const char *point)
{
    for (guint i = 0; i < self->skews->len; i++) {
        const scan_skew *skew = self->skews->pdata[i];
        if (g_str_equal(skew->point, point)) {
            return skew;
        }
    }
    return NULL;
}
