/* counts.h
 * What became of the files that were named or found: said in every output.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_COUNTS_H
#define TOA_SCAN_COUNTS_H

#include <glib.h>

/* X(member, is it an error?, what to say of it). A file is in one of "read" to "skipped", or was named and is not there
 * (failed); the rest says more about those that were read. */
#define SCAN_COUNTS(X)                                                                         \
    X(read, FALSE, "read")                                                                     \
    X(known, FALSE, "known from an earlier run")                                               \
    X(copies, FALSE, "the same as another one")                                                \
    X(failed, TRUE, "could not be read")                                                       \
    X(not_captures, TRUE, "no capture, whatever the name says")                                \
    X(skipped, FALSE, "skipped")                                              \
    X(empty, FALSE, "without a TCP segment")                                                   \
    X(growing, FALSE, "still being written, read as far as it went")                           \
    X(cut_short, TRUE, "cut short")                                                            \
    X(refused, TRUE, "with records that were refused")

typedef struct scan_counts {
#define X(name, is_error, text) guint name;
    SCAN_COUNTS(X)
#undef X
    guint64 refused_records; /* lines, of files or of what tshark wrote */
    guint learnt;  /* files of earlier runs, read again for what was open at their end; in none of the above */
    guint joined;  /* capture points whose new files go on from files that are gone: SQL joins them */
} scan_counts;

/* Whether any of them is an error. */
static inline gboolean scan_counts_bad(const scan_counts *self)
{
#define X(name, is_error, text) (is_error && self->name) ||
    return SCAN_COUNTS(X) FALSE;
#undef X
}

#endif
