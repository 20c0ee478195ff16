/* state.h
 * Everything the engine knows of one capture file, for the modules of the core only. Everybody else uses toa-engine.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_STATE_H
#define TOA_STATE_H

#include "core/base/arena.h"
#include "core/option/config.h"
#include "core/model/conversation.h"
#include "core/model/copies.h"
#include "core/model/finding.h"
#include "core/base/host.h"
#include "core/base/table.h"

/* What x has to do with y, from x's point of view: x carries segments that are y's. Made on first evidence. */
typedef struct toa_pair {
    toa_conversation *x, *y;
    struct toa_pair *next; /* next older pair of x */
    uint32_t ack_shift;    /* ack (and SACK) on x minus y's own number, for segments of the server (R6) ... */
    uint32_t ack_span;     /* ... or up to so much more: data was under way when it was learnt; 0: exact */
    uint32_t seq_shift;    /* same for seq */
    uint32_t acks[TOA_ACKS_KEPT]; /* acks of segments of y found on x: a client's RST in answer has this seq (R8) */
    uint32_t n_found;      /* findings that name y on x */
    int64_t found_time;    /* the last of them */
    int64_t dup_ack_time;  /* the last silent duplicate ACK; 0: none */
    uint32_t noted_next, noted_ack; /* with noted_time: next number and last ack of the side that waited on y */
    int64_t noted_time;    /* when x, of which nothing was known, carried what y's client was waiting for; 0: never */
    uint32_t n_dup_acks;   /* silent duplicate ACKs so far (R9) */
    uint32_t sack_shift;   /* distance of the last D-SACK that looked like y's data */
    uint32_t n_copies;     /* segments that both carried (R4) */
    uint32_t copy_frame;   /* the last of them */
    uint8_t n_acks;
    uint8_t n_owed;        /* segments of y found on x that x's client has not answered with a RST yet, at most 255 */
    bool has_ack_shift, has_seq_shift, has_sack_shift;
    uint8_t where;  /* toa_where of the last finding */
    uint16_t proof; /* evidence that first proved the two one connection at the server, 0: none */
    bool collision; /* raised; like the next ones and proof, kept in the pair whose x began later */
    bool confirmed;
    bool reuse;
    bool refuted;
    bool client_shares;   /* x's client has used y's numbers, in segments that are no RSTs */
    bool untranslated;    /* y's server answers y's client on x, from its own address */
    uint32_t synack_ack;  /* of the last SYN-ACK on x that would answer y's SYN; with synack_time */
    int64_t synack_time;
    uint32_t shifted_ack; /* of the last SYN-ACK on x that would answer y's SYN but for a distance; with shifted_time */
    int64_t shifted_time;
    uint32_t rst_cause;   /* other_frame of the last finding on a RST, with rst_seq, rst_time and rst_client */
    uint32_t rst_seq;
    int64_t rst_time;     /* 0: there was none */
    bool rst_client;      /* x's client has sent it */
} toa_pair;

/* Node of the number index, see index.h. */
typedef struct toa_index_node {
    struct toa_index_node *next, **link;
    toa_conversation *conv;
    uint32_t value;
    uint8_t kind;
    bool linked;
} toa_index_node;

/* An answer to a SYN whose numbers belong to no captured conversation, and what came after it (judge/unseen.h). */
typedef struct toa_stranger {
    toa_conversation *conv; /* that carried it */
    const toa_party *client; /* of conv's key, then */
    int64_t began;          /* time of the first segment of the run */
    uint32_t waiting;       /* first_frame of the only one that waited for an answer when a RST of the run came; 0: none */
    uint32_t waiting_frame; /* ... its question, then */
    int64_t time;           /* of the last segment of the run; frame, ack and ip_id likewise */
    uint32_t frame;
    uint32_t seq, end;      /* of the whole run */
    uint32_t ack;
    uint16_t ip_id;         /* last one that was not 0 */
    bool refused;           /* the client has answered it with a RST */
    bool answers;           /* its RSTs answer `waiting`: they came for two questions of it */
    bool lost_syn;          /* it may answer a SYN that was not captured, and whose client has given up */
} toa_stranger;

/* The last segments of one side whose numbers are not the conversation's: perhaps the beginning of another connection between
 * the two (judge/missed.h). */
typedef struct toa_claim {
    int64_t time;
    uint32_t frame;
    uint32_t interface;
    uint32_t seq, end; /* of all that followed each other */
    uint32_t ack;      /* of the last of them */
    uint32_t tsval;
    uint16_t flags;    /* of the first */
    uint16_t window;
    uint16_t ip_id;
    uint8_t sender;    /* index of its side */
    uint8_t scale;
    bool has_timestamps, has_scale;
    bool foreign;      /* another conversation was found for it */
    toa_item item;     /* TOA that it carried; kind 0: none */
} toa_claim;

/* One network that one direction of a wire tuple was seen in, if there are several (network.h). */
typedef struct toa_path {
    toa_conversation *conv; /* newest one that was seen in it */
    uint16_t network;
    uint8_t sender;         /* index of its side */
} toa_path;

typedef struct toa_index {
    toa_index_node **buckets;
    size_t n_buckets; /* a power of two, or 0 */
    size_t n_nodes;
} toa_index;

typedef struct toa_state {
    const toa_config *config; /* not owned */
    uint64_t seed;
    toa_arena arena;
    toa_table conversations; /* of toa_conversation, the newest of each wire tuple is found */
    toa_table parties;       /* of toa_party, by endpoint */
    toa_table keys;          /* of toa_key, by its two parties */
    toa_table pairs;         /* of toa_pair, by (x, y) */
    toa_table strangers;     /* of toa_stranger, by client and seq */
    toa_table paths;         /* of toa_path, by wire tuple, sender and network */
    toa_table toa_sources;   /* of toa_endpoint: address that has sent a TOA, kind as its port */
    toa_index index;
    uint32_t n_clock_pairs; /* pairs that were compared by the ISN clock alone */
    uint32_t n_host_searches; /* among all connections of a client's address (owner.c) */
    uint32_t next_stream;  /* of the next new key */
    uint32_t n_forgotten;  /* conversations */
    GArray *found;         /* toa_finding, of the segment being fed */
    const toa_segment *segment; /* being fed */
    toa_conversation *begun; /* conversation that this segment turned out to belong to, instead of the one it was fed to */
    toa_copies copies;
    bool is_copy;          /* the segment being fed turned out to be a copy */
} toa_state;

/* Empty, for one capture file; config is borrowed. */
toa_state *toa_state_new(const toa_config *config);
/* The index must have been freed (toa_index_free): what is in it is freed here. */
void toa_state_free(toa_state *state);
/* Bytes held; and those among them that were given back and are used first. */
size_t toa_state_memory(const toa_state *state);
size_t toa_state_spare(const toa_state *state);

/* Adds a finding to those of the segment being fed; returns it for details, valid until the next is added. */
toa_finding *toa_state_report(toa_state *state, toa_finding_kind kind, toa_conversation *own, toa_conversation *other,
                              uint16_t evidence);

/* Same, with the details (evidence and all) of another. */
void toa_state_report_as(toa_state *state, toa_finding_kind kind, toa_conversation *own, toa_conversation *other,
                         const toa_finding *details);

/* Lists, newest first. Most conversations are alone with their client and key, and have no links for those. */
static inline toa_conversation *toa_group_next(const toa_conversation *conv)
{
    return conv->extra ? conv->extra->group_next : NULL;
}

static inline toa_conversation *toa_group_prev(const toa_conversation *conv)
{
    return conv->extra ? conv->extra->group_prev : NULL;
}

static inline toa_conversation *toa_key_next(const toa_conversation *conv)
{
    return conv->extra ? conv->extra->key_next : NULL;
}

/* The key that TOA, map, leg and wire give it, whatever the server's numbers have proven. */
static inline const toa_key *toa_reported_key(const toa_conversation *conv)
{
    return conv->source == TOA_KEY_PROVEN ? conv->extra->reported : conv->key;
}

/* TOA, map or a leg say that the two have one key. False for two connections of one wire tuple, which always do. */
static inline bool toa_same_reported_key(const toa_conversation *x, const toa_conversation *y)
{
    return toa_reported_key(x) == toa_reported_key(y) && !(x->server_party == y->server_party && toa_same_wire(x, y));
}

/* The client that a TOA has named; NULL: none. */
static inline toa_party *toa_named(const toa_conversation *conv)
{
    if (!(conv->flags & TOA_CONV_NAMED)) {
        return NULL;
    }
    return conv->extra && conv->extra->named ? conv->extra->named : conv->key->client;
}

/* The newest conversation between two endpoints; NULL: none. */
toa_conversation *toa_state_find(const toa_state *state, const toa_endpoint *a, const toa_endpoint *b);
/* A new one, zeroed but for wire and hash; found from now on instead of the earlier one of its tuple, if there is one. */
toa_conversation *toa_state_conversation(toa_state *state, const toa_tuple *tuple, const toa_conversation *earlier);

/* Of keys by their parties, and of pairs by their conversations. */
uint32_t toa_state_hash(const void *a, const void *b);

/* Made on first use. */
toa_extra *toa_state_extra(toa_state *state, toa_conversation *conv);
toa_party *toa_state_party(toa_state *state, const toa_endpoint *endpoint);
toa_key *toa_state_key(toa_state *state, toa_party *client, toa_party *server);
/* The party if there is one already. */
toa_party *toa_state_find_party(const toa_state *state, const toa_endpoint *endpoint);
toa_large_party *toa_state_large_party(toa_state *state, toa_party *party);
/* The server's own address has become known: drops the other addresses of its key. */
void toa_state_reached(toa_state *state, toa_key *key);
/* The pair (x, y), NULL if there is none yet. */
toa_pair *toa_state_find_pair(const toa_state *state, const toa_conversation *x, const toa_conversation *y);
toa_pair *toa_state_pair(toa_state *state, toa_conversation *x, toa_conversation *y);

#endif
