/* settle.h
 * Incidents as they are at the end: one event is one incident, however often it was captured. The legs of a load-balanced
 * connection are one connection, and of what several legs carried the leg that carried most is counted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_SETTLE_H
#define TOA_TELL_SETTLE_H

#include "tell/pairs.h"

/* What stands, one event an incident: pairs of legs of the same two connections are put together, and pairs that carried the
 * same segment of a server within 0.1 s. Legs are often known only after the first finding, so this is asked at the end.
 * Copies, owned by the array; g_ptr_array_free it. all: also what is no incident by now (a collision that was refuted).
 * one: NULL, or a table to be filled: each conversation of an incident, and the one that stands for its connection (its first
 * leg; itself). */
GPtrArray *toa_incidents_settled(const toa_incidents *incidents, bool all, GHashTable *one);

#endif
