/* printable.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "printable.h"

/* Control characters, and what reorders or breaks a line of text. */
static gboolean is_unsafe(gunichar c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xe0000 && c < 0xe0080);
}

char *scan_printable(const char *text)
{
    GString *out = g_string_new(NULL);

    while (*text) {
        gunichar c = g_utf8_get_char_validated(text, -1);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
            g_string_append_printf(out, "\\x%02x", (guchar)*text++);
            continue;
        }
        if (is_unsafe(c)) {
            g_string_append_printf(out, c < 0x80 ? "\\x%02x" : "\\u{%x}", c);
        } else {
            g_string_append_unichar(out, c);
        }
        text = g_utf8_next_char(text);
    }
    return g_string_free(out, FALSE);
}
