/* ending.h
 * How a program that reads has ended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_ENDING_H
#define TOA_SCAN_ENDING_H

#include "read/job.h"

/* tshark: the file ends in the middle of a packet, what came before was read. */
gboolean scan_job_was_cut_short(const scan_job *job);

/* A signal that it ended by, its own or through the launcher's shell; 0: none. */
int scan_job_signal(const scan_job *job);

/* Why it ended before it should have; free with g_free(). */
char *scan_job_failure(const scan_job *job, const scan_file *file);

#endif
