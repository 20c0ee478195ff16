/* metrics.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_METRICS_H
#define TOA_SCAN_METRICS_H

#include "reduce/incidents.h"

/* Numbers for node_exporter's textfile collector (OpenMetrics text), in place at once. */
gboolean scan_report_metrics(const scan_report *report, const char *path, GError **error);

#endif
