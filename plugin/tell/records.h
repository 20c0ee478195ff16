/* records.h
 * The records of "-z toa,records" and of toa-scan's own reader: one JSON object a line, for batch work. First, while the
 * capture is read, the version of the schema, and one line per finding and per unexplained segment, in the order of the
 * frames; then one line per conversation, in the order of tcp.stream; then one per incident, with its verdict and its victim
 * (pairs.h), in the order in which they were found. So conversations and incidents alone take memory.
 *
 * Numbers are raw, times are nanoseconds since the epoch, null is what is not known. The order of members is fixed.
 * Streams and keys in conversation lines are what was known at the end, in one pass and in two.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_RECORDS_H
#define TOA_TELL_RECORDS_H

#include "tell/json.h"
#include "tell/pairs.h"
#include "tell/talks.h"

/* In the first line. 2: lines "incident", with verdict and victim. */
#define TOA_RECORDS_VERSION 2

typedef struct toa_records {
    const toa_config *config; /* borrowed; read with every finding */
    toa_talks talks;
    toa_incidents incidents;
    toa_json out;
    bool begun; /* the version is written */
} toa_records;

void toa_records_init(toa_records *records, const toa_config *config, FILE *file);
/* Forgets what was counted, as at the beginning of a file. */
void toa_records_reset(toa_records *records);
void toa_records_free(toa_records *records);

/* Counts a layer that has a conversation, and writes what was found on it. */
void toa_records_add(toa_records *records, const toa_layer *layer);
/* Writes the conversations, and flushes. */
void toa_records_finish(toa_records *records);

#endif
