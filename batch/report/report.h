/* report.h
 * The outputs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_REPORT_H
#define TOA_SCAN_REPORT_H

#include "reduce/incidents.h"

#include <stdio.h>

/* A line for each incident, then the first max of them in full; 0: all. */
void scan_report_text(const scan_report *report, guint max, FILE *output);
void scan_report_json(const scan_report *report, FILE *output);

/* Numbers for node_exporter's textfile collector (OpenMetrics text), in place at once. */
gboolean scan_report_metrics(const scan_report *report, const char *path, GError **error);

/* One self-contained page. tshark reads the segments of the incidents again for the pictures; where a capture is not on
 * this host, the picture has only what the records say. */
gboolean scan_report_html(const scan_report *report, const char *tshark, const char *path, GError **error);

#endif
