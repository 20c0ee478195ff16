/* split.h
 * The connections of all captures, cut into shards that can be reduced without each other: each has all that its incidents
 * need, and together they have the incidents of the whole, each once.
 *
 * What the reduction compares has one client endpoint behind the rewrite, or segments of one connection on another: those
 * that have a finding of both, and those whose numbers meet before one server. Client endpoints that are tied so, over any
 * number of others, have one home: the first of their names. A home is on shard CRC32(home) % shards + 1, which
 * ClickHouse's function of that name says, too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_SPLIT_H
#define TOA_SCAN_SPLIT_H

#include "reduce/exchange.h"

/* As zlib's. */
guint32 scan_crc32(const char *text);

/* After scan_reduce_prepare(): writes folder/K-of-N.shard. The folder is made; one that has something in it is an error.
 * What was written of a split that fails is removed. */
gboolean scan_split(scan_db *db, const char *folder, unsigned shards, GError **error);

#endif
