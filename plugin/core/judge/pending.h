/* pending.h
 * Which conversation waits for an answer, and when one can come.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_PENDING_H
#define TOA_PENDING_H

#include "core/model/state.h"

/* Of two answers to segments that follow each other, the second may be late by this much more. */
#define TOA_OVERTAKEN_NS (TOA_SECOND / 200)

/* The client of conv has asked within the last second, and has no answer. */
bool toa_pending_waits(const toa_conversation *conv, const toa_segment *segment);

/* The conversation of x's group with the newest pending request, at most 1 s old and not before `since`. Neither x nor one
 * that toa_group_excluded rules out; NULL: none. */
toa_conversation *toa_pending_newest(const toa_state *state, const toa_conversation *x, int64_t since);

/* Time from SYN to SYN-ACK; 0: unknown. */
int64_t toa_pending_trip(const toa_conversation *conv);

/* What was sent `delay` ago cannot be answered yet: not half of a round trip has passed. */
bool toa_pending_too_soon(int64_t delay, int64_t trip);

/* ... can be answered now: about one round trip has passed. False if it is unknown. */
bool toa_pending_in_time(int64_t trip, int64_t delay);

#endif
