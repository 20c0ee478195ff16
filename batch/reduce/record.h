/* record.h
 * One record: a line of JSON, checked against the schema (columns.h). What comes from another host is hostile; what
 * passes here can be put into the database and into every output as it is, but for the escaping of texts.
 *
 * The parser reads flat objects and passes over what is nested in members that it does not know, to a fixed depth. It
 * takes memory for one line and never calls itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_RECORD_H
#define TOA_SCAN_RECORD_H

#include "reduce/columns.h"

/* Longer lines are no records. */
#define SCAN_RECORD_MAX 65536

typedef enum record_kind {
    RECORD_REFUSED, /* see why */
    RECORD_ROW,     /* of a table, or a "file" record */
    RECORD_END,     /* of a capture's records */
    RECORD_OTHER    /* of a kind that this version does not know: passed over */
} record_kind;

typedef struct scan_value {
    enum { VALUE_NULL, VALUE_NUMBER, VALUE_TEXT } type;
    gint64 number;
    const char *text; /* NUL-terminated UTF-8, in the record's buffer */
} scan_value;

typedef struct scan_record {
    record_kind kind;
    const scan_table *tables;             /* whose rows are looked for; set by init */
    unsigned n_tables;
    unsigned table;                       /* of a row: its place in tables; TABLE_* or RECORD_FILE of scan_tables */
    scan_value values[SCAN_COLUMNS_MAX];  /* of a row, as in the table's list */
    char why[160];                        /* of a refused one: what is wrong, ASCII */
    GString *texts;                       /* the buffer; made by init */
} scan_record;

/* For records of captures (scan_tables); or for others: the list is borrowed. */
void scan_record_init(scan_record *self);
void scan_record_init_for(scan_record *self, const scan_table *tables, unsigned n_tables);
void scan_record_clear(scan_record *self);

/* The line, with or without its newline; it need not end with NUL. Everything in self is valid until the next call. */
void scan_record_parse(scan_record *self, const char *line, size_t length);

#endif
