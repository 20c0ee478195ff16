/* record.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/record.h"

#include "reduce/members.h"

#include <arpa/inet.h>
#include <string.h>

#define MAX_TEXT 8192

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

/* One record while it is checked. */
typedef struct checked {
    scan_record *record;
    scan_members members;
} checked;

static const char *text_of(const checked *self, size_t offset)
{
    return scan_members_text(&self->members, offset);
}

static const scan_member *find(const checked *self, const char *name, gboolean *ret_twice)
{
    return scan_members_find(&self->members, name, ret_twice);
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
static gboolean put_endpoint(checked *self, const scan_column *column, scan_value *value)
{
    char name[64], text[INET6_ADDRSTRLEN];
    unsigned char address[16];
    gboolean twice = FALSE;
    const scan_member *ip, *port;
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

static gboolean put_text(checked *self, const scan_column *column, const scan_member *from, scan_value *value)
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

static gboolean put_value(checked *self, const scan_column *column, scan_value *value)
{
    gboolean twice = FALSE;
    const scan_member *from;

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

static void check(checked *self)
{
    scan_record *record = self->record;
    gboolean twice = FALSE, fine = TRUE;
    const scan_member *kind = find(self, "record", &twice);
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
    checked state;

    state.record = self;
    g_string_truncate(self->texts, 0);
    self->why[0] = 0;
    if (length > SCAN_RECORD_MAX) {
        refuse(self, "", "too long");
    } else if (!scan_members_parse(&state.members, line, length, self->texts)) {
        refuse(self, "", "not a flat JSON object in UTF-8");
    } else {
        check(&state);
    }
}
