/* reporter.h
 * Lines about events: text for people, JSON for programs, records for toa-scan's database.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WATCH_REPORTER_H
#define TOA_WATCH_REPORTER_H

#include "tell/records.h"
#include "watch/open.h"

typedef struct toa_reporter {
    FILE *out;     /* standard output */
    FILE *records; /* for the database; NULL: none */
    gboolean json;
    const char *point; /* name of what is watched */
    const char *host;
} toa_reporter;

/* Where the newest segment was. */
typedef struct toa_report_place {
    const char *file;   /* NULL: standard input */
    guint32 file_frame; /* number in it; the same as frame on standard input */
    guint32 frame;      /* counted from the beginning of the watching */
} toa_report_place;

/* what: "new", "grown", "over", "refuted". False: it cannot be written. */
bool toa_report_event(const toa_reporter *reporter, const toa_open *open, const char *what, const toa_stats_table *stats_table,
                      const toa_report_place *place);

/* A capture of its own, as toa-scan --records writes it, with frames as the file of the event numbers them if it has one. */
void toa_report_records(const toa_reporter *reporter, const toa_open *open, toa_records *records,
                        const GPtrArray *conversations);

/* Comment of a frame in the file of an event, for its findings; NULL: it has none. g_free it. */
char *toa_report_comment(const toa_layer *layer, const toa_report_place *place);
/* Of the whole file. */
char *toa_report_summary(const toa_open *open);

#endif
