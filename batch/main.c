/* main.c
 * toa-scan: many captures, one answer. The order of work: options, outputs, records, reduction, report.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "gather.h"
#include "read/child.h"
#include "read/map.h"
#include "reduce/intake.h"
#include "reduce/reduce.h"
#include "reduce/split.h"
#include "report/html.h"
#include "report/json.h"
#include "report/metrics.h"
#include "report/output.h"
#include "report/text.h"
#include "watch.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>

typedef struct scan {
    scan_options options;
    scan_tshark tshark;
    scan_db db;
    scan_output export;  /* of --records */
    scan_output results; /* of --results */
    scan_gather gather;
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

/* Before anything is read, so that hours of work do not end at a name that was mistyped. */
static gboolean open_outputs(scan *self, GError **error)
{
    const scan_options *options = &self->options;

    if ((options->html_path && !scan_output_check(options->html_path, error)) ||
        (options->metrics_path && !scan_output_check(options->metrics_path, error))) {
        return FALSE;
    }
    if (options->export_path) {
        return scan_output_open(&self->export, options->export_path, error);
    }
    if (options->results_path && !scan_output_open(&self->results, options->results_path, error)) {
        return FALSE;
    }
    return scan_db_open(&self->db, options->db_path, error);
}

static gboolean prune(scan *self, GError **error)
{
    guint dropped = 0;

    if (!self->options.prune && !self->options.retain) {
        return TRUE;
    }
    if (!scan_db_prune(&self->db, self->options.prune, self->options.retain, &dropped, error)) {
        return FALSE;
    }
    if (dropped && !self->options.quiet) {
        scan_warn("%u captures dropped from the database", dropped);
    }
    return TRUE;
}

static gboolean print(const scan *self, const scan_report *report, GError **error)
{
    const scan_options *options = &self->options;

    if (options->json) {
        scan_report_json(report, stdout);
    } else if (!options->quiet) {
        scan_report_text(report, (guint)options->max, stdout);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        g_set_error(error, SCAN_FAILURE, errno, "standard output: %s", g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

static gboolean report(scan *self, gboolean *ret_found, GError **error)
{
    scan_report report = {.counts = self->gather.counts};
    const scan_options *options = &self->options;
    gboolean ok = scan_report_load(&report, &self->db, options->notes, options->since, options->until, error);

    if (ok) {
        *ret_found = scan_report_counts(&report, options->fail_on) || (options->strict && report.unseen);
        ok = print(self, &report, error); /* first: what fails below takes nothing away */
    }
    if (ok && options->html_path) {
        ok = scan_report_html(&report, self->tshark.path, options->html_path, error);
    }
    if (ok && options->metrics_path) {
        ok = scan_report_metrics(&report, options->metrics_path, error);
    }
    scan_report_clear(&report);
    return ok && !scan_stop;
}

/* What was reduced: to who gathers it, or told. */
static gboolean tell(scan *self, gboolean *ret_found, GError **error)
{
    if (!self->options.results_path) {
        return report(self, ret_found, error);
    }
    return scan_results_write(&self->db, self->results.file, error) && scan_output_close(&self->results, error);
}

static gboolean reduce(scan *self, gboolean *ret_found, GError **error)
{
    const scan_options *options = &self->options;

    if (options->split_path) {
        return scan_reduce_prepare(&self->db, options->db_path, error) &&
               scan_split(&self->db, options->split_path, (unsigned)options->shards, error);
    }
    return scan_reduce(&self->db, options->db_path, error) && tell(self, ret_found, error);
}

static gboolean reduce_shard(scan *self, gboolean *ret_found, GError **error)
{
    const char *path = self->options.shard_path;
    FILE *input = g_str_equal(path, "-") ? stdin : fopen(path, "re");
    scan_part part;
    gboolean ok;

    if (!input) {
        g_set_error(error, SCAN_FAILURE, errno, "%s: %s", path, g_strerror(errno));
        return FALSE;
    }
    ok = scan_shard_read(&self->db, input, path, &part, error);
    if (input != stdin) {
        fclose(input);
    }
    return ok && scan_reduce_shard(&self->db, error) && tell(self, ret_found, error);
}

/* What others have read, and maybe reduced. */
static gboolean work_of_others(scan *self, gboolean *ret_found, GError **error)
{
    if (!open_outputs(self, error)) {
        return FALSE;
    }
    if (self->options.shard_path) {
        return reduce_shard(self, ret_found, error);
    }
    return scan_results_read(&self->db, self->options.results_from, &self->gather.counts, error) &&
           tell(self, ret_found, error);
}

static gboolean print_map(char **paths, GError **error)
{
    scan_map map;
    gboolean ok;

    scan_map_init(&map);
    ok = scan_map_read(&map, paths, error);
    if (ok) {
        scan_map_print(&map);
    }
    scan_map_clear(&map);
    return ok;
}

static gboolean work(scan *self, gboolean *ret_found, GError **error)
{
    scan_options *options = &self->options;

    if (options->shard_path || options->results_from) {
        return work_of_others(self, ret_found, error);
    }
    if (options->print_map) {
        return print_map(options->map_paths, error);
    }
    if (!scan_tshark_configure(&self->tshark, options->map_paths, options->settings, error) ||
        !open_outputs(self, error)) {
        return FALSE;
    }
    self->gather = (scan_gather){.options = options, .tshark = &self->tshark, .db = &self->db,
                                 .export = self->export.file};
    if (!scan_gather_run(&self->gather, error)) {
        return FALSE;
    }
    if (options->export_path) {
        return scan_output_close(&self->export, error);
    }
    return prune(self, error) && (options->no_reduce || reduce(self, ret_found, error));
}

static int run(scan *self, GError **error)
{
    gboolean found = FALSE, ok;

    scan_tshark_init(&self->tshark, &self->options);
    ok = work(self, &found, error);
    ok = ok && !scan_counts_bad(&self->gather.counts);
    return (found ? SCAN_FINDINGS : SCAN_CLEAN) + (ok ? SCAN_CLEAN : SCAN_ERROR);
}

int main(int argc, char **argv)
{
    scan self = {0};
    GError *error = NULL;
    int code = SCAN_ERROR;

    setlocale(LC_ALL, "");
    catch_signals();
    if (scan_options_parse(&self.options, &argc, &argv, &error)) {
        code = self.options.watch ? scan_watch_run(&self.options, &self.tshark, &error) : run(&self, &error);
    }
    if (scan_stop) {
        scan_warn("interrupted%s", self.options.db_path ? "; what was done is in the database, run again to go on" : "");
    } else if (error) {
        scan_warn("%s", error->message);
    }
    g_clear_error(&error);
    scan_output_discard(&self.export);
    scan_output_discard(&self.results);
    scan_gather_clear(&self.gather);
    scan_db_close(&self.db);
    scan_options_clear(&self.options);
    scan_tshark_clear(&self.tshark);
    scan_child_clean_up();
    return code;
}
