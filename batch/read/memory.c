/* memory.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB (G_GINT64_CONSTANT(1) << 20)

/* Measured (tests/bench/RESULTS.md): tshark 733 MB for 167 MB of a million small packets, 100 MB of them before the
 * first; toa-read 37 MB for the same. Packed files hold about five times their size. */
static gint64 unpacked_size(const char *path, gint64 size)
{
    static const char *const packed[] = {".gz", ".zst", ".lz4"};
    gint64 bytes = MIN(size, G_MAXINT64 / 256);

    for (unsigned i = 0; i < G_N_ELEMENTS(packed); i++) {
        if (g_str_has_suffix(path, packed[i])) {
            bytes *= 5;
            break;
        }
    }
    return bytes;
}

gint64 scan_memory_expected(const char *path, gint64 size, gboolean native)
{
    gint64 bytes = unpacked_size(path, size);

    return native ? 16 * MIB + bytes / 4 : 100 * MIB + bytes * 4;
}

gint64 scan_memory_worst(const char *path, gint64 size)
{
    return 32 * MIB + unpacked_size(path, size) * 16; /* a SYN has 70 bytes in a file, a connection takes some 900 */
}

static gint compare_wants(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return x < y ? -1 : x > y;
}

gint64 scan_memory_share(GArray *wants, guint jobs, gint64 memory)
{
    guint n = MIN(jobs, wants->len), first = wants->len - n; /* the largest of them are the worst that can run together */

    g_array_sort(wants, compare_wants);
    for (guint i = first; i < wants->len; i++) {
        gint64 want = g_array_index(wants, gint64, i);
        if (want > memory / (wants->len - i)) {
            return MAX(memory / (wants->len - i), SCAN_MEMORY_LEAST);
        }
        memory -= want;
    }
    return n ? g_array_index(wants, gint64, wants->len - 1) + memory / n : memory;
}

gint64 scan_memory_of(GSubprocess *process)
{
    const char *name = g_subprocess_get_identifier(process); /* NULL: ended and waited for */
    char path[64], *text = NULL;
    gint64 pages = 0;

    if (!name) {
        return 0;
    }
    g_snprintf(path, sizeof path, "/proc/%s/statm", name);
    if (g_file_get_contents(path, &text, NULL, NULL)) {
        const char *second = strchr(text, ' '); /* size, resident, ... */
        pages = second ? g_ascii_strtoll(second + 1, NULL, 10) : 0;
    }
    g_free(text);
    return pages * sysconf(_SC_PAGESIZE);
}

gint64 scan_memory_default(void)
{
    gint64 bytes = (gint64)sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE);
    char *text = NULL;

    /* free and what caches would give back; AVPHYS is only the first */
    if (g_file_get_contents("/proc/meminfo", &text, NULL, NULL)) {
        const char *line = strstr(text, "MemAvailable:");
        bytes = line ? g_ascii_strtoll(line + strlen("MemAvailable:"), NULL, 10) * 1024 : bytes;
    }
    g_free(text);
    return bytes / 4 * 3;
}
