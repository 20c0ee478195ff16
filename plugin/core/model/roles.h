/* roles.h
 * Which of a conversation's two ends is the client: by SYN, SYN-ACK, TOA or map, or by the ports and the other conversations of
 * the ends.
 *
 * Not here: what follows from it for the key (group.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_ROLES_H
#define TOA_ROLES_H

#include "core/model/state.h"

/* The client is the side with this index. Keeps the lists and indexes of the server's side right, not the key. */
void toa_roles_set(toa_state *state, toa_conversation *conv, unsigned client, uint8_t roles);

/* Takes from the segment being fed what it says about the roles, if that is better than what is known. toa_from_sender: it
 * has a TOA. */
void toa_roles_learn(toa_state *state, toa_conversation *conv, unsigned sender, bool toa_from_sender);

/* The client's index without any handshake, by the map or the ports; *ret_roles says by which. */
unsigned toa_roles_by_port(const toa_state *state, const toa_conversation *conv, uint8_t *ret_roles);

/* If both ports could be a service's: the client's index, if another conversation of one of the ends shows it, else -1.
 * *ret_other is that conversation. */
int toa_roles_by_peers(const toa_state *state, const toa_conversation *conv, toa_conversation **ret_other);

#endif
