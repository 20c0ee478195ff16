/* records.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/records.h"

#include <json-glib/json-glib.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    scan_db *db;
    FILE *input;
    JsonParser *parser;
    char *line;
    size_t capacity, length;
    guint64 number;
    scan_result result; /* of the capture being read */
    scan_totals *totals;
} reader;

static void reader_init(reader *self, scan_db *db, FILE *input, scan_totals *totals)
{
    *self = (reader){.db = db, .input = input, .totals = totals};
    self->parser = json_parser_new_immutable();
}

static void reader_clear(reader *self)
{
    g_object_unref(self->parser);
    free(self->line);
}

/* The next line, valid until the next call. False at the end, or with error set. */
static gboolean next_line(reader *self, GError **error)
{
    ssize_t length;

    errno = 0;
    length = getline(&self->line, &self->capacity, self->input);
    if (length < 0) {
        if (errno) {
            g_set_error(error, SCAN_FAILURE, errno, "records: %s", g_strerror(errno));
        }
        return FALSE;
    }
    self->length = (size_t)length;
    self->number++;
    return TRUE;
}

/* The line as an object, valid until the next line; NULL with error set. */
static JsonObject *parse_line(reader *self, GError **error)
{
    JsonNode *root = NULL;

    if (json_parser_load_from_data(self->parser, self->line, (gssize)self->length, error)) {
        root = json_parser_get_root(self->parser);
        if (root && JSON_NODE_HOLDS_OBJECT(root)) {
            return json_node_get_object(root);
        }
        g_set_error(error, SCAN_FAILURE, 0, "not a JSON object");
    }
    g_prefix_error(error, "record %" G_GUINT64_FORMAT ": ", self->number);
    return NULL;
}

static const char *kind_of(JsonObject *record)
{
    return json_object_get_string_member_with_default(record, "record", "");
}

/* *ret_taken: false for other kinds, which are left for later versions. */
static gboolean add(reader *self, const scan_file *file, gboolean *ret_taken, GError **error)
{
    gboolean ok = scan_db_add(self->db, file->id, file->point, self->line, self->length, ret_taken, error);

    self->result.records += *ret_taken;
    if (!ok) {
        g_prefix_error(error, "record %" G_GUINT64_FORMAT ": ", self->number);
    }
    return ok;
}

static void add_totals(reader *self)
{
    self->totals->files++;
    self->totals->packets += (guint64)self->result.packets;
}

gboolean scan_records_load(scan_db *db, FILE *input, const scan_file *file, const char *signature,
                           const char *host, const char *state, scan_totals *totals, GError **error)
{
    reader self;
    GError *local = NULL;
    gboolean taken;

    if (!scan_db_begin(db, file->id, error)) {
        return FALSE;
    }
    reader_init(&self, db, input, totals);
    self.result.host = host;
    self.result.state = state;
    while (!local && !scan_stop && next_line(&self, &local)) {
        add(&self, file, &taken, &local);
    }
    if (!local && scan_stop) {
        g_set_error(&local, SCAN_FAILURE, 0, "interrupted");
    }
    if (!local && scan_db_commit(db, file, signature, &self.result, &local)) {
        add_totals(&self);
    }
    reader_clear(&self);
    if (local) {
        scan_db_rollback(db);
        g_propagate_error(error, local);
        return FALSE;
    }
    return TRUE;
}

/* ---- files of --records ---- */

static char *dup_member(JsonObject *record, const char *name)
{
    return g_strdup(json_object_get_string_member_with_default(record, name, ""));
}

typedef struct import_capture {
    scan_file file;
    char *host, *signature, *state;
    gboolean open, skip;
} import_capture;

static void capture_clear(import_capture *self)
{
    g_free(self->file.path);
    g_free(self->file.point);
    g_free(self->host);
    g_free(self->signature);
    g_free(self->state);
    *self = (import_capture){0};
}

static gboolean open_capture(reader *self, import_capture *capture, JsonObject *record, GError **error)
{
    capture_clear(capture);
    capture->file.path = dup_member(record, "path");
    capture->file.point = dup_member(record, "point");
    capture->host = dup_member(record, "host");
    capture->signature = dup_member(record, "signature");
    capture->state = dup_member(record, "state");
    capture->file.size = json_object_get_int_member_with_default(record, "size", 0);
    capture->file.mtime = json_object_get_int_member_with_default(record, "mtime", 0);
    capture->file.id = scan_file_id(capture->host, capture->file.path);
    self->result = (scan_result){.host = capture->host, .state = capture->state};
    if (!scan_db_has(self->db, &capture->file, capture->signature, &capture->skip, error)) {
        return FALSE;
    }
    capture->open = capture->skip || scan_db_begin(self->db, capture->file.id, error);
    return capture->open;
}

static gboolean close_capture(reader *self, import_capture *capture, GError **error)
{
    capture->open = FALSE;
    if (capture->skip) {
        return TRUE;
    }
    if (!scan_db_commit(self->db, &capture->file, capture->signature, &self->result, error)) {
        return FALSE;
    }
    add_totals(self);
    return TRUE;
}

static gboolean import_line(reader *self, import_capture *capture, GError **error)
{
    gboolean taken = FALSE;
    JsonObject *record;

    if (capture->open && !capture->skip && !add(self, &capture->file, &taken, error)) {
        return FALSE;
    }
    if (taken) {
        return TRUE;
    }
    if (!(record = parse_line(self, error))) {
        return FALSE;
    }
    if (strcmp(kind_of(record), "file") == 0) {
        if (capture->open) {
            scan_warn("%s: its records have no end and are not taken", capture->file.path);
            scan_db_rollback(self->db);
        }
        return open_capture(self, capture, record, error);
    }
    if (!capture->open) {
        g_set_error(error, SCAN_FAILURE, 0, "record %" G_GUINT64_FORMAT ": no \"file\" record before it",
                    self->number);
        return FALSE;
    }
    return strcmp(kind_of(record), "end") != 0 || close_capture(self, capture, error);
}

gboolean scan_records_import(scan_db *db, const char *path, scan_totals *totals, GError **error)
{
    FILE *input = fopen(path, "r");
    reader self;
    import_capture capture = {0};
    GError *local = NULL;

    if (!input) {
        g_set_error(error, SCAN_FAILURE, errno, "%s", g_strerror(errno));
        return FALSE;
    }
    reader_init(&self, db, input, totals);
    while (!local && !scan_stop && next_line(&self, &local)) {
        import_line(&self, &capture, &local);
    }
    if (!local && capture.open) {
        g_set_error(&local, SCAN_FAILURE, 0, "cut short within the records of %s, which are not taken",
                    capture.file.path);
    }
    if (local) {
        scan_db_rollback(db);
        g_propagate_error(error, local);
    }
    capture_clear(&capture);
    reader_clear(&self);
    fclose(input);
    return local == NULL;
}

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

static void put_file(FILE *output, const scan_file *file, const char *signature, const char *host,
                     const char *state)
{
    const char *const texts[] = {"record", "file", "host", host, "path", file->path, "point", file->point,
                                 "signature", signature, "state", state, NULL};
    JsonBuilder *builder = json_builder_begin_object(json_builder_new());

    for (unsigned i = 0; texts[i]; i += 2) {
        json_builder_add_string_value(json_builder_set_member_name(builder, texts[i]), texts[i + 1]);
    }
    json_builder_add_int_value(json_builder_set_member_name(builder, "size"), file->size);
    json_builder_add_int_value(json_builder_set_member_name(builder, "mtime"), file->mtime);
    put_line(output, json_builder_end_object(builder));
}

gboolean scan_records_export(FILE *input, FILE *output, const scan_file *file, const char *signature,
                             const char *host, const char *state, GError **error)
{
    char buffer[65536];
    size_t length;

    put_file(output, file, signature, host, state);
    while ((length = fread(buffer, 1, sizeof buffer, input)) > 0 && fwrite(buffer, 1, length, output) == length) {
    }
    fputs("{\"record\":\"end\"}\n", output);
    if (ferror(input) || fflush(output) != 0 || ferror(output)) {
        g_set_error(error, SCAN_FAILURE, errno, "writing the records: %s", g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}
