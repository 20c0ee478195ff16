/* reporter.h
 * Lines about events: text for people, JSON for programs, records for toa-scan's database.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WATCH_TOLD_H
#define TOA_WATCH_TOLD_H

#include "tell/records.h"
#include "watch/open.h"

typedef struct toa_told {
    FILE *out;     /* standard output */
    FILE *records; /* for the database; NULL: none */
    gboolean json;
    const char *point; /* name of what is watched */
    const char *host;
} toa_told;

/* Where the newest segment was. */
typedef struct toa_told_place {
    const char *file;   /* NULL: standard input */
    guint32 file_frame; /* number in it; the same as frame on standard input */
    guint32 frame;      /* counted from the beginning of the watching */
} toa_told_place;

/* what: "new", "grown", "over", "refuted". False: it cannot be written. */
bool toa_told_event(const toa_told *told, const toa_open *open, const char *what, const toa_talks *talks,
                    const toa_told_place *place);

/* A capture of its own, as toa-scan --records writes it, with frames as the file of the event numbers them if it has one. */
void toa_told_records(const toa_told *told, const toa_open *open, toa_records *records, const GPtrArray *conversations);

/* Comment of a frame in the file of an event, for its findings; NULL: it has none. g_free it. */
char *toa_told_comment(const toa_layer *layer, const toa_told_place *place);
/* Of the whole file. */
char *toa_told_summary(const toa_open *open);

#endif
