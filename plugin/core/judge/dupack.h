/* dupack.h
 * Duplicate ACKs whose numbers are their conversation's own but whose cause is a segment of another one: rule R9 of
 * the design. A live socket answers a foreign segment below its window with a D-SACK (RFC 2883) of the foreign
 * range, one above its window with a plain ACK.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_DUPACK_H
#define TOA_DUPACK_H

#include "core/model/state.h"

/* The segment being fed is x's own by its numbers and comes from x's server; call before it is accepted. */
void toa_dupack_check(toa_state *state, toa_conversation *x);

#endif
