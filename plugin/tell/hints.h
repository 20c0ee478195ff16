/* hints.h
 * What the two SYN-ACKs of an incident show of the way that they came: a load balancer's side often differs. Hints alone: no
 * finding, verdict or key rests on them, and they are said only where nothing tells which address is the server's own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_HINTS_H
#define TOA_TELL_HINTS_H

#include "tell/claims.h"
#include "tell/incident.h"

void toa_hints_tell(const toa_incident *incident, const toa_stats_table *stats_table, toa_teller *teller);

#endif
