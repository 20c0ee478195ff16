/* story.h
 * A capture told by a test: which endpoints talk, what each one sends, and what the engine has to say about it.
 *
 * A flow is one connection as its two stacks see it; from_client and from_server build the segment the stack would
 * send now (numbers, timestamps and IP-ID as a Linux host's) and move the stack on. Nothing is captured before
 * emit(): a segment that is built and thrown away was lost, one emitted twice is a copy, one emitted on another
 * flow (crossed) is what this project looks for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef STORY_H
#define STORY_H

#include "core/toa-engine.h"
#include "core/model/key.h"
#include "core/model/state.h"

#include <glib.h>

enum { FIN = TOA_FLAG_FIN, SYN = TOA_FLAG_SYN, RST = TOA_FLAG_RST, PSH = TOA_FLAG_PSH, ACK = TOA_FLAG_ACK };

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define SEC INT64_C(1000000000)

typedef struct story {
    toa_config config; /* may be changed before the first segment */
    toa_engine *engine;
    int64_t now;       /* ns; time of the next segment */
    uint32_t frame;    /* number of the last one */
    uint32_t streams;  /* tcp.stream numbers given out */
    bool syn_begins_stream; /* each SYN: Wireshark 4.4 does that after a RST */
    bool one_stream;        /* no SYN of a known tuple does: Wireshark without its analysis of TCP */
    uint64_t random;
    toa_fed fed;                     /* what the engine said of the last segment */
    unsigned count[TOA_FINDING_MAX]; /* findings so far */
    GPtrArray *conversations;        /* toa_conversation, in order of appearance */
} story;

/* One stack's end of a connection. */
typedef struct end {
    toa_endpoint at;
    uint32_t isn, next;
    uint32_t ts_base, tsval; /* TSval is ts_base plus milliseconds */
    uint16_t ip_id;          /* of the last segment with one */
    uint16_t window;
    uint8_t ttl;
} end;

typedef struct flow {
    story *story;
    end client, server;
    bool timestamps;
    bool has_scale; /* both ends offer window scaling, by 7 */
    toa_conversation *conv; /* NULL until its first segment was emitted */
} flow;

story *story_new(void);
/* Also checks that the engine's lists and indexes are consistent. */
void story_free(story *s);
void story_check(const story *s);
uint32_t story_random(story *s);
void story_wait(story *s, int64_t ns);

/* "10.0.0.1:80" or "[fd00::1]:80". */
toa_endpoint endpoint_of(const char *text);
/* A connection with random numbers. */
flow flow_new(story *s, const char *client, const char *server);

/* What that end would send now; SYN | ACK and so on, and payload bytes. */
toa_segment from_client(flow *f, unsigned flags, uint32_t length);
toa_segment from_server(flow *f, unsigned flags, uint32_t length);
/* The segment on the wire tuple of `to` instead of that of `from`. */
toa_segment crossed(toa_segment segment, const flow *from, const flow *to);
/* The same with a TOA option, one that the receiver takes. */
toa_segment with_toa(toa_segment segment, const char *client);
toa_segment with_sack(toa_segment segment, uint32_t left, uint32_t right);

/* Captures the segment, at segment.time if that is set, else now; 1 ms later is now. f is the flow that carries it. */
toa_fed emit(flow *f, toa_segment segment);
/* The same without a flow; tcp.stream as Wireshark gives it out. */
toa_fed story_feed(story *s, toa_segment *segment);

toa_fed client_sends(flow *f, unsigned flags, uint32_t length);
toa_fed server_sends(flow *f, unsigned flags, uint32_t length);
/* Three-way handshake. */
void open_flow(flow *f);
/* The same with a TOA on the SYN. */
void open_flow_as(flow *f, const char *toa);
/* So many open connections of one client endpoint, to other servers; with many, the engine indexes their numbers. */
void open_group(story *s, const char *client, unsigned count);
/* The same of one server endpoint, with other clients. */
void open_served(story *s, const char *server, unsigned count);
/* Client data, the server's answer, the client's ack. A length of 0 leaves that data out. */
void exchange(flow *f, uint32_t asked, uint32_t answered);
/* FIN both ways, the client first. */
void close_flow(flow *f);

const toa_finding *story_expect(const story *s, const char *where, toa_finding_kind kind, const flow *other,
                                unsigned evidence, bool only);
void story_expect_none(const story *s, const char *where);
void story_expect_total(const story *s, const char *where, toa_finding_kind kind, unsigned number);
void story_expect_quiet(const story *s, const char *where);

/* The last segment has this one finding, naming `other`, with at least this evidence. Its value is the finding. */
#define EXPECT_ONE(s, kind, other, evidence) story_expect(s, G_STRLOC, TOA_FINDING_##kind, other, evidence, true)
/* ... has it, perhaps with others. */
#define EXPECT_HAS(s, kind, other, evidence) story_expect(s, G_STRLOC, TOA_FINDING_##kind, other, evidence, false)
/* ... has none. */
#define EXPECT_NONE(s) story_expect_none(s, G_STRLOC)
/* So many of this kind so far. */
#define EXPECT_TOTAL(s, kind, number) story_expect_total(s, G_STRLOC, TOA_FINDING_##kind, number)
/* None of any kind so far. */
#define EXPECT_QUIET(s) story_expect_quiet(s, G_STRLOC)

#define EXPECT_KEY(f, text)                                         \
    do {                                                            \
        char key_text_[TOA_KEY_NAME];                               \
        g_assert_nonnull((f)->conv);                                \
        g_assert_cmpstr(story_key(f, key_text_), ==, text);         \
    } while (0)
char *story_key(const flow *f, char text[TOA_KEY_NAME]);

#endif
