/* map-json.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/map-json.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* ---- JSON that may be anything ---- */

static JsonObject *object_at(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonArray *array_at(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static guint length(JsonArray *array)
{
    return array ? json_array_get_length(array) : 0;
}

static JsonObject *element(JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element(array, i);

    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static const char *node_text(JsonNode *node)
{
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node) : NULL;
}

/* -1: no number. */
static gint64 node_number(JsonNode *node)
{
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64 ? json_node_get_int(node) : -1;
}

static const char *text_at(JsonObject *object, const char *name)
{
    return object ? node_text(json_object_get_member(object, name)) : NULL;
}

static gint64 number_at(JsonObject *object, const char *name)
{
    return object ? node_number(json_object_get_member(object, name)) : -1;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* ---- Kubernetes ---- */

/* An address and port of a service, or of an endpoint: "namespace/service/port's name/family". */
typedef struct end {
    char *of, *address;
    gint64 port;
} end;

struct scan_map_kubernetes {
    GPtrArray *services, *endpoints;
};

static void free_end(gpointer data)
{
    end *self = data;

    g_free(self->of);
    g_free(self->address);
    g_free(self);
}

scan_map_kubernetes *scan_map_kubernetes_new(void)
{
    scan_map_kubernetes *self = g_new(scan_map_kubernetes, 1);

    self->services = g_ptr_array_new_with_free_func(free_end);
    self->endpoints = g_ptr_array_new_with_free_func(free_end);
    return self;
}

void scan_map_kubernetes_free(scan_map_kubernetes *self)
{
    g_ptr_array_free(self->services, TRUE);
    g_ptr_array_free(self->endpoints, TRUE);
    g_free(self);
}

guint scan_map_json_count(const scan_map_kubernetes *self)
{
    return self->services->len + self->endpoints->len;
}

static void add_end(GPtrArray *list, const char *namespace, const char *service, JsonObject *port, const char *address)
{
    const char *protocol = text_at(port, "protocol");
    end *self;

    if (!address || (protocol && strcmp(protocol, "TCP") != 0) || number_at(port, "port") < 1) {
        return;
    }
    self = g_new(end, 1);
    self->of = g_strdup_printf("%s/%s/%s/%c", or_empty(namespace), or_empty(service), or_empty(text_at(port, "name")),
                               strchr(address, ':') ? '6' : '4');
    self->address = g_strdup(address);
    self->port = number_at(port, "port");
    g_ptr_array_add(list, self);
}

static void add_addresses(scan_map_kubernetes *self, JsonObject *metadata, JsonObject *port, JsonArray *addresses)
{
    for (guint i = 0; i < length(addresses); i++) {
        JsonNode *node = json_array_get_element(addresses, i);
        const char *address = JSON_NODE_HOLDS_OBJECT(node) ? text_at(json_node_get_object(node), "ip") : node_text(node);
        add_end(self->services, text_at(metadata, "namespace"), text_at(metadata, "name"), port, address);
    }
}

/* Its own addresses ("None": headless, it has none), those of outside, those of its load balancer. */
static void take_service(scan_map_kubernetes *self, JsonObject *service)
{
    JsonObject *metadata = object_at(service, "metadata"), *spec = object_at(service, "spec");
    JsonArray *ports = array_at(spec, "ports"), *own = array_at(spec, "clusterIPs");

    for (guint i = 0; i < length(ports); i++) {
        JsonObject *port = element(ports, i);
        add_addresses(self, metadata, port, own);
        if (!own) {
            add_end(self->services, text_at(metadata, "namespace"), text_at(metadata, "name"), port, text_at(spec, "clusterIP"));
        }
        add_addresses(self, metadata, port, array_at(spec, "externalIPs"));
        add_addresses(self, metadata, port, array_at(object_at(object_at(service, "status"), "loadBalancer"), "ingress"));
    }
}

static gboolean is_ready(JsonObject *endpoint)
{
    JsonObject *conditions = object_at(endpoint, "conditions");
    JsonNode *ready = conditions ? json_object_get_member(conditions, "ready") : NULL;

    return !ready || !JSON_NODE_HOLDS_VALUE(ready) || json_node_get_value_type(ready) != G_TYPE_BOOLEAN ||
           json_node_get_boolean(ready);
}

static void take_slice(scan_map_kubernetes *self, JsonObject *slice)
{
    JsonObject *metadata = object_at(slice, "metadata");
    const char *service = text_at(object_at(metadata, "labels"), "kubernetes.io/service-name");
    JsonArray *ports = array_at(slice, "ports"), *endpoints = array_at(slice, "endpoints");

    for (guint i = 0; service && i < length(endpoints); i++) {
        JsonArray *addresses = array_at(element(endpoints, i), "addresses");
        for (guint a = 0; is_ready(element(endpoints, i)) && a < length(addresses); a++) {
            for (guint p = 0; p < length(ports); p++) {
                add_end(self->endpoints, text_at(metadata, "namespace"), service, element(ports, p),
                        node_text(json_array_get_element(addresses, a)));
            }
        }
    }
}

static void take_kubernetes(scan_map_kubernetes *self, JsonObject *object)
{
    const char *kind = or_empty(text_at(object, "kind"));
    JsonArray *items = array_at(object, "items");

    if (g_str_equal(kind, "Service")) {
        take_service(self, object);
    } else if (g_str_equal(kind, "EndpointSlice")) {
        take_slice(self, object);
    }
    for (guint i = 0; i < length(items); i++) {
        JsonObject *item = element(items, i);
        if (item && !array_at(item, "items")) {
            take_kubernetes(self, item);
        }
    }
}

void scan_map_kubernetes_join(scan_map *map, const scan_map_kubernetes *self)
{
    GHashTable *by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);

    for (guint i = 0; i < self->endpoints->len; i++) {
        end *endpoint = self->endpoints->pdata[i];
        GPtrArray *list = g_hash_table_lookup(by_name, endpoint->of);
        if (!list) {
            list = g_ptr_array_new();
            g_hash_table_insert(by_name, endpoint->of, list);
        }
        g_ptr_array_add(list, endpoint);
    }
    for (guint i = 0; i < self->services->len; i++) {
        const end *service = self->services->pdata[i];
        GPtrArray *list = g_hash_table_lookup(by_name, service->of);
        for (guint e = 0; list && e < list->len && map->rows->len <= SCAN_MAP_ROWS_MAX; e++) {
            const end *endpoint = list->pdata[e];
            scan_map_add(map, service->address, service->port, endpoint->address, endpoint->port, 0, 0);
        }
    }
    g_hash_table_destroy(by_name);
}

/* ---- nftables ---- */

/* The values of one side of a match: itself, or the elements of {"set": [...]}. NULL: something else. */
static GPtrArray *values_of(JsonNode *right)
{
    JsonArray *set = JSON_NODE_HOLDS_OBJECT(right) ? array_at(json_node_get_object(right), "set") : NULL;
    GPtrArray *values = g_ptr_array_new();

    if (JSON_NODE_HOLDS_VALUE(right)) {
        g_ptr_array_add(values, right);
    }
    for (guint i = 0; i < length(set); i++) {
        g_ptr_array_add(values, json_array_get_element(set, i));
    }
    return values;
}

typedef struct rule {
    GPtrArray *addresses, *ports; /* JsonNode, borrowed; NULL: nothing said */
} rule;

static void take_match(rule *self, JsonObject *match)
{
    JsonObject *payload = object_at(object_at(match, "left"), "payload");
    const char *protocol = or_empty(text_at(payload, "protocol")), *field = or_empty(text_at(payload, "field"));
    const char *op = or_empty(text_at(match, "op"));
    JsonNode *right = json_object_get_member(match, "right");
    GPtrArray **list = g_str_equal(field, "daddr") && g_str_has_prefix(protocol, "ip") ? &self->addresses
                       : g_str_equal(field, "dport") && g_str_equal(protocol, "tcp")   ? &self->ports
                                                                                       : NULL;

    if (list && right && !*list && (g_str_equal(op, "==") || g_str_equal(op, "in"))) {
        *list = values_of(right);
    }
}

/* dnat to one address; port -1: that of the match. */
static void add_target(scan_map *map, const rule *self, const char *server, gint64 port)
{
    for (guint a = 0; server && a < self->addresses->len; a++) {
        const char *vip = node_text(self->addresses->pdata[a]);
        for (guint p = 0; vip && p < self->ports->len && map->rows->len <= SCAN_MAP_ROWS_MAX; p++) {
            gint64 vip_port = node_number(self->ports->pdata[p]);
            scan_map_add(map, vip, vip_port, server, port < 0 ? vip_port : port, 0, 0);
        }
    }
}

/* {"map": {"key": ..., "data": {"set": [[key, "address"], [key, {"concat": ["address", port]}] ...]}}} */
static void add_targets(scan_map *map, const rule *self, JsonObject *address, gint64 port)
{
    JsonArray *set = array_at(object_at(object_at(address, "map"), "data"), "set");

    for (guint i = 0; i < length(set); i++) {
        JsonNode *pair = json_array_get_element(set, i), *value;
        JsonArray *concat;
        if (!JSON_NODE_HOLDS_ARRAY(pair) || json_array_get_length(json_node_get_array(pair)) != 2) {
            continue;
        }
        value = json_array_get_element(json_node_get_array(pair), 1);
        concat = JSON_NODE_HOLDS_OBJECT(value) ? array_at(json_node_get_object(value), "concat") : NULL;
        if (length(concat) == 2) {
            add_target(map, self, node_text(json_array_get_element(concat, 0)), node_number(json_array_get_element(concat, 1)));
        } else {
            add_target(map, self, node_text(value), port);
        }
    }
}

static void take_rule(scan_map *map, JsonArray *expressions)
{
    rule self = {NULL, NULL};

    for (guint i = 0; i < length(expressions); i++) {
        JsonObject *expression = element(expressions, i), *match = object_at(expression, "match"), *dnat = object_at(expression, "dnat");
        JsonNode *address = dnat ? json_object_get_member(dnat, "addr") : NULL;
        if (match) {
            take_match(&self, match);
        } else if (address && self.addresses && self.ports) {
            gint64 port = number_at(dnat, "port");
            if (JSON_NODE_HOLDS_OBJECT(address)) {
                add_targets(map, &self, json_node_get_object(address), port);
            } else {
                add_target(map, &self, node_text(address), port);
            }
        }
    }
    g_clear_pointer(&self.addresses, g_ptr_array_unref);
    g_clear_pointer(&self.ports, g_ptr_array_unref);
}

static void take_ruleset(scan_map *map, JsonArray *objects)
{
    for (guint i = 0; i < length(objects); i++) {
        take_rule(map, array_at(object_at(element(objects, i), "rule"), "expr"));
    }
}

/* The parser calls itself for each level. */
#define DEPTH_MAX 100

static gboolean is_too_deep(const char *text)
{
    gboolean quoted = FALSE;
    int depth = 0;

    for (; *text; text++) {
        if (quoted) {
            quoted = *text != '"';
            text += *text == '\\' && text[1];
        } else if (*text == '"') {
            quoted = TRUE;
        } else if (*text == '{' || *text == '[') {
            if (++depth > DEPTH_MAX) {
                return TRUE;
            }
        } else if (*text == '}' || *text == ']') {
            depth--;
        }
    }
    return FALSE;
}

gboolean scan_map_json(scan_map *map, scan_map_kubernetes *kubernetes, const char *path, const char *text, GError **error)
{
    JsonParser *parser;
    JsonNode *root;

    if (is_too_deep(text)) {
        g_set_error(error, SCAN_FAILURE, 0, "%s: JSON of more than %d levels is no map", path, DEPTH_MAX);
        return FALSE;
    }
    parser = json_parser_new();
    if (!json_parser_load_from_data(parser, text, -1, error)) {
        g_prefix_error(error, "%s: ", path);
        g_object_unref(parser);
        return FALSE;
    }
    root = json_parser_get_root(parser);
    if (root && JSON_NODE_HOLDS_ARRAY(root)) {
        for (guint i = 0; i < json_array_get_length(json_node_get_array(root)); i++) {
            JsonObject *object = element(json_node_get_array(root), i);
            if (object) {
                take_kubernetes(kubernetes, object);
            }
        }
    } else if (root && JSON_NODE_HOLDS_OBJECT(root)) {
        take_ruleset(map, array_at(json_node_get_object(root), "nftables"));
        take_kubernetes(kubernetes, json_node_get_object(root));
    }
    g_object_unref(parser);
    return TRUE;
}
