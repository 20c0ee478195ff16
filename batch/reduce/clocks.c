/* clocks.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/clocks.h"

/* In a component of more points the first one is the reference: to try all takes the cube of their number. */
#define MAX_TRIED 200
/* Ways that are longer say nothing; and sums of numbers below these overflow nothing. */
#define MAX_ERROR (G_GINT64_CONSTANT(3600) * SCAN_NS_PER_S)
#define MAX_SKEW (G_GINT64_CONSTANT(4294967295) * SCAN_NS_PER_S)

typedef struct graph {
    const scan_clock_link *links;
    GArray **links_of; /* of each point: indexes into links */
    unsigned n;
} graph;

/* ---- the least error ---- */

typedef struct clock_walk {
    scan_clock *clocks; /* of the points that were reached */
    gboolean *reached, *done;
} clock_walk;

static void relax(clock_walk *walk, unsigned from, const scan_clock_link *link)
{
    if (link->error < 0 || link->error > MAX_ERROR || link->skew < -MAX_SKEW || link->skew > MAX_SKEW) {
        return;
    }
    unsigned to = link->a == from ? link->b : link->a;
    const scan_clock *here = &walk->clocks[from];
    gint64 skew = here->skew + (link->a == from ? link->skew : -link->skew), error = here->error + link->error;
    scan_clock *there = &walk->clocks[to];

    if (walk->done[to] || error > MAX_ERROR || ABS(skew) > MAX_SKEW || (walk->reached[to] && there->error <= error)) {
        return;
    }
    walk->reached[to] = TRUE;
    *there = (scan_clock){.reference = here->reference, .skew = skew, .error = error, .hops = here->hops + 1,
                          .meetings = here->hops ? MIN(here->meetings, link->meetings) : link->meetings};
}

/* From one point to all that can be reached. Returns the sum of their errors. */
static double walk_from(const graph *self, unsigned start, clock_walk *walk)
{
    double sum = 0;

    for (unsigned i = 0; i < self->n; i++) {
        walk->reached[i] = walk->done[i] = FALSE;
    }
    walk->reached[start] = TRUE;
    walk->clocks[start] = (scan_clock){.reference = start};
    for (;;) {
        unsigned next = self->n;
        for (unsigned i = 0; i < self->n; i++) {
            if (walk->reached[i] && !walk->done[i] &&
                (next == self->n || walk->clocks[i].error < walk->clocks[next].error)) {
                next = i;
            }
        }
        if (next == self->n) {
            return sum;
        }
        walk->done[next] = TRUE;
        sum += (double)walk->clocks[next].error;
        for (guint i = 0; i < self->links_of[next]->len; i++) {
            relax(walk, next, &self->links[g_array_index(self->links_of[next], unsigned, i)]);
        }
    }
}

static unsigned count_reached(const clock_walk *walk, unsigned n)
{
    unsigned count = 0;

    for (unsigned i = 0; i < n; i++) {
        count += walk->reached[i] ? 1 : 0;
    }
    return count;
}

/* The nearest to all of those that the first one reaches. */
static unsigned find_reference(const graph *self, unsigned first, clock_walk *walk)
{
    double best = walk_from(self, first, walk), sum;
    unsigned reference = first, size = count_reached(walk, self->n);
    gboolean *members = g_memdup2(walk->reached, self->n * sizeof *members);

    for (unsigned i = first + 1; i < self->n && size > 2 && size <= MAX_TRIED; i++) {
        if (members[i] && (sum = walk_from(self, i, walk)) < best && count_reached(walk, self->n) == size) {
            best = sum;
            reference = i;
        }
    }
    g_free(members);
    return reference;
}

static void solve(const graph *self, scan_clock *clocks)
{
    clock_walk walk = {g_new0(scan_clock, self->n), g_new0(gboolean, self->n), g_new0(gboolean, self->n)};
    gboolean *settled = g_new0(gboolean, self->n);

    for (unsigned i = 0; i < self->n; i++) {
        if (settled[i]) {
            continue;
        }
        clocks[i] = (scan_clock){.reference = i};
        if (!self->links_of[i]->len) {
            continue; /* it has no connection in common with another point; there may be thousands of these */
        }
        walk_from(self, find_reference(self, i, &walk), &walk);
        for (unsigned k = 0; k < self->n; k++) {
            if (walk.reached[k] && !settled[k]) {
                clocks[k] = walk.clocks[k];
                settled[k] = TRUE;
            }
        }
    }
    g_free(settled);
    g_free(walk.clocks);
    g_free(walk.reached);
    g_free(walk.done);
}

void scan_clocks_solve(const scan_clock_link *links, unsigned n_links, scan_clock *ret_clocks, unsigned n)
{
    graph self = {links, g_new(GArray *, n), n};

    for (unsigned i = 0; i < n; i++) {
        self.links_of[i] = g_array_new(FALSE, FALSE, sizeof(unsigned));
    }
    for (unsigned i = 0; i < n_links; i++) {
        g_array_append_val(self.links_of[links[i].a], i);
        g_array_append_val(self.links_of[links[i].b], i);
    }
    solve(&self, ret_clocks);
    for (unsigned i = 0; i < n; i++) {
        g_array_unref(self.links_of[i]);
    }
    g_free(self.links_of);
}

/* ---- tables ---- */

typedef struct reading {
    GPtrArray *names;
    GHashTable *numbers; /* name of a point to its number */
    GArray *links;
} reading;

static void read_point(sqlite3_stmt *row, void *data)
{
    reading *self = data;
    char *name = g_strdup((const char *)sqlite3_column_text(row, 0));

    g_hash_table_insert(self->numbers, name, GUINT_TO_POINTER(self->names->len));
    g_ptr_array_add(self->names, name);
}

static void read_link(sqlite3_stmt *row, void *data)
{
    reading *self = data;
    gpointer a, b;

    if (g_hash_table_lookup_extended(self->numbers, sqlite3_column_text(row, 0), NULL, &a) &&
        g_hash_table_lookup_extended(self->numbers, sqlite3_column_text(row, 1), NULL, &b)) {
        scan_clock_link link = {GPOINTER_TO_UINT(a), GPOINTER_TO_UINT(b), sqlite3_column_int64(row, 2),
                                sqlite3_column_int64(row, 3), sqlite3_column_int64(row, 4)};
        g_array_append_val(self->links, link);
    }
}

static gboolean read_all(scan_db *db, reading *self, GError **error)
{
    static const char points[] = "SELECT DISTINCT point FROM capture_file ORDER BY point";
    static const char links[] = "SELECT a, b, skew, error, meetings FROM r_link ORDER BY a, b";

    return scan_db_each(db, scan_db_prepare(db, points, error), read_point, self, error) &&
           scan_db_each(db, scan_db_prepare(db, links, error), read_link, self, error);
}

static gboolean write_clocks(scan_db *db, const GPtrArray *names, const scan_clock *clocks, GError **error)
{
    gboolean ok = scan_db_exec(db, "the clocks",
                               "DROP TABLE IF EXISTS main.clock_skew; CREATE TABLE main.clock_skew (point TEXT PRIMARY KEY, reference"
                               " TEXT, component BIGINT, skew_ns BIGINT, error_ns BIGINT, meetings BIGINT, hops BIGINT)",
                               error);

    for (guint i = 0; ok && i < names->len; i++) {
        const scan_clock *clock = &clocks[i];
        ok = scan_db_run_once(db, scan_db_prepare_with(db, error, "INSERT INTO main.clock_skew VALUES (?, ?, ?, ?, ?, ?, ?)",
                                                       "ttiiiii", names->pdata[i], names->pdata[clock->reference],
                                                       (gint64)clock->reference, clock->skew, clock->error,
                                                       clock->meetings, (gint64)clock->hops), error);
    }
    return ok;
}

gboolean scan_clocks(scan_db *db, GError **error)
{
    reading it = {g_ptr_array_new_with_free_func(g_free), g_hash_table_new(g_str_hash, g_str_equal),
                  g_array_new(FALSE, FALSE, sizeof(scan_clock_link))};
    scan_clock *clocks = NULL;
    gboolean ok = read_all(db, &it, error);

    if (ok) {
        clocks = g_new0(scan_clock, it.names->len + 1);
        scan_clocks_solve((const scan_clock_link *)(void *)it.links->data, it.links->len, clocks, it.names->len);
        ok = write_clocks(db, it.names, clocks, error);
    }
    g_free(clocks);
    g_array_unref(it.links);
    g_hash_table_unref(it.numbers);
    g_ptr_array_unref(it.names);
    return ok;
}
