/* pool.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/pool.h"

#include "read/memory.h"

void scan_pool_stop(scan_pool *self)
{
    gint64 now = g_get_monotonic_time();
    scan_chain *chain;

    for (guint i = 0; i < self->running->len; i++) {
        scan_job_press(self->running->pdata[i], now);
    }
    while ((chain = g_queue_pop_head(&self->waiting))) {
        scan_chain_free(chain);
    }
    g_queue_clear(&self->again);
}

gboolean scan_pool_is_over(const scan_pool *self)
{
    return self->error != NULL || scan_stop;
}

static void on_ready(scan_job *job, void *data)
{
    scan_pool *self = data;

    g_queue_push_tail(&self->ready, job);
    g_main_loop_quit(self->loop);
}

static gint64 worst_of(const GPtrArray *files)
{
    gint64 bytes = 0;

    for (guint i = 0; i < files->len; i++) {
        const scan_file *file = files->pdata[i];
        bytes += scan_memory_worst(file->path, file->size);
    }
    return bytes;
}

gint64 scan_pool_share(const scan_run *run, const GPtrArray *chains)
{
    GArray *wants = g_array_sized_new(FALSE, FALSE, sizeof(gint64), chains->len);
    gint64 share;

    for (guint i = 0; i < chains->len; i++) {
        const scan_chain *chain = chains->pdata[i];
        gint64 want = worst_of(chain->files) + worst_of(chain->known);
        g_array_append_val(wants, want);
    }
    share = scan_memory_share(wants, (guint)run->jobs, run->native_memory);
    g_array_free(wants, TRUE);
    return share;
}

static gint64 expected_of(const GPtrArray *files, gboolean native)
{
    gint64 bytes = 0;

    for (guint i = 0; i < files->len; i++) {
        const scan_file *file = files->pdata[i];
        bytes += scan_memory_expected(file->path, file->size, native);
    }
    return bytes;
}

static gint64 expected(const scan_pool *self, const scan_chain *chain, gboolean native)
{
    gint64 most = native ? self->share : G_MAXINT64;

    return g_hash_table_contains(self->alone, chain->files->pdata[0])
               ? self->run->memory
               : MIN(most, expected_of(chain->files, native) + expected_of(chain->known, native));
}

static gboolean has_room(const scan_pool *self, gint64 more)
{
    for (guint i = 0; i < self->running->len; i++) {
        const scan_job *job = self->running->pdata[i];
        more += MAX(job->expected, scan_memory_of(job->process));
    }
    return !self->running->len || more <= self->run->memory;
}

/* The next chain; *ret_native: for toa-read. NULL: there is none. */
static scan_chain *next_chain(scan_pool *self, gboolean *ret_native)
{
    const scan_file *left = g_queue_pop_head(&self->again);

    *ret_native = !left && self->run->tshark->native;
    return left ? scan_chain_single(left) : g_queue_pop_head(&self->waiting);
}

static void put_back(scan_pool *self, scan_chain *chain, gboolean native)
{
    if (native || !self->run->tshark->native) {
        g_queue_push_head(&self->waiting, chain);
    } else {
        g_queue_push_head(&self->again, chain->files->pdata[0]);
        scan_chain_free(chain);
    }
}

void scan_pool_start(scan_pool *self)
{
    while (!scan_pool_is_over(self) && self->running->len < (guint)self->run->jobs) {
        gboolean native;
        scan_chain *chain = next_chain(self, &native);
        gint64 memory = chain ? expected(self, chain, native) : 0;
        scan_job *job;
        if (!chain) {
            return;
        }
        if (!has_room(self, memory)) {
            put_back(self, chain, native);
            return;
        }
        job = scan_job_start(self->run->tshark, chain, native, self->share, self->run->timeout, on_ready, self, &self->error);
        if (job) {
            job->expected = memory;
            g_ptr_array_add(self->running, job);
        } else {
            scan_pool_stop(self);
        }
    }
}

void scan_pool_watch_memory(scan_pool *self)
{
    scan_job *last = NULL;
    gint64 taken = 0;
    guint running = 0;

    for (guint i = 0; i < self->running->len; i++) {
        scan_job *job = self->running->pdata[i];
        if (job->killed) {
            continue; /* it is on its way out */
        }
        running++;
        taken += scan_memory_of(job->process);
        last = !job->native && (!last || job->started > last->started) ? job : last;
    }
    if (last && running > 1 && taken > self->run->memory) {
        g_hash_table_add(self->alone, last->chain->files->pdata[0]);
        last->postponed = TRUE;
        scan_job_press(last, g_get_monotonic_time());
    }
}
