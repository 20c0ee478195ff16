/* g-rest.h
 * GLib's errors, times, checksums, and the one function for files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WEB_G_REST_H
#define TOA_WEB_G_REST_H

#include "g-types.h"

typedef struct GError {
    GQuark domain;
    int code;
    char *message;
} GError;

GQuark g_quark_from_static_string(const char *text);
void g_set_error(GError **error, GQuark domain, int code, const char *format, ...) G_GNUC_PRINTF(4, 5);
void g_propagate_error(GError **error, GError *from);
void g_clear_error(GError **error);

typedef struct GDateTime GDateTime;
GDateTime *g_date_time_new_from_unix_utc(gint64 seconds); /* NULL: not in the years 1 to 9999 */
char *g_date_time_format(GDateTime *time, const char *format);
void g_date_time_unref(GDateTime *time);

typedef enum GChecksumType { G_CHECKSUM_SHA256 } GChecksumType;
typedef struct GChecksum GChecksum;
GChecksum *g_checksum_new(GChecksumType type);
void g_checksum_update(GChecksum *sum, const guchar *bytes, gssize length);
const char *g_checksum_get_string(GChecksum *sum);
void g_checksum_get_digest(GChecksum *sum, guint8 *digest, gsize *length);
void g_checksum_reset(GChecksum *sum);
void g_checksum_free(GChecksum *sum);

/* A page has no files to write: what would be one goes to standard output, which the page keeps. */
gboolean g_file_set_contents(const char *path, const char *text, gssize length, GError **error);

/* Named in headers, not used here. */
typedef struct GPatternSpec GPatternSpec;

#endif
