/* exchange.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/exchange.h"

#include <string.h>

/* ---- rows ---- */

#define U32 G_GINT64_CONSTANT(4294967295)
#define TIME_MAX (U32 * 1000000000)
/* what JSON readers hold exactly */
#define ID_MAX (G_GINT64_CONSTANT(1) << 53)

#define NUMBER(name, required, low, high) {name, NULL, COLUMN_NUMBER, required, low, high, NULL}
#define ID(name) NUMBER(name, TRUE, 0, ID_MAX)
#define FILE_ID(name, required) NUMBER(name, required, 0, G_MAXINT64)
#define COUNT(name) NUMBER(name, TRUE, 0, ID_MAX)
#define SEQ(name) NUMBER(name, FALSE, 0, U32)
#define TIME(name, required) NUMBER(name, required, -TIME_MAX, TIME_MAX)
/* corrected by a skew: a time less another */
#define CORRECTED(name, required) NUMBER(name, required, -2 * TIME_MAX, 2 * TIME_MAX)
#define TEXT(name, required) {name, NULL, COLUMN_TEXT, required, 0, 0, NULL}
#define NAME(name, required) {name, NULL, COLUMN_NAME, required, 0, 0, NULL}
#define ADDRESS(name) {name, NULL, COLUMN_ADDRESS, TRUE, 0, 0, NULL}
#define WORD(name, required, words) {name, NULL, COLUMN_WORD, required, 0, 0, words}
#define SIDE(side) SEQ(side "_isn"), SEQ(side "_low"), SEQ(side "_next"), SEQ(side "_ack"), SEQ(side "_tsval"), SEQ(side "_ip_id")
#define SOURCE WORD("source", TRUE, "1 2 3 4")
#define SEVERITY WORD("severity", TRUE, "chat note warn error")
#define SENDER WORD("sender", FALSE, "client server")

static const scan_column flow[] = {
    ID("flow"), TEXT("point", TRUE), ADDRESS("client"), ADDRESS("server"), ADDRESS("key_client"), ADDRESS("key_server"),
    SOURCE, TIME("first_time", TRUE), TIME("last_time", TRUE), TIME("closed_time", FALSE), TIME("syn_time", FALSE),
    TIME("synack_time", FALSE), SEQ("client_isn"), SEQ("server_isn"), COUNT("frames"), COUNT("fragments"), ID("conn"),
    ADDRESS("home"),
};

static const scan_column fragment[] = {
    ID("flow"), ID("n"), FILE_ID("file", TRUE), ID("stream"), TEXT("point", TRUE), ADDRESS("client"), ADDRESS("server"),
    ADDRESS("key_client"), ADDRESS("key_server"), WORD("key_source", FALSE, "wire toa map leg proven"), SEQ("first_frame"),
    TIME("first_time", TRUE), TIME("last_time", TRUE), COUNT("frames"), TIME("closed_time", FALSE), TIME("syn_time", FALSE),
    TIME("synack_time", FALSE), SIDE("client"), SIDE("server"), SEQ("file_stream"), SEQ("connection_stream"),
    TIME("began", FALSE), NUMBER("talk", TRUE, 0, TIME_MAX), TEXT("engine", TRUE), NUMBER("first", TRUE, 0, 1),
    NUMBER("latest", TRUE, 0, 1), ADDRESS("home"),
};

#define SEGMENT                                                                                                       \
    FILE_ID("file", TRUE), TEXT("point", TRUE), ID("frame"), TIME("time", TRUE), ID("stream"), SENDER, SEQ("flags"),   \
    SEQ("seq"), SEQ("ack"), SEQ("length"), SEQ("ip_id"), SEQ("tsval"), SEQ("tsecr"), ADDRESS("home")

static const scan_column finding[] = {
    SEGMENT, NAME("finding", TRUE), SEVERITY, SEQ("other_stream"), SEQ("other_frame"), TEXT("evidence", FALSE),
    SEQ("ip_id_delta"), TIME("isn_error_ns", FALSE), SEQ("repeats"), FILE_ID("other_file", FALSE),
    NAME("cause", FALSE),
};

static const scan_column unexplained[] = {SEGMENT};

static const scan_column verdict[] = {
    FILE_ID("file", TRUE), TEXT("point", TRUE), TEXT("verdict", TRUE), ID("early_stream"), ID("late_stream"),
    TIME("last_time", TRUE), SEQ("victim_stream"), SEQ("victim_since_frame"), FILE_ID("victim_since_file", FALSE),
    SEQ("victim_segments"), SEQ("victim2_stream"), ADDRESS("home"),
};

static const scan_column skew[] = {
    TEXT("point", TRUE), TEXT("reference", TRUE), ID("component"), TIME("skew_ns", TRUE), TIME("error_ns", TRUE),
    COUNT("meetings"), COUNT("hops"),
};

/* local is 0: whatever the path names, it is not opened. */
static const scan_column capture[] = {
    FILE_ID("file", TRUE), TEXT("host", FALSE), TEXT("path", TRUE), TEXT("point", TRUE), COUNT("size"),
    {"mtime", NULL, COLUMN_NUMBER, TRUE, G_MININT64, G_MAXINT64, NULL}, TEXT("signature", FALSE), TEXT("state", FALSE),
    COUNT("packets"), TIME("first_time", TRUE), TIME("last_time", TRUE), COUNT("records"), TEXT("content", FALSE),
    TEXT("head", FALSE), NUMBER("local", TRUE, 0, 0), COUNT("refused"), TEXT("engine", FALSE),
    NUMBER("forgotten_closed", FALSE, 0, ID_MAX), NUMBER("forgotten_idle", FALSE, 0, ID_MAX),
};

static const scan_column incident[] = {
    ID("a"), ID("b"), NAME("kind", TRUE), NUMBER("severity", TRUE, 0, 2), {"key_text", NULL, COLUMN_PAIR, TRUE, 0, 0, NULL},
    CORRECTED("first_time", TRUE), CORRECTED("last_time", TRUE), COUNT("foreign_rsts"), COUNT("foreign_segments"),
    COUNT("dup_acks"), COUNT("stale"), COUNT("across"),
};

static const scan_column fact[] = {
    NAME("finding", TRUE), SEVERITY, ID("x"), ID("y"), FILE_ID("file", FALSE), SEQ("frame"), CORRECTED("time", TRUE),
    CORRECTED("at", TRUE), TEXT("point", TRUE), SENDER, SEQ("flags"), SEQ("seq"), SEQ("ack"), SEQ("ip_id"), SEQ("stream"),
    FILE_ID("y_file", FALSE), SEQ("y_stream"), SEQ("y_frame"), TEXT("evidence", FALSE), TIME("isn_error", FALSE),
    SEQ("times"), COUNT("across"), NAME("cause", FALSE),
};

static const scan_column told_flow[] = {
    ID("conn"), ID("flow"), TEXT("point", TRUE), ADDRESS("client"), ADDRESS("server"), ADDRESS("key_client"),
    ADDRESS("key_server"), SOURCE, CORRECTED("first_time", TRUE), CORRECTED("last_time", TRUE),
    CORRECTED("closed_time", FALSE), COUNT("frames"),
};

static const scan_column victim[] = {
    ID("x"), ID("y"), ID("conn"), FILE_ID("file", TRUE), SEQ("frame"), SEQ("asked"), TIME("last_time", TRUE),
    TEXT("verdict", TRUE),
};

static const scan_column unseen[] = {ID("conn"), FILE_ID("file", TRUE), ID("frame"), COUNT("segments")};

static const scan_column place[] = {ID("conn"), ID("flow"), ID("n"), FILE_ID("file", TRUE), ID("stream")};

/* The first line. */
static const scan_column part_columns[] = {
    [PART_SCHEMA] = NUMBER("schema", TRUE, 1, 1000000), [PART_SPLIT] = TEXT("split", TRUE),
    [PART_SHARD] = NUMBER("shard", TRUE, 1, 1000000), [PART_SHARDS] = NUMBER("shards", TRUE, 1, 1000000),
    [PART_CONVERSATIONS] = COUNT("conversations"), [PART_CROWDS] = NUMBER("crowds", FALSE, 0, ID_MAX),
};

#define TABLE(text, list) {.name = text, .columns = list, .n_columns = G_N_ELEMENTS(list)}

const scan_table scan_shard_tables[] = {
    TABLE("r_flow", flow), TABLE("r_fragment", fragment), TABLE("finding", finding), TABLE("unexplained", unexplained),
    TABLE("verdict", verdict), TABLE("clock_skew", skew), TABLE("capture_file", capture), TABLE("shard", part_columns),
};
const scan_table scan_result_tables[] = {
    TABLE("incident", incident), TABLE("incident_fact", fact), TABLE("incident_flow", told_flow),
    TABLE("incident_place", place), TABLE("incident_victim", victim), TABLE("incident_unseen", unseen), TABLE("clock_skew", skew), TABLE("capture_file", capture), TABLE("result", part_columns),
};
const unsigned scan_n_shard_tables = G_N_ELEMENTS(scan_shard_tables) - 1;
const unsigned scan_n_result_tables = G_N_ELEMENTS(scan_result_tables) - 1;
G_STATIC_ASSERT(G_N_ELEMENTS(fragment) <= SCAN_COLUMNS_MAX && G_N_ELEMENTS(fact) <= SCAN_COLUMNS_MAX);

/* ---- writing ---- */

void scan_exchange_begin(FILE *output, const char *kind, const scan_part *part)
{
    fprintf(output, "{\"record\":\"%s\",\"schema\":%d,\"split\":\"%s\",\"shard\":%" G_GINT64_FORMAT ",\"shards\":%"
                    G_GINT64_FORMAT ",\"conversations\":%" G_GINT64_FORMAT ",\"crowds\":%" G_GINT64_FORMAT "}\n",
            kind, SCAN_EXCHANGE_VERSION, part->split, part->shard, part->shards, part->conversations, part->crowds);
}

void scan_exchange_end(FILE *output)
{
    fputs("{\"record\":\"end\"}\n", output);
}

char *scan_exchange_row(const scan_table *table)
{
    GString *sql = g_string_new(NULL);

    g_string_printf(sql, "json_object('record', '%s'", table->name);
    for (unsigned i = 0; i < table->n_columns; i++) {
        const char *name = table->columns[i].name;
        if (strcmp(name, "home") == 0) {
            g_string_append(sql, ", 'home', h.home");
        } else if (strcmp(name, "local") == 0) {
            g_string_append(sql, ", 'local', 0");
        } else {
            g_string_append_printf(sql, ", '%s', x.%s", name, name);
        }
    }
    g_string_append_c(sql, ')');
    return g_string_free(sql, FALSE);
}

static void put_line(sqlite3_stmt *row, void *output)
{
    fprintf(output, "%s\n", (const char *)sqlite3_column_text(row, 0));
}

static gboolean write_table(scan_db *db, FILE *output, const scan_table *table, GError **error)
{
    char *row = scan_exchange_row(table), *sql = g_strdup_printf("SELECT %s FROM %s x", row, table->name);
    gboolean ok = scan_db_each(db, scan_db_prepare(db, sql, error), put_line, output, error);

    g_free(row);
    g_free(sql);
    return ok;
}

static gboolean load_part(scan_db *db, scan_part *part, GError **error)
{
    sqlite3_stmt *statement = scan_db_prepare(db, "SELECT split, shard, shards, conversations, crowds FROM reduction", error);
    gboolean ok = statement && scan_db_step(db, statement, error);

    if (ok) {
        g_strlcpy(part->split, (const char *)sqlite3_column_text(statement, 0), sizeof part->split);
        part->shard = sqlite3_column_int64(statement, 1);
        part->shards = sqlite3_column_int64(statement, 2);
        part->conversations = sqlite3_column_int64(statement, 3);
        part->crowds = sqlite3_column_int64(statement, 4);
    }
    sqlite3_finalize(statement);
    return ok;
}

gboolean scan_results_write(scan_db *db, FILE *output, GError **error)
{
    scan_part part = {0};

    if (!load_part(db, &part, error)) {
        return FALSE;
    }
    scan_exchange_begin(output, "result", &part);
    for (unsigned i = 0; i < scan_n_result_tables; i++) {
        if (!write_table(db, output, &scan_result_tables[i], error)) {
            return FALSE;
        }
    }
    scan_exchange_end(output);
    return TRUE;
}
