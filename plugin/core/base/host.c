/* host.c
 * For builds without GLib only, see host.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/base/host.h"

#ifndef TOA_NO_GLIB
#error "GLib has all of this"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- memory ---- */

static _Noreturn void give_up(void)
{
    fputs("out of memory\n", stderr);
    abort();
}

static gpointer must_have(gpointer memory, gsize size)
{
    if (!memory && size) {
        give_up();
    }
    return memory;
}

gpointer g_malloc(gsize size)
{
    return size ? must_have(malloc(size), size) : NULL;
}

gpointer g_malloc0_n(gsize count, gsize size)
{
    return count && size ? must_have(calloc(count, size), size) : NULL;
}

gpointer g_malloc0(gsize size)
{
    return g_malloc0_n(1, size);
}

gpointer g_realloc_n(gpointer memory, gsize count, gsize size)
{
    if (size && count > SIZE_MAX / size) {
        give_up();
    }
    if (!count || !size) {
        free(memory);
        return NULL;
    }
    return must_have(realloc(memory, count * size), size);
}

gpointer g_memdup2(gconstpointer memory, gsize size)
{
    return memory && size ? memcpy(g_malloc(size), memory, size) : NULL;
}

void g_free(gpointer memory)
{
    free(memory);
}

/* ---- array ---- */

typedef struct host_array {
    GArray array; /* the public part */
    guint size;   /* of an element */
    guint room;   /* elements */
    GDestroyNotify clear;
} host_array;

static void make_room(host_array *self, guint length)
{
    guint room = self->room ? self->room : 8;

    if (length <= self->room) {
        return;
    }
    while (room < length) {
        room = room > UINT32_MAX / 2 ? UINT32_MAX : room * 2;
    }
    self->array.data = g_realloc_n(self->array.data, room, self->size);
    self->room = room;
}

GArray *g_array_new(gboolean zero_terminated, gboolean clear, guint element_size)
{
    host_array *self = g_new0(host_array, 1);

    (void)zero_terminated;
    (void)clear;
    self->size = element_size;
    return &self->array;
}

GArray *g_array_sized_new(gboolean zero_terminated, gboolean clear, guint element_size, guint room)
{
    GArray *array = g_array_new(zero_terminated, clear, element_size);

    make_room((host_array *)array, room);
    return array;
}

gchar *g_array_free(GArray *array, gboolean free_data)
{
    gchar *data = array->data;

    if (free_data) {
        g_array_set_size(array, 0);
        g_free(data);
        data = NULL;
    }
    g_free(array);
    return data;
}

GArray *g_array_append_vals(GArray *array, gconstpointer data, guint count)
{
    host_array *self = (host_array *)array;

    if (count > UINT32_MAX - array->len) {
        give_up();
    }
    if (count) {
        make_room(self, array->len + count);
        memcpy(array->data + (gsize)array->len * self->size, data, (gsize)count * self->size);
        array->len += count;
    }
    return array;
}

void g_array_set_clear_func(GArray *array, GDestroyNotify clear)
{
    ((host_array *)array)->clear = clear;
}

guint g_array_get_element_size(GArray *array)
{
    return ((host_array *)array)->size;
}

GArray *g_array_set_size(GArray *array, guint length)
{
    host_array *self = (host_array *)array;

    if (length > array->len) {
        make_room(self, length);
        memset(array->data + (gsize)array->len * self->size, 0, (gsize)(length - array->len) * self->size);
    }
    for (guint i = length; self->clear && i < array->len; i++) {
        self->clear(array->data + (gsize)i * self->size);
    }
    array->len = length;
    return array;
}

/* ---- sorting ---- */

typedef struct sorting {
    gsize size; /* of an element */
    GCompareDataFunc compare;
    gpointer data;
    char *spare; /* room for half of the elements */
} sorting;

/* Merges the first `left` elements, which are sorted, with the rest, which is sorted too. */
static void merge(const sorting *self, char *elements, gsize left, gsize count)
{
    gsize size = self->size, i = 0, k = left, to = 0;

    memcpy(self->spare, elements, left * size);
    while (i < left) {
        if (k < count && self->compare(elements + k * size, self->spare + i * size, self->data) < 0) {
            memmove(elements + to++ * size, elements + k++ * size, size);
        } else {
            memcpy(elements + to++ * size, self->spare + i++ * size, size);
        }
    }
}

static void sort_part(const sorting *self, char *elements, gsize count)
{
    gsize left = count / 2;

    if (count >= 2) {
        sort_part(self, elements, left);
        sort_part(self, elements + left * self->size, count - left);
        merge(self, elements, left, count);
    }
}

static void sort(void *elements, gsize count, gsize size, GCompareDataFunc compare, gpointer data)
{
    sorting self = {size, compare, data, NULL};

    if (count >= 2) {
        self.spare = g_malloc(count / 2 * size);
        sort_part(&self, elements, count);
        g_free(self.spare);
    }
}

static gint compare_plainly(gconstpointer a, gconstpointer b, gpointer data)
{
    return (*(GCompareFunc *)data)(a, b);
}

void toa_host_sort(void *elements, gsize count, gsize size, GCompareFunc compare)
{
    sort(elements, count, size, compare_plainly, &compare);
}

void g_array_sort(GArray *array, GCompareFunc compare)
{
    toa_host_sort(array->data, array->len, ((host_array *)array)->size, compare);
}

void g_array_sort_with_data(GArray *array, GCompareDataFunc compare, gpointer data)
{
    sort(array->data, array->len, ((host_array *)array)->size, compare, data);
}

/* ---- random numbers ---- */

guint32 g_random_int(void)
{
    guint32 number = 0;

    if (getentropy(&number, sizeof number) != 0) {
        number = 0x9e3779b9; /* no random numbers here: the hashes are only less well protected */
    }
    return number;
}
