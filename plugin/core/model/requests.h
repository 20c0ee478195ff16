/* requests.h
 * Which conversations of a client may wait for an answer. A large group keeps only the few with the newest requests.
 *
 * Not here: whether one does wait, and when its answer can come (core/judge/pending.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_REQUESTS_H
#define TOA_REQUESTS_H

#include "core/model/index.h"

/* The client of conv has sent something that demands an answer. */
void toa_requests_note(toa_state *state, toa_conversation *conv);

/* Members of the party's group that may still wait for an answer: all of a small group, of a large one those with the newest
 * requests. Returns how many. */
unsigned toa_requests_pending(const toa_party *party, toa_conversation *ret_pending[TOA_SCAN_MAX]);

#endif
