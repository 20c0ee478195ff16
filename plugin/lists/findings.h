/* findings.h
 * What findings and evidence are called, how severe they are and what they say of two connections: rows and nothing else.
 * The plugin, toa-scan and, through tests/lib/lists.py, the tests are made from them.
 *
 * Not here: when a finding is raised (core/judge), and what only some output says of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_LISTS_FINDINGS_H
#define TOA_LISTS_FINDINGS_H

/* X(enumerator, filter name, severity, what it says of a pair of connections, constant message). The order is that of the
 * README, in which the findings of one frame are shown. Severities: core/model/finding.h. What is said of a pair:
 * NONE (the finding names no other connection), SHARED (they have one key), PROVEN (the server's numbers show it), REUSED
 * (one key, one after the other), REFUTED (one key, but both work), CROSSED (one carries segments of the other), DUP_ACK (one
 * carries duplicate ACKs that answer the other), STALE (one carries segments of the other, an earlier one of its endpoints). */
#define TOA_FINDINGS(X)                                                                                                         \
    X(COLLISION, "toa.collision", TOA_WARN, SHARED, "Same key at the server as another conversation")                           \
    X(CONFIRMED, "toa.collision.confirmed", TOA_ERROR, PROVEN, "One connection at the server, proven by its numbers")           \
    X(REUSE, "toa.reuse", TOA_NOTE, REUSED, "Key of an earlier conversation, which had closed")                                 \
    X(REFUTED, "toa.collision.refuted", TOA_CHAT, REFUTED, "Same key, but the server keeps both apart: they work")              \
    X(FOREIGN_RST, "toa.foreign.rst", TOA_WARN, CROSSED, "RST with another conversation's number")                              \
    X(FOREIGN_SEGMENT, "toa.foreign.segment", TOA_WARN, CROSSED, "Segment of another conversation")                             \
    X(FOREIGN_DUP_ACK, "toa.foreign.dup_ack", TOA_NOTE, DUP_ACK, "Duplicate ACK that answers another conversation")             \
    X(FOREIGN_UNSEEN, "toa.foreign.unseen", TOA_NOTE, NONE, "Segment of a connection that was not captured")                    \
    X(STALE_SESSION, "toa.stale_session", TOA_NOTE, STALE, "Numbers of an earlier connection between the same endpoints")       \
    X(SELF_CONNECT, "toa.self_connect", TOA_NOTE, NONE, "TCP self-connect: source and destination are one endpoint")

/* X(bit number, enumerator, last part of the field toa.evidence.*, what was observed). */
#define TOA_EVIDENCE(X)                                                                          \
    X(0, KEY, "key", "Both have the same post-rewrite key")                                      \
    X(1, SEQ, "seq", "Sequence number is the other's")                                           \
    X(2, ACK, "ack", "Acknowledgment number is the other's")                                     \
    X(3, IP_ID, "ip_id", "IP identification continues the other's run")                          \
    X(4, TSECR, "tsecr", "TSecr echoes the other's last TSval")                                  \
    X(5, SACK, "sack", "D-SACK block is a range of the other's data")                            \
    X(6, TRIGGER, "trigger", "The segment of the other that caused it was captured just before") \
    X(7, ISN_CLOCK, "isn_clock", "Both ISNs fit one clock of the server for one tuple")          \
    X(8, RECYCLED, "recycled", "ISN was derived from the other's last sequence number")          \
    X(9, TIMESTAMPS, "timestamps", "Timestamps on a conversation that negotiated none")

#endif
