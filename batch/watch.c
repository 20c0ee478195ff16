/* watch.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "watch.h"

#include "reduce/records.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORDS_FD 3
/* One incident: some conversations, and findings that toa-watch limits. */
#define BLOCK_MAX (4u << 20)

static volatile sig_atomic_t child; /* process number; 0: none */

static void pass_on(int number)
{
    if (child) {
        kill((pid_t)child, number);
    }
}

static void pass_signals_on(void)
{
    struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

/* Lies where this program lies, installed or not. */
static char *find_program(GError **error)
{
    char *self = g_file_read_link("/proc/self/exe", error), *folder, *path;

    if (!self) {
        return NULL;
    }
    folder = g_path_get_dirname(self);
    path = g_build_filename(folder, "toa-watch", NULL);
    if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE)) {
        g_set_error(error, SCAN_FAILURE, 0, "--watch: there is no toa-watch where toa-scan lies");
        g_clear_pointer(&path, g_free);
    }
    g_free(folder);
    g_free(self);
    return path;
}

static void add(GPtrArray *arguments, const char *name, char *value)
{
    g_ptr_array_add(arguments, g_strdup(name));
    if (value) {
        g_ptr_array_add(arguments, value);
    }
}

static GPtrArray *make_arguments(const scan_options *options, const scan_tshark *tshark, const char *program)
{
    GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);

    add(arguments, program, NULL);
    for (guint i = 0; i + 1 < tshark->settings->len; i += 2) {
        add(arguments, tshark->settings->pdata[i], g_strdup(tshark->settings->pdata[i + 1]));
    }
    if (options->json) {
        add(arguments, "--json", NULL);
    }
    if (options->notes) {
        add(arguments, "--notes", NULL);
    }
    if (options->memory) {
        add(arguments, "--memory", g_strdup_printf("%" G_GINT64_FORMAT, options->memory));
    }
    if (options->ring) {
        add(arguments, "--ring", g_strdup_printf("%" G_GINT64_FORMAT, options->ring << 20));
    }
    if (options->after >= 0) {
        add(arguments, "--after", g_strdup_printf("%d", options->after));
    }
    if (options->evidence) {
        add(arguments, "--evidence", g_strdup(options->evidence));
    }
    if (options->metrics_path) {
        add(arguments, "--metrics", g_strdup(options->metrics_path));
    }
    if (options->db_path) {
        add(arguments, "--records", g_strdup_printf("%d", RECORDS_FD));
    }
    add(arguments, "--host", g_strdup(options->host));
    add(arguments, "--", g_strdup(options->inputs[0]));
    g_ptr_array_add(arguments, NULL);
    return arguments;
}

/* Does not return. */
static void become(const scan_options *options, char **arguments)
{
    int nowhere = options->quiet ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;

    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
    }
    execv(arguments[0], arguments);
    fprintf(stderr, "toa-scan: %s: %s\n", arguments[0], g_strerror(errno));
    _exit(SCAN_ERROR);
}

/* ---- the database ---- */

/* Opened for each incident: others may read it meanwhile, and it may be moved away (SIGHUP is not needed for that). What cannot be
 * stored was told all the same. */
static void store(const scan_options *options, GString *block)
{
    FILE *file = fmemopen(block->str, block->len, "r");
    GError *error = NULL;
    scan_counts counts = {0};
    scan_db db = {0};

    if (!file || !scan_db_open(&db, options->db_path, &error) ||
        !scan_records_import_from(&db, file, "toa-watch", &counts, &error)) {
        scan_warn("not in the database: %s", error ? error->message : g_strerror(errno));
    }
    g_clear_error(&error);
    scan_db_close(&db);
    if (file) {
        fclose(file);
    }
}

/* Until the other end is closed. */
static void store_all(const scan_options *options, FILE *records)
{
    GString *block = g_string_new(NULL);
    size_t room = 0;
    char *line = NULL;
    ssize_t length;

    while ((length = getline(&line, &room, records)) > 0) {
        if (block->len + (size_t)length < BLOCK_MAX) {
            g_string_append_len(block, line, length);
        }
        if (strcmp(line, "{\"record\":\"end\"}\n") == 0) {
            store(options, block);
            g_string_truncate(block, 0);
        }
    }
    free(line);
    g_string_free(block, TRUE);
}

static int exit_code(int status)
{
    if (WIFSIGNALED(status)) {
        scan_warn("toa-watch was ended by signal %d", WTERMSIG(status));
        return SCAN_ERROR;
    }
    return WEXITSTATUS(status);
}

/* Starts it with the writing end of a pipe as descriptor RECORDS_FD. NULL with an error. */
static FILE *start(const scan_options *options, char **arguments, GError **error)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
        g_set_error(error, SCAN_FAILURE, errno, "%s: %s", arguments[0], g_strerror(errno));
        return NULL;
    }
    if (pid == 0) {
        if (ends[1] == RECORDS_FD) {
            fcntl(RECORDS_FD, F_SETFD, 0);
        } else {
            dup2(ends[1], RECORDS_FD);
        }
        become(options, arguments);
    }
    close(ends[1]);
    child = pid;
    return fdopen(ends[0], "r");
}

static int run_with_database(const scan_options *options, char **arguments, GError **error)
{
    scan_db db = {0};
    FILE *records;
    int status = 0;
    gboolean ok = scan_db_open(&db, options->db_path, error); /* what is wrong with it is told before anything happens */

    scan_db_close(&db);
    if (!ok) {
        return SCAN_ERROR;
    }
    pass_signals_on();
    records = start(options, arguments, error);
    if (!records) {
        return SCAN_ERROR;
    }
    store_all(options, records);
    fclose(records);
    while (waitpid((pid_t)child, &status, 0) < 0 && errno == EINTR) {
        /* again */
    }
    child = 0;
    return exit_code(status);
}

int scan_watch_run(const scan_options *options, scan_tshark *tshark, GError **error)
{
    char *program = find_program(error);
    GPtrArray *arguments;
    int code = SCAN_ERROR;

    scan_tshark_init(tshark, options);
    if (!program || !scan_tshark_configure(tshark, options->map_paths, options->settings, error)) {
        g_free(program);
        return SCAN_ERROR;
    }
    arguments = make_arguments(options, tshark, program);
    if (options->db_path) {
        code = run_with_database(options, (char **)arguments->pdata, error);
    } else {
        become(options, (char **)arguments->pdata);
    }
    g_ptr_array_unref(arguments);
    g_free(program);
    return code;
}
