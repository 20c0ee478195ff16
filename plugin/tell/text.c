/* text.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/text.h"

#include "core/option/segment.h"

#include <math.h>
#include <string.h>

#define INDENT 4

static void start_line(GString *out, unsigned columns)
{
    for (unsigned i = 0; i < columns; i++) {
        g_string_append_c(out, ' ');
    }
}

void toa_text_paragraph(GString *out, const char *mark, const char *text)
{
    unsigned margin = INDENT + (unsigned)strlen(mark), column = margin;
    bool first = true;

    start_line(out, INDENT);
    g_string_append(out, mark);
    for (const char *word = text + strspn(text, " "), *end; *word; word = end + strspn(end, " ")) {
        unsigned length = (unsigned)strcspn(word, " ");
        end = word + length;
        if (!first && column + 1 + length > TOA_TEXT_COLUMNS) {
            g_string_append_c(out, '\n');
            start_line(out, margin);
            column = margin;
        } else if (!first) {
            g_string_append_c(out, ' ');
            column++;
        }
        g_string_append_len(out, word, length);
        column += length;
        first = false;
    }
    g_string_append_c(out, '\n');
}

void toa_text_flush(GString *out, const char *mark, GString *text)
{
    toa_text_paragraph(out, mark, text->str);
    g_string_truncate(text, 0);
}

void toa_text_heading(GString *out, const char *title)
{
    g_string_append_printf(out, "\n  %s\n", title);
}

void toa_text_time(GString *out, int64_t time, int64_t start)
{
    g_string_append_printf(out, "%.6f s", (double)(time - start) / (double)TOA_SECOND);
}

void toa_text_frame(GString *out, uint32_t frame, int64_t time, int64_t start)
{
    g_string_append_printf(out, "frame %u (", frame);
    toa_text_time(out, time, start);
    g_string_append_c(out, ')');
}

void toa_text_endpoint(GString *out, const toa_endpoint *endpoint)
{
    char text[TOA_ENDPOINT_TEXT];

    g_string_append(out, toa_endpoint_format(endpoint, text));
}

void toa_text_date(GString *out, int64_t time)
{
    int64_t seconds = time / TOA_SECOND - (time % TOA_SECOND < 0);
    GDateTime *date = g_date_time_new_from_unix_utc(seconds);
    char *text = date ? g_date_time_format(date, "%Y-%m-%d %H:%M:%S") : NULL;

    if (text) {
        g_string_append_printf(out, "%s.%03d UTC", text, (int)((time - seconds * TOA_SECOND) / 1000000));
    } else {
        g_string_append_printf(out, "%" G_GINT64_FORMAT " s since 1970", seconds); /* broken capture */
    }
    g_free(text);
    if (date) {
        g_date_time_unref(date);
    }
}

void toa_text_duration(GString *out, int64_t ns)
{
    double seconds = fabs((double)ns / (double)TOA_SECOND);

    if (seconds < 0.01) {
        g_string_append_printf(out, "%.3f ms", seconds * 1e3);
    } else if (seconds < 1) {
        g_string_append_printf(out, "%.0f ms", seconds * 1e3);
    } else if (seconds < 600) {
        g_string_append_printf(out, "%.1f s", seconds);
    } else {
        g_string_append_printf(out, "%.0f min", seconds / 60);
    }
}

void toa_text_count(GString *out, uint32_t n, const char *singular, const char *plural)
{
    g_string_append_printf(out, "%u %s", n, n == 1 ? singular : plural);
}
