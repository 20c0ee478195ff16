/* collision.h
 * Two conversations, one post-rewrite key: rules R2 (shared key), R10 (ISN clock), R11 (TIME_WAIT recycling) and
 * R12 (proof by an attributed segment), see plugin/doc/rules.md.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_COLLISION_H
#define TOA_COLLISION_H

#include "core/judge/owner.h"

/* conv has just got its key: raises toa.collision or toa.reuse, once per pair. */
void toa_collision_check_key(toa_state *state, toa_conversation *conv);

/* conv's first SYN-ACK has just been accepted: compares its ISN with those of the group. */
void toa_collision_check_isn(toa_state *state, toa_conversation *conv);

/* The server's numbers say that conv, which carries the segment being fed, and other are one tuple to it: raises
 * toa.collision.confirmed (toa.reuse, if the first was closed before) with these details, and toa.collision if it was not
 * raised before. The two get one key. */
void toa_collision_prove(toa_state *state, toa_conversation *conv, toa_conversation *other, const toa_finding *details);

/* A segment carried by x was found to be match->owner's: is that a proof that the server sees one connection? */
void toa_collision_check_match(toa_state *state, toa_conversation *x, bool from_server, const toa_match *match);

#endif
