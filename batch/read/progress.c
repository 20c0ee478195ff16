/* progress.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static gboolean line_shown;

void scan_progress_init(scan_progress *self, gboolean quiet)
{
    const char *terminal = g_getenv("TERM");

    *self = (scan_progress){.start = g_get_monotonic_time()};
    self->shown = !quiet && isatty(STDERR_FILENO) && g_strcmp0(terminal, "dumb") != 0;
}

void scan_progress_wipe(void)
{
    if (line_shown) {
        fputs("\r\033[K", stderr);
        line_shown = FALSE;
    }
}

void scan_progress_update(const scan_progress *self)
{
    double elapsed = (double)(g_get_monotonic_time() - self->start) / G_USEC_PER_SEC;

    if (!self->shown) {
        return;
    }
    scan_progress_wipe();
    fprintf(stderr, "%u of %u files, %" G_GUINT64_FORMAT " packets", self->files_done, self->files, self->packets);
    if (self->bytes_done > 0 && self->bytes > self->bytes_done) {
        double left = elapsed * (double)(self->bytes - self->bytes_done) / (double)self->bytes_done;
        fprintf(stderr, ", %d:%02d left", (int)left / 60, (int)left % 60);
    }
    fflush(stderr);
    line_shown = TRUE;
}

void scan_warn(const char *format, ...)
{
    va_list arguments;

    scan_progress_wipe();
    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments), *safe = scan_printable(text);
    va_end(arguments);
    fprintf(stderr, "toa-scan: %s\n", safe);
    g_free(safe);
    g_free(text);
}

GQuark scan_failure_quark(void)
{
    return g_quark_from_static_string("toa-scan");
}
