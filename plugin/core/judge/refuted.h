/* refuted.h
 * Two conversations share a key, and the server keeps them apart all the same: a receiver of the option that does not rewrite, or
 * a wrong row of the map. Finding toa.collision.refuted, see plugin/doc/rules.md.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_REFUTED_H
#define TOA_REFUTED_H

#include "core/model/state.h"

/* conv, one of a collision that is neither proven nor refuted (toa_conversation.disputed), has just accepted the segment being
 * fed, which its server sent. */
void toa_refuted_check(toa_state *state, toa_conversation *conv);

#endif
