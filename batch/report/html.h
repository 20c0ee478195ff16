/* html.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_HTML_H
#define TOA_SCAN_HTML_H

#include "reduce/incidents.h"

/* One self-contained page. tshark reads the segments of the incidents again for the pictures; where a capture is not on
 * this host, the picture has only what the records say. */
gboolean scan_report_html(const scan_report *report, const char *tshark, const char *path, GError **error);

#endif
