/* any.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/any.h"

JsonObject *scan_any_object(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonArray *scan_any_array(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

guint scan_any_length(JsonArray *array)
{
    return array ? json_array_get_length(array) : 0;
}

JsonObject *scan_any_element(JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element(array, i);

    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

const char *scan_any_text(JsonNode *node)
{
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node) : NULL;
}

/* -1: no number. */
gint64 scan_any_number(JsonNode *node)
{
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64 ? json_node_get_int(node) : -1;
}

const char *scan_any_text_at(JsonObject *object, const char *name)
{
    return object ? scan_any_text(json_object_get_member(object, name)) : NULL;
}

gint64 scan_any_number_at(JsonObject *object, const char *name)
{
    return object ? scan_any_number(json_object_get_member(object, name)) : -1;
}

const char *scan_any_or_empty(const char *text)
{
    return text ? text : "";
}
