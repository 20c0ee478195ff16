/* output.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "report/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean fail(const char *path, GError **error)
{
    g_set_error(error, SCAN_FAILURE, errno, "%s: %s", path, g_strerror(errno));
    return FALSE;
}

gboolean scan_output_check(const char *path, GError **error)
{
    char *folder = g_path_get_dirname(path);
    struct stat status;
    gboolean ok = access(folder, W_OK | X_OK) == 0;

    if (ok && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        ok = FALSE;
    }
    g_free(folder);
    return ok || fail(path, error);
}

gboolean scan_output_open(scan_output *self, const char *path, GError **error)
{
    struct stat status;
    int fd;

    *self = (scan_output){.path = g_strdup(path)};
    if (strcmp(path, "-") == 0) {
        self->file = stdout;
    } else if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        self->file = fopen(path, "we");
    } else {
        self->part = g_strconcat(path, ".XXXXXX", NULL);
        fd = g_mkstemp_full(self->part, O_WRONLY | O_CLOEXEC, 0600);
        self->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    }
    if (!self->file) {
        g_clear_pointer(&self->part, g_free);
        return fail(path, error);
    }
    return TRUE;
}

gboolean scan_output_close(scan_output *self, GError **error)
{
    gboolean ok = fflush(self->file) == 0 && !ferror(self->file);

    if (self->file != stdout) {
        ok = fclose(self->file) == 0 && ok;
    }
    self->file = NULL;
    ok = ok && (!self->part || rename(self->part, self->path) == 0);
    if (ok) {
        g_clear_pointer(&self->part, g_free);
    }
    return ok || fail(self->path, error);
}

void scan_output_discard(scan_output *self)
{
    if (self->file && self->file != stdout) {
        fclose(self->file);
    }
    if (self->part) {
        unlink(self->part);
    }
    g_free(self->part);
    g_free(self->path);
    *self = (scan_output){0};
}
