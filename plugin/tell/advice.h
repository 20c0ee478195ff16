/* advice.h
 * What to do about an incident, in commands; and what a capture without incident means. Not here: what has happened (story.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_ADVICE_H
#define TOA_TELL_ADVICE_H

#include "tell/claims.h"
#include "tell/pairs.h"
#include "tell/stats.h"

/* What to do now, one line or more. */
void toa_advice_now(const toa_incident *incident, const toa_stats_table *stats_table, toa_teller *teller);

/* The permanent fix. */
void toa_advice_permanent(const toa_incident *incident, toa_teller *teller);

/* What was looked at, for a capture without incident. */
typedef struct toa_quiet {
    uint32_t n_segments, n_conversations;
    uint32_t n_toa;         /* conversations whose client a TOA option names */
    uint32_t n_synack;      /* ... whose SYN-ACK was captured */
    uint32_t n_unexplained; /* segments */
    uint32_t n_unseen;      /* conversations with segments of a connection that was not captured */
    toa_others others;
    bool mapped;            /* the preference toa.map has rows */
    bool analysed;          /* the preference toa.analysis is on */
} toa_quiet;

void toa_advice_quiet(const toa_quiet *quiet, toa_teller *teller);

#endif
