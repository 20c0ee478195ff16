/* plan.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "plan.h"

#define IDLE_US (G_GINT64_CONSTANT(7200) * G_USEC_PER_SEC)

static const char *point_of(const scan_chain *chain)
{
    return ((const scan_file *)chain->files->pdata[0])->point;
}

static gboolean add_past(const scan_plan *plan, scan_chain *chain, GError **error)
{
    scan_past past;
    gboolean ok = scan_db_past(plan->db, point_of(chain), plan->signature, plan->skip, &past, error);

    if (ok) {
        g_ptr_array_extend_and_steal(chain->known, g_steal_pointer(&past.files));
        chain->engine = g_steal_pointer(&past.engine);
        plan->counts->learnt += chain->known->len;
        plan->counts->joined += past.missing ? 1 : 0;
    }
    scan_past_clear(&past);
    return ok;
}

static gint64 oldest(const scan_chain *chain)
{
    gint64 mtime = G_MAXINT64;

    for (guint i = 0; i < chain->files->len; i++) {
        mtime = MIN(mtime, ((const scan_file *)chain->files->pdata[i])->mtime);
    }
    return mtime;
}

/* Without a database nothing is known of what was open; the files of the last two hours before the new ones will do, and the
 * records say that another reading began. */
static void add_passed(const scan_plan *plan, GPtrArray *chains)
{
    GHashTable *points = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < chains->len; i++) {
        g_hash_table_insert(points, (gpointer)point_of(chains->pdata[i]), chains->pdata[i]);
    }
    for (guint i = 0; i < plan->passed->len; i++) {
        const scan_file *file = plan->passed->pdata[i];
        scan_chain *chain = g_hash_table_lookup(points, file->point);
        if (chain && file->mtime > oldest(chain) - IDLE_US) {
            g_ptr_array_add(chain->known, scan_file_copy(file));
            plan->counts->learnt++;
        }
    }
    g_hash_table_unref(points);
}

GPtrArray *scan_plan_make(const scan_plan *plan, GError **error)
{
    GPtrArray *chains;
    gboolean ok = TRUE;

    if (!plan->together) {
        chains = g_ptr_array_new();
        for (guint i = 0; i < plan->captures->len; i++) {
            g_ptr_array_add(chains, scan_chain_single(plan->captures->pdata[i]));
        }
        return chains;
    }
    chains = scan_chains_by_point(plan->captures);
    if (!plan->db) {
        add_passed(plan, chains);
    }
    for (guint i = 0; i < chains->len && plan->db && ok; i++) {
        ok = add_past(plan, chains->pdata[i], error);
    }
    if (!ok) {
        g_ptr_array_set_free_func(chains, scan_chain_free);
        g_clear_pointer(&chains, g_ptr_array_unref);
    }
    return chains;
}
