/* chains.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/chains.h"

scan_chain *scan_chain_new(const char *engine)
{
    scan_chain *chain = g_new0(scan_chain, 1);

    chain->files = g_ptr_array_new();
    chain->known = g_ptr_array_new_with_free_func(scan_file_free);
    chain->engine = g_strdup(engine);
    return chain;
}

void scan_chain_free(gpointer data)
{
    scan_chain *chain = data;

    g_ptr_array_unref(chain->files);
    g_ptr_array_unref(chain->known);
    g_free(chain->engine);
    g_free(chain);
}

scan_chain *scan_chain_single(const scan_file *file)
{
    scan_chain *chain = scan_chain_new(NULL);

    g_ptr_array_add(chain->files, (gpointer)file);
    return chain;
}

GPtrArray *scan_chains_by_point(const GPtrArray *captures)
{
    GHashTable *chains = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < captures->len; i++) {
        scan_file *file = captures->pdata[i];
        scan_chain *chain = g_hash_table_lookup(chains, file->point);
        if (!chain) {
            chain = scan_chain_new(NULL);
            g_hash_table_insert(chains, file->point, chain);
            g_ptr_array_add(list, chain);
        }
        g_ptr_array_add(chain->files, file);
    }
    g_hash_table_unref(chains);
    return list;
}

scan_file *scan_file_copy(const scan_file *file)
{
    scan_file *copy = g_memdup2(file, sizeof *file);

    copy->path = g_strdup(file->path);
    copy->spool = g_strdup(file->spool);
    copy->spool_fd = 0; /* the file's own keeps the bytes */
    copy->point = g_strdup(file->point);
    return copy;
}

const char *scan_chain_engine(const scan_chain *chain)
{
    return chain->engine ? chain->engine : ((const scan_file *)chain->files->pdata[0])->content.whole;
}

gint64 scan_chain_size(const scan_chain *chain)
{
    const GPtrArray *const lists[] = {chain->files, chain->known};
    gint64 size = 0;

    for (unsigned list = 0; list < G_N_ELEMENTS(lists); list++) {
        for (guint i = 0; i < lists[list]->len; i++) {
            size += ((const scan_file *)lists[list]->pdata[i])->size;
        }
    }
    return size;
}
