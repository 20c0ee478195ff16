/* tshark.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/tshark.h"

#include "read/child.h"
#include "read/map.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK_SECONDS 60

/* All preferences of the plugin but its tables, with the values of its defaults: neither a profile nor a file of
 * preferences for all users makes a difference. tests/batch compares the list with the plugin's. */
static const char *const pins[] = {"toa.rewriting:unknown", "toa.effective:first",  "toa.reply_meaning:destination",
                                   "toa.kind253:port-first", "toa.time_wait:60", "toa.analysis:TRUE",
                                   "toa.info:TRUE"};

/* The launcher of the build tree, if this is the program that was built there: TOA_BUILD_MARK is a hash of the tree's
 * path. A copy elsewhere runs no "../tshark" of its new neighbours. */
static char *launcher(void)
{
    char *self = g_file_read_link("/proc/self/exe", NULL), *folder, *tree, *mark, *path = NULL;

    if (!self) {
        return NULL;
    }
    folder = g_path_get_dirname(self);
    tree = g_path_get_dirname(folder);
    mark = g_compute_checksum_for_string(G_CHECKSUM_SHA256, tree, -1);
    if (g_str_equal(mark, TOA_BUILD_MARK)) {
        path = g_build_filename(tree, "tshark", NULL);
    }
    if (path && !g_file_test(path, G_FILE_TEST_IS_EXECUTABLE)) {
        g_clear_pointer(&path, g_free);
    }
    g_free(mark);
    g_free(tree);
    g_free(folder);
    g_free(self);
    return path;
}

/* Lies where this program lies, installed or not. */
static char *find_native(void)
{
    char *self = g_file_read_link("/proc/self/exe", NULL), *folder, *path;

    if (!self) {
        return NULL;
    }
    folder = g_path_get_dirname(self);
    path = g_build_filename(folder, "toa-read", NULL);
    if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE)) {
        g_clear_pointer(&path, g_free);
    }
    g_free(folder);
    g_free(self);
    return path;
}

void scan_tshark_init(scan_tshark *self, const scan_options *options)
{
    const char *named = options->tshark ? options->tshark : g_getenv("TSHARK");

    *self = (scan_tshark){.path = named && *named ? g_strdup(named) : launcher(),
                          .native = options->reader == SCAN_READER_TSHARK ? NULL : find_native(),
                          .reader = options->reader,
                          .settings = g_ptr_array_new_with_free_func(g_free)};
    g_unsetenv("TSHARK"); /* otherwise the launcher of the build tree would run itself without end */
    if (!self->path) {
        self->path = g_strdup("tshark");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(pins); i++) {
        g_ptr_array_add(self->settings, g_strdup("-o"));
        g_ptr_array_add(self->settings, g_strdup(pins[i]));
    }
}

void scan_tshark_clear(scan_tshark *self)
{
    g_free(self->path);
    g_free(self->native);
    g_free(self->missing);
    g_clear_pointer(&self->settings, g_ptr_array_unref);
    g_free(self->signature);
}

gboolean scan_tshark_configure(scan_tshark *self, char **map_paths, char **settings, GError **error)
{
    scan_map map;
    gboolean ok;

    scan_map_init(&map);
    ok = scan_map_read(&map, map_paths, error);
    scan_map_arguments(&map, self->settings);
    scan_map_clear(&map);
    for (char **setting = settings; setting && *setting; setting++) {
        g_ptr_array_add(self->settings, g_strdup("-o"));
        g_ptr_array_add(self->settings, g_strdup(*setting));
    }
    return ok;
}

/* ---- the check ---- */

/* Path of the plugin, from its line of "-G plugins": name, version, kind, path. NULL: it is not loaded. */
static char *plugin_path(const char *listing)
{
    char **lines = g_strsplit(listing, "\n", -1), *path = NULL;

    for (char **line = lines; *line && !path; line++) {
        const char *tab = strrchr(*line, '\t');
        if (g_str_has_prefix(*line, "toa.so") && tab) {
            path = g_strdup(tab + 1);
        }
    }
    g_strfreev(lines);
    return path;
}

/* The settings under which records were made. The plugin's file stands for its build; the listing names the version of
 * Wireshark, too. */
static void add_file(GChecksum *sum, const char *path)
{
    GMappedFile *file = path ? g_mapped_file_new(path, FALSE, NULL) : NULL;

    if (file) {
        g_checksum_update(sum, (const guchar *)g_mapped_file_get_contents(file), (gssize)g_mapped_file_get_length(file));
        g_mapped_file_unref(file);
    }
}

static void sign(scan_tshark *self, const char *listing, const char *plugin)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    char **lines = g_strsplit(listing, "\n", -1);

    for (char **line = lines; *line; line++) { /* without the paths, which differ from host to host */
        const char *tab = strrchr(*line, '\t');
        g_checksum_update(sum, (const guchar *)*line, tab ? tab - *line : -1);
    }
    add_file(sum, plugin);
    add_file(sum, self->native);
    for (guint i = 0; i < self->settings->len; i++) {
        g_checksum_update(sum, self->settings->pdata[i], (gssize)strlen(self->settings->pdata[i]) + 1);
    }
    self->signature = g_strdup_printf("%s %.16s", TOA_VERSION, g_checksum_get_string(sum));
    g_strfreev(lines);
    g_checksum_free(sum);
}

/* A pcap file of no packets, for tshark to say what it thinks of the settings. */
static const unsigned char no_packets[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [18] = 4, [20] = 1};

static gboolean check_settings(const scan_tshark *self, GError **error)
{
    GPtrArray *arguments = g_ptr_array_new();
    char *path, *output = NULL;
    int fd = g_file_open_tmp("toa-scan-XXXXXX", &path, error);
    gboolean ok;

    if (fd < 0) {
        g_ptr_array_unref(arguments);
        return FALSE;
    }
    /* readable by all: it is empty, and the launcher may run tshark as another user */
    ok = write(fd, no_packets, sizeof no_packets) == (ssize_t)sizeof no_packets && fchmod(fd, 0644) == 0;
    if (!ok) {
        g_set_error(error, SCAN_FAILURE, errno, "%s: %s", path, g_strerror(errno));
    }
    close(fd);
    g_ptr_array_add(arguments, self->path);
    g_ptr_array_add(arguments, (gpointer) "-q");
    g_ptr_array_extend(arguments, self->settings, NULL, NULL);
    g_ptr_array_add(arguments, (gpointer) "-r");
    g_ptr_array_add(arguments, path);
    g_ptr_array_add(arguments, NULL);
    ok = ok && scan_child_run((const char *const *)(void *)arguments->pdata, CHECK_SECONDS, &output, error);
    g_free(output);
    g_ptr_array_unref(arguments);
    unlink(path);
    g_free(path);
    return ok;
}

/* "TShark (Wireshark) 4.0.17", from its first line. */
static char *tshark_version(const scan_tshark *self)
{
    const char *const arguments[] = {self->path, "--version", NULL};
    char *output = NULL, *version;

    if (!scan_child_run(arguments, CHECK_SECONDS, &output, NULL)) {
        output = NULL;
    }
    version = output ? g_strndup(output, strcspn(output, "\n")) : g_strdup("of no version that it tells");
    g_free(output);
    if (g_str_has_suffix(version, ".")) {
        version[strlen(version) - 1] = 0;
    }
    return version;
}

static gboolean check_tshark(scan_tshark *self, GError **error)
{
    const char *const arguments[] = {self->path, "-G", "plugins", NULL};
    char *output, *plugin;

    if (!scan_child_run(arguments, CHECK_SECONDS, &output, error)) {
        g_prefix_error(error, "%s cannot be run: ", self->path);
        return FALSE;
    }
    plugin = plugin_path(output);
    if (plugin && check_settings(self, error)) {
        sign(self, output, plugin);
    } else if (!plugin) {
        char *version = tshark_version(self);
        g_set_error(error, SCAN_FAILURE, 0,
                    "%s has not loaded the plugin toa.so (see \"%s -G plugins\"), which is built for Wireshark " TOA_WIRESHARK_VERSION
                    "; this is %s. Install the plugin for it, or name a tshark that has it: --tshark. As root, Wireshark takes "
                    "plugins from the system's folder only",
                    self->path, self->path, version);
        g_free(version);
    }
    g_free(plugin);
    g_free(output);
    return self->signature != NULL;
}

gboolean scan_tshark_check(scan_tshark *self, GError **error)
{
    GError *local = NULL;

    if (self->signature) {
        return TRUE;
    }
    if (self->reader == SCAN_READER_NATIVE && !self->native) {
        g_set_error(error, SCAN_FAILURE, 0, "--reader native: there is no toa-read where toa-scan lies");
        return FALSE;
    }
    if (self->reader != SCAN_READER_NATIVE && check_tshark(self, &local)) {
        return TRUE;
    }
    if (local && !self->native) {
        g_propagate_error(error, local);
        return FALSE;
    }
    if (local) {
        self->missing = g_strdup(local->message);
        g_error_free(local);
    }
    sign(self, "", NULL);
    return TRUE;
}
