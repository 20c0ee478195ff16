/* members.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/members.h"

#include <string.h>

#define MAX_DEPTH 16

typedef struct parser {
    const char *at, *end;
    GString *texts;
} parser;

static void skip_space(parser *self)
{
    while (self->at < self->end && strchr(" \t\r\n", *self->at) && *self->at) {
        self->at++;
    }
}

static gboolean take(parser *self, char c)
{
    skip_space(self);
    if (self->at < self->end && *self->at == c) {
        self->at++;
        return TRUE;
    }
    return FALSE;
}

static gboolean take_word(parser *self, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(self->end - self->at) >= length && memcmp(self->at, word, length) == 0) {
        self->at += length;
        return TRUE;
    }
    return FALSE;
}

/* Four hex digits; -1: they are not. */
static gint32 hex4(parser *self)
{
    gint32 value = 0;

    if (self->end - self->at < 4) {
        return -1;
    }
    for (unsigned i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(*self->at++);
        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

static gboolean unescape_unicode(parser *self)
{
    gint32 code = hex4(self);

    if (code >= 0xd800 && code < 0xdc00) { /* the first half of a pair */
        gint32 low = take_word(self, "\\u") ? hex4(self) : -1;
        code = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : -1;
    }
    if (code <= 0 || (code >= 0xdc00 && code < 0xe000)) {
        return FALSE;
    }
    g_string_append_unichar(self->texts, (gunichar)code);
    return TRUE;
}

static gboolean unescape(parser *self)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;
    char c = '\0';

    if (self->at < self->end) {
        c = *self->at++;
    }
    if (c == 'u') {
        return unescape_unicode(self);
    }
    if (!c || !(found = strchr(from, c))) {
        return FALSE;
    }
    g_string_append_c(self->texts, to[found - from]);
    return TRUE;
}

/* A string, behind its first quote, appended to the texts without a NUL. */
static gboolean append_string(parser *self)
{
    GString *texts = self->texts;
    size_t start = texts->len;

    for (;;) {
        const char *from = self->at;
        while (self->at < self->end && *self->at != '"' && *self->at != '\\' && (guchar)*self->at >= 0x20) {
            self->at++;
        }
        g_string_append_len(texts, from, self->at - from);
        if (self->at == self->end || (guchar)*self->at < 0x20) {
            return FALSE;
        }
        if (*self->at++ == '"') {
            return g_utf8_validate(texts->str + start, (gssize)(texts->len - start), NULL);
        }
        if (!unescape(self)) {
            return FALSE;
        }
    }
}

static gboolean read_string(parser *self, size_t *ret_offset)
{
    *ret_offset = self->texts->len;
    if (!append_string(self)) {
        return FALSE;
    }
    g_string_append_c(self->texts, 0);
    return TRUE;
}

/* Over what is nested, behind its first bracket. */
static gboolean skip_nested(parser *self)
{
    size_t mark = self->texts->len;
    unsigned depth = 1;

    while (depth && self->at < self->end) {
        char c = *self->at++;
        if (c == '"') {
            if (!append_string(self)) {
                return FALSE;
            }
            g_string_truncate(self->texts, mark);
        }
        depth += c == '[' || c == '{';
        depth -= c == ']' || c == '}';
        if (depth > MAX_DEPTH) {
            return FALSE;
        }
    }
    return depth == 0;
}

/* An array behind its bracket: of strings, or something else that is passed over. */
static gboolean read_array(parser *self, scan_member *into)
{
    const char *start = self->at;
    GString *texts = self->texts;

    into->type = MEMBER_WORDS;
    into->text = texts->len;
    if (!take(self, ']')) {
        do {
            if (!take(self, '"')) {
                self->at = start;
                into->type = MEMBER_OTHER;
                return skip_nested(self);
            }
            if (!append_string(self)) {
                return FALSE;
            }
            g_string_append_c(texts, ',');
        } while (take(self, ','));
        if (!take(self, ']')) {
            return FALSE;
        }
    }
    if (texts->len > into->text) {
        g_string_truncate(texts, texts->len - 1);
    }
    g_string_append_c(texts, 0);
    return TRUE;
}

/* An integer of 64 bits; a fraction or a larger number is something else. */
static gboolean read_number(parser *self, scan_member *into)
{
    const char *start = self->at;
    guint64 value = 0, limit = G_MAXINT64;
    gboolean negative = take_word(self, "-"), exact = TRUE;
    const char *digits = self->at;

    for (; self->at < self->end && g_ascii_isdigit(*self->at); self->at++) {
        unsigned digit = (unsigned)(*self->at - '0');
        exact = exact && value <= (limit - digit) / 10;
        value = exact ? value * 10 + digit : 0;
    }
    if (self->at == digits) {
        return FALSE;
    }
    while (self->at < self->end && strchr("0123456789+-.eE", *self->at) && *self->at) {
        self->at++;
        exact = FALSE;
    }
    into->type = exact ? MEMBER_NUMBER : MEMBER_OTHER;
    into->number = negative ? -(gint64)value : (gint64)value;
    return self->at - start < 400;
}

static gboolean read_value(parser *self, scan_member *into)
{
    if (take(self, '"')) {
        into->type = MEMBER_TEXT;
        return read_string(self, &into->text);
    }
    if (take(self, '[')) {
        return read_array(self, into);
    }
    if (take(self, '{')) {
        into->type = MEMBER_OTHER;
        return skip_nested(self);
    }
    if (take_word(self, "true") || take_word(self, "false")) {
        into->type = MEMBER_BOOL;
        into->number = self->at[-2] == 'u'; /* "true" */
        return TRUE;
    }
    if (take_word(self, "null")) {
        into->type = MEMBER_NULL;
        return TRUE;
    }
    return read_number(self, into);
}

static gboolean read_members(parser *self, scan_members *into)
{
    if (!take(self, '{')) {
        return FALSE;
    }
    if (take(self, '}')) {
        return TRUE;
    }
    do {
        scan_member *next = &into->list[into->n];
        if (into->n == SCAN_MEMBERS_MAX || !take(self, '"') || !read_string(self, &next->name) || !take(self, ':') ||
            !read_value(self, next)) {
            return FALSE;
        }
        into->n++;
    } while (take(self, ','));
    return take(self, '}');
}

gboolean scan_members_parse(scan_members *self, const char *line, size_t length, GString *texts)
{
    parser state = {.at = line, .end = line + length, .texts = texts};

    self->n = 0;
    self->texts = texts;
    if (!read_members(&state, self)) {
        return FALSE;
    }
    skip_space(&state);
    return state.at == state.end;
}

const char *scan_members_text(const scan_members *self, size_t offset)
{
    return self->texts->str + offset;
}

const scan_member *scan_members_find(const scan_members *self, const char *name, gboolean *ret_twice)
{
    const scan_member *found = NULL;

    for (unsigned i = 0; i < self->n; i++) {
        if (strcmp(scan_members_text(self, self->list[i].name), name) == 0) {
            *ret_twice |= found != NULL;
            found = &self->list[i];
        }
    }
    return found && found->type != MEMBER_NULL ? found : NULL;
}
