/* model.h
 * A second implementation of the rules (plugin/doc/rules.md), made to be obvious and slow: every question is answered
 * by looking at all conversations. What it takes over from the engine is what the engine remembers of each conversation
 * and of each two; it takes over no verdict, no index, no list of members.
 *
 * What it knows: R3 (own numbers), R4 (whom never to accuse), R5 (evidence, and how much is enough), R8 (answers to foreign
 * segments), and that a segment which both sides go on with (R14), a client's own questions and the answers to its strays
 * are nobody else's.
 *
 * What it does not know, because a copy of the code is all that it could have: R7 (distances), R9 (duplicate ACKs), R10 to
 * R12 (proofs), what is noted until it happens again, when a beginning counts as missed, how two become legs, and
 * toa.foreign.unseen. Of those the fuzzer checks what must hold of every finding (fuzz-engine.c). Which of many are looked
 * up in an index is not known either: a candidate with a number that is an index's is surely found, others may be.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include "events.h"

#include "core/judge/rules.h"

/* One conversation as it was before a segment, with its relation to the one that carries the segment (x). */
typedef struct seen {
    toa_conversation *now; /* its record in the engine */
    toa_conversation was;  /* was.extra is the one below */
    toa_extra extra;
    toa_claim claim; /* time 0: none */
    toa_pair pair;   /* (x, this), if has_pair */
    bool has_pair;
} seen;

typedef struct before {
    seen list[CONVERSATIONS_MAX];
    unsigned n;
} before;

/* The question: whose is this segment, which x carries? */
typedef struct question {
    const before *before;
    const seen *x;
    const toa_segment *segment;
    bool server; /* x's server has sent it */
    toa_own own;
} question;

/* The answer for one candidate, y. */
typedef struct answer {
    toa_where where; /* what x and y have in common; TOA_WHERE_MAX: nothing */
    bool may;        /* enough speaks for y */
    bool sure;       /* ... and no index nor bound of the engine can hide that */
    unsigned exact, bits; /* how many numbers agree without a shift, how many observations there are in all */
} answer;

#define MIB (1u << 20)
#define SECOND INT64_C(1000000000)

static inline bool has(const toa_side *side, unsigned flag)
{
    return (side->flags & flag) != 0;
}

/* from <= x <= to on the circle of sequence numbers. */
static inline bool between(uint32_t x, uint32_t from, uint32_t to)
{
    return x - from <= to - from;
}

/* How far x is ahead of y, negative if behind; half the circle is behind (RFC 1982 leaves it open). */
static inline int32_t distance(uint32_t x, uint32_t y)
{
    return (int32_t)(x - y);
}

static inline bool is_synack(const toa_segment *segment)
{
    return (segment->flags & TOA_FLAG_SYN) && (segment->flags & TOA_FLAG_ACK);
}

static inline bool is_rst(const toa_segment *segment)
{
    return (segment->flags & TOA_FLAG_RST) != 0;
}

static inline bool same_wire(const toa_conversation *x, const toa_conversation *y)
{
    return toa_endpoint_equal(&x->wire[0], &y->wire[0]) && toa_endpoint_equal(&x->wire[1], &y->wire[1]);
}

/* Copies everything; x may be NULL (not known yet). */
void model_remember(const toa_state *state, const known *known, const toa_conversation *x, before *ret_before);

/* Takes over what is learnt from a segment before its numbers are judged: roles, and the key if it is new, has another client
 * or a client that was not named before. */
void model_learnt(before *before, seen *x, bool is_new);

/* R3: are the segment's numbers the own ones of a conversation in this state? */
toa_own model_own(const toa_conversation *was, unsigned sender, const toa_segment *segment);

/* How far b lets a send. */
uint32_t model_window(const toa_side *a, const toa_side *b);

/* R4: these two are never named as each other's other. */
bool model_excluded(const toa_conversation *x, const toa_conversation *y);
/* ... because they are legs of one connection. */
bool model_legs(const toa_conversation *x, const toa_conversation *y);

/* y carried the segment itself a moment ago. */
bool model_copy(const question *q, const seen *y);

/* R5: is it y's? */
answer model_answer(const question *q, const seen *y);

/* What speaks for y (TOA_EV_*, TOA_HINT_*), under these shifts. */
unsigned model_evidence(const question *q, const seen *y, uint32_t seq_shift, uint32_t ack_shift, unsigned *ret_exact);
/* The table of R5. */
bool model_enough(const question *q, const seen *y, toa_where where, unsigned evidence);

/* R8: a RST that answers a segment of y found on x. */
bool model_answers(const question *q, const seen *y);

/* How many others x has a relation to: the engine looks at the newest few. */
unsigned model_pairs(const seen *x);
#define MODEL_PAIRS_MAX 8

/* R14: the segment goes on with what x's other side, or its own SYN-ACK, has claimed. */
bool model_goes_on(const seen *x, unsigned sender, const toa_segment *segment);

/* x's client has caused this RST itself, with numbers that are not x's. */
bool model_answers_stray(const question *q);

/* Only the client knows what it asks: not a RST, and the handshake or a TOA has told who the client is. */
bool model_only_own(const question *q);

/* The engine forgets so many of those that are known; ret_gone tells which. Checks that they are the right ones, and that
 * nothing points to them any more. */
void model_forget(toa_state *state, const known *known, unsigned n, int64_t now, uint32_t frame,
                  bool ret_gone[CONVERSATIONS_MAX]);

/* x's client has sent nothing but a SYN, and the server's plain ACK is no answer to that. */
bool model_strange_answer(const question *q);

#endif
