/* content.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define WHOLE_MAX (16 << 20) /* read as a whole */
#define END_SIZE (1 << 20)   /* of larger ones, at both ends */
#define SAMPLES 64
#define SAMPLE_SIZE 4096

static gboolean add(GChecksum *sum, int fd, gint64 from, gint64 length)
{
    static guchar buffer[65536];

    while (length > 0) {
        ssize_t got = pread(fd, buffer, (size_t)MIN(length, (gint64)sizeof buffer), from);
        if (got <= 0) {
            errno = got < 0 ? errno : ESTALE; /* shorter than it was a moment ago */
            return FALSE;
        }
        g_checksum_update(sum, buffer, got);
        from += got;
        length -= got;
    }
    return TRUE;
}

static gboolean add_parts(GChecksum *sum, int fd, gint64 size)
{
    gboolean ok = add(sum, fd, 0, END_SIZE);

    for (unsigned i = 1; i <= SAMPLES && ok; i++) {
        ok = add(sum, fd, size / (SAMPLES + 1) * i, SAMPLE_SIZE);
    }
    return ok && add(sum, fd, size - END_SIZE, END_SIZE);
}

static void keep(GChecksum *sum, char text[33])
{
    g_strlcpy(text, g_checksum_get_string(sum), 33);
    g_checksum_reset(sum);
}

gboolean scan_content_read(const char *path, gint64 size, scan_content *ret_content, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    GChecksum *sum;
    gboolean ok;

    if (fd < 0) {
        g_set_error(error, SCAN_FAILURE, errno, "%s", g_strerror(errno));
        return FALSE;
    }
    sum = g_checksum_new(G_CHECKSUM_SHA256);
    ok = size < SCAN_CONTENT_HEAD || add(sum, fd, 0, SCAN_CONTENT_HEAD);
    keep(sum, ret_content->head);
    if (size < SCAN_CONTENT_HEAD) {
        ret_content->head[0] = 0;
    }
    g_checksum_update(sum, (const guchar *)&size, sizeof size);
    ok = ok && (size <= WHOLE_MAX ? add(sum, fd, 0, size) : add_parts(sum, fd, size));
    keep(sum, ret_content->whole);
    if (!ok) {
        g_set_error(error, SCAN_FAILURE, errno, "%s", g_strerror(errno));
    }
    g_checksum_free(sum);
    close(fd);
    return ok;
}
