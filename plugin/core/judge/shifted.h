/* shifted.h
 * Owners whose numbers a load balancer has shifted, so that none of them agrees: found by distances that occur again, by what
 * was asked, and by who alone waits for an answer (R7).
 *
 * Not here: numbers that agree, also by a distance that is known (owner.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SHIFTED_H
#define TOA_SHIFTED_H

#include "core/judge/rules.h"

/* As toa_owner_find. seen is not reset: what this search saw is added. */
void toa_shifted_find(toa_state *state, toa_conversation *x, bool from_server, toa_own own, toa_match *ret_match,
                      toa_seen *seen);

#endif
