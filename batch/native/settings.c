/* settings.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "native/settings.h"

#include "core/option/segment.h"

#include <stdlib.h>
#include <string.h>

void toa_settings_init(toa_settings *settings)
{
    toa_config_init(&settings->config);
    settings->map = g_array_new(FALSE, FALSE, sizeof(toa_map_row));
}

void toa_settings_clear(toa_settings *settings)
{
    toa_config_clear(&settings->config);
    g_array_free(settings->map, TRUE);
}

void toa_settings_finish(toa_settings *settings)
{
    toa_config_set_map(&settings->config, (const toa_map_row *)(void *)settings->map->data, settings->map->len);
}

/* ---- preferences with one value ---- */

/* False: value is none of the names, which end with NULL. */
static bool find_name(const char *const *names, const char *value, unsigned *ret_index)
{
    for (unsigned i = 0; names[i]; i++) {
        if (g_ascii_strcasecmp(names[i], value) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

static bool read_number(const char *text, unsigned low, unsigned high, unsigned *ret_number)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(text, 10, low, high, &value, NULL)) {
        return false;
    }
    *ret_number = (unsigned)value;
    return true;
}

/* The order of names is that of the enumerators. */
static const char *const rewriting_names[] = {"unknown", "yes", "no", NULL};
static const char *const effective_names[] = {"first", "last", NULL};
static const char *const reply_names[] = {"destination", "source", NULL};
static const char *const kind253_names[] = {"port-first", "always-port-first", "always-address-first", NULL};
static const char *const boolean_names[] = {"false", "true", NULL};

static bool take_value(toa_config *config, const char *name, const char *value)
{
    unsigned index;

    if (strcmp(name, "rewriting") == 0 && find_name(rewriting_names, value, &index)) {
        config->rewriting = (toa_rewriting)index;
    } else if (strcmp(name, "effective") == 0 && find_name(effective_names, value, &index)) {
        config->effective = (toa_effective)index;
    } else if (strcmp(name, "reply_meaning") == 0 && find_name(reply_names, value, &index)) {
        config->reply_meaning = (toa_reply_meaning)index;
    } else if (strcmp(name, "kind253") == 0 && find_name(kind253_names, value, &index)) {
        config->kind253 = (toa_kind253)index;
    } else if (strcmp(name, "analysis") == 0 && find_name(boolean_names, value, &index)) {
        config->analysis = index != 0;
    } else if (strcmp(name, "time_wait") == 0 && read_number(value, 0, UINT_MAX, &index)) {
        config->time_wait = (int64_t)index * TOA_SECOND;
    } else {
        return strcmp(name, "info") == 0;
    }
    return true;
}

/* ---- tables ---- */

/* Values in quotation marks, commas between. NULL: something else. */
static char **split_row(const char *text)
{
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    const char *at = text;

    for (;; at++) {
        const char *end = *at == '"' ? strchr(at + 1, '"') : NULL;
        if (!end) {
            g_ptr_array_free(values, TRUE);
            return NULL;
        }
        g_ptr_array_add(values, g_strndup(at + 1, (gsize)(end - at - 1)));
        at = end + 1;
        if (*at != ',') {
            break;
        }
    }
    g_ptr_array_add(values, NULL);
    if (*at) {
        g_ptr_array_free(values, TRUE);
        return NULL;
    }
    return (char **)g_ptr_array_free(values, FALSE);
}

static bool take_map_row(toa_settings *settings, char **values)
{
    unsigned vip_port, server_port;
    toa_map_row row;

    if (g_strv_length(values) != 4 || !read_number(values[1], 1, 65535, &vip_port) ||
        !read_number(values[3], 1, 65535, &server_port) ||
        !toa_endpoint_parse(values[0], (uint16_t)vip_port, &row.vip) ||
        !toa_map_row_parse_server(values[2], (uint16_t)server_port, &row)) {
        return false;
    }
    g_array_append_val(settings->map, row);
    return true;
}

static const char *const layout_names[] = {
#define X(id, name) [TOA_LAYOUT_##id] = name,
    TOA_LAYOUTS(X)
#undef X
    NULL};
static const char *const role_names[] = {
#define X(id, name, title) [TOA_ROLE_##id] = name,
    TOA_ROLES(X)
#undef X
    NULL};
static const char *const order_names[] = {"big-endian", "little-endian", NULL};

static bool take_option_row(toa_settings *settings, char **values)
{
    unsigned kind, length, layout, role, order;
    toa_option_row row;

    if (g_strv_length(values) != 5 || !read_number(values[0], 2, 255, &kind) ||
        !read_number(values[1], 2, 40, &length) || !find_name(layout_names, values[2], &layout) ||
        !find_name(role_names, values[3], &role) || !find_name(order_names, values[4], &order) ||
        toa_option_row_error(kind, length, layout, role)) {
        return false;
    }
    row = (toa_option_row){(uint8_t)kind, (uint8_t)length, (uint8_t)layout, (uint8_t)role, (uint8_t)order, TOA_IF_ALWAYS};
    toa_option_table_add(&settings->config.options, &row);
    return true;
}

static bool take_row(toa_settings *settings, const char *text)
{
    static const struct {
        const char *prefix;
        bool (*take)(toa_settings *settings, char **values);
    } tables[] = {{"toa.map:", take_map_row}, {"toa_map:", take_map_row},
                  {"toa.options:", take_option_row}, {"toa_options:", take_option_row}};

    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        if (g_str_has_prefix(text, tables[i].prefix)) {
            char **values = split_row(text + strlen(tables[i].prefix));
            bool ok = values && tables[i].take(settings, values);
            g_strfreev(values);
            return ok;
        }
    }
    return false;
}

bool toa_settings_take(toa_settings *settings, const char *text, char **ret_error)
{
    const char *colon = strchr(text, ':');
    bool ok = false;

    if (g_str_has_prefix(text, "uat:")) {
        ok = take_row(settings, text + 4);
    } else if (colon && g_str_has_prefix(text, "toa.")) {
        char *name = g_strndup(text + 4, (gsize)(colon - text - 4));
        ok = take_value(&settings->config, name, colon + 1);
        g_free(name);
    }
    if (!ok) {
        *ret_error = g_strdup_printf("-o %s: not understood without Wireshark", text);
    }
    return ok;
}
