/* summary.h
 * Many incidents in a few lines: how many, how certain, at which servers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_SUMMARY_H
#define TOA_TELL_SUMMARY_H

#include "tell/claims.h"
#include "tell/incident.h"

/* Appends the summary of these incidents (toa_incident). */
void toa_summary_tell(const GPtrArray *standing, const toa_stats_table *stats_table, toa_teller *teller);

#endif
