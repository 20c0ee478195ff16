/* prefs.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/compat.h"

#include "dissector/prefs.h"
#include "core/option/segment.h"

#include <epan/packet.h>
#include <epan/prefs.h>
#include <epan/uat-int.h>
#include <epan/uat.h>

#include <string.h>

/* ---- the table of option rows ---- */

typedef struct option_record {
    unsigned kind;
    unsigned length;
    unsigned layout;
    unsigned role;
    unsigned byte_order;
} option_record;

static option_record *option_records;
static unsigned n_option_records;
static uat_t *options_uat;

static const value_string layout_names[] = {
#define X(id, name) {TOA_LAYOUT_##id, name},
    TOA_LAYOUTS(X)
#undef X
    {0, NULL}};
static const value_string role_names[] = {
#define X(id, name, title) {TOA_ROLE_##id, name},
    TOA_ROLES(X)
#undef X
    {0, NULL}};
static const value_string order_names[] = {{0, "big-endian"}, {1, "little-endian"}, {0, NULL}};

UAT_DEC_CB_DEF(options, kind, option_record)
UAT_DEC_CB_DEF(options, length, option_record)
UAT_VS_DEF(options, layout, option_record, unsigned, TOA_LAYOUT_PORT_IP4, "port-ip4")
UAT_VS_DEF(options, role, option_record, unsigned, TOA_ROLE_CLIENT, "client")
UAT_VS_DEF(options, byte_order, option_record, unsigned, 0, "big-endian")

/* Wireshark checks the fields of a row from left to right and tells each check the row so far. A check that fails
 * there refuses this row and goes on with the next; the row-wide "update" callback would end the whole table. So
 * what concerns several fields is checked at the last of them. */

static bool parse_number(const char *text, unsigned length, unsigned low, unsigned high, unsigned *ret_number,
                         char **ret_error)
{
    char *number = g_strndup(text ? text : "", text ? length : 0);
    char *end = number;
    guint64 value = g_ascii_strtoull(number, &end, 10);
    bool fine = g_ascii_isdigit(number[0]) && *end == '\0' && value >= low && value <= high;

    *ret_error = fine ? NULL : g_strdup_printf("\"%s\" is not a number from %u to %u", number, low, high);
    if (fine) {
        *ret_number = (unsigned)value;
    }
    g_free(number);
    return fine;
}

static bool parse_name(const value_string *names, const char *text, unsigned length, unsigned *ret_value,
                       char **ret_error)
{
    GString *known = g_string_new(NULL);
    char *name = g_strndup(text ? text : "", text ? length : 0);
    bool fine = false;

    for (unsigned i = 0; names[i].strptr && !fine; i++) {
        fine = strcmp(names[i].strptr, name) == 0;
        if (fine) {
            *ret_value = names[i].value;
        }
        g_string_append_printf(known, "%s%s", i ? ", " : "", names[i].strptr);
    }
    *ret_error = fine ? NULL : g_strdup_printf("\"%s\" is none of: %s", name, known->str);
    g_string_free(known, true);
    g_free(name);
    return fine;
}

static toa_bool check_kind(void *memory _U_, const char *text, unsigned length, const void *chk _U_,
                           const void *fld _U_, char **ret_error)
{
    unsigned kind;

    if (!parse_number(text, length, 2, 255, &kind, ret_error)) {
        return false;
    }
    *ret_error = g_strdup(toa_option_row_error(kind, 40, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT));
    return *ret_error == NULL;
}

static toa_bool check_length(void *memory _U_, const char *text, unsigned length, const void *chk _U_,
                             const void *fld _U_, char **ret_error)
{
    unsigned number;

    return parse_number(text, length, 6, 40, &number, ret_error);
}

/* A layout has to fit the length; any role it can have will do here. */
static toa_bool check_layout(void *memory, const char *text, unsigned length, const void *chk _U_, const void *fld _U_,
                             char **ret_error)
{
    const option_record *record = memory;
    unsigned layout;

    if (!parse_name(layout_names, text, length, &layout, ret_error)) {
        return false;
    }
    if (record->length < toa_layouts[layout].length) {
        *ret_error = g_strdup_printf("layout %s needs a length of at least %u, this row has %u",
                                     toa_layouts[layout].name, toa_layouts[layout].length, record->length);
        return false;
    }
    return true;
}

static toa_bool check_role(void *memory, const char *text, unsigned length, const void *chk _U_, const void *fld _U_,
                           char **ret_error)
{
    const option_record *record = memory;
    const char *error;
    unsigned role;

    if (!parse_name(role_names, text, length, &role, ret_error)) {
        return false;
    }
    error = toa_option_row_error(record->kind, record->length, record->layout, role);
    *ret_error = g_strdup(error);
    return error == NULL;
}

/* A valid row of the table, other than this one, about the same options. In the dialog the record is a row of the
 * table, from a file or -o it is not yet. */
static bool option_row_taken(const option_record *record)
{
    for (unsigned i = 0; options_uat && i < options_uat->raw_data->len; i++) {
        const option_record *row = (const option_record *)(void *)UAT_INDEX_PTR(options_uat, i);
        bool valid = g_array_index(options_uat->valid_data, toa_bool, i);
        if (row != record && valid && row->kind == record->kind && row->length == record->length) {
            return true;
        }
    }
    return false;
}

static toa_bool check_byte_order(void *memory, const char *text, unsigned length, const void *chk _U_,
                                 const void *fld _U_, char **ret_error)
{
    const option_record *record = memory;
    unsigned order;

    if (!parse_name(order_names, text, length, &order, ret_error)) {
        return false;
    }
    if (option_row_taken(record)) {
        *ret_error = g_strdup_printf("another row already says what kind %u with length %u is", record->kind,
                                     record->length);
        return false;
    }
    return true;
}

/* ---- the table of VIPs ---- */

typedef struct map_record {
    char *vip;
    unsigned vip_port;
    char *server;
    unsigned server_port;
} map_record;

static map_record *map_records;
static unsigned n_map_records;

static toa_bool check_address(void *record _U_, const char *text, unsigned length, const void *chk _U_,
                              const void *fld _U_, char **ret_error)
{
    char *address = g_strndup(text ? text : "", text ? length : 0);
    toa_endpoint endpoint;
    bool fine = toa_endpoint_parse(address, 0, &endpoint);

    *ret_error = fine ? NULL : g_strdup_printf("\"%s\" is not an IPv4 or IPv6 address", address);
    g_free(address);
    return fine;
}

static toa_bool check_server(void *record _U_, const char *text, unsigned length, const void *chk _U_, const void *fld _U_,
                             char **ret_error)
{
    char *server = g_strndup(text ? text : "", text ? length : 0);
    toa_map_row row = {.from = 0};
    bool fine = toa_map_row_parse_server(server, 0, &row);

    *ret_error = fine ? NULL
                      : g_strdup_printf(strchr(server, '@') ? "\"%s\" is not an address with a time, like 10.1.0.7@1764547200-1764550800"
                                                            : "\"%s\" is not an IPv4 or IPv6 address", server);
    g_free(server);
    return fine;
}

static toa_bool check_port(void *record _U_, const char *text, unsigned length, const void *chk _U_,
                           const void *fld _U_, char **ret_error)
{
    unsigned port;

    return parse_number(text, length, 1, 65535, &port, ret_error);
}

UAT_CSTRING_CB_DEF(map, vip, map_record)
UAT_DEC_CB_DEF(map, vip_port, map_record)
UAT_CSTRING_CB_DEF(map, server, map_record)
UAT_DEC_CB_DEF(map, server_port, map_record)

static void *copy_map_record(void *to, const void *from, size_t size _U_)
{
    const map_record *old = from;
    map_record *record = to;

    record->vip = g_strdup(old->vip);
    record->vip_port = old->vip_port;
    record->server = g_strdup(old->server);
    record->server_port = old->server_port;
    return to;
}

static void free_map_record(void *memory)
{
    map_record *record = memory;

    g_free(record->vip);
    g_free(record->server);
}

static bool read_map_record(const map_record *record, toa_map_row *ret_row)
{
    return record->vip && record->server && record->vip_port >= 1 && record->vip_port <= 65535 &&
           record->server_port >= 1 && record->server_port <= 65535 &&
           toa_endpoint_parse(record->vip, (uint16_t)record->vip_port, &ret_row->vip) &&
           toa_map_row_parse_server(record->server, (uint16_t)record->server_port, ret_row);
}

/* ---- scalars ---- */

static const enum_val_t rewriting_values[] = {
    {"unknown", "Unknown", TOA_REWRITING_UNKNOWN}, {"yes", "Yes", TOA_REWRITING_YES}, {"no", "No", TOA_REWRITING_NO},
    {NULL, NULL, 0}};
static const enum_val_t effective_values[] = {
    {"first", "First", TOA_EFFECTIVE_FIRST}, {"last", "Last", TOA_EFFECTIVE_LAST}, {NULL, NULL, 0}};
static const enum_val_t reply_values[] = {{"destination", "Destination", TOA_REPLY_DESTINATION},
                                          {"source", "Source", TOA_REPLY_SOURCE},
                                          {NULL, NULL, 0}};
static const enum_val_t kind253_values[] = {
    {"port-first", "Port first; address first if last option of a SYN", TOA_KIND253_AUTO},
    {"always-port-first", "Always port first", TOA_KIND253_PORT_FIRST},
    {"always-address-first", "Always address first", TOA_KIND253_ADDRESS_FIRST},
    {NULL, NULL, 0}};

static int rewriting = TOA_REWRITING_UNKNOWN;
static int effective = TOA_EFFECTIVE_FIRST;
static int reply_meaning = TOA_REPLY_DESTINATION;
static int kind253 = TOA_KIND253_AUTO;
static unsigned time_wait = 60;
static toa_bool analysis = true;
static toa_bool info = true;

/* Like UAT_FLD_DEC and UAT_FLD_VS, with a check of our own. */
#define NUMBER_FIELD(base, name, title, check, text)                                                        \
    {                                                                                                       \
        #name, title, PT_TXTMOD_STRING, {check, base##_##name##_set_cb, base##_##name##_tostr_cb},          \
            {0, 0, 0}, 0, text, FLDFILL                                                                     \
    }
#define NAME_FIELD(base, name, title, check, names, text)                                                   \
    {                                                                                                       \
        #name, title, PT_TXTMOD_ENUM, {check, base##_##name##_set_cb, base##_##name##_tostr_cb},            \
            {&(names), &(names), &(names)}, &(names), text, FLDFILL                                         \
    }

static void register_options_uat(module_t *module)
{
    static uat_field_t fields[] = {
        NUMBER_FIELD(options, kind, "Kind", check_kind, "Kind of the TCP option, 2 to 255"),
        NUMBER_FIELD(options, length, "Length", check_length, "Its length, the kind and length bytes included"),
        NAME_FIELD(options, layout, "Layout", check_layout, layout_names, "What its bytes are"),
        NAME_FIELD(options, role, "Role", check_role, role_names, "Whose address it is"),
        NAME_FIELD(options, byte_order, "Byte order", check_byte_order, order_names, "Of the port, and of a u32"),
        UAT_END_FIELDS};

    options_uat = uat_new("toa.options", sizeof(option_record), "toa_options", true, &option_records,
                          &n_option_records, UAT_AFFECTS_DISSECTION, NULL, NULL, NULL, NULL, NULL, NULL, fields);
    prefs_register_uat_preference(module, "options", "Option variants",
                                  "TCP options that carry an address, beside the built-in ones; a row overrules a "
                                  "built-in one of the same kind and length",
                                  options_uat);
}

static void register_map_uat(module_t *module)
{
    static uat_field_t fields[] = {
        UAT_FLD_CSTRING_OTHER(map, vip, "VIP address", check_address, "Address that clients dial"),
        NUMBER_FIELD(map, vip_port, "VIP port", check_port, "Port that clients dial"),
        UAT_FLD_CSTRING_OTHER(map, server, "RS address", check_server,
                              "Address of the real server; with @FROM-UNTIL behind it, in seconds since the epoch, the row holds for that time"),
        NUMBER_FIELD(map, server_port, "RS port", check_port, "Port of the real server"),
        UAT_END_FIELDS};
    uat_t *uat = uat_new("toa.map", sizeof(map_record), "toa_map", true, &map_records, &n_map_records,
                         UAT_AFFECTS_DISSECTION, NULL, copy_map_record, NULL, free_map_record, NULL, NULL, fields);

    prefs_register_uat_preference(module, "map", "VIP to real server",
                                  "Which real server is behind a VIP, for captures without the TOA option (at the "
                                  "client). Several rows of one VIP are candidates",
                                  uat);
}

void toa_prefs_register(int proto_toa)
{
    /* the page bears the protocol's short name, TCP-TOA; whoever looks for "TOA" in the list finds its folder */
    module_t *module = prefs_register_protocol_subtree("TOA", proto_toa, NULL);

    register_options_uat(module);
    register_map_uat(module);
    prefs_register_enum_preference(module, "rewriting", "Real servers rewrite addresses",
                                   "Does a module on the real servers replace the load balancer's address by the "
                                   "client's (slb_toa)? With \"No\" a shared key is a Chat only",
                                   &rewriting, rewriting_values, false);
    prefs_register_enum_preference(module, "effective", "Effective address",
                                   "Which one a receiver uses if a segment carries several client addresses",
                                   &effective, effective_values, true);
    prefs_register_enum_preference(module, "reply_meaning", "Address in replies names the",
                                   "Whose address an option in a segment from the real server holds: the client the "
                                   "segment is for (destination), or its sender (then it does not change the key)",
                                   &reply_meaning, reply_values, true);
    prefs_register_enum_preference(module, "kind253", "Kind 253, length 8",
                                   "Order of port and address in this option", &kind253, kind253_values, false);
    prefs_register_uint_preference(module, "time_wait", "TIME_WAIT (seconds)",
                                   "A key used again within this time after its connection closed is noted", 10,
                                   &time_wait);
    prefs_register_bool_preference(module, "analysis", "Analyse conversations",
                                   "Compute post-rewrite keys and findings. If off, only the option is dissected and "
                                   "no state is kept",
                                   &analysis);
    prefs_register_bool_preference(module, "info", "Findings in the Info column",
                                   "The Info column of a packet with a finding begins with it in brackets", &info);
}

bool toa_prefs_info(void)
{
    return info;
}

void toa_prefs_apply(toa_config *config)
{
    toa_map_row *rows = g_new(toa_map_row, n_map_records + 1);
    unsigned n_rows = 0;

    for (unsigned i = 0; i < n_option_records; i++) {
        const option_record *record = &option_records[i];
        toa_option_row row = {(uint8_t)record->kind,   (uint8_t)record->length, (uint8_t)record->layout,
                              (uint8_t)record->role,   (uint8_t)record->byte_order, TOA_IF_ALWAYS};
        /* the checks above let only such rows through; a row that is wrong all the same stays without effect */
        if (!toa_option_row_error(record->kind, record->length, record->layout, record->role)) {
            toa_option_table_add(&config->options, &row);
        }
    }
    for (unsigned i = 0; i < n_map_records; i++) {
        n_rows += read_map_record(&map_records[i], &rows[n_rows]);
    }
    toa_config_set_map(config, rows, n_rows);
    g_free(rows);
    config->rewriting = (toa_rewriting)rewriting;
    config->effective = (toa_effective)effective;
    config->reply_meaning = (toa_reply_meaning)reply_meaning;
    config->kind253 = (toa_kind253)kind253;
    config->time_wait = (int64_t)time_wait * TOA_SECOND;
    config->analysis = analysis;
}
