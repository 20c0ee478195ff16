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
gint64 scan_memory_expected(const char *path, gint64 size, gboolean native)
{
    static const char *const packed[] = {".gz", ".zst", ".lz4"};
    gint64 bytes = MIN(size, G_MAXINT64 / 64);

    for (unsigned i = 0; i < G_N_ELEMENTS(packed); i++) {
        if (g_str_has_suffix(path, packed[i])) {
            bytes *= 5;
            break;
        }
    }
    return native ? 16 * MIB + bytes / 4 : 100 * MIB + bytes * 4;
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
