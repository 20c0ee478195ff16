/* records.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/records.h"

#include "lists/versions.h"
#include "printable.h"

#include <json-glib/json-glib.h>

#include <errno.h>
#include <string.h>

#define WARNINGS 3 /* of one file */

/* ---- lines ---- */

void scan_lines_init(scan_lines *self, FILE *input)
{
    *self = (scan_lines){.input = input, .line = g_malloc(SCAN_RECORD_MAX + 2)};
}

void scan_lines_clear(scan_lines *self)
{
    g_free(self->line);
}

gboolean scan_lines_next(scan_lines *self, GError **error)
{
    int c;

    errno = 0;
    self->length = 0;
    while ((c = getc_unlocked(self->input)) != EOF && c != '\n') {
        if (self->length <= SCAN_RECORD_MAX) { /* one more than is allowed, so that it shows */
            self->line[self->length++] = (char)c;
        }
    }
    if (c == EOF && ferror(self->input)) {
        g_set_error(error, SCAN_FAILURE, errno, "records: %s", g_strerror(errno));
        return FALSE;
    }
    self->number++;
    return c != EOF || self->length > 0;
}

/* ---- of one capture ---- */

typedef struct reader {
    scan_db *db;
    scan_lines lines;
    scan_record record; /* of the line that was read last */
    const char *name;   /* of what is read, for what is told */
    guint64 refused;    /* in all of it */
} reader;

static void reader_init(reader *self, scan_db *db, FILE *input, const char *name)
{
    *self = (reader){.db = db, .name = name};
    scan_lines_init(&self->lines, input);
    scan_record_init(&self->record);
}

static void reader_clear(reader *self)
{
    if (self->refused > WARNINGS) {
        scan_warn("%s: %" G_GUINT64_FORMAT " records refused", self->name, self->refused);
    }
    scan_lines_clear(&self->lines);
    scan_record_clear(&self->record);
}

static void refuse(reader *self, const char *why)
{
    if (self->refused++ < WARNINGS) {
        scan_warn("%s: record %" G_GUINT64_FORMAT ": %s; refused", self->name, self->lines.number, why);
    }
}

/* The next line that is a record; those that are none are told and counted in *refused. */
static gboolean next_record(reader *self, guint64 *refused, GError **error)
{
    while (scan_lines_next(&self->lines, error)) {
        scan_record_parse(&self->record, self->lines.line, self->lines.length);
        if (self->record.kind != RECORD_REFUSED) {
            return TRUE;
        }
        refuse(self, self->record.why);
        ++*refused;
    }
    return FALSE;
}

static gboolean is_row(const scan_record *record)
{
    return record->kind == RECORD_ROW && record->table < TABLE_MAX;
}

static gboolean take_rows(reader *self, const scan_file *file, scan_result *result, GError **error)
{
    GError *local = NULL;

    while (!scan_stop && !local && next_record(self, &result->refused, &local)) {
        if (is_row(&self->record)) {
            scan_db_add(self->db, file, NULL, &self->record, &local);
            result->records++;
        }
    }
    if (!local && scan_stop) {
        g_set_error(&local, SCAN_FAILURE, 0, "interrupted");
    }
    if (local) {
        g_propagate_error(error, local);
    }
    return !local;
}

gboolean scan_records_load(scan_db *db, FILE *input, const scan_file *file, const char *signature, gint64 replaces,
                           scan_result *result, GError **error)
{
    reader self;
    gboolean ok;

    if (!scan_db_begin(db, file->id, error)) {
        return FALSE;
    }
    reader_init(&self, db, input, file->path);
    ok = (!replaces || scan_db_drop(db, replaces, error)) && take_rows(&self, file, result, error) &&
         scan_db_remember(db, file, error) && scan_db_commit(db, file, signature, result, error);
    reader_clear(&self);
    if (!ok) {
        scan_db_rollback(db);
    }
    return ok;
}

/* ---- files of --records ---- */

typedef struct import_capture {
    scan_file file;
    char *host, *signature, *state, *engine;
    scan_result result;
    enum { CAPTURE_NONE, CAPTURE_TAKE, CAPTURE_PASS } open; /* pass: in already, or not ours to read */
} import_capture;

static void capture_clear(import_capture *self)
{
    g_free(self->file.path);
    g_free(self->file.point);
    g_free(self->host);
    g_free(self->signature);
    g_free(self->state);
    g_free(self->engine);
    *self = (import_capture){0};
}

static char *text_at(const scan_record *record, unsigned column)
{
    const scan_value *value = &record->values[column];

    return g_strdup(value->type == VALUE_TEXT ? value->text : "");
}

/* What a "file" record says. */
static void read_capture(import_capture *self, const scan_record *record)
{
    char *content = text_at(record, FILE_CONTENT), *head = text_at(record, FILE_HEAD);
    char *engine = text_at(record, FILE_ENGINE);

    capture_clear(self);
    self->file.path = text_at(record, FILE_PATH);
    self->file.point = text_at(record, FILE_POINT);
    self->host = text_at(record, FILE_HOST);
    self->signature = text_at(record, FILE_SIGNATURE);
    self->state = text_at(record, FILE_STATE);
    self->file.size = record->values[FILE_SIZE].number;
    self->file.mtime = record->values[FILE_MTIME].number;
    g_strlcpy(self->file.content.whole, content, sizeof self->file.content.whole);
    g_strlcpy(self->file.content.head, head, sizeof self->file.content.head);
    self->file.id = scan_file_id(self->host, *content ? content : self->file.path);
    self->engine = g_strconcat(self->host, "/", *engine ? engine : *content ? content : self->file.path, NULL);
    self->result = (scan_result){.host = self->host, .state = self->state, .engine = self->engine};
    g_free(engine);
    g_free(content);
    g_free(head);
}

static gboolean open_capture(reader *self, import_capture *capture, GError **error)
{
    scan_stored stored;
    gint64 version = self->record.values[FILE_SCHEMA].number;

    read_capture(capture, &self->record);
    if (version > TOA_FILE_RECORDS_VERSION) {
        scan_warn("%s: the records of %s are of schema %d, this toa-scan knows %d; not taken", self->name,
                  capture->file.path, (int)version, TOA_FILE_RECORDS_VERSION);
        self->refused++;
        capture->open = CAPTURE_PASS;
        return TRUE;
    }
    if (!scan_db_find(self->db, capture->file.id, capture->signature, &stored, error)) {
        return FALSE;
    }
    capture->open = stored.found && stored.current ? CAPTURE_PASS : CAPTURE_TAKE;
    scan_stored_clear(&stored);
    return capture->open == CAPTURE_PASS ||
           (scan_db_begin(self->db, capture->file.id, error) && scan_db_drop_grown(self->db, &capture->file,
                                                                                    capture->host, error));
}

static gboolean close_capture(reader *self, import_capture *capture, scan_counts *counts, GError **error)
{
    gboolean pass = capture->open == CAPTURE_PASS;

    capture->open = CAPTURE_NONE;
    if (pass) {
        counts->known++;
        return TRUE;
    }
    if (!scan_db_commit(self->db, &capture->file, capture->signature, &capture->result, error)) {
        return FALSE;
    }
    counts->read++;
    counts->refused += capture->result.refused > 0;
    counts->refused_records += capture->result.refused;
    return TRUE;
}

static gboolean import_record(reader *self, import_capture *capture, scan_counts *counts, GError **error)
{
    const scan_record *record = &self->record;

    if (record->kind == RECORD_ROW && record->table == RECORD_FILE) {
        if (capture->open == CAPTURE_TAKE) {
            scan_warn("%s: the records of %s have no end and are not taken", self->name, capture->file.path);
            scan_db_rollback(self->db);
            counts->failed++;
        }
        return open_capture(self, capture, error);
    }
    if (capture->open == CAPTURE_NONE) {
        if (record->kind != RECORD_OTHER) {
            refuse(self, "no \"file\" record before it");
            counts->refused_records++;
        }
        return TRUE;
    }
    if (record->kind == RECORD_END) {
        return close_capture(self, capture, counts, error);
    }
    if (capture->open == CAPTURE_TAKE && is_row(record)) {
        capture->result.records++;
        return scan_db_add(self->db, &capture->file, capture->host, record, error);
    }
    return TRUE;
}

gboolean scan_records_import_from(scan_db *db, FILE *input, const char *name, scan_counts *counts, GError **error)
{
    import_capture capture = {0};
    GError *local = NULL;
    guint captures = counts->refused;
    reader self;

    reader_init(&self, db, input, name);
    while (!local && !scan_stop && next_record(&self, &capture.result.refused, &local)) {
        import_record(&self, &capture, counts, &local);
    }
    if (!local && scan_stop) {
        g_set_error(&local, SCAN_FAILURE, 0, "interrupted");
    } else if (!local && capture.open == CAPTURE_TAKE) {
        g_set_error(&local, SCAN_FAILURE, 0, "cut short within the records of %s, which are not taken",
                    capture.file.path);
    }
    if (self.refused && counts->refused == captures) {
        counts->refused++; /* outside of what was taken */
    }
    if (local) {
        scan_db_rollback(db);
        g_propagate_error(error, local);
    }
    capture_clear(&capture);
    reader_clear(&self);
    return local == NULL;
}

static FILE *open_records(const char *path, GError **error)
{
    FILE *input = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

    if (!input) {
        g_set_error(error, SCAN_FAILURE, errno, "%s", g_strerror(errno));
    }
    return input;
}

static void close_records(FILE *input)
{
    if (input != stdin) {
        fclose(input);
    }
}

gboolean scan_records_import(scan_db *db, const char *path, scan_counts *counts, GError **error)
{
    FILE *input = open_records(path, error);
    gboolean ok = input && scan_records_import_from(db, input, path, counts, error);

    if (input) {
        close_records(input);
    }
    return ok;
}

gboolean scan_records_known(const char *path, const char *host, GHashTable *ids, GError **error)
{
    FILE *input = open_records(path, error);
    guint64 refused = 0;
    GError *local = NULL;
    reader self;

    if (!input) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    reader_init(&self, NULL, input, path);
    while (next_record(&self, &refused, &local)) {
        const scan_record *record = &self.record;
        if (record->kind == RECORD_ROW && record->table == RECORD_FILE && record->values[FILE_CONTENT].type == VALUE_TEXT &&
            strcmp(record->values[FILE_HOST].text, host) == 0 && strcmp(record->values[FILE_STATE].text, "growing") != 0) {
            gint64 id = scan_file_id(NULL, record->values[FILE_CONTENT].text); /* as here, not as there */
            g_hash_table_add(ids, g_memdup2(&id, sizeof id));
        }
    }
    reader_clear(&self);
    close_records(input);
    if (local) {
        g_propagate_error(error, local);
    }
    return local == NULL;
}

/* ---- writing ---- */

static void put_line(FILE *output, JsonBuilder *builder)
{
    JsonGenerator *generator = json_generator_new();
    JsonNode *root = json_builder_get_root(builder);
    char *text;

    json_generator_set_root(generator, root);
    text = json_generator_to_data(generator, NULL);
    fprintf(output, "%s\n", text);
    g_free(text);
    json_node_unref(root);
    g_object_unref(generator);
    g_object_unref(builder);
}

static void put_file(FILE *output, const scan_file *file, const char *signature, const char *host, const char *state,
                     const char *engine)
{
    char *path = scan_printable(file->path), *safe_host = scan_printable(host);
    const char *const texts[] = {"record", "file", "host", safe_host, "path", path, "point", file->point,
                                 "signature", signature, "state", state, "content", file->content.whole,
                                 "head", file->content.head, "engine", engine, NULL};
    JsonBuilder *builder = json_builder_begin_object(json_builder_new());

    for (unsigned i = 0; texts[i]; i += 2) {
        json_builder_add_string_value(json_builder_set_member_name(builder, texts[i]), texts[i + 1]);
    }
    json_builder_add_int_value(json_builder_set_member_name(builder, "schema"), TOA_FILE_RECORDS_VERSION);
    json_builder_add_int_value(json_builder_set_member_name(builder, "size"), file->size);
    json_builder_add_int_value(json_builder_set_member_name(builder, "mtime"), file->mtime);
    put_line(output, json_builder_end_object(builder));
    g_free(path);
    g_free(safe_host);
}

gboolean scan_records_export(FILE *input, FILE *output, const scan_file *file, const char *signature, const char *host,
                             const char *state, const char *engine, guint64 *ret_taken, guint64 *ret_refused,
                             GError **error)
{
    GError *local = NULL;
    reader self;

    reader_init(&self, NULL, input, file->path);
    put_file(output, file, signature, host, state, engine);
    while (next_record(&self, ret_refused, &local)) {
        fwrite(self.lines.line, 1, self.lines.length, output);
        fputc('\n', output);
        ++*ret_taken;
    }
    fputs("{\"record\":\"end\"}\n", output);
    if (!local && (fflush(output) != 0 || ferror(output))) {
        g_set_error(&local, SCAN_FAILURE, errno, "writing the records: %s", g_strerror(errno));
    }
    reader_clear(&self);
    if (local) {
        g_propagate_error(error, local);
    }
    return local == NULL;
}
