/* run.h
 * One capture point without Wireshark: frames in, records out. Reader (frames/), engine (core/) and records (tell/) put
 * together, as dissector/glue.c does inside Wireshark: the same layers, the same order, the same numbers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_NATIVE_RUN_H
#define TOA_NATIVE_RUN_H

#include "frames/layers.h"
#include "frames/streams.h"
#include "native/limit.h"
#include "tell/records.h"

/* Frames that were seen, by what was found in them. */
typedef struct toa_native_counts {
    uint64_t frames, found[TOA_FOUND_MAX], segments, bytes;
    const char *space; /* of the first FRAGMENT or UNKNOWN: toa_found_name */
    uint32_t protocol, frame;
} toa_native_counts;

typedef struct toa_native {
    const toa_config *config;
    toa_engine *engine;
    toa_streams streams;
    toa_records records;
    toa_native_counts counts;
    toa_limit limit;
    uint64_t told_closed, told_idle; /* of those that were forgotten, in records */
    /* Of several files that are read as one: */
    toa_rotation rotation;
    toa_streams file_streams; /* of the present one alone */
    GArray *placed;           /* toa_native_place, by stream */
    uint32_t before;          /* frames of the files before it */
    bool rotated;
    bool forgetful;           /* streams are not kept in placed any more */
} toa_native;

/* The stream that a conversation has in the file that it was last seen in. */
typedef struct toa_native_place {
    uint32_t part, stream;
} toa_native_place;

/* config is borrowed; records go to file. */
void toa_native_init(toa_native *native, const toa_config *config, FILE *file);
/* In front of the first frame: so many bytes for the whole program. native must not be moved any more. */
void toa_native_set_memory(toa_native *native, size_t memory);
void toa_native_clear(toa_native *native);

/* False: no memory for it. */
bool toa_native_take(toa_native *native, const toa_frame_bytes *frame);

/* The end of what is one file: the last records. */
void toa_native_finish(toa_native *native);

/* Several files are one capture: each between these two, frames numbered from 1 in each. silent, state, why, last: see
 * tell/records.h. False: more frames than can be numbered, the file cannot be taken. */
bool toa_native_begin_file(toa_native *native, const char *name, bool silent);
void toa_native_end_file(toa_native *native, uint32_t frames, const char *state, const char *why, bool last);

/* Some frame may hold TCP that was not found: Wireshark might say more. */
bool toa_native_missed(const toa_native *native);

#endif
