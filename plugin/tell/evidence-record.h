/* evidence-record.h
 * One finding, kept for "-z toa,explain" with the numbers of its segment, and told in claims.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_EVIDENCE_RECORD_H
#define TOA_TELL_EVIDENCE_RECORD_H

#include "tell/claims.h"
#include "tell/layer.h"

typedef struct toa_evidence_record {
    toa_finding finding;
    int64_t time;
    int64_t before; /* ns that the other frame was captured earlier; with is_cause */
    toa_endpoint source;
    uint32_t frame, seq, ack, length, tsecr;
    uint32_t sack[2]; /* first block; with has_sack */
    uint16_t flags, ip_id;
    uint32_t answers; /* frame on its own conversation that it answers, 0: not known */
    bool from_client;
    bool has_sack;
    bool shift_known; /* the distance of its D-SACK has been seen before on its conversation */
    bool is_cause;    /* the other frame is of the other conversation and goes the other way: it was answered here */
} toa_evidence_record;

/* Takes what a layer tells; before, answers and is_cause are left to the caller. */
void toa_evidence_record_take(toa_evidence_record *record, const toa_layer *layer, const toa_finding *finding);

/* "RST", "SYN-ACK", "data", "FIN", "ACK" ... */
const char *toa_segment_name(uint16_t flags, uint32_t length);

/* The proof came late: the client of finding.own goes on from an answer that was captured on finding.other before anything
 * of own was, when its owner was not known yet. */
bool toa_evidence_record_is_late(const toa_evidence_record *record);

/* Appends what was seen, and what it means. */
void toa_evidence_record_tell(const toa_evidence_record *record, toa_teller *teller);

#endif
