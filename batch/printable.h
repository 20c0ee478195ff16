/* printable.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_PRINTABLE_H
#define TOA_SCAN_PRINTABLE_H

#include <glib.h>

/* A text from outside for terminals, pages and JSON: valid UTF-8, and what controls a terminal or turns the order of
 * letters round written as \xHH or \u{HEX}. Free with g_free(). */
char *scan_printable(const char *text);

#endif
