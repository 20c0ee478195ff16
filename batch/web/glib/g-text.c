/* g-text.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "g-text.h"

#include "g-containers.h"

#include <errno.h>

char *g_strdup(const char *text)
{
    return text ? g_memdup2(text, strlen(text) + 1) : NULL;
}

char *g_strndup(const char *text, gsize length)
{
    char *copy;

    if (!text) {
        return NULL;
    }
    length = strnlen(text, length);
    copy = g_malloc(length + 1);
    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

char *g_strdup_vprintf(const char *format, va_list arguments)
{
    va_list again;
    int length;
    char *text;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = g_malloc((gsize)(length < 0 ? 0 : length) + 1);
    text[0] = 0;
    vsnprintf(text, (gsize)(length < 0 ? 0 : length) + 1, format, arguments);
    return text;
}

char *g_strdup_printf(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return text;
}

char *g_strconcat(const char *first, ...)
{
    GString *text = g_string_new(first);
    const char *part;
    va_list parts;

    va_start(parts, first);
    while ((part = va_arg(parts, const char *))) {
        g_string_append(text, part);
    }
    va_end(parts);
    return g_string_free(text, FALSE);
}

char *g_strjoinv(const char *separator, char **texts)
{
    GString *joined = g_string_new(NULL);

    for (char **text = texts; *text; text++) {
        g_string_append(joined, text == texts ? "" : separator);
        g_string_append(joined, *text);
    }
    return g_string_free(joined, FALSE);
}

char **g_strsplit(const char *text, const char *separator, int max)
{
    GPtrArray *parts = g_ptr_array_new();
    const char *end;

    (void)max;
    if (*text) {
        while ((end = strstr(text, separator))) {
            g_ptr_array_add(parts, g_strndup(text, (gsize)(end - text)));
            text = end + strlen(separator);
        }
        g_ptr_array_add(parts, g_strdup(text));
    }
    g_ptr_array_add(parts, NULL);
    return (char **)(void *)g_ptr_array_free(parts, FALSE);
}

void g_strfreev(char **texts)
{
    for (char **text = texts; text && *text; text++) {
        g_free(*text);
    }
    g_free(texts);
}

guint g_strv_length(char **texts)
{
    guint count = 0;

    while (texts[count]) {
        count++;
    }
    return count;
}

gboolean g_strv_contains(const char *const *texts, const char *text)
{
    for (; *texts; texts++) {
        if (strcmp(*texts, text) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

int g_strcmp0(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

gsize g_strlcpy(char *to, const char *from, gsize size)
{
    gsize length = strlen(from), kept = size && length >= size ? size - 1 : length;

    if (size) {
        memcpy(to, from, kept);
        to[kept] = 0;
    }
    return length;
}

gint64 g_ascii_strtoll(const char *text, char **end, guint base)
{
    return strtoll(text, end, (int)base);
}

int g_ascii_xdigit_value(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
           : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                          : -1;
}

char g_ascii_toupper(char letter)
{
    return letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
}

const char *g_strerror(int number)
{
    return strerror(number);
}

char *g_path_get_basename(const char *path)
{
    const char *slash = strrchr(path, '/');

    return g_strdup(slash ? slash + 1 : path);
}

char *g_path_get_dirname(const char *path)
{
    const char *slash = strrchr(path, '/');

    return !slash ? g_strdup(".") : slash == path ? g_strdup("/") : g_strndup(path, (gsize)(slash - path));
}

char *g_build_filename(const char *folder, const char *name, ...)
{
    return g_strconcat(folder, *folder && folder[strlen(folder) - 1] != '/' ? "/" : "", name, NULL);
}

char *g_markup_escape_text(const char *text, gssize length)
{
    GString *out = g_string_new(NULL);

    (void)length;
    for (; *text; text++) {
        switch (*text) {
        case '&': g_string_append(out, "&amp;"); break;
        case '<': g_string_append(out, "&lt;"); break;
        case '>': g_string_append(out, "&gt;"); break;
        case '\'': g_string_append(out, "&apos;"); break;
        case '"': g_string_append(out, "&quot;"); break;
        default: g_string_append_c(out, *text);
        }
    }
    return g_string_free(out, FALSE);
}

/* Only what a conversion puts in is escaped. It is printed between marks that no text of ours has, so that it can be told
 * from what the format itself has. */
char *g_markup_vprintf_escaped(const char *format, va_list arguments)
{
    GString *marked = g_string_new(NULL), *out = g_string_new(NULL);
    char *text, *at, *end;

    for (const char *c = format; *c; c++) {
        if (*c != '%' || c[1] == '%') {
            g_string_append_c(marked, *c);
            if (*c == '%') {
                g_string_append_c(marked, *++c);
            }
            continue;
        }
        g_string_append_c(marked, '\1');
        g_string_append_c(marked, *c);
        while (c[1] && strchr("0123456789.-+ #lhzjt", c[1])) {
            g_string_append_c(marked, *++c);
        }
        if (c[1]) {
            g_string_append_c(marked, *++c);
        }
        g_string_append_c(marked, '\2');
    }
    text = g_strdup_vprintf(marked->str, arguments);
    for (at = text; (end = strchr(at, '\1')); at = *end ? end + 1 : end) {
        char *escaped;
        g_string_append_len(out, at, end - at);
        at = end + 1;
        end = strchr(at, '\2'); /* printable texts have none of their own */
        end = end ? end : at + strlen(at);
        escaped = g_strndup(at, (gsize)(end - at));
        at = escaped;
        escaped = g_markup_escape_text(at, -1);
        g_string_append(out, escaped);
        g_free(at);
        g_free(escaped);
    }
    g_string_append(out, at);
    g_free(text);
    g_string_free(marked, TRUE);
    return g_string_free(out, FALSE);
}

/* ---- UTF-8 ---- */

gunichar g_utf8_get_char_validated(const char *text, gssize length)
{
    static const gunichar least[] = {0, 0, 0x80, 0x800, 0x10000};
    const guchar *bytes = (const guchar *)text;
    unsigned n = toa_utf8_length(bytes[0]);
    gunichar c = n == 1 ? bytes[0] : bytes[0] & (0xffu >> (n + 1));

    (void)length;
    if ((n == 1 && c >= 0x80) || bytes[0] > 0xf4) {
        return (gunichar)-1;
    }
    for (unsigned i = 1; i < n; i++) {
        if ((bytes[i] & 0xc0) != 0x80) { /* the NUL at the end, too */
            return (gunichar)-1;
        }
        c = c << 6 | (bytes[i] & 0x3f);
    }
    return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? (gunichar)-1 : c;
}

gboolean g_utf8_validate(const char *text, gssize length, const char **end)
{
    const char *stop = text + length;

    (void)end;
    while (text < stop) {
        if (!*text || g_utf8_get_char_validated(text, -1) == (gunichar)-1 || g_utf8_next_char(text) > stop) {
            return FALSE;
        }
        text = g_utf8_next_char(text);
    }
    return TRUE;
}

/* ---- GString: str always ends with NUL ---- */

static void make_room(GString *string, gsize more)
{
    gsize size = string->allocated_len;

    while (size - string->len <= more) {
        size *= 2;
    }
    if (size != string->allocated_len) {
        string->str = g_realloc_n(string->str, size, 1);
        string->allocated_len = size;
    }
}

GString *g_string_sized_new(gsize size)
{
    GString *string = g_new0(GString, 1);

    string->allocated_len = MAX(size + 1, 16);
    string->str = g_malloc(string->allocated_len);
    string->str[0] = 0;
    return string;
}

GString *g_string_new(const char *text)
{
    return g_string_append(g_string_sized_new(0), text ? text : "");
}

char *g_string_free(GString *string, gboolean free_text)
{
    char *text = string->str;

    g_free(string);
    if (free_text) {
        g_free(text);
        text = NULL;
    }
    return text;
}

GString *g_string_append_len(GString *string, const char *text, gssize length)
{
    make_room(string, (gsize)length);
    memcpy(string->str + string->len, text, (gsize)length);
    string->len += (gsize)length;
    string->str[string->len] = 0;
    return string;
}

GString *g_string_append(GString *string, const char *text)
{
    return g_string_append_len(string, text, (gssize)strlen(text));
}

GString *g_string_append_c(GString *string, char letter)
{
    return g_string_append_len(string, &letter, 1);
}

GString *g_string_append_unichar(GString *string, gunichar letter)
{
    char bytes[4];
    unsigned n = letter < 0x80 ? 1 : letter < 0x800 ? 2 : letter < 0x10000 ? 3 : 4;

    for (unsigned i = n - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (letter & 0x3f));
        letter >>= 6;
    }
    bytes[0] = (char)(n == 1 ? letter : (0xf00u >> n & 0xff) | letter);
    return g_string_append_len(string, bytes, n);
}

GString *g_string_truncate(GString *string, gsize length)
{
    string->len = MIN(string->len, length);
    string->str[string->len] = 0;
    return string;
}

static void append_vprintf(GString *string, const char *format, va_list arguments)
{
    char *text = g_strdup_vprintf(format, arguments);

    g_string_append(string, text);
    g_free(text);
}

void g_string_append_printf(GString *string, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    append_vprintf(string, format, arguments);
    va_end(arguments);
}

void g_string_printf(GString *string, const char *format, ...)
{
    va_list arguments;

    g_string_truncate(string, 0);
    va_start(arguments, format);
    append_vprintf(string, format, arguments);
    va_end(arguments);
}
