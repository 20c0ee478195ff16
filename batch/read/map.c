/* map.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/map.h"

#include <string.h>

/* ENDPOINT is 10.0.0.1:80 or [fd00::1]:80. */
#define ENDPOINT "(\\[[0-9a-fA-F:.]+\\]|[0-9.]+):(\\d+)"

/* A line that names a VIP, then lines that name its real servers; or one line with both. */
typedef struct map_pattern {
    const char *text;
    gboolean is_vip, is_server;
} map_pattern;

static const map_pattern patterns[] = {
    {"^\\s*TCP\\s+" ENDPOINT "\\s", TRUE, FALSE},                       /* ipvsadm -Ln */
    {"^\\s*->\\s+" ENDPOINT "\\s", FALSE, TRUE},
    {"^\\s*-a\\s+-t\\s+" ENDPOINT "\\s+-r\\s+" ENDPOINT, TRUE, TRUE},   /* ipvsadm -Sn */
    {"^\\s*\"?([0-9a-fA-F:.]+)\"?\\s*,\\s*\"?(\\d+)\"?\\s*,\\s*\"?([0-9a-fA-F:.]+)\"?\\s*,\\s*\"?(\\d+)\"?\\s*$", TRUE,
     TRUE},                                                             /* toa_map */
};

typedef struct map_reader {
    GRegex *regex[G_N_ELEMENTS(patterns)];
    char *vip, *vip_port; /* of ipvsadm -Ln's last heading; NULL: not TCP */
    GPtrArray *arguments;
    unsigned rows;
} map_reader;

/* Without the brackets of an IPv6 address. */
static char *address(const GMatchInfo *match, int group)
{
    char *text = g_match_info_fetch(match, group);
    gsize length = strlen(text);

    if (length > 2 && text[0] == '[') {
        memmove(text, text + 1, length - 2);
        text[length - 2] = 0;
    }
    return text;
}

static void add_row(map_reader *self, const char *server, const char *port)
{
    if (self->vip) {
        g_ptr_array_add(self->arguments, g_strdup("-o"));
        g_ptr_array_add(self->arguments, g_strdup_printf("uat:toa.map:\"%s\",\"%s\",\"%s\",\"%s\"", self->vip,
                                                         self->vip_port, server, port));
        self->rows++;
    }
}

static void forget_vip(map_reader *self)
{
    g_clear_pointer(&self->vip, g_free);
    g_clear_pointer(&self->vip_port, g_free);
}

static void read_match(map_reader *self, const map_pattern *pattern, const GMatchInfo *match)
{
    int group = 1;

    if (pattern->is_vip) {
        forget_vip(self);
        self->vip = address(match, group++);
        self->vip_port = g_match_info_fetch(match, group++);
    }
    if (pattern->is_server) {
        char *server = address(match, group), *port = g_match_info_fetch(match, group + 1);
        add_row(self, server, port);
        g_free(server);
        g_free(port);
    }
}

static void read_line(map_reader *self, const char *line)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(patterns); i++) {
        GMatchInfo *match;
        gboolean found = g_regex_match(self->regex[i], line, 0, &match);
        if (found) {
            read_match(self, &patterns[i], match);
        }
        g_match_info_free(match);
        if (found) {
            return;
        }
    }
    if (g_ascii_isalpha(line[0])) {
        forget_vip(self); /* UDP, SCTP, FWM: their real servers are not ours */
    }
}

gboolean scan_map_read(const char *path, GPtrArray *arguments, GError **error)
{
    map_reader self = {.arguments = arguments};
    char *text;

    if (!g_file_get_contents(path, &text, NULL, error)) {
        return FALSE;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(patterns); i++) {
        self.regex[i] = g_regex_new(patterns[i].text, G_REGEX_RAW, 0, NULL);
    }
    char **lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_strchomp(*line);
        char *padded = g_strconcat(*line, " ", NULL);
        read_line(&self, padded);
        g_free(padded);
    }
    g_strfreev(lines);
    g_free(text);
    forget_vip(&self);
    for (unsigned i = 0; i < G_N_ELEMENTS(patterns); i++) {
        g_regex_unref(self.regex[i]);
    }
    if (!self.rows) {
        g_set_error(error, SCAN_FAILURE, 0,
                    "%s: no row of a map in it (expected: ipvsadm -Ln, ipvsadm -Sn, or VIP,port,RS,port)", path);
    }
    return self.rows > 0;
}
