/* columns.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/columns.h"

#define U32 G_GINT64_CONSTANT(4294967295)
/* ns; a time beyond what 32 bits of seconds hold (2106) is no time of a capture */
#define TIME_MAX (U32 * 1000000000)

/* name, member, low, high; "from" and "count" are words of SQL */
#define NUMBER(name, member, high) {name, member, COLUMN_NUMBER, FALSE, 0, high, NULL}
#define NEEDED(name, high) {name, NULL, COLUMN_NUMBER, TRUE, 0, high, NULL}
#define SEQ(name) NUMBER(name, NULL, U32)
#define TIME(name) NUMBER(name, NULL, TIME_MAX)
#define IP_ID(name) NUMBER(name, NULL, 65535)
#define BOOL(name) {name, NULL, COLUMN_BOOL, FALSE, 0, 1, NULL}
#define WORD(name, member, required, words) {name, member, COLUMN_WORD, required, 0, 0, words}
#define ENDPOINT(name) {name, NULL, COLUMN_ENDPOINT, TRUE, 0, 0, NULL}
#define TEXT(name, required) {name, NULL, COLUMN_TEXT, required, 0, 0, NULL}
#define SEGMENT                                                                                             \
    NEEDED("frame", U32), NEEDED("time", TIME_MAX), NEEDED("stream", U32),                                  \
    WORD("sender", "from", TRUE, "client server"), NEEDED("flags", 4095), NEEDED("seq", U32), SEQ("ack"),   \
    SEQ("length"), IP_ID("ip_id"), SEQ("tsval"), SEQ("tsecr")

static const scan_column conversation[] = {
    NEEDED("stream", U32), SEQ("key_stream"), ENDPOINT("client"), ENDPOINT("server"), ENDPOINT("key_client"),
    ENDPOINT("key_server"), WORD("key_source", NULL, FALSE, "wire toa map leg proven"),
    {"toa", NULL, COLUMN_ENDPOINT, FALSE, 0, 0, NULL},
    SEQ("leg_stream"), SEQ("connection_stream"), WORD("roles", NULL, FALSE, "port map toa syn-ack syn"), SEQ("first_frame"), SEQ("last_frame"),
    NEEDED("first_time", TIME_MAX), NEEDED("last_time", TIME_MAX), NEEDED("frames", U32), TIME("closed_time"),
    TIME("syn_time"), TIME("synack_time"),
    SEQ("client_isn"), SEQ("client_low"), SEQ("client_next"), SEQ("client_ack"), SEQ("client_tsval"), IP_ID("client_ip_id"),
    SEQ("server_isn"), SEQ("server_low"), SEQ("server_next"), SEQ("server_ack"), SEQ("server_tsval"), IP_ID("server_ip_id"),
    BOOL("client_timestamps"), BOOL("server_timestamps"),
    {"rtt_ns", NULL, COLUMN_NUMBER, FALSE, -TIME_MAX, TIME_MAX, NULL}, SEQ("file_stream"), TIME("began_time"),
};

static const scan_column finding[] = {
    {"finding", NULL, COLUMN_NAME, TRUE, 0, 0, NULL}, WORD("severity", NULL, TRUE, "chat note warn error"), SEGMENT,
    SEQ("other_stream"), SEQ("other_frame"), {"evidence", NULL, COLUMN_WORDS, FALSE, 0, 0, NULL}, IP_ID("ip_id_delta"),
    {"isn_error_ns", NULL, COLUMN_NUMBER, FALSE, -TIME_MAX, TIME_MAX, NULL}, NUMBER("repeats", "count", U32),
    {"other_file", NULL, COLUMN_FILE, FALSE, 0, 0, NULL}, {"cause", NULL, COLUMN_NAME, FALSE, 0, 0, NULL},
};

static const scan_column unexplained[] = {SEGMENT};

/* What the engine says of two connections at the end of its reading. */
static const scan_column verdict[] = {
    TEXT("verdict", TRUE), NEEDED("early_stream", U32), NEEDED("late_stream", U32), NEEDED("last_time", TIME_MAX),
    SEQ("victim_stream"), SEQ("victim_since_frame"), {"victim_since_file", NULL, COLUMN_FILE, FALSE, 0, 0, NULL},
    SEQ("victim_segments"), SEQ("victim2_stream"),
};

/* Conversations that a reader forgot, to stay within its memory. */
static const scan_column forgotten[] = {NEEDED("closed", G_MAXINT64), NEEDED("idle", G_MAXINT64)};

static const scan_column file[] = {
    [FILE_SCHEMA] = NUMBER("schema", NULL, 1000000), [FILE_HOST] = TEXT("host", TRUE), [FILE_PATH] = TEXT("path", TRUE),
    [FILE_POINT] = TEXT("point", TRUE), [FILE_SIGNATURE] = TEXT("signature", TRUE),
    [FILE_STATE] = {"state", NULL, COLUMN_TEXT, TRUE, 0, 0, NULL}, [FILE_SIZE] = NEEDED("size", G_MAXINT64),
    [FILE_MTIME] = {"mtime", NULL, COLUMN_NUMBER, TRUE, G_MININT64, G_MAXINT64, NULL},
    [FILE_CONTENT] = TEXT("content", FALSE), [FILE_HEAD] = TEXT("head", FALSE),
    [FILE_ENGINE] = TEXT("engine", FALSE),
};

#define TABLE(text, list) .name = text, .columns = list, .n_columns = G_N_ELEMENTS(list)

const scan_table scan_tables[RECORD_MAX] = {
    [TABLE_CONVERSATION] = {TABLE("conversation", conversation)},
    [TABLE_FINDING] = {TABLE("finding", finding)},
    [TABLE_UNEXPLAINED] = {TABLE("unexplained", unexplained)},
    [TABLE_VERDICT] = {TABLE("verdict", verdict), .record = "incident", .index = "early_stream"},
    [TABLE_FORGOTTEN] = {TABLE("forgotten", forgotten), .index = "closed"},
    [RECORD_FILE] = {TABLE("file", file)},
};
G_STATIC_ASSERT(G_N_ELEMENTS(conversation) <= SCAN_COLUMNS_MAX && G_N_ELEMENTS(finding) <= SCAN_COLUMNS_MAX);
