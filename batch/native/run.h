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
} toa_native;

/* config is borrowed; records go to file. */
void toa_native_init(toa_native *native, const toa_config *config, FILE *file);
void toa_native_clear(toa_native *native);

/* False: no memory for it. */
bool toa_native_take(toa_native *native, const toa_frame_bytes *frame);

/* Some frame may hold TCP that was not found: Wireshark might say more. */
bool toa_native_missed(const toa_native *native);

#endif
