/* chains.h
 * Files that one run of a reader takes in: the rotated files of a capture point, or a single one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_CHAINS_H
#define TOA_SCAN_CHAINS_H

#include "read/files.h"

typedef struct scan_chain {
    GPtrArray *files; /* scan_file, borrowed: to be read, in any order */
    GPtrArray *known; /* scan_file, owned: their records are known, they are read for what was open in them */
    char *engine;     /* content of a file: records of this name are of one reading, which has judged what is in them */
} scan_chain;

/* engine is copied; NULL: the first file's name it. */
scan_chain *scan_chain_new(const char *engine);
void scan_chain_free(gpointer chain);

/* What that file, alone and for itself, is a chain of. */
scan_chain *scan_chain_single(const scan_file *file);

/* The files (scan_file, borrowed), those of one capture point in one chain; chains and files in the order of the list. The
 * array does not own the chains. */
GPtrArray *scan_chains_by_point(const GPtrArray *captures);

/* A copy, for scan_chain.known. */
scan_file *scan_file_copy(const scan_file *file);

/* Name under which the records of the file are kept together. */
const char *scan_chain_engine(const scan_chain *chain);

/* Bytes of all its files. */
gint64 scan_chain_size(const scan_chain *chain);

#endif
