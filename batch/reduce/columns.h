/* columns.h
 * The schema of records: which members a record has, what they may be, and which column each goes into. One list makes
 * the tables, checks what is read, and tells the fuzzer its words. Members that it does not know are passed over, so that a
 * later version may add some.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_COLUMNS_H
#define TOA_SCAN_COLUMNS_H

#include <glib.h>

typedef enum column_kind {
    COLUMN_NUMBER,   /* integer from low to high */
    COLUMN_BOOL,     /* true and false as 1 and 0 */
    COLUMN_WORD,     /* one of words */
    COLUMN_NAME,     /* lower case letters, digits, "_" and "." */
    COLUMN_TEXT,     /* anything */
    COLUMN_ADDRESS,  /* an endpoint as one text already */
    COLUMN_PAIR,     /* two of them: 10.0.0.1:80 > 10.0.0.2:80 */
    COLUMN_ENDPOINT, /* members NAME_ip and NAME_port as one text: 10.0.0.1:80, [fd00::1]:80 */
    COLUMN_FILE,     /* name of another file of one reading, as content; its id in the database */
    COLUMN_WORDS     /* array of names, as one text with commas */
} column_kind;

typedef struct scan_column {
    const char *name;   /* of the column */
    const char *member; /* of the record; NULL: like the column */
    column_kind kind;
    gboolean required;  /* else it may be null or not there */
    gint64 low, high;
    const char *words;  /* "client server" */
} scan_column;

typedef struct scan_table {
    const char *name; /* of the table, and of the record unless that has one of its own */
    const scan_column *columns;
    unsigned n_columns;
    const char *record;
    const char *index; /* the column by which rows of a file are looked for; NULL: stream */
} scan_table;

/* The columns "file" and "point" come first in each table and are not in these lists. The last one is no table of the
 * database: what is known of a capture comes as a record in front of its own. */
enum { TABLE_CONVERSATION, TABLE_FINDING, TABLE_UNEXPLAINED, TABLE_VERDICT, TABLE_FORGOTTEN, TABLE_MAX, RECORD_FILE = TABLE_MAX, RECORD_MAX };
extern const scan_table scan_tables[RECORD_MAX];

/* Most columns that one of them has. */
#define SCAN_COLUMNS_MAX 40

/* Where the columns of a "file" record are. */
enum {
    FILE_SCHEMA, FILE_HOST, FILE_PATH, FILE_POINT, FILE_SIGNATURE, FILE_STATE, FILE_SIZE, FILE_MTIME, FILE_CONTENT,
    FILE_HEAD, FILE_ENGINE
};

#endif
