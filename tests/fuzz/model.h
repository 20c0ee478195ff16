/* model.h
 * A second implementation of the rules (plugin/doc/rules.md), made to be obvious and slow: every question is answered
 * by looking at all conversations. What it takes over from the engine is what the engine remembers of each conversation;
 * it takes over no verdict, no index, no list.
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
    toa_conversation was;
    toa_pair pair; /* (x, this), if has_pair */
    toa_conversation *leg;
    bool has_pair;
} seen;

typedef struct before {
    seen list[CONVERSATIONS_MAX];
    unsigned n;
} before;

#define MIB (1u << 20)

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

/* Copies everything; x may be NULL (not known yet). */
void model_remember(const toa_state *state, const known *known, const toa_conversation *x, before *ret_before);

/* R3: are the segment's numbers the own ones of a conversation in this state? */
toa_own model_own(const toa_conversation *was, unsigned sender, const toa_segment *segment);

/* R5: whose is a segment that x carries? NULL: nobody's. x has roles, key and legs as they are now, numbers as before.
 * *ret_where says which rows decided. */
toa_conversation *model_owner(const before *before, const seen *x, unsigned sender, toa_own own,
                              const toa_segment *segment, toa_where *ret_where);

/* R8: a RST that answers a segment found to be foreign; NULL: it does not. */
toa_conversation *model_answered(const before *before, const toa_segment *segment);

/* R4, last sentences: these two are never named as each other's other. */
bool model_excluded(const toa_conversation *x, const toa_conversation *y);

#endif
