/* json-glib.h
 * What report/json.c uses of json-glib, for the page in the browser. The text is written while the builder is fed, and
 * always pretty.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WEB_JSON_GLIB_H
#define TOA_WEB_JSON_GLIB_H

#include "g-text.h"

typedef struct JsonBuilder JsonBuilder;
typedef JsonBuilder JsonNode;
typedef struct JsonGenerator JsonGenerator;

JsonBuilder *json_builder_new(void);
JsonBuilder *json_builder_begin_object(JsonBuilder *self);
JsonBuilder *json_builder_end_object(JsonBuilder *self);
JsonBuilder *json_builder_begin_array(JsonBuilder *self);
JsonBuilder *json_builder_end_array(JsonBuilder *self);
JsonBuilder *json_builder_set_member_name(JsonBuilder *self, const char *name);
JsonBuilder *json_builder_add_string_value(JsonBuilder *self, const char *text);
JsonBuilder *json_builder_add_int_value(JsonBuilder *self, gint64 number);
JsonBuilder *json_builder_add_boolean_value(JsonBuilder *self, gboolean value);
JsonBuilder *json_builder_add_null_value(JsonBuilder *self);
JsonNode *json_builder_get_root(JsonBuilder *self); /* the builder itself; goes with it */
void json_node_unref(JsonNode *node);

JsonGenerator *json_generator_new(void);
void json_generator_set_root(JsonGenerator *self, JsonNode *root);
void json_generator_set_pretty(JsonGenerator *self, gboolean pretty);
char *json_generator_to_data(JsonGenerator *self, gsize *ret_length); /* ret_length NULL only; once */

/* Of a builder or a generator. */
void g_object_unref(gpointer object);

#endif
