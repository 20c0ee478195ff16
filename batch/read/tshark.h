/* tshark.h
 * Which tshark, and whether it has the plugin.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_TSHARK_H
#define TOA_SCAN_TSHARK_H

#include "scan.h"

/* wanted (--tshark), else $TSHARK, else the launcher of the build tree that this program lies in, else "tshark".
 * Free with g_free(). */
char *scan_tshark_find(const char *wanted);

/* tshark ignores plugins it does not like and exits 0: this asks it what it has loaded. */
gboolean scan_tshark_check(const char *tshark, GError **error);

/* Runs it to the end. *ret_output is its standard output (free with g_free()), untouched on failure. */
gboolean scan_tshark_run(const char *const *arguments, char **ret_output, GError **error);

#endif
