/* g-containers.h
 * GLib's arrays of pointers and hash tables.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WEB_G_CONTAINERS_H
#define TOA_WEB_G_CONTAINERS_H

#include "g-types.h"

typedef struct GPtrArray {
    gpointer *pdata;
    guint len;
} GPtrArray;

GPtrArray *g_ptr_array_new(void);
GPtrArray *g_ptr_array_sized_new(guint room);
GPtrArray *g_ptr_array_new_with_free_func(GDestroyNotify destroy);
void g_ptr_array_add(GPtrArray *array, gpointer element);
typedef gpointer (*GCopyFunc)(gconstpointer element, gpointer data);
void g_ptr_array_extend(GPtrArray *array, GPtrArray *from, GCopyFunc copy, gpointer data); /* copy NULL only */
gboolean g_ptr_array_find(GPtrArray *array, gconstpointer element, guint *ret_index);
void g_ptr_array_set_size(GPtrArray *array, gint length);
void g_ptr_array_sort(GPtrArray *array, GCompareFunc compare); /* stable */
gpointer *g_ptr_array_free(GPtrArray *array, gboolean free_data);
void g_ptr_array_unref(GPtrArray *array); /* there is one reference */

GArray *g_array_remove_index(GArray *array, guint index);
void g_array_unref(GArray *array);

/* Iterated in the order in which the keys came in. */
typedef struct GHashTable GHashTable;
typedef struct GHashTableIter {
    GHashTable *table;
    guint at;
} GHashTableIter;

GHashTable *g_hash_table_new(GHashFunc hash, GEqualFunc equal);
GHashTable *g_hash_table_new_full(GHashFunc hash, GEqualFunc equal, GDestroyNotify free_key, GDestroyNotify free_value);
gpointer g_hash_table_lookup(GHashTable *table, gconstpointer key);
gboolean g_hash_table_lookup_extended(GHashTable *table, gconstpointer key, gpointer *ret_key, gpointer *ret_value);
gboolean g_hash_table_contains(GHashTable *table, gconstpointer key);
gboolean g_hash_table_insert(GHashTable *table, gpointer key, gpointer value);
gboolean g_hash_table_add(GHashTable *table, gpointer key);
guint g_hash_table_size(GHashTable *table);
void g_hash_table_remove_all(GHashTable *table);
typedef gboolean (*GHRFunc)(gpointer key, gpointer value, gpointer data);
guint g_hash_table_foreach_remove(GHashTable *table, GHRFunc is_to_go, gpointer data);
void g_hash_table_iter_init(GHashTableIter *iter, GHashTable *table);
gboolean g_hash_table_iter_next(GHashTableIter *iter, gpointer *ret_key, gpointer *ret_value);
gpointer *g_hash_table_get_keys_as_array(GHashTable *table, guint *ret_length);
void g_hash_table_unref(GHashTable *table);
#define g_hash_table_destroy g_hash_table_unref

guint g_direct_hash(gconstpointer key);
gboolean g_direct_equal(gconstpointer a, gconstpointer b);
guint g_str_hash(gconstpointer key);
gboolean g_str_equal(gconstpointer a, gconstpointer b);
guint g_int64_hash(gconstpointer key);
gboolean g_int64_equal(gconstpointer a, gconstpointer b);

#endif
