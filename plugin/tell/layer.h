/* layer.h
 * What one TCP layer of one frame has to tell: its segment, and what the engine said of it. Whatever is told of a capture,
 * in records or in words, is made from these, whoever read the packets: Wireshark's dissectors and taps (dissector/glue.c)
 * or toa-scan's own reader.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_LAYER_H
#define TOA_TELL_LAYER_H

#include "core/toa-engine.h"
#include "tell/crossings.h"

#include <glib.h>

/* Conversations and findings belong to the engine, or to whoever keeps them for later passes. */
typedef struct toa_layer {
    const toa_segment *segment;
    const toa_conversation *conversation; /* NULL: analysis is off, or the layer cannot be analysed */
    const toa_finding *findings;
    unsigned n_findings;
    const toa_answer *answer; /* this segment was answered on another conversation; NULL, and always so on the first pass */
    unsigned header_length; /* of TCP */
    uint32_t file_stream; /* where files are read as one (rotation.h): tcp.stream in the one that the frame is of */
    struct tvbuff *tvb;     /* Wireshark's header and payload, as long as the frame is being dissected and tapped; NULL elsewhere */
    bool unexplained; /* neither its conversation's own segment nor anybody else's */
    bool first_pass;
} toa_layer;

/* The segment was sent by the client of its conversation. */
bool toa_tap_from_client(const toa_layer *layer);

/* A finding of this kind says that the segment's numbers are not its own conversation's. */
bool toa_tap_kind_is_foreign(unsigned kind);

/* Some finding of the layer says so. *ret_owner: whose numbers they are. */
bool toa_tap_is_foreign(const toa_layer *layer, const toa_conversation **ret_owner);

/* Filter name of a finding without "toa.". */
const char *toa_tap_finding_name(unsigned kind);

/* Names of the evidence bits, last part of toa.evidence.*, in order of the bits. */
typedef struct toa_tap_evidence_name {
    uint16_t bit;
    const char *name;
} toa_tap_evidence_name;
#define TOA_TAP_EVIDENCE_MAX 10
extern const toa_tap_evidence_name toa_tap_evidence[TOA_TAP_EVIDENCE_MAX];

/* Names of toa.key.source in records and words. */
extern const char *const toa_tap_key_source[];

#endif
