/* map-nft.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/map-nft.h"

#include <string.h>

/* Chains that are looked into, those of one look-up after the other; a ruleset may be made to have more. */
#define STEPS_MAX 1000000

typedef struct ruleset {
    scan_map *map;
    scan_map_nodes *nodes;
    GHashTable *chains;   /* "family/table/name" to GPtrArray of JsonArray, the rules' expressions */
    GHashTable *elements; /* ... of sets and maps, to JsonArray */
    guint steps;
} ruleset;

/* What a rule, or an element of a map, matches. */
typedef struct match {
    const char *place;            /* "family/table/" */
    GPtrArray *addresses, *ports; /* JsonNode, borrowed; NULL: nothing said */
    gboolean is_local;            /* any address of this host */
    gboolean is_other;            /* not TCP */
} match;

static void clear_match(match *self)
{
    g_clear_pointer(&self->addresses, g_ptr_array_unref);
    g_clear_pointer(&self->ports, g_ptr_array_unref);
}

static gboolean leads_somewhere(const match *self)
{
    return (self->addresses || self->is_local) && self->ports && !self->is_other;
}

/* ---- names ---- */

static char *place_of(JsonObject *object)
{
    return g_strdup_printf("%s/%s/", scan_any_or_empty(scan_any_text_at(object, "family")),
                           scan_any_or_empty(scan_any_text_at(object, "table")));
}

static gpointer find(GHashTable *table, const char *place, const char *name)
{
    char *full = name ? g_strconcat(place, name, NULL) : NULL;
    gpointer found = full ? g_hash_table_lookup(table, full) : NULL;

    g_free(full);
    return found;
}

/* Elements of {"set": [...]}, or of "@name". NULL: none. */
static JsonArray *elements_of(const ruleset *self, const char *place, JsonNode *node)
{
    const char *text = scan_any_text(node);

    if (text) {
        return *text == '@' ? find(self->elements, place, text + 1) : NULL;
    }
    return node && JSON_NODE_HOLDS_OBJECT(node) ? scan_any_array(json_node_get_object(node), "set") : NULL;
}

/* An element with a comment, a counter or a timeout is an object around it. */
static JsonNode *unwrapped(JsonNode *node)
{
    JsonObject *around = node && JSON_NODE_HOLDS_OBJECT(node) ? scan_any_object(json_node_get_object(node), "elem") : NULL;
    JsonNode *value = around ? json_object_get_member(around, "val") : NULL;

    return value ? value : node;
}

static JsonArray *concat_of(JsonNode *node)
{
    return node && JSON_NODE_HOLDS_OBJECT(node) ? scan_any_array(json_node_get_object(node), "concat") : NULL;
}

/* ---- what is matched ---- */

typedef enum part { PART_ELSE, PART_ADDRESS, PART_PORT, PART_PROTOCOL, PART_LOCAL, PART_OTHER } part;

static gboolean has_word(JsonNode *node, const char *word)
{
    JsonArray *words = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    if (!words) {
        return g_str_equal(scan_any_or_empty(scan_any_text(node)), word);
    }
    for (guint i = 0; i < scan_any_length(words); i++) {
        if (g_str_equal(scan_any_or_empty(scan_any_text(json_array_get_element(words, i))), word)) {
            return TRUE;
        }
    }
    return FALSE;
}

static part part_of(JsonNode *node)
{
    JsonObject *object = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonObject *payload = scan_any_object(object, "payload"), *meta = scan_any_object(object, "meta"), *fib = scan_any_object(object, "fib");
    const char *protocol = scan_any_or_empty(scan_any_text_at(payload, "protocol")), *field = scan_any_or_empty(scan_any_text_at(payload, "field"));

    if (fib) {
        return g_str_equal(scan_any_or_empty(scan_any_text_at(fib, "result")), "type") &&
                       has_word(json_object_get_member(fib, "flags"), "daddr")
                   ? PART_LOCAL
                   : PART_ELSE;
    }
    if (meta) {
        return g_str_equal(scan_any_or_empty(scan_any_text_at(meta, "key")), "l4proto") ? PART_PROTOCOL : PART_ELSE;
    }
    if (g_str_equal(field, "daddr")) {
        return g_str_has_prefix(protocol, "ip") ? PART_ADDRESS : PART_ELSE;
    }
    if (g_str_equal(field, "dport")) {
        return g_str_equal(protocol, "tcp") || g_str_equal(protocol, "th") ? PART_PORT : PART_OTHER;
    }
    return PART_ELSE;
}

static GPtrArray *one_value(JsonNode *value)
{
    GPtrArray *values = g_ptr_array_new();

    g_ptr_array_add(values, value);
    return values;
}

/* Itself, or the elements of a set. */
static GPtrArray *values_of(const ruleset *self, const char *place, JsonNode *right)
{
    JsonArray *set = elements_of(self, place, right);
    GPtrArray *values = set ? g_ptr_array_new() : one_value(right);

    for (guint i = 0; i < scan_any_length(set); i++) {
        g_ptr_array_add(values, unwrapped(json_array_get_element(set, i)));
    }
    return values;
}

/* TRUE: it asks for a destination, or another protocol than TCP. */
static gboolean take_match(const ruleset *self, match *rule, JsonObject *said)
{
    JsonNode *right = said ? json_object_get_member(said, "right") : NULL;
    const char *op = scan_any_or_empty(scan_any_text_at(said, "op"));
    part what = said ? part_of(json_object_get_member(said, "left")) : PART_ELSE;
    gboolean equal = g_str_equal(op, "==") || g_str_equal(op, "in");

    if (!right || what == PART_ELSE) {
        return FALSE;
    }
    if (what == PART_PROTOCOL) {
        const char *protocol = scan_any_text(right);
        rule->is_other |= equal && protocol && !g_str_equal(protocol, "tcp");
        return rule->is_other;
    }
    if (what == PART_OTHER) {
        rule->is_other = TRUE;
    } else if (what == PART_LOCAL) {
        rule->is_local |= equal && g_str_equal(scan_any_or_empty(scan_any_text(right)), "local");
    } else if (equal) { /* what else is asked of it (a port's loopback addresses) makes it narrower at most */
        GPtrArray **list = what == PART_ADDRESS ? &rule->addresses : &rule->ports;
        *list = *list ? *list : values_of(self, rule->place, right);
    }
    return TRUE;
}

/* The rule's match, narrowed by an element's key. FALSE: not TCP. */
static gboolean narrow(const match *rule, JsonNode *asked, JsonNode *key, match *ret_match)
{
    JsonArray *parts = concat_of(asked), *values = concat_of(key);
    gboolean fits = TRUE;

    *ret_match = *rule;
    ret_match->addresses = rule->addresses ? g_ptr_array_ref(rule->addresses) : NULL;
    ret_match->ports = rule->ports ? g_ptr_array_ref(rule->ports) : NULL;
    for (guint i = 0; i < (parts ? scan_any_length(parts) : 1); i++) {
        part what = part_of(parts ? json_array_get_element(parts, i) : asked);
        JsonNode *value = !parts ? key : i < scan_any_length(values) ? json_array_get_element(values, i) : NULL;
        if (what == PART_ADDRESS || what == PART_PORT) {
            GPtrArray **list = what == PART_ADDRESS ? &ret_match->addresses : &ret_match->ports;
            g_clear_pointer(list, g_ptr_array_unref);
            *list = value ? one_value(value) : NULL;
        } else if (what == PART_PROTOCOL) {
            fits = fits && g_str_equal(scan_any_or_empty(scan_any_text(value)), "tcp");
        }
    }
    return fits;
}

/* ---- where it leads ---- */

/* dnat to one address; port -1: that of the match. */
static void add_target(ruleset *self, const match *rule, const char *server, gint64 port)
{
    for (guint p = 0; server && p < rule->ports->len; p++) {
        gint64 asked = scan_any_number(rule->ports->pdata[p]), target = port < 0 ? asked : port;
        if (rule->is_local && !rule->addresses) {
            scan_map_nodes_add_port(self->nodes, asked, server, target);
        }
        for (guint a = 0; rule->addresses && a < rule->addresses->len && self->map->rows->len <= SCAN_MAP_ROWS_MAX; a++) {
            const char *vip = scan_any_text(rule->addresses->pdata[a]);
            if (vip) {
                scan_map_add(self->map, vip, asked, server, target, 0, 0);
            }
        }
    }
}

static void reach(ruleset *self, const match *rule, const char *chain, GHashTable *seen);

/* An element's value: an address, an address and a port, or a verdict. */
static void take_value(ruleset *self, const match *rule, JsonNode *value, gint64 port, GHashTable *seen)
{
    static const char *const verdicts[] = {"goto", "jump"};
    JsonObject *object = value && JSON_NODE_HOLDS_OBJECT(value) ? json_node_get_object(value) : NULL;
    JsonArray *concat = concat_of(value);

    if (scan_any_length(concat) == 2) {
        add_target(self, rule, scan_any_text(json_array_get_element(concat, 0)), scan_any_number(json_array_get_element(concat, 1)));
    } else if (scan_any_text(value)) {
        add_target(self, rule, scan_any_text(value), port);
    }
    for (unsigned i = 0; object && i < G_N_ELEMENTS(verdicts); i++) {
        const char *target = scan_any_text_at(scan_any_object(object, verdicts[i]), "target");
        if (target) {
            reach(self, rule, target, seen);
        }
    }
}

/* A map or verdict map: {"key": ..., "data": {"set": [[key, value], ...]}} or "@name". inside: only where it asks for no
 * destination. */
static void take_map(ruleset *self, const match *rule, JsonObject *map, gint64 port, gboolean inside, GHashTable *seen)
{
    JsonNode *asked = map ? json_object_get_member(map, "key") : NULL;
    JsonArray *elements = map ? elements_of(self, rule->place, json_object_get_member(map, "data")) : NULL;

    for (guint i = 0; i < scan_any_length(elements) && self->map->rows->len <= SCAN_MAP_ROWS_MAX; i++) {
        JsonNode *pair = json_array_get_element(elements, i);
        match its;
        if (!JSON_NODE_HOLDS_ARRAY(pair) || json_array_get_length(json_node_get_array(pair)) != 2) {
            continue;
        }
        if (!inside) {
            g_hash_table_remove_all(seen); /* each element leads to its own */
        }
        if (narrow(rule, asked, unwrapped(json_array_get_element(json_node_get_array(pair), 0)), &its) && leads_somewhere(&its) &&
            (!inside || (its.addresses == rule->addresses && its.ports == rule->ports))) {
            take_value(self, &its, json_array_get_element(json_node_get_array(pair), 1), port, seen);
        }
        clear_match(&its);
    }
}

static void take_dnat(ruleset *self, const match *rule, JsonObject *dnat, gboolean inside, GHashTable *seen)
{
    JsonNode *address = json_object_get_member(dnat, "addr");
    gint64 port = scan_any_number_at(dnat, "port");

    if (address && JSON_NODE_HOLDS_OBJECT(address)) {
        take_map(self, rule, scan_any_object(json_node_get_object(address), "map"), port, inside, seen);
    } else if (leads_somewhere(rule)) {
        add_target(self, rule, scan_any_text(address), port);
    }
}

static void take_statement(ruleset *self, const match *rule, JsonObject *statement, gboolean inside, GHashTable *seen)
{
    JsonObject *dnat = scan_any_object(statement, "dnat"), *vmap = scan_any_object(statement, "vmap");

    if (dnat) {
        take_dnat(self, rule, dnat, inside, seen);
    } else if (vmap) {
        take_map(self, rule, vmap, -1, inside, seen);
    } else if (leads_somewhere(rule)) {
        const char *target = scan_any_text_at(scan_any_object(statement, "goto"), "target");
        target = target ? target : scan_any_text_at(scan_any_object(statement, "jump"), "target");
        if (target) {
            reach(self, rule, target, seen);
        }
    }
}

/* Every dnat that a chain may lead to. Rules that ask for a destination themselves are another service's, or say nothing new. */
static void reach(ruleset *self, const match *rule, const char *chain, GHashTable *seen)
{
    GPtrArray *rules = find(self->chains, rule->place, chain);

    if (!rules || self->steps >= STEPS_MAX || !g_hash_table_add(seen, rules)) {
        return;
    }
    for (guint i = 0; i < rules->len; i++) {
        JsonArray *statements = rules->pdata[i];
        gboolean asks = FALSE;
        for (guint s = 0; s < scan_any_length(statements) && !asks && self->steps < STEPS_MAX; s++) {
            JsonObject *statement = scan_any_element(statements, s), *said = scan_any_object(statement, "match");
            match its = {.place = rule->place};
            self->steps++;
            asks = take_match(self, &its, said) && (its.is_other || its.addresses || its.ports);
            clear_match(&its);
            if (!said) {
                take_statement(self, rule, statement, TRUE, seen);
            }
        }
    }
}

static void take_rule(ruleset *self, const char *place, JsonArray *statements)
{
    match rule = {.place = place};

    for (guint i = 0; i < scan_any_length(statements); i++) {
        JsonObject *statement = scan_any_element(statements, i), *said = scan_any_object(statement, "match");
        GHashTable *seen;
        if (said) {
            take_match(self, &rule, said);
            continue;
        }
        seen = g_hash_table_new(NULL, NULL);
        take_statement(self, &rule, statement, FALSE, seen);
        g_hash_table_destroy(seen);
    }
    clear_match(&rule);
}

/* ---- a ruleset ---- */

static void remember(ruleset *self, JsonObject *object)
{
    JsonObject *rule = scan_any_object(object, "rule"), *set = scan_any_object(object, "set");
    JsonObject *named = set ? set : scan_any_object(object, "map");
    char *place = place_of(rule ? rule : named), *name;
    GPtrArray *rules;

    if (rule && scan_any_array(rule, "expr")) {
        name = g_strconcat(place, scan_any_or_empty(scan_any_text_at(rule, "chain")), NULL);
        rules = g_hash_table_lookup(self->chains, name);
        if (!rules) {
            rules = g_ptr_array_new();
            g_hash_table_insert(self->chains, g_strdup(name), rules);
        }
        g_ptr_array_add(rules, scan_any_array(rule, "expr"));
        g_free(name);
    } else if (named && scan_any_array(named, "elem")) {
        g_hash_table_insert(self->elements, g_strconcat(place, scan_any_or_empty(scan_any_text_at(named, "name")), NULL),
                            scan_any_array(named, "elem"));
    }
    g_free(place);
}

static void free_list(gpointer list)
{
    g_ptr_array_free(list, TRUE);
}

void scan_map_nft(scan_map *map, scan_map_nodes *nodes, JsonArray *objects)
{
    ruleset self = {map, nodes, g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_list),
                    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), 0};

    for (guint i = 0; i < scan_any_length(objects); i++) {
        remember(&self, scan_any_element(objects, i));
    }
    for (guint i = 0; i < scan_any_length(objects); i++) {
        JsonObject *rule = scan_any_object(scan_any_element(objects, i), "rule");
        char *place = place_of(rule);
        take_rule(&self, place, scan_any_array(rule, "expr"));
        g_free(place);
    }
    g_hash_table_destroy(self.chains);
    g_hash_table_destroy(self.elements);
}
