/* memory.h
 * How much memory the programs that read captures take, so that no more of them run than there is room for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_MEMORY_H
#define TOA_SCAN_MEMORY_H

#include "read/child.h"

/* Less is of no use to toa-read; toa-watch has the same (TOA_WATCH_MEMORY_MIN). */
#define SCAN_MEMORY_LEAST (G_GINT64_CONSTANT(64) << 20)
/* What all toa-reads of a run share where nothing else is said: past it, they forget. */
#define SCAN_MEMORY_NATIVE (G_GINT64_CONSTANT(1) << 30)

/* Bytes that a reader of the capture will take, before it runs: from the size, for small packets (tshark takes 650 bytes a
 * packet and more). Never too little by much, but for unusual captures. native: toa-read. */
gint64 scan_memory_expected(const char *path, gint64 size, gboolean native);

/* Bytes that toa-read could take for the capture at worst: all of it connections. */
gint64 scan_memory_worst(const char *path, gint64 size);

/* How much each of the readers that run together may take, when no more than jobs of these run at a time: all that it could want, or
 * the same for those that want more than there is. wants: of gint64; is sorted. */
gint64 scan_memory_share(GArray *wants, guint jobs, gint64 memory);

/* Bytes that it takes now; 0: it has ended, or that cannot be told. What it has started itself does not count. */
gint64 scan_memory_of(GSubprocess *process);

/* Three quarters of what the system has to give now. */
gint64 scan_memory_default(void);

#endif
