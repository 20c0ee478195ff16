/* files.h
 * The list of captures: folders expanded, capture points named, sizes known.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_FILES_H
#define TOA_SCAN_FILES_H

#include "counts.h"
#include "options.h"
#include "read/file.h"

/* Whether somebody has it open for writing, or it has another size by now; where that cannot be told, whether it was
 * written to within the last minute. */
gboolean scan_file_is_growing(const scan_file *self);

/* Of a pipe: reads its bytes, to the end. */
gboolean scan_file_fetch(scan_file *self, GError **error);

/* scan_file, in the order of the paths (digits by value), each once. What is not there, or is no regular file, is told
 * with scan_warn() and counted. Nothing is opened but folders. */
GPtrArray *scan_files_list(const scan_options *options, scan_counts *counts);

#endif
