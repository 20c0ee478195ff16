/* g-text.h
 * GLib's functions for texts, UTF-8 and GString.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WEB_G_TEXT_H
#define TOA_WEB_G_TEXT_H

#include "g-types.h"

char *g_strdup(const char *text); /* NULL of NULL, as in all of them */
char *g_strndup(const char *text, gsize length);
char *g_strdup_printf(const char *format, ...) G_GNUC_PRINTF(1, 2);
char *g_strdup_vprintf(const char *format, va_list arguments) G_GNUC_PRINTF(1, 0);
char *g_strconcat(const char *first, ...);
char *g_strjoinv(const char *separator, char **texts);
char **g_strsplit(const char *text, const char *separator, int max); /* max -1 only */
void g_strfreev(char **texts);
guint g_strv_length(char **texts);
gboolean g_strv_contains(const char *const *texts, const char *text);
int g_strcmp0(const char *a, const char *b);
gsize g_strlcpy(char *to, const char *from, gsize size);
gint64 g_ascii_strtoll(const char *text, char **end, guint base);
int g_ascii_xdigit_value(char digit);
char g_ascii_toupper(char letter);
const char *g_strerror(int number);
char *g_path_get_basename(const char *path);
char *g_path_get_dirname(const char *path);
char *g_build_filename(const char *folder, const char *name, ...); /* NULL behind name only */
char *g_markup_escape_text(const char *text, gssize length); /* length -1 only */
char *g_markup_vprintf_escaped(const char *format, va_list arguments) G_GNUC_PRINTF(1, 0);
#define g_snprintf snprintf
#define g_ascii_isdigit(letter) ((letter) >= '0' && (letter) <= '9')
#define g_str_has_prefix(text, prefix) (strncmp((text), (prefix), strlen(prefix)) == 0)

/* UTF-8 as in RFC 3629. */
gboolean g_utf8_validate(const char *text, gssize length, const char **end); /* no NUL within, as in GLib; end NULL only */
gunichar g_utf8_get_char_validated(const char *text, gssize length);         /* (gunichar)-1: none; length -1 only */
#define g_utf8_next_char(text) ((text) + toa_utf8_length((guchar)*(text)))
static inline unsigned toa_utf8_length(guchar first)
{
    return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

typedef struct GString {
    char *str;
    gsize len, allocated_len;
} GString;

GString *g_string_new(const char *text);
GString *g_string_sized_new(gsize size);
char *g_string_free(GString *string, gboolean free_text);
GString *g_string_append(GString *string, const char *text);
GString *g_string_append_len(GString *string, const char *text, gssize length);
GString *g_string_append_c(GString *string, char letter);
GString *g_string_append_unichar(GString *string, gunichar letter);
GString *g_string_truncate(GString *string, gsize length);
void g_string_append_printf(GString *string, const char *format, ...) G_GNUC_PRINTF(2, 3);
void g_string_printf(GString *string, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
