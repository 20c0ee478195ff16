/* pairs.h
 * Incidents: findings gathered by the two conversations they are about, in the order in which the first was made.
 *
 * An incident is a pair with a collision, a foreign segment or a stale session. A key that is used again after the
 * first connection has closed (toa.reuse alone) is none, and neither is a collision where the user has said that real
 * servers do not rewrite.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_PAIRS_H
#define TOA_TELL_PAIRS_H

#include "tell/layer.h"

typedef enum toa_verdict { /* most certain last */
    TOA_VERDICT_NONE,
    TOA_VERDICT_STALE,     /* a load balancer's or host's old session */
    TOA_VERDICT_SHARED,    /* one key, by addresses alone */
    TOA_VERDICT_CROSSED,   /* segments of one were found on the other */
    TOA_VERDICT_CONFIRMED, /* the server's numbers prove it */
    TOA_VERDICT_MAX
} toa_verdict;

typedef struct toa_incident {
    const toa_conversation *early, *late; /* in the order in which they began */
    int64_t first_time, last_time;        /* of the frames that carry its findings, toa.reuse aside */
    int64_t isn_error;                    /* with TOA_EV_ISN_CLOCK */
    uint32_t first_frame, last_frame;     /* 0: not an incident (yet) */
    uint32_t n[TOA_FINDING_MAX];          /* findings of each kind */
    uint32_t n_stale_rsts;                /* those toa.stale_session that are RSTs */
    uint16_t evidence;                    /* of all of them */
    uint16_t proof;                       /* of collision.confirmed and reuse */
    void *user;                           /* for whoever gathers */
} toa_incident;

typedef struct toa_incidents {
    const toa_config *config; /* borrowed; read with every finding */
    GPtrArray *list;     /* toa_incident, those that are incidents, borrowed from by_pair */
    GHashTable *by_pair; /* all pairs, owns the records */
} toa_incidents;

void toa_incidents_init(toa_incidents *incidents, const toa_config *config);
/* Empty again, as after init. */
void toa_incidents_reset(toa_incidents *incidents);
void toa_incidents_free(toa_incidents *incidents);

/* Pairs that are none: keys used again, and keys shared where the user has said that nobody rewrites. */
void toa_incidents_count_others(const toa_incidents *incidents, uint32_t *ret_reused, uint32_t *ret_shared);

/* Takes one finding of a layer. Returns its pair's record, NULL for a finding that names nobody else. *ret_new: it has
 * become an incident by this finding, and is the last of the list. */
toa_incident *toa_incidents_add(toa_incidents *incidents, const toa_layer *layer, const toa_finding *finding,
                                bool *ret_new);

toa_verdict toa_incident_verdict(const toa_incident *incident);
/* The server's own numbers prove that it sees one pair of addresses. */
bool toa_incident_proven(const toa_incident *incident);
/* Nothing but duplicate ACKs speaks for it. */
bool toa_incident_only_dup_acks(const toa_incident *incident);
/* Segments found on the wrong connection, an earlier one of the same addresses included: RSTs, and others. */
uint32_t toa_incident_rsts(const toa_incident *incident);
uint32_t toa_incident_segments(const toa_incident *incident);
/* One word, for tables. */
const char *toa_verdict_name(toa_verdict verdict);

/* When both began to exist side by side; false: the earlier was closed before the later began. */
bool toa_incident_overlap(const toa_incident *incident, int64_t *ret_time);

/* "key seq trigger"; g_free it. */
char *toa_evidence_text(uint16_t evidence);

#endif
