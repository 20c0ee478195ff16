/* json.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/json.h"

#include <inttypes.h>
#include <string.h>

/* RFC 8259: quotation mark, backslash and control characters must be escaped, nothing else. */
static void put_quoted(toa_json *out, const char *text)
{
    fputc('"', out->file);
    for (size_t plain; *text; text += plain) {
        plain = 0;
        while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\') {
            plain++;
        }
        fwrite(text, 1, plain, out->file);
        if (text[plain]) {
            fprintf(out->file, (unsigned char)text[plain] < 0x20 ? "\\u%04x" : "\\%c", (unsigned char)text[plain]);
            plain++;
        }
    }
    fputc('"', out->file);
}

static void put_comma(toa_json *out)
{
    if (out->follows) {
        fputc(',', out->file);
    }
    out->follows = true;
}

static void put_name(toa_json *out, const char *name)
{
    put_comma(out);
    put_quoted(out, name);
    fputc(':', out->file);
}

void toa_json_begin(toa_json *out)
{
    fputc('{', out->file);
    out->follows = false;
}

void toa_json_end(toa_json *out)
{
    fputs("}\n", out->file);
}

void toa_json_text(toa_json *out, const char *name, const char *value)
{
    put_name(out, name);
    if (value) {
        put_quoted(out, value);
    } else {
        fputs("null", out->file);
    }
}

void toa_json_number(toa_json *out, const char *name, bool known, int64_t value)
{
    put_name(out, name);
    if (known) {
        fprintf(out->file, "%" PRId64, value);
    } else {
        fputs("null", out->file);
    }
}

void toa_json_bool(toa_json *out, const char *name, bool known, bool value)
{
    put_name(out, name);
    fputs(known ? value ? "true" : "false" : "null", out->file);
}

void toa_json_array_begin(toa_json *out, const char *name)
{
    put_name(out, name);
    fputc('[', out->file);
    out->follows = false;
}

void toa_json_element(toa_json *out, const char *value)
{
    put_comma(out);
    put_quoted(out, value);
}

void toa_json_array_end(toa_json *out)
{
    fputc(']', out->file);
    out->follows = true;
}
