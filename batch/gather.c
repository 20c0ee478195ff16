/* gather.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "gather.h"

#include "plan.h"
#include "read/memory.h"

/* ---- what is to be read ---- */

static gboolean add_id(GHashTable *set, gint64 id)
{
    return g_hash_table_add(set, g_memdup2(&id, sizeof id));
}

static void take_records(scan_gather *self, const scan_file *file)
{
    GError *local = NULL;

    if (self->export) {
        scan_warn("%s: records are not written again as records; skipped", file->path);
        self->counts.skipped++;
    } else if (!scan_records_import(self->db, file->path, &self->counts, &local) && !scan_stop) {
        scan_warn("%s: %s", file->path, local->message);
        self->counts.failed++;
    }
    g_clear_error(&local);
}

/* The database has this content: whether that will do. Another point is a reason to read it again, but not if it came
 * under another name: then it is a copy, or the file was renamed. */
static gboolean is_done(scan_gather *self, const scan_file *file, const scan_stored *stored)
{
    if (!stored->current || (g_strcmp0(stored->point, file->point) != 0 && g_strcmp0(stored->path, file->path) == 0)) {
        return FALSE;
    }
    if (g_strcmp0(stored->state, "cut short") == 0) {
        scan_warn("%s: cut short in the middle of a packet; what is before that was read", file->path);
        self->counts.cut_short++;
    }
    self->counts.empty += stored->packets == 0;
    self->counts.known++;
    return TRUE;
}

/* *ret_wanted: whether it is to be read. */
static gboolean look_up(scan_gather *self, const scan_file *file, gboolean *ret_wanted, GError **error)
{
    scan_stored stored;
    gint64 earlier;

    if (!scan_db_find(self->db, file->id, self->tshark->signature, &stored, error)) {
        return FALSE;
    }
    *ret_wanted = !stored.found || !is_done(self, file, &stored);
    earlier = stored.found ? 0 : scan_db_earlier(self->db, file);
    if (earlier) {
        g_hash_table_insert(self->replaces, g_memdup2(&file->id, sizeof file->id), g_memdup2(&earlier, sizeof earlier));
    }
    scan_stored_clear(&stored);
    return *ret_wanted || scan_db_remember(self->db, file, error);
}

/* It was read by an earlier run, which may have left something open. */
static void pass(scan_gather *self, scan_file *file)
{
    self->counts.known++;
    g_ptr_array_add(self->passed, file);
}

static gboolean sort_capture(scan_gather *self, scan_file *file, gboolean *ret_wanted, GError **error)
{
    GError *local = NULL;

    *ret_wanted = FALSE;
    if (!scan_file_fetch(file, &local) ||
        ((self->export || file->is_pipe || !scan_db_recall(self->db, file)) && !scan_file_identify(file, &local))) {
        scan_warn("%s: %s", file->path, local->message);
        g_clear_error(&local);
        self->counts.failed++;
        return TRUE;
    }
    if (!add_id(self->seen, file->id)) {
        self->counts.copies++;
        return TRUE;
    }
    if (self->known && g_hash_table_contains(self->known, &file->id)) {
        pass(self, file);
        return TRUE;
    }
    *ret_wanted = TRUE;
    return self->export || look_up(self, file, ret_wanted, error);
}

/* The captures that are still to be read; records of other hosts are read here. NULL with an error. */
static GPtrArray *sort_out(scan_gather *self, const GPtrArray *files, GError **error)
{
    GPtrArray *captures = g_ptr_array_new();

    for (guint i = 0; i < files->len && !scan_stop; i++) {
        scan_file *file = files->pdata[i];
        gboolean wanted = FALSE;
        if (file->is_records) {
            take_records(self, file);
            continue;
        }
        if (!scan_tshark_check(self->tshark, error) || !sort_capture(self, file, &wanted, error)) {
            g_ptr_array_unref(captures);
            return NULL;
        }
        if (wanted) {
            g_ptr_array_add(captures, file);
            self->progress.bytes += file->size;
        }
    }
    self->progress.files = captures->len;
    return captures;
}

/* ---- what was read ---- */

/* No record, and it does not begin like a capture: Wireshark took it for something else. */
static void weigh(scan_gather *self, const scan_file *file, guint64 records, guint64 refused)
{
    self->counts.refused += refused > 0;
    self->counts.refused_records += refused;
    if (records) {
        self->counts.read++;
    } else if (scan_file_has_magic(file)) {
        self->counts.read++;
        self->counts.empty++;
    } else {
        scan_warn("%s: no capture; Wireshark takes it for something without packets", file->path);
        self->counts.not_captures++;
    }
}

static gboolean take_capture(void *data, const scan_file *file, FILE *records, const char *state, const char *engine,
                             GError **error)
{
    scan_gather *self = data;
    const gint64 *replaces = g_hash_table_lookup(self->replaces, &file->id);
    scan_result result = {.state = state, .host = self->options->host, .engine = engine, .local = TRUE};
    guint64 lines = 0, refused = 0;

    if (self->export) {
        if (!scan_records_export(records, self->export, file, self->tshark->signature, self->options->host, state, engine,
                                 &lines, &refused, error)) {
            return FALSE;
        }
        weigh(self, file, lines, refused);
        return TRUE;
    }
    if (!scan_records_load(self->db, records, file, self->tshark->signature, replaces ? *replaces : 0, &result, error)) {
        return FALSE;
    }
    if (!g_hash_table_contains(self->wanted, &file->id)) {
        return TRUE; /* of an earlier run, told again */
    }
    self->progress.packets += (guint64)result.packets;
    weigh(self, file, (guint64)result.records, result.refused);
    return TRUE;
}

/* ---- the order of it ---- */

static gboolean read_known(scan_gather *self, GError **error)
{
    if (!self->options->known_path) {
        return TRUE;
    }
    self->known = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return scan_records_known(self->options->known_path, self->options->host, self->known, error);
}

static GPtrArray *make_chains(scan_gather *self, const GPtrArray *captures, GError **error)
{
    const scan_plan plan = {captures, self->passed, self->export ? NULL : self->db, self->tshark->signature, self->wanted,
                            self->tshark->native != NULL, &self->counts};

    for (guint i = 0; i < captures->len; i++) {
        const scan_file *file = captures->pdata[i];
        const gint64 *replaced = g_hash_table_lookup(self->replaces, &file->id);
        add_id(self->wanted, file->id);
        if (replaced) {
            add_id(self->wanted, *replaced);
        }
    }
    return scan_plan_make(&plan, error);
}

static gboolean run_jobs(scan_gather *self, const GPtrArray *captures, GError **error)
{
    GPtrArray *chains = make_chains(self, captures, error);
    gint64 memory = self->options->memory ? self->options->memory : scan_memory_default();
    gint64 native = self->options->memory ? memory : MIN(memory, SCAN_MEMORY_NATIVE);
    const scan_run run = {self->tshark, self->options->jobs, self->options->timeout, memory, native, !self->export, take_capture, self,
                          &self->progress, &self->counts, self->options->quiet};
    gboolean ok = chains && scan_jobs_run(&run, chains, error);

    scan_line(NULL);
    g_clear_pointer(&chains, g_ptr_array_unref);
    return ok;
}

gboolean scan_gather_run(scan_gather *self, GError **error)
{
    GPtrArray *files, *captures;
    gboolean ok;

    self->seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    self->wanted = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    self->replaces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    self->passed = g_ptr_array_new();
    scan_progress_init(&self->progress, self->options->quiet);
    if (!read_known(self, error)) {
        return FALSE;
    }
    files = scan_files_list(self->options, &self->counts);
    captures = sort_out(self, files, error);
    ok = captures && (!captures->len || run_jobs(self, captures, error));
    if (ok && !files->len && self->options->inputs && !scan_counts_bad(&self->counts)) {
        scan_warn("no capture in what was named");
        self->counts.failed++;
    }
    g_clear_pointer(&captures, g_ptr_array_unref);
    g_ptr_array_unref(files);
    return ok && !scan_stop;
}

void scan_gather_clear(scan_gather *self)
{
    g_clear_pointer(&self->passed, g_ptr_array_unref);
    g_clear_pointer(&self->seen, g_hash_table_unref);
    g_clear_pointer(&self->wanted, g_hash_table_unref);
    g_clear_pointer(&self->replaces, g_hash_table_unref);
    g_clear_pointer(&self->known, g_hash_table_unref);
}
