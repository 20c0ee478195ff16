/* claims.h
 * What "-z toa,explain" says of a capture, statement by statement. A statement is a claim first: a kind, the frames and
 * conversations it is about, the numbers; its words are made from nothing else. So whoever has the claims ("-z toa,claims",
 * one JSON object a line) can hold every sentence against the packets, without the plugin: tests/taps/claims.py does.
 *
 * Not here: which claims are made (evidence-record.c, story.c).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_CLAIMS_H
#define TOA_TELL_CLAIMS_H

#include "core/base/endpoint.h"

#include <glib.h>
#include <stdio.h>

/* X(enumerator, name, words). In the words stand for a member of the claim:
 * {f} frame, {F} "frame 30 (0.719692 s)", {T} "0.719692 s", {D} its date, {o} other frame, {s} stream, {y} other stream, {v} value,
 * {b} base, {d} shift, {n} count, {t} length of time, {k} from > to, {e} from, {g} to, {x} word. */
#define TOA_CLAIMS(X)                                                                                                   \
    /* the two connections */                                                                                           \
    X(CONNECTION, "connection", "Stream {s}: {k}, {n} segments, frame {f} to frame {o}")                                \
    X(CONNECTION_PART, "connection_part", "Stream {s}, a number that Wireshark gives to {v} connections: {k}, {n} segments, " \
                                          "frame {f} to frame {o}")                                                      \
    X(CLOSED, "closed", "closed at {T}")                                                                                \
    X(GOES_ON, "goes_on", "Wireshark calls it stream {y} from {F} on")                                                  \
    X(BEGAN_WHILE_OPEN, "began_while_open", "stream {s} ({k}) began in {F}, on {D}, while stream {y} was open")         \
    X(BEGAN_CLOSING, "began_closing", "stream {s} ({k}) began in {F}, on {D}; stream {y} had a RST or a FIN from both sides by " \
                                      "then, but its end was not captured whole")                                       \
    X(SEEN_WHILE_OPEN, "seen_while_open", "stream {s} ({k}), of which no beginning was captured, is first seen in {F}, on {D}, " \
                                          "while stream {y} was open")                                                  \
    X(BEGAN_UNSEEN, "began_unseen", "stream {s} ({k}) began in {F}, on {D}; stream {y}, of which no beginning was captured, is " \
                                    "seen from frame {o} on")                                                           \
    X(BOTH_UNSEEN, "both_unseen", "both had begun before this capture shows them, stream {y} in frame {o}, stream {s} ({k}) " \
                                  "in {F}, on {D}")                                                                     \
    X(BEGAN_AFTER, "began_after", "stream {s} ({k}) began in {F}, on {D}, {t} after stream {y} had closed")            \
    X(KEY, "key", "To the server it is {k}")                                                                            \
    X(NAMED, "named", "its TOA option names the client {e}; {g} is the load balancer's address")                        \
    X(DIALLED, "dialled", "{e} is the VIP that the client has dialled")                                                 \
    X(LEG, "leg", "stream {y} is the other leg of the same connection")                                                 \
    X(ONE_KEY, "one_key", "Streams {y} and {s} have one pair of addresses at the server, {k}")                          \
    X(TWO_WAYS, "two_ways", "To the server streams {y} and {s} are one connection, reached as {e} and as {g}; which of " \
                            "the two addresses is its own this capture does not tell")                                  \
    X(UNTRANSLATED, "untranslated", "The client of stream {s} has asked {e}, and is answered from {g}, on stream {y}") \
    X(SAME_WIRE, "same_wire", "Streams {y} and {s} are an earlier and a later connection between {e} and {g}")          \
    /* who waits */                                                                                                     \
    X(WAITS, "waits", "stream {s} ({k}): no answer on it since {F}, {n} segments asking for one in {t}")              \
    X(STILL_ASKS, "still_asks", "stream {s} ({k}): its client asks {n} times from {F} on, in {t}, and has taken no answer")   \
    X(LAST_ANSWER, "last_answer", "its last answer is {F}")                                                             \
    X(NO_ANSWER, "no_answer", "stream {s} has never got one")                                                           \
    X(FOUND_ELSEWHERE, "found_elsewhere", "{n} segments of its server were captured on stream {y}")                       \
    /* what was found */                                                                                                \
    X(FOUND, "found", "Found on the wrong connection, frame {f} to frame {o}: RSTs {n}, other segments {v}, duplicate " \
                      "ACKs {b}")                                                                                       \
    X(FOUND_LEGS, "found_legs", "Found on the wrong connection, frame {f} to frame {o}, counted on the leg that carried " \
                                "most: RSTs {n}, other segments {v}, duplicate ACKs {b}")                               \
    X(SEGMENT, "segment", "{F}: {x} from {e} on stream {s}")                                                            \
    X(SEQ, "seq", "sequence number {v} is the next of stream {y}")                                                      \
    X(SEQ_SHIFTED, "seq_shifted", "sequence number {v} is the next of stream {y}, {b}, + {d}, the distance that the load " \
                                  "balancer puts on stream {s}")                                                        \
    X(SEQ_NEAR, "seq_near", "sequence number {v} is one that stream {y} can use just now")                                \
    X(ACK, "ack", "acknowledgment number {v} is where stream {y} stands")                                               \
    X(ACK_SHIFTED, "ack_shifted", "acknowledgment number {v} is where stream {y} stands, {b}, + {d}, the distance that " \
                                  "the load balancer puts on stream {s}")                                               \
    X(IP_ID, "ip_id", "IP identification {v} is {n} ahead of the last on stream {y}")                                   \
    X(IP_ID_BEHIND, "ip_id_behind", "IP identification {v} is {n} behind the last on stream {y}")                        \
    X(TSECR, "tsecr", "the timestamp that it echoes, {v}, is of stream {y}")                                            \
    X(TIMESTAMPS, "timestamps", "it has timestamps, which stream {s} does not use")                                     \
    X(CAUSE, "cause", "frame {o} on stream {y} drew it, {t} before")                                                    \
    X(AFTER, "after", "it follows frame {o} of stream {y} after {t}")                                                   \
    X(ANSWERS, "answers", "it answers frame {o}")                                                                       \
    X(KILLS, "kills", "at a server that sees one pair of addresses it ends stream {y}, whose client does not learn of it") \
    X(DUPLICATE, "duplicate", "acknowledgment number {v} again")                                                        \
    X(SACK, "sack", "its D-SACK block begins at {v}, which the client of stream {y} has sent, and that of stream {s} not") \
    X(SACK_SHIFTED, "sack_shifted", "its D-SACK block begins at {v}, which is {b} of the client of stream {y}, + {d}, the " \
                                    "distance that the load balancer puts on stream {s}")                               \
    X(SACK_UNSENT, "sack_unsent", "its D-SACK block begins at {v}, which the client of stream {s} has not sent")        \
    X(KNOWN, "known", "{F}: from here on it is known that streams {y} and {s} have one key")                            \
    X(MORE, "more", "{n} more of these")                                                                                \
    /* proofs */                                                                                                        \
    X(ISN_CLOCK, "isn_clock", "the initial sequence numbers of the SYN-ACKs of streams {y} and {s} fit one clock of the " \
                              "server but for {t}; a server runs such a clock for each pair of addresses")              \
    X(RECYCLED, "recycled", "the server's initial sequence number {v} on stream {s} is its last one on stream {y}, {b}, " \
                            "+ 65537: so Linux replaces a connection of the same pair of addresses")                    \
    X(CROSSED, "crossed", "{F}: a server that answers stream {y} on stream {s} has both in one place")                  \
    X(CROSSED_BEFORE, "crossed_before", "{F}: stream {s} acknowledges {v}, the number of a segment of the server that was " \
                                        "captured on stream {y} and is not stream {y}'s; a server that answers stream " \
                                        "{s} on stream {y} has both in one place")                                      \
    /* hints */                                                                                                         \
    X(HINT_TIMESTAMPS, "hint_timestamps", "the SYN-ACK of stream {s} has no timestamps, which its client had offered; that " \
                                          "of stream {y} has")                                                          \
    X(HINT_HOPS, "hint_hops", "the SYN-ACK of stream {s} came with TTL {v}, {n} less than that of stream {y}")          \
    /* the picture */                                                                                                   \
    X(ROW, "row", "{x}")                                                                                                \
    /* what to do */                                                                                                    \
    X(COMMAND, "command", "{x}")                                                                                        \
    /* a capture with half of the story, or none */                                                                     \
    X(UNSEEN, "unseen", "{n} segments on stream {s}, frame {f} to frame {o}, belong to a connection that is not in this " \
                        "capture")                                                                                      \
    X(UNSEEN_ONE, "unseen_one", "frame {f} on stream {s} belongs to a connection that is not in this capture")          \
    X(SELF_CONNECT, "self_connect", "stream {s}, frame {f}: a connection of {e} to itself (TCP self-connect)")          \
    X(SEGMENTS, "segments", "{n} segments of {v} conversations")                                                        \
    X(NAMED_BY_TOA, "named_by_toa", "A TOA option told the client of {n} conversations")                                \
    X(SYN_ACKS, "syn_acks", "the SYN-ACK of {n} was captured")                                                          \
    X(UNEXPLAINED, "unexplained", "{n} segments did not fit the numbers of their conversation, and those of no other in " \
                                  "this capture")                                                                       \
    X(REUSED, "reused", "{n} pairs of conversations had one key, but the first was closed before the second began")     \
    X(SHARED, "shared", "{n} pairs of open conversations have one key")                                                 \
    X(KEPT_APART, "kept_apart", "{n} pairs of open conversations have one key, and both of each go on with numbers of " \
                                "their own: the server keeps them apart")                                               \
    X(SUMMARY, "summary", "{n} incidents: {x}")                                                                         \
    X(SERVER, "server", "{e}: incidents {n}, proven {v}, victims {b}")                                                  \
    X(INCIDENT, "incident", "Incident {n} of {v}: {x}")

typedef enum toa_claim_kind {
#define X(id, name, words) TOA_CLAIM_##id,
    TOA_CLAIMS(X)
#undef X
    TOA_CLAIM_MAX
} toa_claim_kind;

/* Members that a kind's words do not name, and that its check does not need, are 0. */
typedef struct toa_claim {
    toa_claim_kind kind;
    uint32_t frame, other_frame, stream, other_stream, count;
    int64_t time, length;       /* ns; of frame, since the epoch; {t} */
    uint64_t value, base, shift;
    const toa_endpoint *from, *to; /* borrowed */
    const char *word;              /* borrowed */
} toa_claim;

/* Where claims go. */
typedef struct toa_teller {
    GString *out;  /* whole text so far */
    GString *text; /* the paragraph that is being made */
    FILE *claims;  /* one object a line; NULL: nobody wants them */
    int64_t start; /* of the capture */
    unsigned reported; /* what is told once: a bit for each list of products (places.h) */
} toa_teller;

void toa_teller_init(toa_teller *teller, int64_t start, FILE *claims);
void toa_teller_clear(toa_teller *teller);

/* Appends the words to the paragraph, and writes the claim. */
void toa_say(toa_teller *teller, const toa_claim *claim);
/* Words that say nothing of the capture. */
void toa_add(toa_teller *teller, const char *words);
/* Ends the paragraph: mark as in text.h. A paragraph of sentences (mark "" or "- ") gets a capital. */
void toa_end(toa_teller *teller, const char *mark);
/* The same as a line that is printed as it is. */
void toa_end_line(toa_teller *teller);

#endif
