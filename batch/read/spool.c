/* spool.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

static gboolean write_all(int fd, const guint8 *bytes, gsize left)
{
    while (left > 0) {
        ssize_t done = write(fd, bytes, left);
        if (done < 0 && errno != EINTR) {
            return FALSE;
        }
        bytes += MAX(done, 0);
        left -= (gsize)MAX(done, 0);
    }
    return TRUE;
}

/* FALSE: to stop. A signal may come between a look at scan_stop and a read that waits; so nothing waits for long. */
static gboolean wait_for_bytes(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};

    while (!scan_stop && poll(&wanted, 1, 200) <= 0) {
    }
    return !scan_stop;
}

static gboolean copy(int from, int to, gint64 *ret_size)
{
    static guint8 buffer[1 << 16];
    ssize_t got;

    *ret_size = 0;
    while (wait_for_bytes(from)) {
        got = read(from, buffer, sizeof buffer);
        if (got == 0) {
            return TRUE;
        }
        if (got > 0 ? !write_all(to, buffer, (gsize)got) : errno != EINTR && errno != EAGAIN) {
            return FALSE;
        }
        *ret_size += MAX(got, 0);
    }
    errno = EINTR;
    return FALSE;
}

gboolean scan_spool(const char *pipe, int *ret_fd, char **ret_path, gint64 *ret_size, GError **error)
{
    char *path = g_build_filename(g_get_tmp_dir(), "toa-scan-XXXXXX", NULL);
    int from = g_str_equal(pipe, SCAN_STANDARD_INPUT) ? dup(STDIN_FILENO) : open(pipe, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int to = from < 0 ? -1 : g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
    gboolean ok = to >= 0 && unlink(path) == 0 && copy(from, to, ret_size);

    if (!ok) {
        g_set_error(error, SCAN_FAILURE, errno, "keeping it in %s: %s", g_get_tmp_dir(), g_strerror(errno));
        if (to >= 0) {
            close(to);
        }
    } else {
        *ret_fd = to;
        *ret_path = g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), to);
    }
    if (from >= 0) {
        close(from);
    }
    g_free(path);
    return ok;
}
