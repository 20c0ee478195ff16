/* onekey.h
 * Two conversations that are one at the server get one key. The numbers prove the one server, not which of the addresses on
 * the wire is its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_ONEKEY_H
#define TOA_ONEKEY_H

#include "core/model/state.h"

/* Gives early and late, proven to be one, a common key: that of the one whose server TOA, map or a leg names (early's, if both
 * do); else that of the one whose wire server is a candidate of the map for the other. The other one gets source 4. Else both
 * get source 4 and a key that says where the server was reached (toa_key.reached). */
void toa_onekey_join(toa_state *state, toa_conversation *early, toa_conversation *late);

/* Remembers that connections to these two servers were proven to be one; other connections to them may still lead elsewhere. */
void toa_onekey_servers(toa_state *state, toa_party *one, toa_party *other);
/* toa_onekey_servers has remembered the two. */
bool toa_onekey_known(const toa_party *one, const toa_party *other);

#endif
