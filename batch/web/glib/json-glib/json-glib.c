/* json-glib.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "json-glib/json-glib.h"

/* Both begin with what they are. */
typedef enum object_kind { BUILDER, GENERATOR } object_kind;

struct JsonBuilder {
    object_kind kind;
    GString *text;
    guint depth;
    gboolean follows; /* a member or element was written where we are */
    gboolean named;   /* the value's name was written */
};

struct JsonGenerator {
    object_kind kind;
    JsonBuilder *root;
};

JsonBuilder *json_builder_new(void)
{
    JsonBuilder *self = g_new0(JsonBuilder, 1);

    self->kind = BUILDER;
    self->text = g_string_new(NULL);
    return self;
}

static void new_line(JsonBuilder *self)
{
    g_string_append_c(self->text, '\n');
    for (guint i = 0; i < self->depth; i++) {
        g_string_append(self->text, "  ");
    }
}

/* In front of each member and element. */
static void place(JsonBuilder *self)
{
    if (self->named) {
        self->named = FALSE;
        return;
    }
    if (self->follows) {
        g_string_append_c(self->text, ',');
    }
    if (self->depth) {
        new_line(self);
    }
    self->follows = TRUE;
}

static void append_quoted(GString *out, const char *text)
{
    static const char letters[] = "btnvfr"; /* of 8 to 13 */

    g_string_append_c(out, '"');
    for (; *text; text++) {
        guchar c = (guchar)*text;
        if (c == '"' || c == '\\') {
            g_string_append_c(out, '\\');
            g_string_append_c(out, (char)c);
        } else if (c >= 8 && c <= 13 && c != 11) {
            g_string_append_c(out, '\\');
            g_string_append_c(out, letters[c - 8]);
        } else if (c < 0x20 || c == 0x7f) {
            g_string_append_printf(out, "\\u00%02x", c);
        } else {
            g_string_append_c(out, (char)c);
        }
    }
    g_string_append_c(out, '"');
}

static JsonBuilder *begin(JsonBuilder *self, char bracket)
{
    place(self);
    g_string_append_c(self->text, bracket);
    self->depth++;
    self->follows = FALSE;
    return self;
}

static JsonBuilder *end(JsonBuilder *self, char bracket)
{
    self->depth--;
    if (self->follows) {
        new_line(self);
    }
    g_string_append_c(self->text, bracket);
    self->follows = TRUE;
    return self;
}

JsonBuilder *json_builder_begin_object(JsonBuilder *self)
{
    return begin(self, '{');
}

JsonBuilder *json_builder_end_object(JsonBuilder *self)
{
    return end(self, '}');
}

JsonBuilder *json_builder_begin_array(JsonBuilder *self)
{
    return begin(self, '[');
}

JsonBuilder *json_builder_end_array(JsonBuilder *self)
{
    return end(self, ']');
}

JsonBuilder *json_builder_set_member_name(JsonBuilder *self, const char *name)
{
    place(self);
    append_quoted(self->text, name);
    g_string_append(self->text, " : ");
    self->named = TRUE;
    return self;
}

JsonBuilder *json_builder_add_string_value(JsonBuilder *self, const char *text)
{
    place(self);
    append_quoted(self->text, text);
    return self;
}

JsonBuilder *json_builder_add_int_value(JsonBuilder *self, gint64 number)
{
    place(self);
    g_string_append_printf(self->text, "%" G_GINT64_FORMAT, number);
    return self;
}

JsonBuilder *json_builder_add_boolean_value(JsonBuilder *self, gboolean value)
{
    place(self);
    g_string_append(self->text, value ? "true" : "false");
    return self;
}

JsonBuilder *json_builder_add_null_value(JsonBuilder *self)
{
    place(self);
    g_string_append(self->text, "null");
    return self;
}

JsonNode *json_builder_get_root(JsonBuilder *self)
{
    return self;
}

void json_node_unref(JsonNode *node)
{
    (void)node;
}

JsonGenerator *json_generator_new(void)
{
    JsonGenerator *self = g_new0(JsonGenerator, 1);

    self->kind = GENERATOR;
    return self;
}

void json_generator_set_root(JsonGenerator *self, JsonNode *root)
{
    self->root = root;
}

void json_generator_set_pretty(JsonGenerator *self, gboolean pretty)
{
    (void)self;
    (void)pretty;
}

char *json_generator_to_data(JsonGenerator *self, gsize *ret_length)
{
    (void)ret_length;
    return g_strdup(self->root->text->str);
}

void g_object_unref(gpointer object)
{
    if (*(object_kind *)object == BUILDER) {
        g_string_free(((JsonBuilder *)object)->text, TRUE);
    }
    g_free(object);
}
