/* map-text.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/map-text.h"

#include <string.h>

/* ENDPOINT is 10.0.0.1:80 or [fd00::1]:80. */
#define ENDPOINT "(\\[[0-9a-fA-F:.]+\\]|[0-9.]+):(\\d+)"
#define HALF "src=(\\S+)\\s+dst=(\\S+)\\s+sport=(\\d+)\\s+dport=(\\d+)"

enum { IPVS_VIP, IPVS_SERVER, IPVS_SAVED, CONNTRACK, TABLE, PATTERNS };

static const char *const patterns[PATTERNS] = {
    [IPVS_VIP] = "^\\s*TCP\\s+" ENDPOINT "\\s",
    [IPVS_SERVER] = "^\\s*->\\s+" ENDPOINT "\\s",
    [IPVS_SAVED] = "^\\s*-a\\s+-t\\s+" ENDPOINT "\\s+-r\\s+" ENDPOINT,
    /* [1764547200.123456] [NEW] tcp 6 120 SYN_SENT src= dst= sport= dport= [UNREPLIED] src= dst= sport= dport= */
    [CONNTRACK] = "^\\s*(?:\\[(\\d+)\\.?\\d*\\])?\\s*(?:\\[(NEW|UPDATE|DESTROY)\\])?\\s*(?:ipv[46]\\s+\\d+\\s+)?tcp\\s.*?" HALF ".*?" HALF,
    [TABLE] = "^\\s*\"?([0-9a-fA-F:.]+)\"?\\s*,\\s*\"?(\\d+)\"?\\s*,\\s*\"?([0-9a-fA-F:.]+)(?:@(\\d*)-(\\d*))?\"?\\s*,\\s*\"?(\\d+)\"?"
              "\\s*(?:,\\s*\"?([^,\"]*)\"?\\s*)?(?:,\\s*\"?([^,\"]*)\"?\\s*)?$",
};

typedef struct reader {
    scan_map *map;
    char *vip; /* of ipvsadm -Ln's last heading; NULL: not TCP */
    gint64 vip_port;
    guint line, bad;   /* from 1; the first row that makes no sense, 0: none */
    GHashTable *users; /* row of conntrack to how many connections have it now */
} reader;

static char *word(const GMatchInfo *match, int group)
{
    char *text = g_match_info_fetch(match, group);

    return text ? g_strstrip(text) : g_strdup("");
}

/* Without the brackets of an IPv6 address. */
static char *address(const GMatchInfo *match, int group)
{
    char *text = word(match, group);
    gsize length = strlen(text);

    if (length > 2 && text[0] == '[') {
        memmove(text, text + 1, length - 2);
        text[length - 2] = 0;
    }
    return text;
}

static gint64 number(const GMatchInfo *match, int group)
{
    char *text = word(match, group);
    gint64 value = g_ascii_strtoll(text, NULL, 10);

    g_free(text);
    return value;
}

/* False: it is no time. */
static gboolean parse_time(const char *text, gint64 *ret_seconds)
{
    GTimeZone *utc;
    GDateTime *time;
    char *end;

    *ret_seconds = g_ascii_strtoll(text, &end, 10);
    if (*end == 0 || (*end == '.' && end[1 + strspn(end + 1, "0123456789")] == 0)) {
        return *ret_seconds >= 0; /* nothing at all: no limit */
    }
    utc = g_time_zone_new_utc();
    time = g_date_time_new_from_iso8601(text, utc);
    g_time_zone_unref(utc);
    if (!time) {
        return FALSE;
    }
    *ret_seconds = g_date_time_to_unix(time);
    g_date_time_unref(time);
    return *ret_seconds >= 0;
}

/* ---- kinds of lines ---- */

static void take_server(reader *self, const GMatchInfo *match, int group)
{
    char *server = address(match, group);

    if (self->vip) {
        scan_map_add(self->map, self->vip, self->vip_port, server, number(match, group + 1), 0, 0);
    }
    g_free(server);
}

static void take_vip(reader *self, const GMatchInfo *match)
{
    g_free(self->vip);
    self->vip = address(match, 1);
    self->vip_port = number(match, 2);
}

static void take_row(reader *self, const GMatchInfo *match)
{
    char *vip = word(match, 1), *server = word(match, 3), *from_text = word(match, 7), *until_text = word(match, 8);
    gint64 from, until;

    if (!parse_time(from_text, &from) || !parse_time(until_text, &until) ||
        !scan_map_add(self->map, vip, number(match, 2), server, number(match, 6), MAX(from, number(match, 4)),
                      until ? until : number(match, 5))) {
        self->bad = self->bad ? self->bad : self->line;
    }
    g_free(vip);
    g_free(server);
    g_free(from_text);
    g_free(until_text);
}

/* How many connections have the row, after one more or less. */
static guint count_user(reader *self, const char *row, int change)
{
    guint n = GPOINTER_TO_UINT(g_hash_table_lookup(self->users, row));

    n = change > 0 ? n + 1 : n ? n - 1 : 0;
    g_hash_table_replace(self->users, g_strdup(row), GUINT_TO_POINTER(n));
    return n;
}

static void take_connection(reader *self, const GMatchInfo *match)
{
    char *event = word(match, 2), *client = word(match, 3), *vip = word(match, 4), *server = word(match, 7), *back = word(match, 8);
    gint64 time = number(match, 1), client_port = number(match, 5), vip_port = number(match, 6);
    gint64 server_port = number(match, 9), back_port = number(match, 10);
    gboolean rewritten = !g_str_equal(vip, server) || vip_port != server_port;
    char *row = g_strdup_printf("%s %d %s %d", vip, (int)vip_port, server, (int)server_port);

    if (rewritten && g_str_equal(client, back) && client_port == back_port) {
        if (g_str_equal(event, "DESTROY")) {
            if (!count_user(self, row, -1)) {
                scan_map_end(self->map, vip, vip_port, server, server_port, time);
            }
        } else {
            if (g_str_equal(event, "NEW")) {
                count_user(self, row, 1);
            }
            scan_map_add(self->map, vip, vip_port, server, server_port, time, 0);
        }
    }
    g_free(row);
    g_free(event);
    g_free(client);
    g_free(vip);
    g_free(server);
    g_free(back);
}

static void take(reader *self, int kind, const GMatchInfo *match)
{
    switch (kind) {
    case IPVS_VIP:
        take_vip(self, match);
        break;
    case IPVS_SERVER:
        take_server(self, match, 1);
        break;
    case IPVS_SAVED:
        take_vip(self, match);
        take_server(self, match, 3);
        break;
    case CONNTRACK:
        take_connection(self, match);
        break;
    default:
        take_row(self, match);
    }
}

static void take_line(reader *self, GRegex *const *regex, const char *line)
{
    for (int kind = 0; kind < PATTERNS; kind++) {
        GMatchInfo *match;
        gboolean found = g_regex_match(regex[kind], line, 0, &match);
        if (found) {
            take(self, kind, match);
        }
        g_match_info_free(match);
        if (found) {
            return;
        }
    }
    if (g_ascii_isalpha(line[0])) {
        g_clear_pointer(&self->vip, g_free); /* UDP, SCTP, FWM: their real servers are not ours */
    }
}

gboolean scan_map_text(scan_map *map, const char *path, const char *text, GError **error)
{
    reader self = {.map = map, .users = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    GRegex *regex[PATTERNS];
    char **lines = g_strsplit(text, "\n", -1);

    for (int kind = 0; kind < PATTERNS; kind++) {
        regex[kind] = g_regex_new(patterns[kind], G_REGEX_RAW | G_REGEX_OPTIMIZE, 0, NULL);
    }
    for (char **line = lines; *line; line++) {
        char *padded;
        self.line++;
        g_strchomp(*line);
        padded = g_strconcat(*line, " ", NULL);
        take_line(&self, regex, padded);
        g_free(padded);
    }
    for (int kind = 0; kind < PATTERNS; kind++) {
        g_regex_unref(regex[kind]);
    }
    g_strfreev(lines);
    g_free(self.vip);
    g_hash_table_destroy(self.users);
    if (self.bad) {
        g_set_error(error, SCAN_FAILURE, 0, "%s: line %u: an address, a port or a time that is none", path, self.bad);
    }
    return self.bad == 0;
}
