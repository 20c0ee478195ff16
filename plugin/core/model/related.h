/* related.h
 * What two conversations have to do with each other by their numbers and names: legs of one load-balanced connection, sides
 * of a NAT, or nothing (R1, R4).
 *
 * Not here: which findings follow (core/judge). These functions only ask; they change nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_RELATED_H
#define TOA_RELATED_H

#include "core/model/state.h"

/* x and y are legs of one connection, by their ISNs or because it was found before (R4). */
bool toa_group_legs(const toa_conversation *x, const toa_conversation *y);

/* Both have shown the same ISN of the server; or the same one of the client, and nothing speaks against it. A scanner uses one
 * ISN for all its targets: servers that answer with ISNs of their own, or with a RST, are different ones, unless a TOA names
 * the sides (a SYN proxy has an ISN of its own). */
bool toa_group_same_isn(const toa_conversation *x, const toa_conversation *y);

/* The same, beyond doubt: the server's ISN, or the client's and a TOA that names the sides. */
bool toa_group_surely_same_isn(const toa_conversation *x, const toa_conversation *y);

/* Their servers have shown different ISNs, and no TOA says that they are two sides of one load balancer. */
bool toa_group_contrary(const toa_conversation *x, const toa_conversation *y);

/* y must never be named as the other of x: legs, one wire tuple, legs of an earlier or later connection of the
 * other's wire tuple. */
bool toa_group_excluded(const toa_conversation *x, const toa_conversation *y);

#endif
