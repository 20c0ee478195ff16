/* lanes.h
 * The picture of an incident: time runs down, one lane each for client, load balancer and real server, an arrow a
 * segment. Both connections have a colour; a segment on the wrong connection has its owner's, and a line to the owner's
 * segment that it belongs to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_LANES_H
#define TOA_SCAN_LANES_H

#include "report/packets.h"

/* Appends an <svg> element. */
void scan_lanes_draw(GString *page, const scan_report *report, const scan_incident *incident, scan_packets *packets);

#endif
