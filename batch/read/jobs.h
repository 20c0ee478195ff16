/* jobs.h
 * Runs toa-read over the chains, or tshark over each file, several at a time, and hands the records of each file on when it is
 * read. What toa-read leaves to Wireshark is read again, by tshark.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_JOBS_H
#define TOA_SCAN_JOBS_H

#include "read/pool.h"

/* Files that could not be read are told with scan_warn() and counted in run->counts, and so are those that were read
 * but not to the end. False with an error: nothing more could be done at all (a full disk); with scan_stop set:
 * interrupted. The chains (scan_chain) are taken over and the array emptied; with tshark as the only reader
 * each must be of one file. */
gboolean scan_jobs_run(const scan_run *run, GPtrArray *chains, GError **error);

#endif
