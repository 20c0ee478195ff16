/* exchange.h
 * What machines that share a reduction tell each other, as lines of JSON: a shard (the part of the connections that one of
 * them reduces, see split.h) and a result (the incidents that it found). Each begins with a line that says which part of
 * what it is, and ends with one that says that it is whole. The members of a row are the columns of the table of its name;
 * clickhouse-shard.sql has the same. What is read is checked like records: it may come from another host.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_EXCHANGE_H
#define TOA_SCAN_EXCHANGE_H

#include "reduce/database.h"

#include <stdio.h>

/* Of these lines, also as toa-clickhouse writes them; others are refused. */
#define SCAN_EXCHANGE_VERSION 2

/* Which part of what. */
typedef struct scan_part {
    char split[40];         /* of which split, a text that no other one has; "": the whole, it was never split */
    gint64 shard, shards;   /* 1 to shards, of so many */
    gint64 conversations;   /* in all shards together, with those that met nobody */
    gint64 crowds;          /* of a result: in this shard, see README.md */
} scan_part;

/* Where that is in the first line. */
enum { PART_SCHEMA, PART_SPLIT, PART_SHARD, PART_SHARDS, PART_CONVERSATIONS, PART_CROWDS };

/* The kinds of rows of a shard, and of a result: their tables. */
extern const scan_table scan_shard_tables[], scan_result_tables[];
/* Without the first line's, which is the last of the list. */
extern const unsigned scan_n_shard_tables, scan_n_result_tables;
/* In scan_shard_tables: the first so many have rows for one shard, the others for all of them. */
#define SCAN_OWN_TABLES 5

/* First and last line. */
void scan_exchange_begin(FILE *output, const char *kind, const scan_part *part);
void scan_exchange_end(FILE *output);
/* SQL for the rows of a table as lines: "json_object('record', 'r_flow', 'flow', x.flow ...)"; free with g_free(). */
char *scan_exchange_row(const scan_table *table);

/* The tables of a result, of what was reduced in db. */
gboolean scan_results_write(scan_db *db, FILE *output, GError **error);

#endif
