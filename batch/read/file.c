/* file.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

gint64 scan_file_id(const char *host, const char *content)
{
    const char *const parts[] = {host ? "records" : "local", host ? host : "", content};
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize length = sizeof digest;
    guint64 id = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_checksum_update(sum, (const guchar *)parts[i], (gssize)strlen(parts[i]) + 1);
    }
    g_checksum_get_digest(sum, digest, &length);
    g_checksum_free(sum);
    for (unsigned i = 0; i < 8; i++) {
        id = id << 8 | digest[i];
    }
    return (gint64)(id >> 1);
}

const char *scan_file_source(const scan_file *self)
{
    return self->spool ? self->spool : self->path;
}

gboolean scan_file_identify(scan_file *self, GError **error)
{
    if (!scan_content_read(scan_file_source(self), self->size, &self->content, error)) {
        return FALSE;
    }
    self->id = scan_file_id(NULL, self->content.whole);
    return TRUE;
}

gboolean scan_file_has_magic(const scan_file *self)
{
    static const struct {
        unsigned char length, bytes[8];
    } magics[] = {{4, {0xa1, 0xb2, 0xc3, 0xd4}}, {4, {0xd4, 0xc3, 0xb2, 0xa1}}, {4, {0xa1, 0xb2, 0x3c, 0x4d}},
                  {4, {0x4d, 0x3c, 0xb2, 0xa1}}, {4, {0xa1, 0xb2, 0xcd, 0x34}}, {4, {0x34, 0xcd, 0xb2, 0xa1}},
                  {4, {0x0a, 0x0d, 0x0d, 0x0a}}, {2, {0x1f, 0x8b}},             {4, {0x28, 0xb5, 0x2f, 0xfd}},
                  {4, {0x04, 0x22, 0x4d, 0x18}}, {8, "snoop"},                  {4, "GMBU"},
                  {4, "RTSS"},                   {8, {'T', 'R', 'S', 'N', 'I', 'F', 'F', ' '}}, {4, "XCP"},
                  {8, "btsnoop"}};
    unsigned char start[8] = {0};
    int fd = open(scan_file_source(self), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t got = fd >= 0 ? read(fd, start, sizeof start) : 0;

    if (fd >= 0) {
        close(fd);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(magics); i++) {
        if (got >= magics[i].length && memcmp(start, magics[i].bytes, magics[i].length) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}

void scan_file_free(gpointer data)
{
    scan_file *file = data;

    g_free(file->path);
    g_free(file->spool);
    if (file->spool_fd) {
        close(file->spool_fd);
    }
    g_free(file->point);
    g_free(file);
}

char *scan_file_point(const char *path)
{
    char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path), *point;
    char *suffix = strstr(name, ".pcap");
    GString *stem = g_string_new(NULL);

    if (!suffix) {
        suffix = strrchr(name, '.');
    }
    for (const char *c = name; *c && c != suffix; c++) {
        if (!g_ascii_isdigit(*c)) {
            g_string_append_c(stem, *c);
        }
    }
    while (stem->len && strchr("-_. ", stem->str[stem->len - 1])) {
        g_string_truncate(stem, stem->len - 1);
    }
    point = g_build_filename(folder, stem->len ? stem->str : "capture", NULL);
    g_string_free(stem, TRUE);
    g_free(folder);
    g_free(name);
    return point;
}
