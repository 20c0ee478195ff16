/* conversation.h
 * What is remembered of one conversation (identity.h): who is client, the numbers each side has used, the
 * post-rewrite key; and the first question of every analysis, "are these numbers this conversation's own?".
 *
 * Implements rules R3 and R13 (plugin/doc/rules.md). Not here: what a segment changes (accept.h); other conversations (group.h,
 * rules.h). Memory belongs to the engine; nothing is freed before the whole engine is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_CONVERSATION_H
#define TOA_CONVERSATION_H

#include "core/option/segment.h"

#define TOA_ACKS_KEPT 4

/* toa_side.flags */
enum {
    TOA_SIDE_SYN = 1 << 0,        /* its SYN or SYN-ACK was captured: isn is valid */
    TOA_SIDE_SHOWN = 1 << 1,      /* low and next hold numbers it really used */
    TOA_SIDE_ANCHORED = 1 << 2,   /* ... and they are proven: SYN, the peer's ack, or two segments in a row */
    TOA_SIDE_ACKED = 1 << 3,      /* it has sent an ACK: acks[0] is valid */
    TOA_SIDE_FIN = 1 << 4,        /* it has sent a FIN that ends at fin */
    TOA_SIDE_FIN_ACKED = 1 << 5,  /* ... which the peer has acknowledged */
    TOA_SIDE_DEMAND = 1 << 6,     /* demand_* are valid */
    TOA_SIDE_ANSWERED = 1 << 7,   /* ... and the peer has answered */
    TOA_SIDE_TIMESTAMPS = 1 << 8, /* its SYN carried timestamps */
    TOA_SIDE_TSVAL = 1 << 9,      /* tsval is valid */
    TOA_SIDE_SCALE = 1 << 10,     /* its SYN carried a window scale */
    TOA_SIDE_STRAY = 1 << 11      /* stray_end is valid: an unexplained data segment came last (R13) */
};

/* One direction: everything that its sender has shown. Numbers are raw. */
typedef struct toa_side {
    int64_t last_time;   /* ns; its last own segment */
    int64_t demand_time; /* ns; newest segment that demands an answer: SYN, FIN, data, keep-alive */
    uint32_t isn;
    uint32_t low;  /* lowest number known; moved up so that next - low stays below 2^30 */
    uint32_t next; /* behind the highest number sent */
    uint32_t acks[TOA_ACKS_KEPT]; /* last different acks it sent, newest first */
    uint32_t tsval;
    uint32_t last_frame;
    uint32_t burst_seq, burst_end; /* what it sent up to last_time without a pause of more than 0.1 s */
    uint32_t demand_frame, demand_seq, demand_end;
    uint32_t fin;
    uint32_t stray_end;
    uint16_t ip_id; /* last non-zero one */
    uint16_t last_ip_id; /* of the last own segment, 0 too */
    uint16_t flags; /* TOA_SIDE_* */
    uint16_t window; /* last one it offered, unscaled */
    uint8_t scale;
    uint8_t n_acks;
    uint8_t unanswered; /* demands that neither the peer nor a duplicate ACK elsewhere has answered (R9), at most 255 */
    uint8_t last_flags; /* TCP flags of the last own segment */
    bool last_empty;    /* ... which had no data */
    uint8_t last_n_sack; /* ... its SACK blocks */
    uint16_t network;    /* of its segments; assumed to be the peer's until it has sent one (network.h) */
} toa_side;

/* The range of TSvals that a side has used in the last two to four seconds. A TSecr echoes one of them; not the last one, if
 * the round trip is longer than the time between two segments. */
typedef struct toa_ts_marks {
    uint32_t older; /* last TSval before a pause, or first of the slot before the present one */
    uint32_t newer; /* first of the present slot */
} toa_ts_marks;

/* A range of TSvals is trusted up to this many ticks: 8 s of a clock of 1 kHz. In a wider one a number lies too easily by
 * chance. */
#define TOA_TS_SPAN 8192u
/* No marks are kept while a conversation does not share its client. Later the TSvals of the quarter of a second before are
 * assumed. */
#define TOA_TS_ASSUMED 256u

/* How client and server were told apart; a higher value overrules a lower one. */
typedef enum toa_roles { TOA_ROLES_NONE, TOA_ROLES_PORT, TOA_ROLES_MAP, TOA_ROLES_TOA, TOA_ROLES_SYNACK, TOA_ROLES_SYN }
    toa_roles;

typedef enum toa_key_source { /* toa.key.source */
    TOA_KEY_WIRE,
    TOA_KEY_TOA,
    TOA_KEY_MAP,
    TOA_KEY_LEG,
    TOA_KEY_PROVEN
} toa_key_source;

/* A group with many conversations keeps only these candidates for a duplicate ACK; a small one has all its members. */
#define TOA_PENDING_KEPT 8

/* Servers that were proven to be one with a server, the newest few. */
#define TOA_ONE_WITH_MAX 4

/* What only a large party, or one behind a NAT, needs. */
typedef struct toa_large_party {
    struct toa_conversation *group_changed, *served_changed; /* members whose numbers have changed since the last look-up */
    struct toa_conversation *pending[TOA_PENDING_KEPT]; /* members with the newest pending requests (R9), in two rings: not
                                                         * established yet, established */
    uint32_t n_pending[2]; /* entered so far, in each ring */
    uint32_t distance, distance_seq; /* a server: shift of the last unexplained answer to another conversation's number (R7) */
    bool has_distance;
    bool distance_certain; /* two different numbers have had it */
    bool unsolicited; /* a server: it has sent RSTs in answer to what its clients had sent to other servers */
    bool group, served, isn; /* which kinds toa-index has */
    struct toa_party *nat;   /* a server: the address that clients reach it by, or the other way round; the last one */
    struct toa_party *nat_seen; /* ... as a single connection has shown it so far, with this ISN of the server */
    uint32_t nat_isn;
    toa_endpoint one_with[TOA_ONE_WITH_MAX]; /* a server: connections to these and to it were one to the real server */
    uint32_t n_one_with;                     /* so far; the next one overwrites the oldest */
    /* members of the group that were established, as far as noticed, and their wire tuples; counted in groups of more than
     * TOA_SCAN_MAX */
    uint32_t n_established, n_established_tuples;
    bool counts_established;
} toa_large_party;

/* An endpoint with the conversations it takes part in. One per endpoint of the capture. */
typedef struct toa_party {
    toa_endpoint endpoint;
    uint32_t n_group;
    uint32_t n_tuples : 31;          /* wire tuples among them */
    uint32_t marked : 1;             /* while the engine forgets (forget.h): it is still needed */
    uint32_t n_served : 31;
    uint32_t known_server : 1;       /* a handshake has shown that it is one */
    struct toa_conversation *group;  /* conversations whose post-rewrite client this is, newest first */
    struct toa_conversation *served; /* conversations whose server on the wire this is, newest first */
    toa_large_party *large;          /* NULL until needed */
} toa_party;

#define TOA_NO_STREAM UINT32_MAX

/* The addresses by which connections that are one to the server reached it, while nothing says which of them is its own. */
#define TOA_REACHED_MAX 4
typedef struct toa_reached {
    toa_party *server[TOA_REACHED_MAX];
    uint32_t n; /* may be more than there is room for */
} toa_reached;

/* A post-rewrite key: the tuple the real server's stack sees. One per distinct pair of endpoints. */
typedef struct toa_key {
    toa_party *client;
    toa_party *server;
    struct toa_conversation *members; /* newest first; of a crowd, one that is under way before the newest */
    toa_reached *reached;             /* NULL: server is the real server's own address, as far as is known; else it is one of these */
    uint32_t stream;                  /* toa.stream, or TOA_NO_STREAM: not given out yet */
    uint32_t n_members : 31;
    uint32_t marked : 1;              /* as of a party */
} toa_key;

/* From this frame on a conversation is in this tcp.stream (identity.h). */
typedef struct toa_stream_from {
    int64_t time; /* ns, of the frame */
    uint32_t frame, stream;
} toa_stream_from;
typedef struct toa_streams_of toa_streams_of;

/* What a conversation needs only if it shares its client or its wire tuple with others. Made when the second one appears
 * (state.h). */
typedef struct toa_extra {
    toa_ts_marks ts_marks[2]; /* of the sides; valid with has_marks */
    bool has_marks[2];
    toa_party *named;          /* client that a TOA named, if the key has another one */
    toa_party *vip;            /* the address its client sent the SYN to, where direct server return tells it */
    const toa_key *reported;   /* with TOA_KEY_PROVEN: the key that TOA, map, leg and wire give it */
    uint32_t clock_misses;     /* how many connections of this wire tuple, this one included, had an ISN that fitted no clock
                                * (R10) */
    int64_t works_time; /* newest question of its client that was answered while its key was disputed */
    int64_t client_stray_time;
    uint32_t client_stray_frame; /* last segment of the client, no RST, that is not x's own; 0: none */
    bool client_stray_empty;   /* ... without data */
    uint32_t client_stray_ack;   /* its ack, which a RST in answer to it has */
    bool recounted;            /* not counted in n_tuples: its wire tuple is counted already */
    struct toa_conversation *group_prev, *group_next; /* neighbours in the list of its group */
    struct toa_conversation *key_prev, *key_next;     /* ... and in that of its key's members */
    struct toa_conversation *earlier; /* previous conversation on this wire tuple */
    toa_streams_of *streams; /* Wireshark's, after the first; NULL: none */
    struct toa_conversation *leg; /* other leg of the same connection */
    bool leg_certain;
    bool has_distance;     /* R7: the last unexplained SYN-ACK, or where the client has shown nothing, RST */
    uint32_t distance;     /* its ack - y.isn - 1; its seq less what y's client has acknowledged */
    uint32_t distance_ack; /* ... and its ack; the frame of y's question */
    struct toa_pair *pairs;       /* newest first */
    struct toa_claim *claim;       /* NULL until needed; time 0: none */
    struct toa_stranger *stranger; /* newest, NULL: none */
    bool key_unchecked;  /* it got its key through another conversation's segment; collisions are checked at its own next one */
    bool counted_established; /* among its group's n_established */
    bool client_changed; /* the client itself uses other numbers: it has a newer connection, whose SYN was not captured */
    struct toa_index_node *group_nodes, *served_nodes, *isn_nodes;
    struct toa_conversation *group_changed_next, *served_changed_next;
    bool in_group_changed, in_served_changed;
} toa_extra;

/* toa_conversation.flags */
enum {
    TOA_CONV_CLOSED = 1 << 0,       /* close_time is valid: FIN both ways and acked, or an own RST */
    TOA_CONV_SELF = 1 << 1,         /* self-connect: in no group, no other finding */
    TOA_CONV_SHARED = 1 << 2,       /* its group has other members */
    TOA_CONV_INDEXED = 1 << 3,      /* toa-index holds its changing numbers, for its group or its server */
    TOA_CONV_SYNACK_SEEN = 1 << 4,  /* synack_time is valid */
    TOA_CONV_TOA_ON_SYN = 1 << 5,   /* the SYN carried the TOA */
    TOA_CONV_CLIENT_SPOKE = 1 << 6, /* the client sent a segment with own numbers */
    TOA_CONV_NAMED = 1 << 7         /* a TOA has named the client, see toa_engine_named */
};

/* What every segment needs comes first, in four cache lines. */
typedef struct toa_conversation {
    toa_endpoint wire[2]; /* in canonical order; sides have the same index */
    uint32_t hash;        /* of wire[], keyed */
    uint8_t flags;        /* TOA_CONV_* */
    uint8_t client;       /* index of the client's side */
    uint8_t roles : 3;    /* toa_roles */
    uint8_t source : 3;   /* toa_key_source */
    uint8_t midstream : 1; /* it was under way when the capture first saw it */
    uint8_t disputed : 1;  /* a collision of its key is neither proven nor refuted */
    uint8_t first_sender : 1; /* index of the side that sent the first segment */
    uint8_t toa_sides : 2;    /* bit i: side i has sent a TOA */
    uint8_t leg_looks : 4;    /* how many replies of the server were compared with other conversations' (R4) */
    uint8_t shares_stream : 1; /* another conversation has the same tcp.stream, or may have: an earlier one, or one in another
                                * network (network.h) */
    uint32_t stream;          /* tcp.stream of its first frame; of others: identity.h */
    uint32_t first_frame;
    toa_key *key;
    toa_side side[2];
    int64_t first_time;
    int64_t close_time;
    int64_t syn_time;    /* last SYN before the first SYN-ACK; 0: none captured */
    int64_t synack_time; /* first SYN-ACK */
    toa_party *server_party; /* the server on the wire */
    struct toa_conversation *served_prev, *served_next; /* neighbours in its list */
    toa_extra *extra; /* NULL until needed */
} toa_conversation;

/* Verdict on a segment by its own conversation alone. */
typedef enum toa_own {
    TOA_OWN_EXACT,   /* its numbers are the conversation's */
    TOA_OWN_UNKNOWN, /* nothing is known yet: they become the conversation's, unless they are clearly another one's */
    TOA_OWN_WINDOW,  /* they could be */
    TOA_OWN_NONE     /* they are not */
} toa_own;

static inline const toa_endpoint *toa_wire_client(const toa_conversation *conv)
{
    return &conv->wire[conv->client];
}

static inline const toa_endpoint *toa_wire_server(const toa_conversation *conv)
{
    return &conv->wire[!conv->client];
}

static inline toa_side *toa_client_side(toa_conversation *conv)
{
    return &conv->side[conv->client];
}

static inline toa_side *toa_server_side(toa_conversation *conv)
{
    return &conv->side[!conv->client];
}

/* Of two conversations, the one that began first: one that was under way already is older than one whose handshake was
 * captured. A frame may begin two (tunnels). */
static inline bool toa_began_before(const toa_conversation *x, const toa_conversation *y)
{
    if (x->midstream != y->midstream) {
        return x->midstream;
    }
    if (x->first_time != y->first_time) {
        return x->first_time < y->first_time;
    }
    return x->first_frame != y->first_frame ? x->first_frame < y->first_frame : x->stream < y->stream;
}

/* The connection was established: its client has acknowledged the server's numbers, which whoever forges the client's
 * address cannot do. */
static inline bool toa_is_established(const toa_conversation *conv)
{
    return (conv->side[conv->client].flags & TOA_SIDE_ACKED) && (conv->side[!conv->client].flags & TOA_SIDE_SHOWN);
}

static inline bool toa_same_wire(const toa_conversation *x, const toa_conversation *y)
{
    return toa_endpoint_equal(&x->wire[0], &y->wire[0]) && toa_endpoint_equal(&x->wire[1], &y->wire[1]);
}

/* The window that is assumed while no SYN has shown the scale: the unscaled value alone says nothing. */
#define TOA_WINDOW_UNKNOWN (1u << 20)

/* Two observations this close are one event: a segment and its copy on another leg or interface. */
#define TOA_COPY_NS INT64_C(100000000)

/* SYN and SYN-ACK were captured, and one of them has no timestamps: then none are used (RFC 7323). */
bool toa_conversation_without_timestamps(const toa_conversation *conv);

/* How far the peer of `receiver` may send, counted from the receiver's last ack: its window, 65535 at least, 1 MiB if no SYN
 * has shown the scale. sender is that peer. */
uint32_t toa_conversation_window(const toa_side *receiver, const toa_side *sender);

/* low, but not further behind next than serial comparison allows. */
uint32_t toa_conversation_low(const toa_side *side);

/* The side has sent this TSval within the last seconds. *ret_exact: it was seen itself, and does not only lie between two that
 * were; may be NULL. */
bool toa_conversation_sent_tsval(const toa_conversation *conv, unsigned side, uint32_t tsval, bool *ret_exact);

/* The connection began with a SYN of this side that had this number, or may have begun so as far as was captured. */
bool toa_conversation_began_with(const toa_conversation *conv, unsigned side, uint32_t isn);

/* Are the segment's numbers those of its own conversation? sender is the index of its side. */
toa_own toa_conversation_classify(const toa_conversation *conv, unsigned sender, const toa_segment *segment);

/* The side itself has sent this segment a moment ago: what another conversation carries is a copy of it (R4). The ranges
 * decide, for offload merges segments on one leg only; without data the identification: the stack's next segment would
 * have a new one. */
bool toa_conversation_carried(const toa_side *side, const toa_segment *segment);

#endif
