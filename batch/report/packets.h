/* packets.h
 * The segments of the incidents, read again from the captures for the pictures.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_PACKETS_H
#define TOA_SCAN_PACKETS_H

#include "report/requests.h"

/* Of the first max incidents. Only captures of this host are opened, never a path that somebody's records name; those that
 * cannot be read any more are left out. Free with g_hash_table_unref(). */
scan_packets *scan_packets_load(const scan_report *report, guint max, const char *tshark);

#endif
