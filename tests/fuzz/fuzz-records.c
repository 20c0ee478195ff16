/* fuzz-records.c
 * Any bytes as a file of records: into a database, through the reduction (one input of sixteen, it is slow), and out as
 * text and JSON. Beside crashes: no row is in the database that the schema forbids, what is printed is UTF-8 without a
 * control character, and a line that was refused does not keep the lines around it out. What begins as a shard or a result
 * goes through those readers: what they take can be reduced, and told.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "printable.h"
#include "reduce/intake.h"
#include "reduce/records.h"
#include "reduce/reduce.h"
#include "report/json.h"
#include "report/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

volatile sig_atomic_t scan_stop;

GQuark scan_failure_quark(void)
{
    return g_quark_from_static_string("toa-scan");
}

static void need(gboolean condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

/* UTF-8, and nothing that a terminal obeys but the newline. */
static void check_printed(const char *text, size_t length)
{
    need(g_utf8_validate(text, (gssize)length, NULL), "what is printed is no UTF-8");
    for (const char *at = text; at < text + length; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        need(c == '\n' || (c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0)), "a control character is printed");
    }
}

void scan_warn(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments), *safe = scan_printable(text);
    va_end(arguments);
    check_printed(safe, strlen(safe));
    g_free(safe);
    g_free(text);
}

static gint64 count(scan_db *db, const char *sql)
{
    sqlite3_stmt *statement = scan_db_prepare(db, sql, NULL);
    gint64 value;

    need(statement && scan_db_step(db, statement, NULL), sql);
    value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void check_rows(scan_db *db)
{
    need(count(db, "SELECT COUNT(*) FROM conversation WHERE client NOT LIKE '%_:_%' OR key_server NOT LIKE '%_:_%'"
                   " OR first_time NOT BETWEEN 0 AND 4294967295000000000 OR frames NOT BETWEEN 0 AND 4294967295"
                   " OR server_isn > 4294967295 OR typeof(last_time) <> 'integer'") == 0, "a conversation that is none");
    need(count(db, "SELECT COUNT(*) FROM finding WHERE severity NOT IN ('chat', 'note', 'warn', 'error') OR sender NOT IN"
                   " ('client', 'server') OR finding GLOB '*[^a-z0-9_.]*' OR evidence GLOB '*[^a-z0-9_.,]*'") == 0,
         "a finding that is none");
}

static void print(const scan_report *report)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);

    scan_report_text(report, 0, memory);
    fflush(memory);
    check_printed(text, length);
    scan_report_json(report, memory);
    fclose(memory);
    check_printed(text, length);
    free(text);
}

static void tell(scan_db *db)
{
    scan_report report = {0};
    GError *error = NULL;

    need(scan_report_load(&report, db, TRUE, G_MININT64, G_MAXINT64, &error), error ? error->message : "loading");
    print(&report);
    scan_report_clear(&report);
}

static void reduce(scan_db *db)
{
    GError *error = NULL;

    need(scan_reduce(db, NULL, &error), error ? error->message : "reducing");
    tell(db);
}

static void empty(scan_db *db)
{
    need(scan_db_exec(db, "emptying", "DELETE FROM capture_file; DELETE FROM conversation; DELETE FROM finding;"
                                      "DELETE FROM unexplained; DELETE FROM capture_name;"
                                      "DROP TABLE IF EXISTS r_flow; DROP TABLE IF EXISTS r_fragment;"
                                      "DROP TABLE IF EXISTS clock_skew; DROP TABLE IF EXISTS reduction;"
                                      "DROP TABLE IF EXISTS incident; DROP TABLE IF EXISTS incident_fact;"
                                      "DROP TABLE IF EXISTS incident_flow; DROP TABLE IF EXISTS incident_place", NULL),
         "emptying");
}

static void take_shard(scan_db *db, FILE *input)
{
    GError *error = NULL;
    scan_part part;

    if (scan_shard_read(db, input, "input", &part, &error)) {
        need(scan_reduce_shard(db, &error), error ? error->message : "reducing a shard");
        tell(db);
    }
    g_clear_error(&error);
}

static void take_results(scan_db *db, const uint8_t *data, size_t size)
{
    int fd = memfd_create("results", 0);
    char path[64], *paths[] = {path, path, NULL};
    scan_counts counts = {0};
    GError *error = NULL;

    g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    need(write(fd, data, size) == (ssize_t)size, "a file in memory");
    need(scan_results_read(db, paths, &counts, &error), error ? error->message : "reading results");
    need(counts.read <= 1 && (!counts.read || counts.copies == 1), "a result counts twice");
    tell(db);
    close(fd);
}

static gboolean begins(const uint8_t *data, size_t size, const char *text)
{
    return size > strlen(text) && memcmp(data, text, strlen(text)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static scan_db db; /* one for all: to make its tables takes longer than all the rest */
    scan_counts counts = {0};
    GError *error = NULL;
    FILE *input = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;

    if (!input) {
        return 0;
    }
    need(db.sqlite || scan_db_open(&db, NULL, &error), error ? error->message : "opening");
    if (begins(data, size, "{\"record\":\"shard\"")) {
        take_shard(&db, input);
    } else if (begins(data, size, "{\"record\":\"result\"")) {
        take_results(&db, data, size);
    }
    empty(&db);
    rewind(input);
    scan_records_import_from(&db, input, "input", &counts, &error);
    g_clear_error(&error); /* cut short: as it may be */
    check_rows(&db);
    if (size % 16 == 0 && count(&db, "SELECT COUNT(*) FROM conversation") > 0) {
        reduce(&db);
    }
    empty(&db);
    fclose(input);
    return 0;
}
