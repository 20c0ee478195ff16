/* host.h
 * Everything the core needs from its host, by name: memory, a growing array, random numbers. GLib has all of it, and is used
 * where it exists (plugin, toa-read); with TOA_NO_GLIB, host.c has the same under the same names, for the page in the browser.
 * No file of the core includes <glib.h>, so what is not named here cannot be used in it (tests/house/check-host compiles the
 * core that way).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_HOST_H
#define TOA_HOST_H

#ifndef TOA_NO_GLIB
#include <glib.h>
#else

#include <stddef.h>
#include <stdint.h>

typedef int gboolean;
typedef int gint;
typedef unsigned int guint;
typedef uint32_t guint32;
typedef size_t gsize;
typedef char gchar;
typedef void *gpointer;
typedef const void *gconstpointer;
typedef void (*GDestroyNotify)(gpointer data);
typedef gint (*GCompareFunc)(gconstpointer a, gconstpointer b);
typedef gint (*GCompareDataFunc)(gconstpointer a, gconstpointer b, gpointer data);

#ifndef FALSE
#define FALSE 0
#define TRUE 1
#endif
#undef MIN
#undef MAX
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* ---- memory: NULL only for 0 bytes; the program ends where none is left ---- */

gpointer g_malloc(gsize size);
gpointer g_malloc0(gsize size);
gpointer g_malloc0_n(gsize count, gsize size);
gpointer g_realloc_n(gpointer memory, gsize count, gsize size);
gpointer g_memdup2(gconstpointer memory, gsize size);
void g_free(gpointer memory);
#define g_new(type, count) ((type *)g_realloc_n(NULL, (count), sizeof(type)))
#define g_new0(type, count) ((type *)g_malloc0_n((count), sizeof(type)))
#define g_renew(type, memory, count) ((type *)g_realloc_n((memory), (count), sizeof(type)))
#define g_clear_pointer(pointer, destroy)            \
    do {                                             \
        __typeof__(*(pointer)) cleared = *(pointer); \
        *(pointer) = NULL;                           \
        if (cleared) {                               \
            (destroy)(cleared);                      \
        }                                            \
    } while (0)

/* ---- an array of values that grows ---- */

typedef struct GArray {
    gchar *data;
    guint len;
} GArray;

GArray *g_array_new(gboolean zero_terminated, gboolean clear, guint element_size); /* neither is supported, nor needed */
GArray *g_array_sized_new(gboolean zero_terminated, gboolean clear, guint element_size, guint room);
gchar *g_array_free(GArray *array, gboolean free_data); /* the data if they are not freed, else NULL */
GArray *g_array_append_vals(GArray *array, gconstpointer data, guint count);
GArray *g_array_set_size(GArray *array, guint length); /* new elements are zero */
void g_array_sort(GArray *array, GCompareFunc compare); /* stable */
void g_array_sort_with_data(GArray *array, GCompareDataFunc compare, gpointer data);
/* Not used by the core, but by code above it: GLib does not show the size otherwise. */
guint g_array_get_element_size(GArray *array);
void g_array_set_clear_func(GArray *array, GDestroyNotify clear); /* called with the address of each element that is removed */
#define g_array_append_val(array, value) g_array_append_vals((array), &(value), 1)
#define g_array_index(array, type, i) (((type *)(void *)(array)->data)[i])

/* Stable; of what g_array_sort is made. */
void toa_host_sort(void *elements, gsize count, gsize size, GCompareFunc compare);

/* ---- random numbers: keys for the hashes of what a capture holds ---- */

guint32 g_random_int(void);

#endif
#endif
