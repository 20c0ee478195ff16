/* columns.h
 * The tables of records: which member of a record goes into which column. One list makes the schema and the inserts;
 * clickhouse-schema.sql has the same columns.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_COLUMNS_H
#define TOA_SCAN_COLUMNS_H

#include <glib.h>

typedef enum column_kind {
    COLUMN_NUMBER,   /* integer, or true and false as 1 and 0 */
    COLUMN_TEXT,
    COLUMN_ENDPOINT, /* members NAME_ip and NAME_port as one text: 10.0.0.1:80, [fd00::1]:80; in every record */
    COLUMN_ENDPOINT_IF_KNOWN, /* the same, or null */
    COLUMN_WORDS     /* array of words, as one text with commas */
} column_kind;

typedef struct scan_column {
    const char *name;   /* of the column */
    const char *member; /* of the record; NULL: like the column */
    column_kind kind;
} scan_column;

typedef struct scan_table {
    const char *name; /* of the table and of the record */
    const scan_column *columns;
    unsigned n_columns;
} scan_table;

/* The columns "file" and "point" come first in each table and are not in these lists. */
enum { TABLE_CONVERSATION, TABLE_FINDING, TABLE_UNEXPLAINED, TABLE_MAX };
extern const scan_table scan_tables[TABLE_MAX];

#endif
