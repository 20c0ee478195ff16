/* segment.h
 * From a TCP layer that was found in a frame (frames/layers.h) to a segment that the engine takes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_NATIVE_SEGMENT_H
#define TOA_NATIVE_SEGMENT_H

#include "core/toa-engine.h"
#include "frames/layers.h"

typedef struct toa_segment_rest {
    uint32_t captured; /* bytes of the header that are there, at most its length */
    uint32_t length;   /* of the header */
    bool whole;        /* an engine can be fed with it: the header is right, and it was sent, not quoted */
} toa_segment_rest;

/* All but the options. number: of the frame. False: even for its numbers too little was captured. */
bool toa_segment_read(const toa_frame_bytes *frame, const toa_tcp_layer *layer, uint32_t number, toa_segment *ret_segment,
                      toa_segment_rest *ret_rest);

/* The options, of one that is whole. */
void toa_segment_read_options(const toa_config *config, toa_engine *engine, const toa_tcp_layer *layer,
                              const toa_segment_rest *rest, toa_segment *segment);

#endif
