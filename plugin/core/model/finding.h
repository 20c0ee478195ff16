/* finding.h
 * The findings (README, Findings) and their evidence: one list that the expert infos, the records and the
 * tests are made from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FINDING_H
#define TOA_FINDING_H

#include "core/option/config.h"

struct toa_conversation;

typedef enum toa_severity { TOA_CHAT, TOA_NOTE, TOA_WARN, TOA_ERROR } toa_severity;

/* X(enumerator, filter name, severity, constant message). The order is that of the README, in which the
 * findings of one frame are shown. */
#define TOA_FINDINGS(X)                                                                                              \
    X(COLLISION, "toa.collision", TOA_WARN,                                                                          \
      "Same key at the server as another conversation")                  \
    X(CONFIRMED, "toa.collision.confirmed", TOA_ERROR,                                                               \
      "One connection at the server, proven by its numbers")                              \
    X(REUSE, "toa.reuse", TOA_NOTE, "Key of an earlier conversation, which had closed")               \
    X(REFUTED, "toa.collision.refuted", TOA_CHAT,                                                                    \
      "Same key, but the server keeps both apart: they work")              \
    X(FOREIGN_RST, "toa.foreign.rst", TOA_WARN, "RST with another conversation's number")                          \
    X(FOREIGN_SEGMENT, "toa.foreign.segment", TOA_WARN, "Segment of another conversation")              \
    X(FOREIGN_DUP_ACK, "toa.foreign.dup_ack", TOA_NOTE,                                                              \
      "Duplicate ACK that answers another conversation")                                                \
    X(FOREIGN_UNSEEN, "toa.foreign.unseen", TOA_NOTE,                                                                \
      "Segment of a connection that was not captured")                                                  \
    X(STALE_SESSION, "toa.stale_session", TOA_NOTE,                                                                  \
      "Numbers of an earlier connection between the same endpoints")                                                 \
    X(SELF_CONNECT, "toa.self_connect", TOA_NOTE, "TCP self-connect: source and destination are one endpoint")

typedef enum toa_finding_kind {
#define X(id, name, severity, text) TOA_FINDING_##id,
    TOA_FINDINGS(X)
#undef X
    TOA_FINDING_MAX
} toa_finding_kind;

/* X(bit number, enumerator, last part of the field toa.evidence.*, what was observed). */
#define TOA_EVIDENCE(X)                                                                        \
    X(0, KEY, "key", "Both have the same post-rewrite key")                                    \
    X(1, SEQ, "seq", "Sequence number is the other's")                                         \
    X(2, ACK, "ack", "Acknowledgment number is the other's")                                   \
    X(3, IP_ID, "ip_id", "IP identification continues the other's run")                        \
    X(4, TSECR, "tsecr", "TSecr echoes the other's last TSval")                                \
    X(5, SACK, "sack", "D-SACK block is a range of the other's data")                          \
    X(6, TRIGGER, "trigger", "The segment of the other that caused it was captured just before") \
    X(7, ISN_CLOCK, "isn_clock", "Both ISNs fit one clock of the server for one tuple")        \
    X(8, RECYCLED, "recycled", "ISN was derived from the other's last sequence number")        \
    X(9, TIMESTAMPS, "timestamps", "Timestamps on a conversation that negotiated none")

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
    bool untranslated; /* foreign.*: the server answered the other's client from its own address, nobody translated it back.
                        * Two addresses of one server, but no collision of two connections */
} toa_finding;

typedef struct toa_finding_info {
    const char *filter;
    toa_severity severity;
    const char *message;
} toa_finding_info;

extern const toa_finding_info toa_finding_infos[TOA_FINDING_MAX];

/* Severity under this preference: real servers known not to rewrite do not cross connections. */
static inline toa_severity toa_finding_severity(toa_finding_kind kind, toa_rewriting rewriting)
{
    return kind == TOA_FINDING_COLLISION && rewriting == TOA_REWRITING_NO ? TOA_CHAT : toa_finding_infos[kind].severity;
}

#endif
