/* clocks.h
 * How the clocks of the capture points differ, from what each two of them say of connections that both saw.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_CLOCKS_H
#define TOA_SCAN_CLOCKS_H

#include "reduce/database.h"

/* The clock of b is ahead of that of a by skew, give or take error; meetings: connections that say so. ns. */
typedef struct scan_clock_link {
    unsigned a, b;
    gint64 skew, error, meetings;
} scan_clock_link;

typedef struct scan_clock {
    unsigned reference; /* the point whose clock is that of the component; its own for a point that met nobody */
    gint64 skew, error; /* against the reference's clock, ns */
    gint64 meetings;    /* of the link with the fewest, on the way there; 0: none */
    unsigned hops;      /* links on the way there */
} scan_clock;

/* Points are 0 to n - 1, in the order of their names. The way of the least error, over any number of other points. The
 * reference of a component is the point that is nearest to all others; of several the first. */
void scan_clocks_solve(const scan_clock_link *links, unsigned n_links, scan_clock *ret_clocks, unsigned n);

/* Makes the table clock_skew from r_link and the points of capture_file. */
gboolean scan_clocks(scan_db *db, GError **error);

#endif
