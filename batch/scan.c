/* scan.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "scan.h"

#include "printable.h"

#include <stdarg.h>
#include <stdio.h>

volatile sig_atomic_t scan_stop;

void scan_line(const char *line)
{
    static gboolean shown;

    if (shown) {
        fputs("\r\033[K", stderr);
    }
    if (line) {
        fputs(line, stderr);
        fflush(stderr);
    }
    shown = line != NULL;
}

void scan_warn(const char *format, ...)
{
    va_list arguments;

    scan_line(NULL);
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
