/* say.h
 * What is told of the watching itself, on standard error; incidents go to standard output.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WATCH_SAY_H
#define TOA_WATCH_SAY_H

#include <glib.h>

/* A line with "toa-watch: " in front; control characters are replaced, whatever a file's name says. */
void toa_watch_say(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Tells systemd, if it has started this (sd_notify(3)): "READY=1", "STOPPING=1", "STATUS=...". */
void toa_watch_notify(const char *state);

#endif
