/* onekey.h
 * Two conversations that are one at the server get one key. The numbers prove the one server, not which of the addresses on
 * the wire is its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_ONEKEY_H
#define TOA_ONEKEY_H

#include "core/model/state.h"

/* Gives early and late, proven to be one, one key, source 4 for whose key it was not: that of the one for which TOA, map or
 * a leg tells the server (early, if both are told); else the one whose wire server is a candidate of the map for the other;
 * else one that says where the server was reached (toa_key.reached), source 4 for both. */
void toa_onekey_join(toa_state *state, toa_conversation *early, toa_conversation *late);

/* Remembers that connections to these two servers were proven to be one; some can lead elsewhere all the same. */
void toa_onekey_servers(toa_state *state, toa_party *one, toa_party *other);
/* It is remembered of the two. */
bool toa_onekey_known(const toa_party *one, const toa_party *other);

#endif
