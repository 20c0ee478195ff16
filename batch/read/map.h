/* map.h
 * The address map (preference toa.map) from what load balancers print.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_MAP_H
#define TOA_SCAN_MAP_H

#include "scan.h"

/* Reads ipvsadm -Ln, ipvsadm -Sn, or CSV rows VIP,port,RS,port (quotes allowed, as in Wireshark's file toa_map) and
 * appends "-o", "uat:toa.map:..." for each row to arguments (owned strings). False: unreadable, or no row in it. */
gboolean scan_map_read(const char *path, GPtrArray *arguments, GError **error);

#endif
