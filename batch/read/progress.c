/* progress.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/progress.h"

#include <stdio.h>
#include <unistd.h>

void scan_progress_init(scan_progress *self, gboolean quiet)
{
    const char *terminal = g_getenv("TERM");

    *self = (scan_progress){.start = g_get_monotonic_time()};
    self->shown = !quiet && isatty(STDERR_FILENO) && g_strcmp0(terminal, "dumb") != 0;
}

void scan_progress_update(const scan_progress *self)
{
    double elapsed = (double)(g_get_monotonic_time() - self->start) / G_USEC_PER_SEC;
    GString *line;

    if (!self->shown) {
        return;
    }
    line = g_string_new(NULL);
    g_string_printf(line, "%u of %u files, %" G_GUINT64_FORMAT " packets", self->files_done, self->files, self->packets);
    if (self->bytes_done > 0 && self->bytes > self->bytes_done) {
        double left = elapsed * (double)(self->bytes - self->bytes_done) / (double)self->bytes_done;
        g_string_append_printf(line, ", %d:%02d left", (int)left / 60, (int)left % 60);
    }
    scan_line(line->str);
    g_string_free(line, TRUE);
}
