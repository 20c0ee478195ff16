/* main.c
 * toa-scan: many captures, one answer. The order of work: options, map, tshark, files, records, reduction, report.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/jobs.h"
#include "read/map.h"
#include "reduce/records.h"
#include "reduce/reduce.h"
#include "report/report.h"
#include "read/tshark.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <string.h>

volatile sig_atomic_t scan_stop;

typedef struct scan {
    scan_options options;
    GPtrArray *arguments; /* tshark's, from the map */
    char *tshark;
    char *signature; /* of what makes the records of a file differ */
    scan_db db;
    FILE *export;
    scan_progress progress;
    scan_totals totals;
    unsigned bad; /* files with an error */
} scan;

static void on_signal(int number)
{
    scan_stop = number;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static gboolean take_capture(void *data, const scan_file *file, FILE *records, const char *state, GError **error)
{
    scan *self = data;
    gboolean ok;

    if (self->export) {
        self->totals.files++;
        return scan_records_export(records, self->export, file, self->signature, self->options.host, state, error);
    }
    ok = scan_records_load(&self->db, records, file, self->signature, self->options.host, state, &self->totals, error);
    self->progress.packets = self->totals.packets;
    return ok;
}

/* What another run may take over: same map, same version. */
static char *make_signature(const GPtrArray *arguments)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    char *signature;

    for (guint i = 0; i < arguments->len; i++) {
        g_checksum_update(sum, arguments->pdata[i], (gssize)strlen(arguments->pdata[i]) + 1);
    }
    signature = g_strdup_printf("%s %.16s", TOA_VERSION, g_checksum_get_string(sum));
    g_checksum_free(sum);
    return signature;
}

/* The captures that are still to be read; records of other hosts are read here. */
static GPtrArray *sort_out(scan *self, const GPtrArray *files, GError **error)
{
    GPtrArray *captures = g_ptr_array_new();
    GError *local = NULL;
    gboolean has = FALSE;

    for (guint i = 0; i < files->len && !scan_stop; i++) {
        const scan_file *file = files->pdata[i];
        if (file->is_records && self->export) {
            continue;
        }
        if (file->is_records) {
            if (!scan_records_import(&self->db, file->path, &self->totals, &local) && !scan_stop) {
                scan_warn("%s: %s", file->path, local->message);
                self->bad++;
            }
            g_clear_error(&local);
            continue;
        }
        if (!self->export && !scan_db_has(&self->db, file, self->signature, &has, error)) {
            g_ptr_array_unref(captures);
            return NULL;
        }
        if (!has) {
            g_ptr_array_add(captures, (gpointer)file);
            self->progress.bytes += file->size;
        }
    }
    self->progress.files = captures->len;
    return captures;
}

static gboolean run_tshark(scan *self, const GPtrArray *captures, GError **error)
{
    const scan_run run = {self->tshark, self->arguments, self->options.jobs, take_capture, self, &self->progress};
    unsigned bad = 0;
    gboolean ok;

    if (!captures->len) {
        return TRUE;
    }
    if (!scan_tshark_check(self->tshark, error)) {
        return FALSE;
    }
    ok = scan_jobs_run(&run, captures, &bad, error);
    self->bad += bad;
    scan_progress_wipe();
    return ok;
}

static gboolean open_outputs(scan *self, GError **error)
{
    const scan_options *options = &self->options;

    if (options->export_path) {
        self->export = strcmp(options->export_path, "-") == 0 ? stdout : fopen(options->export_path, "w");
        if (!self->export) {
            g_set_error(error, SCAN_FAILURE, errno, "%s: %s", options->export_path, g_strerror(errno));
        }
        return self->export != NULL;
    }
    return scan_db_open(&self->db, options->db_path, error);
}

static gboolean read_all(scan *self, GError **error)
{
    GPtrArray *files, *captures;
    gboolean ok;

    if (self->options.map_path && !scan_map_read(self->options.map_path, self->arguments, error)) {
        return FALSE;
    }
    self->signature = make_signature(self->arguments);
    self->tshark = scan_tshark_find(self->options.tshark);
    if (!open_outputs(self, error)) {
        return FALSE;
    }
    files = scan_files_list(&self->options, &self->bad);
    captures = sort_out(self, files, error);
    ok = captures && run_tshark(self, captures, error);
    if (ok && !files->len && self->options.inputs && !self->bad) {
        scan_warn("no capture in what was named");
        self->bad++;
    }
    g_clear_pointer(&captures, g_ptr_array_unref);
    g_ptr_array_unref(files);
    return ok && !scan_stop;
}

static gboolean report(scan *self, gboolean *ret_found, GError **error)
{
    scan_report report = {0};
    const scan_options *options = &self->options;
    gboolean ok = scan_report_load(&report, &self->db, options->notes, options->since, options->until, error);

    if (ok && options->html_path) {
        ok = scan_report_html(&report, self->tshark, options->html_path, error);
    }
    if (ok && options->json) {
        scan_report_json(&report, stdout);
    } else if (ok && !options->quiet) {
        scan_report_text(&report, (guint)options->max, stdout);
    }
    if (ok && (fflush(stdout) != 0 || ferror(stdout))) {
        g_set_error(error, SCAN_FAILURE, errno, "standard output: %s", g_strerror(errno));
        ok = FALSE;
    }
    *ret_found = report.warnings > 0;
    scan_report_clear(&report);
    return ok;
}

static int run(scan *self, GError **error)
{
    gboolean found = FALSE;

    if (!read_all(self, error)) {
        return SCAN_ERROR;
    }
    if (!self->export && !self->options.no_reduce) {
        if (!scan_reduce(&self->db, self->options.db_path, error) || !report(self, &found, error)) {
            return SCAN_ERROR;
        }
    }
    return self->bad ? SCAN_ERROR : found ? SCAN_FINDINGS : SCAN_CLEAN;
}

int main(int argc, char **argv)
{
    scan self = {0};
    GError *error = NULL;
    int code = SCAN_ERROR;

    setlocale(LC_ALL, "");
    catch_signals();
    self.arguments = g_ptr_array_new_with_free_func(g_free);
    if (scan_options_parse(&self.options, &argc, &argv, &error)) {
        scan_progress_init(&self.progress, self.options.quiet);
        code = run(&self, &error);
    }
    if (scan_stop) {
        scan_warn("interrupted%s", self.options.db_path ? "; what was done is in the database, run again to go on" : "");
    } else if (error) {
        scan_warn("%s", error->message);
    }
    g_clear_error(&error);
    if (self.export && self.export != stdout && fclose(self.export) != 0) {
        scan_warn("%s: %s", self.options.export_path, g_strerror(errno));
        code = SCAN_ERROR;
    }
    scan_db_close(&self.db);
    scan_options_clear(&self.options);
    g_ptr_array_unref(self.arguments);
    g_free(self.tshark);
    g_free(self.signature);
    return code;
}
