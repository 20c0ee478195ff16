/* finding.h
 * A finding (README, Findings) and its evidence, as the engine raises it. Names and texts: lists/findings.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FINDING_H
#define TOA_FINDING_H

#include "core/option/config.h"
#include "lists/findings.h"

struct toa_conversation;

typedef enum toa_severity { TOA_CHAT, TOA_NOTE, TOA_WARN, TOA_ERROR } toa_severity;

/* What a finding says of two conversations: see lists/findings.h. */
typedef enum toa_pair_role {
    TOA_PAIR_NONE,
    TOA_PAIR_SHARED,
    TOA_PAIR_PROVEN,
    TOA_PAIR_REUSED,
    TOA_PAIR_REFUTED,
    TOA_PAIR_CROSSED,
    TOA_PAIR_DUP_ACK,
    TOA_PAIR_STALE
} toa_pair_role;

typedef enum toa_finding_kind {
#define X(id, ...) TOA_FINDING_##id,
    TOA_FINDINGS(X)
#undef X
    TOA_FINDING_MAX
} toa_finding_kind;

enum {
#define X(bit, id, name, text) TOA_EV_##id = 1 << bit,
    TOA_EVIDENCE(X)
#undef X
};

/* One finding on one frame. Conversations are owned by the engine. */
typedef struct toa_finding {
    const struct toa_conversation *own;   /* carries the frame */
    const struct toa_conversation *other; /* NULL for a self-connect, and for an owner that was not captured */
    int64_t isn_error;                    /* ns; with TOA_EV_ISN_CLOCK */
    uint32_t other_frame;                 /* 0: none */
    uint32_t seq_shift, ack_shift;        /* the segment's number less the other's own, with the evidence seq or ack; of a
                                           * D-SACK's block, with sack: the distance a load balancer puts on them. 0: none */
    uint32_t count;                       /* dup ACKs so far of this pair; how many share a crowded key; else 0 */
    uint16_t evidence;                    /* TOA_EV_* */
    uint16_t ip_id_delta;                 /* how far ahead of the other's run; with TOA_EV_IP_ID */
    uint8_t kind;                         /* toa_finding_kind */
    bool near; /* with TOA_EV_SEQ: not the other's very next number, but one that it can use just now (a keepalive, data in
                * flight, repeated or overtaken) */
    bool untranslated; /* foreign.*: the server answered the other's client from its own address, and nobody translated it back:
                        * two addresses of one server, but no collision of two connections */
} toa_finding;

typedef struct toa_finding_info {
    const char *filter;
    toa_severity severity;
    toa_pair_role role;
    const char *message;
} toa_finding_info;

extern const toa_finding_info toa_finding_infos[TOA_FINDING_MAX];

/* Severity under this preference: real servers known not to rewrite do not cross connections. */
static inline toa_severity toa_finding_severity(toa_finding_kind kind, toa_rewriting rewriting)
{
    return kind == TOA_FINDING_COLLISION && rewriting == TOA_REWRITING_NO ? TOA_CHAT : toa_finding_infos[kind].severity;
}

#endif
