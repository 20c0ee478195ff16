/* record.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/record.h"

#include <arpa/inet.h>
#include <string.h>

#define MAX_MEMBERS 96
#define MAX_DEPTH 16
#define MAX_TEXT 8192

/* What a member is; texts as offsets, because the buffer may move. */
typedef enum member_type { MEMBER_NULL, MEMBER_NUMBER, MEMBER_BOOL, MEMBER_TEXT, MEMBER_WORDS, MEMBER_OTHER } member_type;

typedef struct member {
    size_t name, text; /* text: of MEMBER_TEXT; of MEMBER_WORDS all of them, with commas */
    gint64 number;
    member_type type;
} member;

typedef struct parser {
    scan_record *record;
    const char *at, *end;
    member members[MAX_MEMBERS];
    unsigned n_members;
} parser;

void scan_record_init(scan_record *self)
{
    scan_record_init_for(self, scan_tables, RECORD_MAX);
}

void scan_record_init_for(scan_record *self, const scan_table *tables, unsigned n_tables)
{
    *self = (scan_record){.texts = g_string_sized_new(4096), .tables = tables, .n_tables = n_tables};
}

void scan_record_clear(scan_record *self)
{
    g_string_free(self->texts, TRUE);
}

static gboolean refuse(scan_record *self, const char *what, const char *why)
{
    self->kind = RECORD_REFUSED;
    g_snprintf(self->why, sizeof self->why, "%s%s%s", what, *what ? ": " : "", why);
    return FALSE;
}

/* ---- JSON ---- */

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
    g_string_append_unichar(self->record->texts, (gunichar)code);
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
    g_string_append_c(self->record->texts, to[found - from]);
    return TRUE;
}

/* A string, behind its first quote, appended to the texts without a NUL. */
static gboolean append_string(parser *self)
{
    GString *texts = self->record->texts;
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
    *ret_offset = self->record->texts->len;
    if (!append_string(self)) {
        return FALSE;
    }
    g_string_append_c(self->record->texts, 0);
    return TRUE;
}

/* Over what is nested, behind its first bracket. */
static gboolean skip_nested(parser *self)
{
    size_t mark = self->record->texts->len;
    unsigned depth = 1;

    while (depth && self->at < self->end) {
        char c = *self->at++;
        if (c == '"') {
            if (!append_string(self)) {
                return FALSE;
            }
            g_string_truncate(self->record->texts, mark);
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
static gboolean read_array(parser *self, member *into)
{
    const char *start = self->at;
    GString *texts = self->record->texts;

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
static gboolean read_number(parser *self, member *into)
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

static gboolean read_value(parser *self, member *into)
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

static gboolean read_members(parser *self)
{
    if (!take(self, '{')) {
        return FALSE;
    }
    if (take(self, '}')) {
        return TRUE;
    }
    do {
        member *next = &self->members[self->n_members];
        if (self->n_members == MAX_MEMBERS || !take(self, '"') || !read_string(self, &next->name) || !take(self, ':') ||
            !read_value(self, next)) {
            return FALSE;
        }
        self->n_members++;
    } while (take(self, ','));
    return take(self, '}');
}

/* ---- the schema ---- */

static const char *text_of(const parser *self, size_t offset)
{
    return self->record->texts->str + offset;
}

/* NULL: not there, or null. *ret_twice: there twice, so that two readers could take different ones. */
static const member *find(const parser *self, const char *name, gboolean *ret_twice)
{
    const member *found = NULL;

    for (unsigned i = 0; i < self->n_members; i++) {
        if (strcmp(text_of(self, self->members[i].name), name) == 0) {
            *ret_twice |= found != NULL;
            found = &self->members[i];
        }
    }
    return found && found->type != MEMBER_NULL ? found : NULL;
}

static gboolean is_name(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.");

    return length > 0 && length <= 40 && !text[length];
}

/* Whether the word is one of the list "client server". */
static gboolean is_listed(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = list; length && (at = strstr(at, word)); at += length) {
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length])) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean all_names(const char *list)
{
    char **names = g_strsplit(list, ",", -1);
    gboolean fine = TRUE;

    for (char **name = names; *name && fine; name++) {
        fine = is_name(*name);
    }
    fine = fine && g_strv_length(names) <= 32;
    g_strfreev(names);
    return fine;
}

/* Members NAME_ip and NAME_port to "10.0.0.1:80" or "[fd00::1]:80", in the one way to write them. */
static gboolean put_endpoint(parser *self, const scan_column *column, scan_value *value)
{
    char name[64], text[INET6_ADDRSTRLEN];
    unsigned char address[16];
    gboolean twice = FALSE;
    const member *ip, *port;
    int family;

    g_snprintf(name, sizeof name, "%s_ip", column->name);
    ip = find(self, name, &twice);
    g_snprintf(name, sizeof name, "%s_port", column->name);
    port = find(self, name, &twice);
    if (!ip && !port && !column->required && !twice) {
        return TRUE;
    }
    if (twice || !ip || !port || ip->type != MEMBER_TEXT || port->type != MEMBER_NUMBER || port->number < 0 ||
        port->number > 65535) {
        return refuse(self->record, column->name, "no endpoint");
    }
    family = strchr(text_of(self, ip->text), ':') ? AF_INET6 : AF_INET;
    if (inet_pton(family, text_of(self, ip->text), address) != 1) {
        return refuse(self->record, column->name, "no IP address");
    }
    inet_ntop(family, address, text, sizeof text);
    value->type = VALUE_TEXT;
    value->number = (gint64)self->record->texts->len; /* for now: where it begins */
    g_string_append_printf(self->record->texts, family == AF_INET6 ? "[%s]:%d" : "%s:%d", text, (int)port->number);
    g_string_append_c(self->record->texts, 0);
    return TRUE;
}

/* "10.0.0.1:80" or "[fd00::1]:80", in the one way to write them. */
static gboolean is_address(const char *text, size_t length)
{
    char host[INET6_ADDRSTRLEN], again[INET6_ADDRSTRLEN], whole[64];
    unsigned char address[16];
    size_t from = *text == '[', colon = length, port = 0;
    gboolean v6 = from > 0;

    while (colon > 0 && text[colon - 1] != ':') {
        colon--;
    }
    for (size_t i = colon; i < length; i++) {
        if (!g_ascii_isdigit(text[i]) || i > colon + 4) {
            return FALSE;
        }
        port = port * 10 + (size_t)(text[i] - '0');
    }
    size_t host_length = colon ? colon - 1 : 0; /* with its brackets */
    if (host_length < 2 * from + 1 || host_length - 2 * from >= sizeof host || port > 65535) {
        return FALSE;
    }
    memcpy(host, text + from, host_length - 2 * from);
    host[host_length - 2 * from] = 0;
    if (inet_pton(v6 ? AF_INET6 : AF_INET, host, address) != 1) {
        return FALSE;
    }
    inet_ntop(v6 ? AF_INET6 : AF_INET, address, again, sizeof again);
    g_snprintf(whole, sizeof whole, v6 ? "[%s]:%d" : "%s:%d", again, (int)port);
    return strlen(whole) == length && memcmp(whole, text, length) == 0;
}

/* "client > server", or "client > server or server": nobody knows which. */
static gboolean is_pair(const char *text)
{
    const char *arrow = strstr(text, " > "), *server = arrow ? arrow + 3 : NULL, *either = arrow ? strstr(server, " or ") : NULL;

    if (!arrow || !is_address(text, (size_t)(arrow - text))) {
        return FALSE;
    }
    return either ? is_address(server, (size_t)(either - server)) && is_address(either + 4, strlen(either + 4))
                  : is_address(server, strlen(server));
}

static gboolean put_text(parser *self, const scan_column *column, const member *from, scan_value *value)
{
    const char *text = text_of(self, from->text);
    gboolean fine = FALSE;

    switch (column->kind) {
    case COLUMN_WORD:
        fine = from->type == MEMBER_TEXT && is_listed(column->words, text);
        break;
    case COLUMN_NAME:
        fine = from->type == MEMBER_TEXT && is_name(text);
        break;
    case COLUMN_ADDRESS:
        fine = from->type == MEMBER_TEXT && is_address(text, strlen(text));
        break;
    case COLUMN_PAIR:
        fine = from->type == MEMBER_TEXT && is_pair(text);
        break;
    case COLUMN_WORDS:
        fine = from->type == MEMBER_WORDS && (!*text || all_names(text));
        break;
    default:
        fine = from->type == MEMBER_TEXT && strlen(text) <= MAX_TEXT;
    }
    value->type = VALUE_TEXT;
    value->number = (gint64)from->text;
    return fine || refuse(self->record, column->name, "not a text that it may be");
}

static gboolean put_value(parser *self, const scan_column *column, scan_value *value)
{
    gboolean twice = FALSE;
    const member *from;

    *value = (scan_value){.type = VALUE_NULL};
    if (column->kind == COLUMN_ENDPOINT) {
        return put_endpoint(self, column, value);
    }
    from = find(self, column->member ? column->member : column->name, &twice);
    if (twice) {
        return refuse(self->record, column->name, "is there twice");
    }
    if (!from) {
        return !column->required || refuse(self->record, column->name, "is missing");
    }
    if (column->kind != COLUMN_NUMBER && column->kind != COLUMN_BOOL) {
        return put_text(self, column, from, value);
    }
    value->type = VALUE_NUMBER;
    value->number = from->number;
    return (from->type == (column->kind == COLUMN_BOOL ? MEMBER_BOOL : MEMBER_NUMBER) && from->number >= column->low &&
            from->number <= column->high) ||
           refuse(self->record, column->name, "not a number that it may be");
}

/* Offsets to pointers, now that the buffer does not move any more. */
static void settle(scan_record *self)
{
    for (unsigned i = 0; i < self->tables[self->table].n_columns; i++) {
        if (self->values[i].type == VALUE_TEXT) {
            self->values[i].text = self->texts->str + self->values[i].number;
        }
    }
}

static void check(parser *self)
{
    scan_record *record = self->record;
    gboolean twice = FALSE, fine = TRUE;
    const member *kind = find(self, "record", &twice);
    const char *name = kind && kind->type == MEMBER_TEXT ? text_of(self, kind->text) : "";

    if (twice || !is_name(name)) {
        refuse(record, "record", "is missing, or there twice");
        return;
    }
    record->kind = strcmp(name, "end") == 0 ? RECORD_END : RECORD_OTHER;
    for (unsigned table = 0; table < record->n_tables && record->kind == RECORD_OTHER; table++) {
        const scan_table *schema = &record->tables[table];
        if (strcmp(name, schema->record ? schema->record : schema->name) != 0) {
            continue;
        }
        record->kind = RECORD_ROW;
        record->table = table;
        for (unsigned i = 0; i < schema->n_columns && fine; i++) {
            fine = put_value(self, &schema->columns[i], &record->values[i]);
        }
    }
    if (record->kind == RECORD_ROW) {
        settle(record);
    }
}

void scan_record_parse(scan_record *self, const char *line, size_t length)
{
    parser state = {.record = self, .at = line, .end = line + length};

    g_string_truncate(self->texts, 0);
    self->why[0] = 0;
    if (length > SCAN_RECORD_MAX) {
        refuse(self, "", "too long");
    } else if (!read_members(&state) || (skip_space(&state), state.at < state.end)) {
        refuse(self, "", "not a flat JSON object in UTF-8");
    } else {
        check(&state);
    }
}
