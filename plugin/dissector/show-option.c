/* show-option.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/show-option.h"

#include "dissector/show.h"

#include <string.h>

static int proto_toa = -1;
static int ett_option = -1;
static int hf_kind = -1;
static int hf_length = -1;
static int hf_layout = -1;
static int hf_role = -1;
static int hf_client_ip = -1;
static int hf_client_ipv6 = -1;
static int hf_client_port = -1;
static int hf_vip_ip = -1;
static int hf_vip_ipv6 = -1;
static int hf_vip_port = -1;
static int hf_vpc = -1;
static int hf_version = -1;
static int hf_effective = -1;

static expert_field ei_malformed = EI_INIT;
static expert_field ei_ambiguous = EI_INIT;
static expert_field ei_conflict = EI_INIT;
static expert_field ei_changed = EI_INIT;
static expert_field ei_after_eol = EI_INIT;
static expert_field ei_suspicious = EI_INIT;
static expert_field ei_redundant = EI_INIT;
static expert_field ei_no_port = EI_INIT;

static const value_string layout_names[] = {
#define X(id, name) {TOA_LAYOUT_##id, name},
    TOA_LAYOUTS(X)
#undef X
#define X(id, name) {TOA_CARRIER_##id, name},
    TOA_CARRIERS(X)
#undef X
    {0, NULL}};
static const value_string role_names[] = {
#define X(id, name, title) {TOA_ROLE_##id, title},
    TOA_ROLES(X)
#undef X
    {0, NULL}};

/* What each flag of an item raises. */
static const struct {
    unsigned flag;
    expert_field *info;
} item_infos[] = {
#define X(bit, id, name) {TOA_ITEM_##id, &ei_##name},
    TOA_ITEM_FLAGS(X)
#undef X
};

static void add_address(proto_tree *tree, tvbuff_t *tvb, int offset, const toa_layout *layout, int hf_ip, int hf_ipv6)
{
    bool v6 = layout->family == TOA_FAMILY_IPV6;

    proto_tree_add_item(tree, v6 ? hf_ipv6 : hf_ip, tvb, offset, v6 ? 16 : 4, ENC_BIG_ENDIAN);
}

/* Texts of items that nobody will see are dropped; those that are made of numbers are not even made. */
static bool shows_text(proto_item *item)
{
    return item && PTREE_DATA(item)->visible;
}

static const char *endpoint_text(wmem_allocator_t *pool, const toa_endpoint *endpoint, bool has_port)
{
    char text[TOA_ENDPOINT_TEXT];

    toa_endpoint_format(endpoint, text);
    if (!has_port) {
        *strrchr(text, ':') = '\0';
    }
    return wmem_strdup(pool, text);
}

/* The addresses of one option; offsets come from the table of layouts. */
static void add_item_addresses(tvbuff_t *tvb, proto_tree *tree, const toa_item *item)
{
    const toa_layout *layout = &toa_layouts[item->layout];
    const toa_address_info *info = &item->info;
    bool vip_only = item->role == TOA_ROLE_VIP;

    if (layout->version) {
        proto_tree_add_item(tree, hf_version, tvb, layout->version, 1, ENC_BIG_ENDIAN);
    }
    if (layout->address) {
        add_address(tree, tvb, layout->address, layout, vip_only ? hf_vip_ip : hf_client_ip,
                    vip_only ? hf_vip_ipv6 : hf_client_ipv6);
        if (layout->port) {
            proto_tree_add_uint(tree, vip_only ? hf_vip_port : hf_client_port, tvb, layout->port, 2,
                                vip_only ? info->vip.port : info->client.port);
        }
    }
    if (layout->vip) {
        add_address(tree, tvb, layout->vip, layout, hf_vip_ip, hf_vip_ipv6);
        if (layout->vip_port) {
            proto_tree_add_uint(tree, hf_vip_port, tvb, layout->vip_port, 2, info->vip.port);
        }
    }
    if (layout->vpc) {
        proto_tree_add_uint_format_value(tree, hf_vpc, tvb, layout->vpc, layout->vpc_size, info->vpc,
                                         "%u (%u in the other byte order)", info->vpc, info->vpc_other);
    }
}

/* What follows "TCP Option - TOA". */
static void append_summary(packet_info *pinfo, proto_item *title, const toa_address_info *info)
{
    if (info->has_client) {
        proto_item_append_text(title, ": Client %s",
                               endpoint_text(pinfo->pool, &info->client, info->has_client_port));
    }
    if (info->has_vip) {
        proto_item_append_text(title, "%s VIP %s", info->has_client ? "," : ":",
                               endpoint_text(pinfo->pool, &info->vip, info->has_vip_port));
    }
    if (info->has_vpc) {
        proto_item_append_text(title, "%s VPC %u", info->has_client || info->has_vip ? "," : ":", info->vpc);
    }
}

/* One option that carries an address; tvb begins with its kind byte. */
void toa_show_one_option(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_item *item)
{
    int length = (int)MIN(tvb_reported_length(tvb), item->length);
    proto_item *title = proto_tree_add_item(tree, proto_toa, tvb, 0, length, ENC_NA), *field;
    proto_tree *option_tree = proto_item_add_subtree(title, ett_option);

    proto_item_set_text(title, "TCP Option - TOA");
    proto_tree_add_item(option_tree, hf_kind, tvb, 0, 1, ENC_BIG_ENDIAN);
    if (length > 1) {
        proto_tree_add_item(option_tree, hf_length, tvb, 1, 1, ENC_BIG_ENDIAN);
    }
    if (item->layout < TOA_LAYOUT_MAX) {
        field = proto_tree_add_uint(option_tree, hf_layout, tvb, 0, length, item->layout);
        proto_item_set_generated(field);
        field = proto_tree_add_uint(option_tree, hf_role, tvb, 0, length, item->role);
        proto_item_set_generated(field);
    }
    if (item->decoded) {
        add_item_addresses(tvb, option_tree, item);
    }
    if (item->decoded && shows_text(title)) {
        append_summary(pinfo, title, &item->info);
    }
    if (item->decoded && item->info.has_client) {
        field = proto_tree_add_boolean(option_tree, hf_effective, tvb, 0, 0, item->effective);
        proto_item_set_generated(field);
    }
    for (unsigned i = 0; i < array_length(item_infos); i++) {
        if (item->flags & item_infos[i].flag) {
            toa_show_expert(pinfo, title, item_infos[i].info);
        }
    }
}

/* Options that the TCP dissector does not pass on: behind End of Option List, or longer than the header. */
void toa_show_unreached_options(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_layer *layer)
{
    const toa_options *options = &layer->segment->options;

    for (unsigned i = 0; i < options->n_items; i++) {
        const toa_item *item = &options->items[i];
        if (!(item->flags & TOA_ITEM_AFTER_EOL) && item->offset + item->length <= layer->header_length) {
            continue;
        }
        toa_show_one_option(tvb_new_subset_length(tvb, item->offset, (int)layer->header_length - item->offset), pinfo, tree,
                    item);
    }
}

void toa_show_option_register(int proto, expert_module_t *module)
{
    static hf_register_info fields[] = {
        {&hf_kind, {"Kind", "toa.kind", FT_UINT8, BASE_DEC, NULL, 0, "Kind of the TCP option", HFILL}},
        {&hf_length, {"Length", "toa.length", FT_UINT8, BASE_DEC, NULL, 0, "Length of the TCP option", HFILL}},
        {&hf_layout,
         {"Layout", "toa.layout", FT_UINT8, BASE_DEC, VALS(layout_names), 0, "What the bytes are taken for", HFILL}},
        {&hf_role, {"Role", "toa.role", FT_UINT8, BASE_DEC, VALS(role_names), 0, "Whose address it is", HFILL}},
        {&hf_client_ip,
         {"Client Address", "toa.client.ip", FT_IPv4, BASE_NONE, NULL, 0, "IPv4 address of the real client", HFILL}},
        {&hf_client_ipv6,
         {"Client Address", "toa.client.ipv6", FT_IPv6, BASE_NONE, NULL, 0, "IPv6 address of the real client", HFILL}},
        {&hf_client_port,
         {"Client Port", "toa.client.port", FT_UINT16, BASE_DEC, NULL, 0, "Port of the real client", HFILL}},
        {&hf_vip_ip,
         {"VIP Address", "toa.vip.ip", FT_IPv4, BASE_NONE, NULL, 0, "IPv4 address the client has dialled", HFILL}},
        {&hf_vip_ipv6,
         {"VIP Address", "toa.vip.ipv6", FT_IPv6, BASE_NONE, NULL, 0, "IPv6 address the client has dialled", HFILL}},
        {&hf_vip_port,
         {"VIP Port", "toa.vip.port", FT_UINT16, BASE_DEC, NULL, 0, "Port the client has dialled", HFILL}},
        {&hf_vpc, {"VPC id", "toa.vpc", FT_UINT32, BASE_DEC, NULL, 0, "Virtual private cloud of the client", HFILL}},
        {&hf_version, {"Version", "toa.version", FT_UINT8, BASE_DEC, NULL, 0, "Version byte of kind 28", HFILL}},
        {&hf_effective,
         {"Effective", "toa.effective", FT_BOOLEAN, BASE_NONE, NULL, 0, "The receiver uses this address", HFILL}},
    };
    static int *trees[] = {&ett_option};
    static ei_register_info infos[] = {
        {&ei_malformed,
         {"toa.malformed", PI_MALFORMED, PI_ERROR, "TOA option with a wrong length", EXPFILL}},
        {&ei_ambiguous,
         {"toa.ambiguous", PI_PROTOCOL, PI_NOTE, "TOA option that could also be an experiment of RFC 6994", EXPFILL}},
        {&ei_conflict,
         {"toa.conflict", PI_PROTOCOL, PI_WARN, "TOA options of one segment name different clients", EXPFILL}},
        {&ei_changed,
         {"toa.changed", PI_SEQUENCE, PI_WARN, "TOA option names another client than before in this conversation",
          EXPFILL}},
        {&ei_after_eol,
         {"toa.after_eol", PI_PROTOCOL, PI_WARN, "TOA option behind End of Option List: receivers do not see it",
          EXPFILL}},
        {&ei_suspicious,
         {"toa.suspicious", PI_PROTOCOL, PI_NOTE, "TOA option with an address or port that no host has", EXPFILL}},
        {&ei_redundant,
         {"toa.redundant", PI_PROTOCOL, PI_CHAT, "TOA option names the endpoint that is on the wire", EXPFILL}},
        {&ei_no_port,
         {"toa.no_port", PI_PROTOCOL, PI_CHAT, "TOA option without port: the port on the wire is kept", EXPFILL}},
    };

    proto_register_field_array(proto, fields, array_length(fields));
    proto_register_subtree_array(trees, array_length(trees));
    expert_register_field_array(module, infos, array_length(infos));
    proto_toa = proto;
}
