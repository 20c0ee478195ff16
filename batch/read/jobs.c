/* jobs.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/jobs.h"

#include "read/ending.h"

#include <string.h>

/* ---- of one file ---- */

static void end_file(scan_pool *self, const scan_file *file)
{
    self->run->progress->files_done++;
    self->run->progress->bytes_done += file->size;
    scan_progress_update(self->run->progress);
}

static void fail(scan_pool *self, const scan_file *file, const char *why)
{
    scan_warn("%s: %s", file->path, why);
    self->run->counts->failed++;
    end_file(self, file);
}

/* The file is for tshark. */
static void leave(scan_pool *self, const scan_file *file, const char *why)
{
    const scan_tshark *tshark = self->run->tshark;

    if (tshark->missing) {
        char *text = g_strdup_printf("toa-read cannot read all of it (%s), and there is no tshark: %s", why, tshark->missing);
        fail(self, file, text);
        g_free(text);
        return;
    }
    if (!self->run->quiet) {
        scan_warn("%s: read by tshark: %s", file->path, why);
    }
    g_queue_push_tail(&self->again, (gpointer)file);
}

static void take(scan_pool *self, const scan_job *job, scan_piece *part, gboolean whole)
{
    scan_counts *counts = self->run->counts;
    gboolean growing = scan_file_is_growing(part->file);
    const char *state = growing ? "growing" : whole ? "done" : "cut short";
    /* what tshark has read is a chain of its own */
    const char *engine = job->native ? scan_chain_engine(job->chain) : part->file->content.whole;
    GError *error = NULL;

    if (growing) {
        counts->growing++;
    } else if (!whole) {
        scan_warn("%s: cut short in the middle of a packet; what is before that was read", part->file->path);
        counts->cut_short++;
    }
    rewind(part->records);
    if (self->run->take(self->run->data, part->file, part->records, state, engine, &error) || scan_stop) {
        g_clear_error(&error);
    } else {
        g_prefix_error(&error, "%s: ", part->file->path);
        self->error = error;
        scan_pool_stop(self);
    }
    end_file(self, part->file);
}

/* A known file that comes behind a new one. What it cannot be told of again stays as it was. */
static void take_known(scan_pool *self, const scan_job *job, scan_piece *part)
{
    GError *error = NULL;

    if (!self->run->retake || !(g_str_equal(part->state, "done") || g_str_equal(part->state, "cut short"))) {
        return;
    }
    rewind(part->records);
    if (!self->run->take(self->run->data, part->file, part->records, part->state, scan_chain_engine(job->chain), &error) &&
        !scan_stop) {
        self->error = g_steal_pointer(&error);
        scan_pool_stop(self);
    }
    g_clear_error(&error);
}

/* toa-read has told how it ended. */
static void finish_part(scan_pool *self, const scan_job *job, scan_piece *part)
{
    const char *why = part->why ? part->why : "it did not say why";

    if (scan_pool_is_over(self) || job->spill) {
        /* nothing is taken any more */
    } else if (part->known) {
        take_known(self, job, part);
    } else if (g_str_equal(part->state, "left")) {
        leave(self, part->file, why);
    } else if (g_str_equal(part->state, "done") || g_str_equal(part->state, "cut short")) {
        take(self, job, part, g_str_equal(part->state, "done"));
    } else {
        fail(self, part->file, why);
    }
    scan_piece_free(part);
}

/* ---- when a program has ended ---- */

static void finish_tshark(scan_pool *self, scan_job *job)
{
    gboolean whole = !job->killed && g_subprocess_get_successful(job->process);

    if (whole || (!job->killed && scan_job_was_cut_short(job))) {
        take(self, job, job->open, whole);
    } else {
        char *why = scan_job_failure(job, job->open->file);
        fail(self, job->open->file, why);
        g_free(why);
    }
}

/* A file at which toa-read has hung or crashed. One crash shall not be the end of it. */
static void give_up_file(scan_pool *self, const scan_job *job, const scan_file *file)
{
    char *why = scan_job_failure(job, file);

    if (!job->killed && scan_job_signal(job) && self->run->tshark->reader == SCAN_READER_AUTO) {
        leave(self, file, why);
    } else {
        fail(self, file, why);
    }
    g_free(why);
}

static void add_known(scan_chain *chain, const GPtrArray *files, const scan_job *job)
{
    for (guint i = 0; i < files->len; i++) {
        const scan_file *file = files->pdata[i];
        if (!g_hash_table_contains(job->names, file->content.whole) && !(job->open && job->open->file == file)) {
            g_ptr_array_add(chain->known, scan_file_copy(file));
        }
    }
}

/* The files that it did not come to go on behind those that it has told of. */
static void go_on_without(scan_pool *self, const scan_job *job)
{
    scan_chain *chain = scan_chain_new(scan_chain_engine(job->chain));

    add_known(chain, job->chain->known, job);
    add_known(chain, job->chain->files, job);
    for (guint i = 0; i < job->chain->files->len; i++) {
        scan_file *file = job->chain->files->pdata[i];
        if (g_hash_table_contains(job->names, file->content.whole)) {
            g_ptr_array_add(chain->files, file);
        }
    }
    g_queue_push_head(&self->waiting, chain);
}

/* It did not come to any file: one of them, perhaps, is to blame. */
static void split(scan_pool *self, const scan_job *job)
{
    for (guint i = 0; i < job->chain->files->len; i++) {
        const scan_file *file = job->chain->files->pdata[i];
        if (!g_hash_table_contains(job->names, file->content.whole)) {
            continue;
        }
        if (job->chain->files->len > 1 || job->chain->known->len > 0) {
            g_queue_push_tail(&self->waiting, scan_chain_single(file));
        } else {
            give_up_file(self, job, file);
        }
    }
}

static void finish_native(scan_pool *self, scan_job *job)
{
    gboolean more = g_hash_table_size(job->names) > 0;

    if (job->open) {
        if (!job->open->known) {
            give_up_file(self, job, job->open->file);
        }
        if (more) {
            go_on_without(self, job);
        }
    } else if (more) {
        split(self, job);
    }
}

static void finish(scan_pool *self, scan_job *job)
{
    if (scan_pool_is_over(self)) {
        return;
    }
    if (job->postponed) {
        g_queue_push_tail(&self->again, job->chain->files->pdata[0]);
    } else if (job->spill) {
        g_propagate_prefixed_error(&self->error, g_steal_pointer(&job->spill), "%s: keeping its records in %s: ",
                                   ((const scan_file *)job->chain->files->pdata[0])->path, g_get_tmp_dir());
        scan_pool_stop(self);
    } else if (job->native) {
        finish_native(self, job);
    } else {
        finish_tshark(self, job);
    }
}

static void serve(scan_pool *self, scan_job *job)
{
    scan_piece *part;

    if (job->ended) {
        g_ptr_array_remove_fast(self->running, job);
        scan_pool_start(self); /* before its records are taken: no core waits for that */
    }
    while ((part = g_queue_pop_head(&job->parts))) {
        finish_part(self, job, part);
    }
    if (!job->ended) {
        scan_job_go_on(job);
        return;
    }
    finish(self, job);
    scan_job_free(job);
    scan_pool_start(self); /* what was left */
}

static gboolean look_for_stop(gpointer data)
{
    scan_pool *self = data;
    gint64 now = g_get_monotonic_time();

    for (guint i = 0; i < self->running->len; i++) {
        scan_job *job = self->running->pdata[i];
        if (job->killed || now > job->deadline) {
            scan_job_press(job, now);
        }
    }
    if (scan_stop) {
        scan_pool_stop(self);
        g_main_loop_quit(self->loop);
    } else {
        scan_pool_watch_memory(self);
    }
    scan_progress_update(self->run->progress);
    return G_SOURCE_CONTINUE;
}

gboolean scan_jobs_run(const scan_run *run, GPtrArray *chains, GError **error)
{
    scan_pool self = {.run = run, .waiting = G_QUEUE_INIT, .again = G_QUEUE_INIT, .ready = G_QUEUE_INIT};
    guint timer;
    scan_job *job;

    self.loop = g_main_loop_new(NULL, FALSE);
    self.running = g_ptr_array_new();
    self.alone = g_hash_table_new(NULL, NULL);
    self.share = scan_pool_share(run, chains);
    for (guint i = 0; i < chains->len; i++) {
        g_queue_push_tail(&self.waiting, chains->pdata[i]);
    }
    g_ptr_array_set_size(chains, 0);
    timer = g_timeout_add(200, look_for_stop, &self);
    scan_pool_start(&self);
    while (self.running->len || !g_queue_is_empty(&self.ready)) {
        if (g_queue_is_empty(&self.ready)) {
            g_main_loop_run(self.loop);
        }
        if ((job = g_queue_pop_head(&self.ready))) {
            serve(&self, job);
        }
    }
    scan_pool_stop(&self); /* nothing runs; what waits goes */
    g_source_remove(timer);
    g_main_loop_unref(self.loop);
    g_ptr_array_unref(self.running);
    g_hash_table_unref(self.alone);
    if (self.error) {
        g_propagate_error(error, self.error);
        return FALSE;
    }
    return !scan_stop;
}
