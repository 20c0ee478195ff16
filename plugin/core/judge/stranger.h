/* stranger.h
 * Runs of numbers that belong to nobody in the capture (judge/unseen.h), by their first number.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_STRANGER_H
#define TOA_STRANGER_H

#include "core/model/state.h"

/* The one that begins with this number, on a conversation of the client; NULL: none. */
const toa_stranger *toa_stranger_find(const toa_state *state, const toa_party *client, uint32_t number);

/* A new one, with client and seq. */
toa_stranger *toa_stranger_add(toa_state *state, const toa_party *client, uint32_t number);

/* Takes out the one at this place of state->strangers. */
void toa_stranger_remove(toa_state *state, uint32_t at);

#endif
