/* records.h
 * The records of "-z toa,records" and of toa-scan's own reader: one JSON object a line, for batch work. First, while the
 * capture is read, the version of the schema, and one line per finding and per unexplained segment, in the order of the
 * frames; then one line per conversation, in the order of tcp.stream; then one per incident, with its verdict and its victim
 * (settle.h), in the order in which they were found. So conversations and incidents alone take memory.
 *
 * Numbers are raw, times are nanoseconds since the epoch, null is what is not known. The order of members is fixed.
 * Streams and keys in conversation lines are what was known at the end, in one pass and in two. "connection_stream": the
 * conversation of an incident is a further leg of that one, as incidents count it (settle.h).
 *
 * Rotated files that are read as one (rotation.h) have their lines file by file, {"record":"capture","file":NAME} in front:
 * findings, then the conversations that the file has segments or findings of, with the frames that it has and all else as it
 * was known at its end ("stream" is one number over all files, "file_stream" that of this one, null: not in it;
 * "began_time" the first segment in any file); behind the last file the incidents. Frames are numbers within a file: that
 * of the section, or the one that "other_file" and such name.
 *
 * Of conversations that an engine forgets (native/limit.h) the lines are written then, between the findings, and a line
 * "forgotten" in front of the last conversations says how many those were.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_RECORDS_H
#define TOA_TELL_RECORDS_H

#include "tell/json.h"
#include "tell/pairs.h"
#include "tell/rotation.h"
#include "tell/stats.h"

typedef struct toa_records {
    const toa_config *config; /* borrowed; read with every finding */
    toa_stats_table stats_table;
    toa_incidents incidents;
    toa_json out;
    bool begun; /* the version is written */
    bool silent; /* counts, and writes nothing: files whose lines are known */
    const toa_rotation *rotation; /* borrowed; NULL: one file */
    uint32_t since_frame; /* incidents that ended before are known, too */
    uint32_t (*number)(const void *data, uint32_t frame); /* what a frame is called, 0: it has no name; NULL: as it is */
    const void *number_data;
    GHashTable *one; /* while conversations are written: which are one connection (settle.h) */
} toa_records;

void toa_records_init(toa_records *records, const toa_config *config, FILE *file);
/* Forgets what was counted, as at the beginning of a file. */
void toa_records_reset(toa_records *records);
void toa_records_free(toa_records *records);

/* Counts a layer that has a conversation, and writes what was found on it. */
void toa_records_add(toa_records *records, const toa_layer *layer);
/* The next of several files begins; silent: nothing is to be written of it. */
void toa_records_begin_file(toa_records *records, const char *name, bool silent);
/* Writes the conversations of the file, and flushes. last: and the incidents of all files. state and why are repeated. */
void toa_records_end_file(toa_records *records, const char *state, const char *why, bool last);

/* Of one file: writes the conversations and incidents, and flushes. */
void toa_records_finish(toa_records *records);

/* Conversations that the engine is asked not to forget: those of incidents, which are told at the end; of the newest that many
 * incidents. g_hash_table_destroy it. */
GHashTable *toa_records_needs(const toa_records *records, guint most);
/* The engine forgets these conversations: writes what there is to tell of them, and forgets them, too. */
void toa_records_forget(toa_records *records, GHashTable *conversations);
/* In front of toa_records_end_file or toa_records_finish: how many were forgotten, closed ones and others. */
void toa_records_put_forgotten(toa_records *records, uint64_t closed, uint64_t idle);
/* Bytes that are held. */
size_t toa_records_memory(const toa_records *records);

/* Members that others have, too. endpoint NULL: unknown. */
void toa_put_endpoint(toa_json *out, const char *ip_name, const char *port_name, const toa_endpoint *endpoint);
void toa_put_evidence(toa_json *out, uint16_t evidence);

/* Single lines, for who decides himself what is to be told of an endless capture. */
void toa_records_put_finding(toa_records *records, const toa_layer *layer, const toa_finding *finding);
void toa_records_put_conversation(toa_records *records, const toa_stats *stats);
void toa_records_put_incident(toa_records *records, const toa_incident *incident);

#endif
