/* incident.h
 * An incident: two connections and the findings about them; and what is said of it: verdict, victim, counts. They are decided
 * here and nowhere else; words, tables and records repeat them.
 *
 * An incident is a pair with a collision, a foreign segment or a stale session. No incident: a key that is used again after
 * the first connection has closed (toa.reuse alone), a collision that the server's behaviour refutes, and one where the
 * user has said that real servers do not rewrite.
 *
 * Not here: how findings are gathered (pairs.h), which pairs are one event (settle.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_INCIDENT_H
#define TOA_TELL_INCIDENT_H

#include "tell/stats.h"

typedef enum toa_verdict { /* most certain last */
    TOA_VERDICT_NONE,
    TOA_VERDICT_KEPT_APART,   /* one key, but both work: the server keeps them apart */
    TOA_VERDICT_STALE,        /* a load balancer's or host's old session */
    TOA_VERDICT_UNTRANSLATED, /* the server's answers come from its own address, not from the one that was asked */
    TOA_VERDICT_SHARED,       /* one key, by addresses alone */
    TOA_VERDICT_CROSSED,      /* segments of one were found on the other */
    TOA_VERDICT_CONFIRMED,    /* the server's numbers prove it */
    TOA_VERDICT_MAX
} toa_verdict;

/* Findings on segments that one conversation carries. */
typedef struct toa_load {
    const toa_conversation *carrier;
    uint32_t rsts, segments, dup_acks; /* foreign ones, those of an earlier connection included */
    uint32_t answers; /* of them: a server's, of the other connection (not of an earlier one) */
} toa_load;

/* Legs of one connection that are told apart; more are counted with the last. */
#define TOA_LOADS_MAX 3

/* One of the two connections of an incident. */
typedef struct toa_side_of {
    toa_load loads[TOA_LOADS_MAX];
    unsigned n_loads;
    int64_t answer_time;    /* of the last segment of its server that was found on the other side */
} toa_side_of;

typedef struct toa_incident {
    const toa_conversation *early, *late; /* in the order in which they began; of several legs one */
    const toa_conversation *asks[2];      /* of early, of late: the leg that has its client's questions, if it has none; else NULL */
    toa_side_of side[2];                  /* of early, of late */
    int64_t first_time, last_time;        /* of the frames that carry its findings, toa.reuse aside */
    int64_t found_first_time, found_last_time;
    int64_t isn_error;                    /* with TOA_EV_ISN_CLOCK */
    uint32_t first_frame, last_frame;     /* 0: not an incident (yet) */
    uint32_t found_first_frame, found_last_frame; /* of segments on the wrong connection; 0: none */
    uint32_t n[TOA_FINDING_MAX];          /* findings of each kind */
    uint32_t n_untranslated;              /* of the foreign ones */
    uint32_t found_seq;                   /* of the server's first segment on the wrong connection, with found_id, */
    uint16_t found_id, found_flags;       /* found_flags: 0 if there is none */
    int64_t found_time;
    bool same_wire;                       /* both between the same endpoints, at some place of capture */
    bool one_path;                        /* ... which the server sees as others: both came by one load balancer's session */
    uint16_t evidence;                    /* of all of them */
    uint16_t proof;                       /* of collision.confirmed and reuse */
    void *user;                           /* for whoever gathers */
} toa_incident;

toa_verdict toa_incident_verdict(const toa_incident *incident);
/* It is one: not "none", not "kept apart". */
bool toa_incident_stands(const toa_incident *incident);
/* The server's own numbers prove that it sees one pair of addresses. */
bool toa_incident_proven(const toa_incident *incident);
/* Nothing but duplicate ACKs speaks for it. */
bool toa_incident_only_dup_acks(const toa_incident *incident);
/* Segments found on the wrong connection, an earlier one of the same addresses included: RSTs, duplicate ACKs, others. */
toa_load toa_incident_load(const toa_incident *incident);

/* Of the legs of the other connection the one that carried most of a server's segments of this one (0: the earlier, 1: the
 * later), with how many they are (answers); NULL: none was found. */
const toa_load *toa_incident_answers(const toa_incident *incident, unsigned side);

/* Who waits in vain at the end: bit 0 the earlier connection, bit 1 the later. A connection waits if its client asked,
 * nothing of that was acknowledged on it, it is not closed, and the answer came elsewhere or the client has asked twice.
 * Where both wait and the answers of only one were found elsewhere, that one is the victim. Nobody is said to wait whose client
 * acknowledges answers that the capture does not have, or does not know to be its own: then answers_unseen. */
enum { TOA_VICTIM_EARLY = 1, TOA_VICTIM_LATE = 2 };
bool toa_incident_answers_unseen(const toa_incident *incident);
/* The conversation that has the questions of the earlier connection's client (0), or of the later's (1). */
const toa_conversation *toa_incident_asker(const toa_incident *incident, unsigned side);
unsigned toa_incident_victims(const toa_incident *incident, const toa_stats_table *stats_table);

/* A word or two, for tables and records. */
const char *toa_verdict_name(toa_verdict verdict);

/* When both began to exist side by side; false: the earlier was closed before the later began. */
bool toa_incident_overlap(const toa_incident *incident, int64_t *ret_time);

/* "key seq trigger"; g_free it. */
char *toa_evidence_text(uint16_t evidence);

/* Only the client, or only the server, has sent anything that was captured. */
bool toa_shows_one_side(const toa_conversation *conv, bool client);

/* For who gathers them. Hash and equality are of the two connections. */
guint toa_incident_hash(gconstpointer incident);
gboolean toa_incident_equal(gconstpointer a, gconstpointer b);
/* Findings with this role. */
uint32_t toa_incident_findings(const toa_incident *incident, toa_pair_role role);
/* The counts of what this leg of the side has carried, new ones if there is room. */
toa_load *toa_side_load(toa_side_of *side, const toa_conversation *carrier);

#endif
