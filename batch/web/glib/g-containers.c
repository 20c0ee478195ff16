/* g-containers.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "g-containers.h"

/* ---- arrays ---- */

typedef struct ptr_array {
    GPtrArray array;
    guint room;
    GDestroyNotify destroy;
} ptr_array;

GPtrArray *g_ptr_array_new_with_free_func(GDestroyNotify destroy)
{
    ptr_array *self = g_new0(ptr_array, 1);

    self->destroy = destroy;
    return &self->array;
}

GPtrArray *g_ptr_array_new(void)
{
    return g_ptr_array_new_with_free_func(NULL);
}

GPtrArray *g_ptr_array_sized_new(guint room)
{
    GPtrArray *array = g_ptr_array_new();

    array->pdata = g_new(gpointer, room);
    ((ptr_array *)array)->room = room;
    return array;
}

static void make_room(GPtrArray *array, guint length)
{
    ptr_array *self = (ptr_array *)array;

    if (length > self->room) {
        self->room = MAX(length, self->room * 2);
        array->pdata = g_renew(gpointer, array->pdata, self->room);
    }
}

void g_ptr_array_add(GPtrArray *array, gpointer element)
{
    make_room(array, array->len + 1);
    array->pdata[array->len++] = element;
}

void g_ptr_array_extend(GPtrArray *array, GPtrArray *from, GCopyFunc copy, gpointer data)
{
    (void)copy;
    (void)data;
    make_room(array, array->len + from->len);
    if (from->len) {
        memcpy(array->pdata + array->len, from->pdata, from->len * sizeof *from->pdata);
        array->len += from->len;
    }
}

gboolean g_ptr_array_find(GPtrArray *array, gconstpointer element, guint *ret_index)
{
    for (guint i = 0; i < array->len; i++) {
        if (array->pdata[i] == element) {
            if (ret_index) {
                *ret_index = i;
            }
            return TRUE;
        }
    }
    return FALSE;
}

void g_ptr_array_set_size(GPtrArray *array, gint length)
{
    ptr_array *self = (ptr_array *)array;

    make_room(array, (guint)length);
    while (array->len < (guint)length) {
        array->pdata[array->len++] = NULL;
    }
    while (array->len > (guint)length) {
        gpointer element = array->pdata[--array->len];
        if (self->destroy && element) {
            self->destroy(element);
        }
    }
}

void g_ptr_array_sort(GPtrArray *array, GCompareFunc compare)
{
    toa_host_sort(array->pdata, array->len, sizeof *array->pdata, compare);
}

gpointer *g_ptr_array_free(GPtrArray *array, gboolean free_data)
{
    gpointer *data;

    if (free_data) {
        g_ptr_array_set_size(array, 0);
        g_free(array->pdata);
        array->pdata = NULL;
    }
    data = array->pdata;
    g_free(array);
    return data;
}

void g_ptr_array_unref(GPtrArray *array)
{
    g_ptr_array_free(array, TRUE);
}

GArray *g_array_remove_index(GArray *array, guint index)
{
    gsize size = g_array_get_element_size(array);

    memmove(array->data + index * size, array->data + (index + 1) * size, (array->len - index - 1) * size);
    array->len--;
    return array;
}

void g_array_unref(GArray *array)
{
    g_array_free(array, TRUE);
}

/* ---- hash table: entries in the order in which they came, found by slots that probe linearly ---- */

typedef struct entry {
    gpointer key, value;
    guint hash;
} entry;

struct GHashTable {
    GHashFunc hash;
    GEqualFunc equal;
    GDestroyNotify free_key, free_value;
    entry *entries;
    guint n_entries, room;
    guint *slots; /* index of an entry plus 1 */
    guint n_slots; /* a power of two, at least twice n_entries */
};

GHashTable *g_hash_table_new_full(GHashFunc hash, GEqualFunc equal, GDestroyNotify free_key, GDestroyNotify free_value)
{
    GHashTable *self = g_new0(GHashTable, 1);

    *self = (GHashTable){.hash = hash ? hash : g_direct_hash, .equal = equal ? equal : g_direct_equal,
                         .free_key = free_key, .free_value = free_value};
    return self;
}

GHashTable *g_hash_table_new(GHashFunc hash, GEqualFunc equal)
{
    return g_hash_table_new_full(hash, equal, NULL, NULL);
}

/* The slot of the key, or the empty one where it belongs. */
static guint *find_slot(const GHashTable *self, gconstpointer key, guint hash)
{
    guint at = (hash * 2654435761u >> 7) & (self->n_slots - 1);

    while (self->slots[at]) {
        const entry *found = &self->entries[self->slots[at] - 1];
        if (found->hash == hash && self->equal(found->key, key)) {
            break;
        }
        at = (at + 1) & (self->n_slots - 1);
    }
    return &self->slots[at];
}

static entry *find(const GHashTable *self, gconstpointer key)
{
    guint *slot = self->n_slots ? find_slot(self, key, self->hash(key)) : NULL;

    return slot && *slot ? &self->entries[*slot - 1] : NULL;
}

static void fill_slots(GHashTable *self)
{
    for (guint i = 0; i < self->n_entries; i++) {
        *find_slot(self, self->entries[i].key, self->entries[i].hash) = i + 1;
    }
}

static void grow(GHashTable *self)
{
    if (self->n_entries == self->room) {
        self->room = self->room ? self->room * 2 : 8;
        self->entries = g_renew(entry, self->entries, self->room);
    }
    if ((self->n_entries + 1) * 2 > self->n_slots) {
        g_free(self->slots);
        self->n_slots = self->n_slots ? self->n_slots * 2 : 16;
        self->slots = g_new0(guint, self->n_slots);
        fill_slots(self);
    }
}

gboolean g_hash_table_insert(GHashTable *table, gpointer key, gpointer value)
{
    entry *found = find(table, key);
    guint hash;

    if (found) { /* the old key stays */
        if (table->free_value && found->value) {
            table->free_value(found->value);
        }
        if (table->free_key && found->key != key) {
            table->free_key(key);
        }
        found->value = value;
        return FALSE;
    }
    hash = table->hash(key);
    grow(table);
    *find_slot(table, key, hash) = table->n_entries + 1;
    table->entries[table->n_entries++] = (entry){key, value, hash};
    return TRUE;
}

gboolean g_hash_table_add(GHashTable *table, gpointer key)
{
    gboolean is_new = !find(table, key);

    g_hash_table_insert(table, key, key);
    return is_new;
}

gpointer g_hash_table_lookup(GHashTable *table, gconstpointer key)
{
    const entry *found = find(table, key);

    return found ? found->value : NULL;
}

gboolean g_hash_table_lookup_extended(GHashTable *table, gconstpointer key, gpointer *ret_key, gpointer *ret_value)
{
    const entry *found = find(table, key);

    if (found && ret_key) {
        *ret_key = found->key;
    }
    if (found && ret_value) {
        *ret_value = found->value;
    }
    return found != NULL;
}

gboolean g_hash_table_contains(GHashTable *table, gconstpointer key)
{
    return find(table, key) != NULL;
}

guint g_hash_table_size(GHashTable *table)
{
    return table->n_entries;
}

guint g_hash_table_foreach_remove(GHashTable *table, GHRFunc is_to_go, gpointer data)
{
    guint before = table->n_entries, kept = 0;

    for (guint i = 0; i < before; i++) {
        entry *it = &table->entries[i];
        if (is_to_go && !is_to_go(it->key, it->value, data)) {
            table->entries[kept++] = *it;
            continue;
        }
        if (table->free_key) {
            table->free_key(it->key);
        }
        if (table->free_value && it->value) {
            table->free_value(it->value);
        }
    }
    table->n_entries = kept;
    if (table->n_slots) {
        memset(table->slots, 0, table->n_slots * sizeof *table->slots);
        fill_slots(table);
    }
    return before - kept;
}

void g_hash_table_remove_all(GHashTable *table)
{
    g_hash_table_foreach_remove(table, NULL, NULL);
}

void g_hash_table_iter_init(GHashTableIter *iter, GHashTable *table)
{
    *iter = (GHashTableIter){table, 0};
}

gboolean g_hash_table_iter_next(GHashTableIter *iter, gpointer *ret_key, gpointer *ret_value)
{
    const entry *next;

    if (iter->at == iter->table->n_entries) {
        return FALSE;
    }
    next = &iter->table->entries[iter->at++];
    if (ret_key) {
        *ret_key = next->key;
    }
    if (ret_value) {
        *ret_value = next->value;
    }
    return TRUE;
}

gpointer *g_hash_table_get_keys_as_array(GHashTable *table, guint *ret_length)
{
    gpointer *keys = g_new(gpointer, table->n_entries + 1);

    for (guint i = 0; i < table->n_entries; i++) {
        keys[i] = table->entries[i].key;
    }
    keys[table->n_entries] = NULL;
    if (ret_length) {
        *ret_length = table->n_entries;
    }
    return keys;
}

void g_hash_table_unref(GHashTable *table)
{
    g_hash_table_remove_all(table);
    g_free(table->entries);
    g_free(table->slots);
    g_free(table);
}

/* ---- hashes ---- */

guint g_direct_hash(gconstpointer key)
{
    return (guint)(uintptr_t)key;
}

gboolean g_direct_equal(gconstpointer a, gconstpointer b)
{
    return a == b;
}

guint g_str_hash(gconstpointer key)
{
    guint hash = 5381;

    for (const guchar *c = key; *c; c++) {
        hash = hash * 33 + *c;
    }
    return hash;
}

gboolean g_str_equal(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b) == 0;
}

guint g_int64_hash(gconstpointer key)
{
    guint64 number = *(const guint64 *)key;

    return (guint)(number ^ number >> 32);
}

gboolean g_int64_equal(gconstpointer a, gconstpointer b)
{
    return *(const gint64 *)a == *(const gint64 *)b;
}
