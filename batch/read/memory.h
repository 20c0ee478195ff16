/* memory.h
 * How much memory the programs that read captures take, so that no more of them run than there is room for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_MEMORY_H
#define TOA_SCAN_MEMORY_H

#include "read/child.h"

/* Bytes that a reader of the capture will take, before it runs: from the size, for small packets (tshark takes 650 bytes a
 * packet and more). Never too little by much, but for unusual captures. native: toa-read. */
gint64 scan_memory_expected(const char *path, gint64 size, gboolean native);

/* Bytes that it takes now; 0: it has ended, or that cannot be told. What it has started itself does not count. */
gint64 scan_memory_of(GSubprocess *process);

/* Three quarters of what the system has to give now. */
gint64 scan_memory_default(void);

#endif
