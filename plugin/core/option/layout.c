/* layout.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/option/layout.h"

#include <string.h>

/*  byte       0      1      2      3      4 ...
 *  port-ip4 | kind | len  | port        | IPv4 (4)                                         |
 *  ip4-port | kind | len  | IPv4 (4)                  | port                               |
 *  ver-ip4  | kind | len  | ver  | IPv4 (4) | anything                                     |
 *  vtoa     | kind | len  | port        | IPv4 (4) | vpc id (4, little) | VIP (4) | VIP port | pad (2) |
 *  vtoa6    | kind | len  | port        | IPv6 (16) | vpc id (3) | 0 | VIP (16)            |
 *  ttgw     | kind | len  | port        | IPv4 (4) | pad (2) | VIP port | VIP (4)          |
 *  u32      | kind | len  | vpc id (4)                                                     |
 */
const toa_layout toa_layouts[TOA_LAYOUT_MAX] = {
    [TOA_LAYOUT_PORT_IP4] = {"port-ip4", 8, TOA_FAMILY_IPV4, .address = 4, .port = 2},
    [TOA_LAYOUT_IP4_PORT] = {"ip4-port", 8, TOA_FAMILY_IPV4, .address = 2, .port = 6},
    [TOA_LAYOUT_PORT_IP6] = {"port-ip6", 20, TOA_FAMILY_IPV6, .address = 4, .port = 2},
    [TOA_LAYOUT_IP6_PORT] = {"ip6-port", 20, TOA_FAMILY_IPV6, .address = 2, .port = 18},
    [TOA_LAYOUT_VER_IP4] = {"ver-ip4", 7, TOA_FAMILY_IPV4, .address = 3, .version = 2},
    [TOA_LAYOUT_VER_IP6] = {"ver-ip6", 19, TOA_FAMILY_IPV6, .address = 3, .version = 2},
    [TOA_LAYOUT_IP4] = {"ip4", 6, TOA_FAMILY_IPV4, .address = 2},
    [TOA_LAYOUT_IP6] = {"ip6", 18, TOA_FAMILY_IPV6, .address = 2},
    [TOA_LAYOUT_VTOA] = {"vtoa", 20, TOA_FAMILY_IPV4, .address = 4, .port = 2, .vip = 12, .vip_port = 16, .vpc = 8,
                         .vpc_size = 4, .vpc_little = 1},
    [TOA_LAYOUT_VTOA6] = {"vtoa6", 40, TOA_FAMILY_IPV6, .address = 4, .port = 2, .vip = 24, .vpc = 20, .vpc_size = 3},
    [TOA_LAYOUT_TTGW] = {"ttgw", 16, TOA_FAMILY_IPV4, .address = 4, .port = 2, .vip = 12, .vip_port = 10},
    [TOA_LAYOUT_U32] = {"u32", 6, TOA_FAMILY_NONE, .vpc = 2, .vpc_size = 4},
};

/* Kinds 29 and 200 with other lengths, and all other kinds, are TOA only by a row of the user's: they have
 * owners (TCP-AO) or no fixed meaning. */
static const toa_option_row builtin_rows[] = {
    {254, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT, 0, TOA_IF_NOT_EXID},     /* LVS, DPVS, Huawei, F-Stack ... */
    {254, 20, TOA_LAYOUT_PORT_IP6, TOA_ROLE_CLIENT, 0, TOA_IF_NOT_EXID},    /* DPVS, Alibaba CDN, ByteDance */
    {254, 16, TOA_LAYOUT_TTGW, TOA_ROLE_CLIENT_VIP, 0, TOA_IF_NOT_EXID},    /* ByteDance TTGW */
    {253, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT, 0, TOA_IF_253},          /* UCloud; zhzhzh VIP; smartnat */
    {253, 20, TOA_LAYOUT_PORT_IP6, TOA_ROLE_CLIENT, 0, TOA_IF_253_V6},      /* LVS IPv6, Tencent; zhzhzh VIP */
    {252, 20, TOA_LAYOUT_VTOA, TOA_ROLE_CLIENT_VIP, 0, TOA_IF_ALWAYS},      /* Alibaba vtoa */
    {252, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT, 0, TOA_IF_ALWAYS},       /* older UCloud UADS */
    {250, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_VIP, 0, TOA_IF_ALWAYS},          /* Alibaba TOA_VIP, ENAT */
    {249, 40, TOA_LAYOUT_VTOA6, TOA_ROLE_CLIENT_VIP, 0, TOA_IF_ALWAYS},     /* Alibaba V6VTOA */
    {200, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT, 0, TOA_IF_ALWAYS},       /* LVS 2012, Tencent, UCloud, ip_vs_ca */
    {201, 6, TOA_LAYOUT_U32, TOA_ROLE_VPC, 1, TOA_IF_WITH_200},             /* TencentOS vtoa: copied raw on x86 */
    {202, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_VIP, 0, TOA_IF_WITH_200},        /* TencentOS vtoa */
    {28, 7, TOA_LAYOUT_VER_IP4, TOA_ROLE_CLIENT, 0, TOA_IF_VERSION_1},      /* Akamai, Alibaba CDN */
    {28, 13, TOA_LAYOUT_VER_IP4, TOA_ROLE_CLIENT, 0, TOA_IF_VERSION_1},     /* F5 iRule: 6 bytes of id behind */
    {28, 19, TOA_LAYOUT_VER_IP6, TOA_ROLE_CLIENT, 0, TOA_IF_ALWAYS},        /* Alibaba CDN: version not checked */
};

static void table_put(toa_option_table *table, const toa_option_row *row)
{
    table->rows[table->n_rows++] = *row;
    table->row_of[row->kind][row->length] = (uint8_t)table->n_rows;
    table->known[row->kind] = 1;
}

void toa_option_table_init(toa_option_table *table)
{
    memset(table, 0, sizeof *table);
    for (size_t i = 0; i < sizeof builtin_rows / sizeof builtin_rows[0]; i++) {
        table_put(table, &builtin_rows[i]);
    }
}

/* Roles a layout can have: one with a VIP of its own is always client and VIP, u32 is an id. */
static bool role_fits(const toa_layout *layout, unsigned role)
{
    if (layout->address == 0) {
        return role == TOA_ROLE_VPC;
    }
    if (layout->vip != 0) {
        return role == TOA_ROLE_CLIENT_VIP;
    }
    return role == TOA_ROLE_CLIENT || role == TOA_ROLE_VIP;
}

const char *toa_option_row_error(unsigned kind, unsigned length, unsigned layout, unsigned role)
{
    if (kind < 2 || kind > 255) {
        return "kind must be 2 to 255 (0 and 1 are End of Option List and No-Operation)";
    }
    if (kind == 2 || kind == 3 || kind == 4 || kind == 5 || kind == 8) {
        return "kinds 2, 3, 4, 5 and 8 (MSS, window scale, SACK, timestamps) cannot carry an address";
    }
    if (layout >= TOA_LAYOUT_MAX) {
        return "unknown layout";
    }
    if (role >= TOA_ROLE_MAX) {
        return "unknown role";
    }
    if (length > 40) {
        return "length must be at most 40, the option space of TCP";
    }
    if (length < toa_layouts[layout].length) {
        return "length is too short for this layout (it counts the kind and length bytes)";
    }
    if (!role_fits(&toa_layouts[layout], role)) {
        return "this layout cannot have this role";
    }
    return NULL;
}

const char *toa_option_table_add(toa_option_table *table, const toa_option_row *row)
{
    const char *error = toa_option_row_error(row->kind, row->length, row->layout, row->role);

    if (error) {
        return error;
    }
    for (size_t i = sizeof builtin_rows / sizeof builtin_rows[0]; i < table->n_rows; i++) {
        if (table->rows[i].kind == row->kind && table->rows[i].length == row->length) {
            return "a row above has the same kind and length";
        }
    }
    if (table->n_rows >= sizeof table->rows / sizeof table->rows[0]) {
        return "too many rows";
    }
    table_put(table, row);
    table->rows[table->n_rows - 1].condition = TOA_IF_ALWAYS;
    table->named[row->kind] = 1;
    return NULL;
}

/* At these offsets of the option; port 0: it has none. */
static toa_endpoint read_endpoint(const toa_layout *layout, const uint8_t *option, unsigned address, unsigned port, bool little)
{
    uint16_t number = 0;

    if (port) {
        unsigned low = option[port + (little ? 0 : 1)], high = option[port + (little ? 1 : 0)];
        number = (uint16_t)(high << 8 | low);
    }
    return layout->family == TOA_FAMILY_IPV6 ? toa_endpoint_ipv6(option + address, number)
                                             : toa_endpoint_ipv4(option + address, number);
}

static uint32_t read_number(const uint8_t *bytes, unsigned size, bool little)
{
    uint32_t number = 0;

    for (unsigned i = 0; i < size; i++) {
        number = number << 8 | bytes[little ? size - 1 - i : i];
    }
    return number;
}

bool toa_layout_decode(const toa_option_row *row, const uint8_t *option, unsigned length, toa_address_info *ret_info)
{
    const toa_layout *layout = &toa_layouts[row->layout];
    toa_address_info info;

    if (length < layout->length) {
        return false;
    }
    memset(&info, 0, sizeof info);
    if (layout->address && row->role == TOA_ROLE_VIP) {
        info.has_vip = true;
        info.has_vip_port = layout->port != 0;
        info.vip = read_endpoint(layout, option, layout->address, layout->port, row->little);
    } else if (layout->address) {
        info.has_client = true;
        info.has_client_port = layout->port != 0;
        info.client = read_endpoint(layout, option, layout->address, layout->port, row->little);
    }
    if (layout->vip) {
        info.has_vip = true;
        info.has_vip_port = layout->vip_port != 0;
        info.vip = read_endpoint(layout, option, layout->vip, layout->vip_port, row->little);
    }
    if (layout->vpc) {
        bool little = layout->vpc_little || row->little;
        info.has_vpc = true;
        info.vpc = read_number(option + layout->vpc, layout->vpc_size, little);
        info.vpc_other = read_number(option + layout->vpc, layout->vpc_size, !little);
    }
    if (layout->version) {
        info.has_version = true;
        info.version = option[layout->version];
    }
    *ret_info = info;
    return true;
}
