/* metrics.h
 * Numbers of the watching for node_exporter's textfile collector (OpenMetrics text).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WATCH_METRICS_H
#define TOA_WATCH_METRICS_H

#include "watch/input.h"
#include "watch/watch.h"

/* In place at once, whatever was there. False with *ret_error: it cannot be written, and what was there stays. */
bool toa_watch_metrics(const char *path, const toa_watch *watch, const toa_watch_input *input, GError **ret_error);

#endif
