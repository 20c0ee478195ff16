/* rules.h
 * What speaks for a segment of x being y's, and the table that says how much is enough (rule R5, plugin/doc/rules.md).
 *
 * Evidence and decision are apart: toa_rules_evidence observes, toa_rules_enough looks into the table. A new rule is
 * a new row. owner.h finds the candidates.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_RULES_H
#define TOA_RULES_H

#include "core/model/state.h"

/* What the candidate y has in common with x. */
typedef enum toa_where {
    TOA_WHERE_GROUP,   /* the post-rewrite client */
    TOA_WHERE_SERVER,  /* the server on the wire, but not the client: the second search */
    TOA_WHERE_EARLIER, /* the wire tuple: y is an earlier connection */
    TOA_WHERE_HOST,    /* the client's address, and nothing else: the third search */
    TOA_WHERE_MAX
} toa_where;

/* One row of the table. It is satisfied if all of it holds, and one satisfied row is enough. */
typedef struct toa_rule {
    uint8_t where;     /* toa_where */
    uint8_t own;       /* toa_own: verdict of x on the segment */
    uint8_t only;      /* TOA_ONLY_* */
    uint32_t evidence; /* all of these TOA_EV_* and TOA_HINT_* */
} toa_rule;

/* Evidence that no finding shows by this name: bits behind those of TOA_EV_*. */
enum {
    TOA_HINT_NEAR = 1 << 16,   /* seq is one that y's sender may use now: in flight, repeated, overtaken. Shown as SEQ */
    TOA_HINT_WAITING = 1 << 17, /* nothing was captured on y since y's client sent something */
    TOA_HINT_AGAIN = 1 << 18,  /* it has happened before between x and y, and y's server has not sent the same on y */
    TOA_HINT_CHALLENGE = 1 << 19, /* x's client has sent nothing but a SYN, and this plain ACK answers it */
    TOA_HINT_CROSSED = 1 << 20, /* x's client sends this, and a moment ago got segments of y's server */
    TOA_HINT_APART = 1 << 21, /* y is established, and its server's address is not x's: no common counter of IP-IDs */
    TOA_HINT_UNSTAMPED = 1 << 22, /* x uses timestamps, and this has none: it comes from another socket (RFC 7323 section 3.2) */
    TOA_HINT_REPEATED = 1 << 23, /* a SYN-ACK with this ack was found to be y's a moment ago */
    /* These two only change what a finding shows; rows of the table ignore them. */
    TOA_HINT_OWN_CAUSE = 1 << 24, /* the cause is on x itself: TRIGGER is not shown */
    TOA_HINT_PROVEN = 1 << 25     /* the keys are equal only because that was proven before: KEY is not shown */
};

enum {
    TOA_ONLY_ANY,
    TOA_ONLY_REPLY, /* from the server, or a RST: a client may answer on the wrong connection, but does not ask there */
    TOA_ONLY_RST,
    TOA_ONLY_SYNACK,
    TOA_ONLY_LONE_RST /* a RST between y's client address and x's server */
};

extern const toa_rule toa_rules[];
extern const unsigned toa_n_rules;

/* Shift between a number on x and y's own, for segments of x's server (client: seq and ack change places). */
typedef struct toa_shift {
    uint32_t seq, ack;
} toa_shift;

/* A candidate and what speaks for it. */
typedef struct toa_match {
    toa_conversation *owner; /* NULL: none */
    toa_conversation *noted; /* if there is no owner: who will be the owner if it happens again; NULL: nobody */
    toa_pair *pair;          /* (x, owner), NULL if there is none yet */
    uint32_t other_frame;
    toa_shift shift;         /* under which the numbers agree */
    uint32_t evidence;       /* TOA_EV_* and TOA_HINT_* */
    uint16_t ip_id_delta;
    uint8_t n_exact;         /* how many numbers agree without a learnt shift */
    uint8_t where;
    bool carried; /* another conversation has just carried the segment: it is a leg's copy and has no owner */
} toa_match;

/* Conversations that carried a segment themselves a moment ago, the first few of them. */
#define TOA_CARRIERS_MAX 8

typedef struct toa_carriers {
    toa_conversation *conv[TOA_CARRIERS_MAX];
    unsigned n;
} toa_carriers;

/* What a search saw besides the owner. The search itself has changed nothing. */
typedef struct toa_seen {
    toa_carriers carriers; /* sent the segment themselves: no owners, but perhaps legs (toa_legs_copy) */
    /* Distances between a number of the segment and the expected one, for toa_credit_distances: two equal ones are needed to
     * find an owner (R7). */
    bool has_synack_distance, has_answer_distance;
    uint32_t synack_distance; /* of a SYN-ACK's ack, after the newest unanswered SYN of x's group */
    uint32_t answer_distance; /* of the seq with which a server answers somebody in x's group */
    bool answer_distance_again; /* two different numbers have had it */
    const toa_conversation *waiting; /* the only one that a RST in a run of strange numbers could answer; NULL: none */
    bool answers;                    /* ... and does */
    const toa_conversation *in_vain; /* the only one that a RST could answer, on a conversation that shows nothing else */
    uint32_t in_vain_distance;       /* ... of the RST's number from what its client has acknowledged */
    bool searched_host; /* the third search was made, which is a long one */
    toa_conversation *refused;       /* if x's client refuses the SYN-ACK, it was this one's; NULL: nobody's */
} toa_seen;

/* Only what is known exactly. */
toa_shift toa_rules_shift(const toa_pair *pair, bool from_server);

/* A segment of pair->y that was found on pair->x had this ack. pair may be NULL. */
bool toa_rules_acked_before(const toa_pair *pair, uint32_t number);

/* A RST with the ack of a segment of pair->y that was found on pair->x: its answer (R8). pair may be NULL. */
bool toa_rules_answers(const toa_pair *pair, const toa_segment *segment);

/* What speaks for `segment`, carried by x in direction from_server, being y's. pair may be NULL. Fills all of
 * *ret_match but where. */
void toa_rules_evidence(const toa_conversation *x, toa_conversation *y, bool from_server, const toa_segment *segment,
                        toa_pair *pair, toa_match *ret_match);

/* What a finding shows of it. */
static inline uint16_t toa_rules_shown(uint32_t evidence)
{
    uint32_t hidden = (evidence & TOA_HINT_OWN_CAUSE ? TOA_EV_TRIGGER : 0u) | (evidence & TOA_HINT_PROVEN ? TOA_EV_KEY : 0u);

    return (uint16_t)((evidence | (evidence & TOA_HINT_NEAR ? TOA_EV_SEQ : 0u)) & ~hidden);
}

/* Is there a row of the table for it? */
bool toa_rules_enough(const toa_match *match, const toa_conversation *x, toa_own own, const toa_segment *segment);

/* x's client has sent nothing but a SYN, and the server answers with a plain ACK: the answer came from the socket of another
 * connection (RFC 5961 section 4). */
bool toa_rules_is_challenge(const toa_conversation *x, const toa_segment *segment);

/* Both sides of x use timestamps, and this segment, no SYN and no RST, has none: another socket has sent it (RFC 7323 section
 * 3.2). */
bool toa_rules_lacks_timestamps(const toa_conversation *x, const toa_segment *segment);

/* Not enough this time, but enough if it happens again: an answer on a conversation that has shown nothing yet, with exactly
 * the number that y's client waits for. The other leg of y behind a NAT would look the same, but there the same answer comes
 * on y next. */
bool toa_rules_worth_noting(const toa_match *match, toa_own own, bool from_server, const toa_segment *segment);

/* a is a better candidate than b: more exact numbers, then more evidence, then newer. */
bool toa_rules_better(const toa_match *a, const toa_match *b);

#endif
