/* json.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/json.h"

#include <string.h>

/* A capture of a million conversations is a gigabyte of records: put together here, given to stdio a piece at a time. */
static void give(toa_json *out)
{
    fwrite(out->held, 1, out->n_held, out->file);
    out->n_held = 0;
}

static void put_bytes(toa_json *out, const char *bytes, size_t n)
{
    if (n > sizeof out->held - out->n_held) {
        give(out);
        if (n > sizeof out->held) {
            fwrite(bytes, 1, n, out->file);
            return;
        }
    }
    memcpy(out->held + out->n_held, bytes, n);
    out->n_held += (unsigned)n;
}

/* Every second piece is one character: no call for those. */
static inline void put_char(toa_json *out, char c)
{
    if (out->n_held == sizeof out->held) {
        give(out);
    }
    out->held[out->n_held++] = c;
}

static void put_word(toa_json *out, const char *word)
{
    put_bytes(out, word, strlen(word));
}

/* RFC 8259: quotation mark, backslash and control characters must be escaped, nothing else. */
static void put_quoted(toa_json *out, const char *text)
{
    put_char(out, '"');
    while (*text) {
        size_t plain = 0;
        char escaped[8];
        while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\') {
            plain++;
        }
        put_bytes(out, text, plain);
        text += plain;
        if (*text) {
            snprintf(escaped, sizeof escaped, (unsigned char)*text < 0x20 ? "\\u%04x" : "\\%c", (unsigned char)*text);
            put_word(out, escaped);
            text++;
        }
    }
    put_char(out, '"');
}

static void put_comma(toa_json *out)
{
    if (out->follows) {
        put_char(out, ',');
    }
    out->follows = true;
}

static void put_name(toa_json *out, const char *name)
{
    put_comma(out);
    put_char(out, '"'); /* names are ours, and plain */
    put_word(out, name);
    put_char(out, '"');
    put_char(out, ':');
}

static void put_integer(toa_json *out, int64_t value)
{
    char digits[20], *at = digits + sizeof digits;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (value < 0) {
        put_char(out, '-');
    }
    put_bytes(out, at, (size_t)(digits + sizeof digits - at));
}

void toa_json_begin(toa_json *out)
{
    put_char(out, '{');
    out->follows = false;
}

void toa_json_end(toa_json *out)
{
    put_bytes(out, "}\n", 2);
    give(out);
}

void toa_json_text(toa_json *out, const char *name, const char *value)
{
    put_name(out, name);
    if (value) {
        put_quoted(out, value);
    } else {
        put_word(out, "null");
    }
}

void toa_json_number(toa_json *out, const char *name, bool known, int64_t value)
{
    put_name(out, name);
    if (known) {
        put_integer(out, value);
    } else {
        put_word(out, "null");
    }
}

void toa_json_bool(toa_json *out, const char *name, bool known, bool value)
{
    put_name(out, name);
    put_word(out, known ? value ? "true" : "false" : "null");
}

void toa_json_array_begin(toa_json *out, const char *name)
{
    put_name(out, name);
    put_char(out, '[');
    out->follows = false;
}

void toa_json_element(toa_json *out, const char *value)
{
    put_comma(out);
    put_quoted(out, value);
}

void toa_json_array_end(toa_json *out)
{
    put_char(out, ']');
    out->follows = true;
}
