/* tshark.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/tshark.h"

#include <string.h>

/* Build tree: BUILD/batch/toa-scan and BUILD/tshark. NULL: not in one. */
static char *launcher(void)
{
    char *self = g_file_read_link("/proc/self/exe", NULL), *folder, *path = NULL;

    if (self) {
        folder = g_path_get_dirname(self);
        path = g_build_filename(folder, "..", "tshark", NULL);
        if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) || g_str_has_suffix(folder, "/bin")) {
            g_clear_pointer(&path, g_free);
        }
        g_free(folder);
        g_free(self);
    }
    return path;
}

char *scan_tshark_find(const char *wanted)
{
    const char *named = wanted ? wanted : g_getenv("TSHARK");
    char *path;

    path = named && *named ? g_strdup(named) : launcher();
    g_unsetenv("TSHARK"); /* the launcher of the build tree would run itself for ever */
    return path ? path : g_strdup("tshark");
}

gboolean scan_tshark_run(const char *const *arguments, char **ret_output, GError **error)
{
    GSubprocess *process =
        g_subprocess_newv(arguments, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, error);
    char *output = NULL, *errors = NULL;
    gboolean ok;

    if (!process) {
        return FALSE;
    }
    ok = g_subprocess_communicate_utf8(process, NULL, NULL, &output, &errors, error);
    if (ok && !g_subprocess_get_successful(process)) {
        g_set_error(error, SCAN_FAILURE, 0, "%s failed: %s", arguments[0], errors ? g_strchomp(errors) : "?");
        ok = FALSE;
    }
    if (ok) {
        *ret_output = g_steal_pointer(&output);
    }
    g_free(output);
    g_free(errors);
    g_object_unref(process);
    return ok;
}

gboolean scan_tshark_check(const char *tshark, GError **error)
{
    const char *const arguments[] = {tshark, "-G", "plugins", NULL};
    char *output;
    gboolean found;

    if (!scan_tshark_run(arguments, &output, error)) {
        g_prefix_error(error, "%s cannot be run: ", tshark);
        return FALSE;
    }
    found = g_str_has_prefix(output, "toa.so") || strstr(output, "\ntoa.so") != NULL;
    g_free(output);
    if (!found) {
        g_set_error(error, SCAN_FAILURE, 0,
                    "%s has not loaded the plugin toa.so (see \"%s -G plugins\"). Install the plugin, or name a tshark "
                    "that has it: --tshark. As root, Wireshark takes plugins from the system's folder only",
                    tshark, tshark);
    }
    return found;
}
