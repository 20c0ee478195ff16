/* untranslated.h
 * Answers from an address that was not asked: a server that knows nothing of a NAT or load balancer answers the client itself,
 * or whoever should translate the answer back does not. Not a collision of two connections. Findings toa.foreign.segment and
 * toa.foreign.rst with toa_finding.untranslated, see plugin/doc/rules.md.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_UNTRANSLATED_H
#define TOA_UNTRANSLATED_H

#include "core/judge/rules.h"
#include "core/model/index.h"

/* What a search saw. The search itself changes nothing, toa_credit_untranslated applies it. */
typedef struct toa_untranslated {
    toa_match match; /* owner NULL: the segment answers nobody else */
    bool is_shown;   /* this very segment shows that match.owner's server answers on x */
    /* Conversations whose SYN a SYN-ACK answers, unless x is the second leg of one of them: the client will show it. */
    toa_conversation *asked[TOA_SCAN_MAX];
    unsigned n_asked;
} toa_untranslated;

/* x carries the segment being fed from side `sender`, and its client has not shown a number on it: does the segment answer
 * another conversation of the client? Then x has nothing of it. *ret_found is always filled in. */
void toa_untranslated_find(const toa_state *state, const toa_conversation *x, unsigned sender, toa_untranslated *ret_found);

/* Otherwise there is nothing to search for. */
static inline bool toa_untranslated_possible(const toa_conversation *x)
{
    return (x->flags & TOA_CONV_SHARED) && !(x->side[x->client].flags & TOA_SIDE_SHOWN);
}

/* A SYN-ACK that x carries was found to be match->owner's: it comes from a socket of its own if x is open. */
bool toa_untranslated_synack(const toa_conversation *x, const toa_segment *segment, bool from_server);

#endif
