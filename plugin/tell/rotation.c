/* rotation.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/rotation.h"

static void clear_file(gpointer data)
{
    g_free(((toa_rotation_file *)data)->name);
}

void toa_rotation_init(toa_rotation *rotation)
{
    rotation->files = g_array_new(FALSE, FALSE, sizeof(toa_rotation_file));
    g_array_set_clear_func(rotation->files, clear_file);
}

void toa_rotation_clear(toa_rotation *rotation)
{
    g_array_free(rotation->files, TRUE);
    rotation->files = NULL;
}

void toa_rotation_add(toa_rotation *rotation, const char *name, uint32_t before)
{
    toa_rotation_file file = {g_strdup(name), before};

    g_array_append_val(rotation->files, file);
}

const toa_rotation_file *toa_rotation_find(const toa_rotation *rotation, uint32_t frame)
{
    guint low = 0, high = rotation->files->len;

    while (low < high) { /* the first file that begins at the frame or behind it */
        guint middle = low + (high - low) / 2;
        if (g_array_index(rotation->files, toa_rotation_file, middle).before < frame) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low ? &g_array_index(rotation->files, toa_rotation_file, low - 1) : NULL;
}
