/* map-json.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/map-json.h"

#include "read/any.h"
#include "read/map-nft.h"

#include <string.h>

/* ---- Kubernetes ---- */

/* An address and port of a service, or of an endpoint: "namespace/service/port's name/family". */
typedef struct end {
    char *of, *address;
    gint64 port;
} end;

struct scan_map_kubernetes {
    GPtrArray *services, *endpoints;
    GPtrArray *node_ports; /* end, of all nodes: its address is NULL, "of" ends before the family */
    scan_map_nodes nodes;
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
    self->node_ports = g_ptr_array_new_with_free_func(free_end);
    scan_map_nodes_init(&self->nodes);
    return self;
}

void scan_map_kubernetes_free(scan_map_kubernetes *self)
{
    g_ptr_array_free(self->services, TRUE);
    g_ptr_array_free(self->endpoints, TRUE);
    g_ptr_array_free(self->node_ports, TRUE);
    scan_map_nodes_clear(&self->nodes);
    g_free(self);
}

guint scan_map_json_count(const scan_map_kubernetes *self)
{
    return self->services->len + self->endpoints->len + self->node_ports->len + scan_map_nodes_count(&self->nodes);
}

static gboolean is_tcp(JsonObject *port)
{
    const char *protocol = scan_any_text_at(port, "protocol");

    return !protocol || g_str_equal(protocol, "TCP");
}

/* "namespace/service/port's name/" */
static char *name_of(const char *namespace, const char *service, JsonObject *port)
{
    return g_strdup_printf("%s/%s/%s/", scan_any_or_empty(namespace), scan_any_or_empty(service),
                           scan_any_or_empty(scan_any_text_at(port, "name")));
}

static void add_end(GPtrArray *list, const char *namespace, const char *service, JsonObject *port, const char *address)
{
    char *name;
    end *self;

    if (!address || !is_tcp(port) || scan_any_number_at(port, "port") < 1) {
        return;
    }
    self = g_new(end, 1);
    name = name_of(namespace, service, port);
    self->of = g_strdup_printf("%s%c", name, strchr(address, ':') ? '6' : '4');
    g_free(name);
    self->address = g_strdup(address);
    self->port = scan_any_number_at(port, "port");
    g_ptr_array_add(list, self);
}

static void add_addresses(scan_map_kubernetes *self, JsonObject *metadata, JsonObject *port, JsonArray *addresses)
{
    for (guint i = 0; i < scan_any_length(addresses); i++) {
        JsonNode *node = json_array_get_element(addresses, i);
        const char *address = JSON_NODE_HOLDS_OBJECT(node) ? scan_any_text_at(json_node_get_object(node), "ip") : scan_any_text(node);
        add_end(self->services, scan_any_text_at(metadata, "namespace"), scan_any_text_at(metadata, "name"), port, address);
    }
}

/* A port that each node has for it. */
static void add_node_port(scan_map_kubernetes *self, JsonObject *metadata, JsonObject *port)
{
    gint64 number = scan_any_number_at(port, "nodePort");
    end *node_port;

    if (is_tcp(port) && number > 0) {
        node_port = g_new0(end, 1);
        node_port->of = name_of(scan_any_text_at(metadata, "namespace"), scan_any_text_at(metadata, "name"), port);
        node_port->port = number;
        g_ptr_array_add(self->node_ports, node_port);
    }
}

/* Its own addresses ("None": headless, it has none), those of outside, those of its load balancer. */
static void take_service(scan_map_kubernetes *self, JsonObject *service)
{
    JsonObject *metadata = scan_any_object(service, "metadata"), *spec = scan_any_object(service, "spec");
    JsonArray *ports = scan_any_array(spec, "ports"), *own = scan_any_array(spec, "clusterIPs");

    for (guint i = 0; i < scan_any_length(ports); i++) {
        JsonObject *port = scan_any_element(ports, i);
        add_addresses(self, metadata, port, own);
        if (!own) {
            add_end(self->services, scan_any_text_at(metadata, "namespace"), scan_any_text_at(metadata, "name"), port, scan_any_text_at(spec, "clusterIP"));
        }
        add_addresses(self, metadata, port, scan_any_array(spec, "externalIPs"));
        add_addresses(self, metadata, port, scan_any_array(scan_any_object(scan_any_object(service, "status"), "loadBalancer"), "ingress"));
        add_node_port(self, metadata, port);
    }
}

static gboolean is_ready(JsonObject *endpoint)
{
    JsonObject *conditions = scan_any_object(endpoint, "conditions");
    JsonNode *ready = conditions ? json_object_get_member(conditions, "ready") : NULL;

    return !ready || !JSON_NODE_HOLDS_VALUE(ready) || json_node_get_value_type(ready) != G_TYPE_BOOLEAN ||
           json_node_get_boolean(ready);
}

static void take_slice(scan_map_kubernetes *self, JsonObject *slice)
{
    JsonObject *metadata = scan_any_object(slice, "metadata");
    const char *service = scan_any_text_at(scan_any_object(metadata, "labels"), "kubernetes.io/service-name");
    JsonArray *ports = scan_any_array(slice, "ports"), *endpoints = scan_any_array(slice, "endpoints");

    for (guint i = 0; service && i < scan_any_length(endpoints); i++) {
        JsonArray *addresses = scan_any_array(scan_any_element(endpoints, i), "addresses");
        for (guint a = 0; is_ready(scan_any_element(endpoints, i)) && a < scan_any_length(addresses); a++) {
            for (guint p = 0; p < scan_any_length(ports); p++) {
                add_end(self->endpoints, scan_any_text_at(metadata, "namespace"), service, scan_any_element(ports, p),
                        scan_any_text(json_array_get_element(addresses, a)));
            }
        }
    }
}

/* A node may be reached by each of its addresses. */
static void take_node(scan_map_kubernetes *self, JsonObject *node)
{
    JsonArray *addresses = scan_any_array(scan_any_object(node, "status"), "addresses");

    for (guint i = 0; i < scan_any_length(addresses); i++) {
        const char *address = scan_any_text_at(scan_any_element(addresses, i), "address");
        if (address) {
            scan_map_nodes_add(&self->nodes, address);
        }
    }
}

static void take_kubernetes(scan_map_kubernetes *self, JsonObject *object)
{
    const char *kind = scan_any_or_empty(scan_any_text_at(object, "kind"));
    JsonArray *items = scan_any_array(object, "items");

    if (g_str_equal(kind, "Service")) {
        take_service(self, object);
    } else if (g_str_equal(kind, "EndpointSlice")) {
        take_slice(self, object);
    } else if (g_str_equal(kind, "Node")) {
        take_node(self, object);
    }
    for (guint i = 0; i < scan_any_length(items); i++) {
        JsonObject *item = scan_any_element(items, i);
        if (item && !scan_any_array(item, "items")) {
            take_kubernetes(self, item);
        }
    }
}

static void join_node_ports(scan_map_kubernetes *self, GHashTable *by_name)
{
    for (guint i = 0; i < self->node_ports->len; i++) {
        const end *node_port = self->node_ports->pdata[i];
        for (const char *family = "46"; *family; family++) {
            char *name = g_strdup_printf("%s%c", node_port->of, *family);
            GPtrArray *list = g_hash_table_lookup(by_name, name);
            for (guint e = 0; list && e < list->len; e++) {
                const end *endpoint = list->pdata[e];
                scan_map_nodes_add_port(&self->nodes, node_port->port, endpoint->address, endpoint->port);
            }
            g_free(name);
        }
    }
}

void scan_map_kubernetes_join(scan_map *map, scan_map_kubernetes *self)
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
    join_node_ports(self, by_name);
    scan_map_nodes_join(&self->nodes, map);
    g_hash_table_destroy(by_name);
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
            JsonObject *object = scan_any_element(json_node_get_array(root), i);
            if (object) {
                take_kubernetes(kubernetes, object);
            }
        }
    } else if (root && JSON_NODE_HOLDS_OBJECT(root)) {
        scan_map_nft(map, &kubernetes->nodes, scan_any_array(json_node_get_object(root), "nftables"));
        take_kubernetes(kubernetes, json_node_get_object(root));
    }
    g_object_unref(parser);
    return TRUE;
}
