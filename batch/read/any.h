/* any.h
 * JSON that may be anything: what is not there, or is something else, is NULL, nothing, or -1.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_ANY_H
#define TOA_SCAN_ANY_H

#include <json-glib/json-glib.h>

JsonObject *scan_any_object(JsonObject *object, const char *name);
JsonArray *scan_any_array(JsonObject *object, const char *name);
guint scan_any_length(JsonArray *array);
/* i must be less than its length. */
JsonObject *scan_any_element(JsonArray *array, guint i);
const char *scan_any_text(JsonNode *node);
/* -1: no number. */
gint64 scan_any_number(JsonNode *node);
const char *scan_any_text_at(JsonObject *object, const char *name);
gint64 scan_any_number_at(JsonObject *object, const char *name);
/* "" for NULL. */
const char *scan_any_or_empty(const char *text);

#endif
