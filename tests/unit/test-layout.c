/* The table of layouts and the table of (kind, length): each layout byte by byte, each refusal of a user's row.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#include <string.h>

static void test_names(void)
{
    const char *const names[] = {"port-ip4", "ip4-port", "port-ip6", "ip6-port", "ver-ip4", "ver-ip6",
                                 "ip4",      "ip6",      "vtoa",     "vtoa6",    "ttgw",    "u32"};

    G_STATIC_ASSERT(G_N_ELEMENTS(names) == TOA_LAYOUT_MAX);
    for (unsigned i = 0; i < TOA_LAYOUT_MAX; i++) {
        g_assert_cmpstr(toa_layouts[i].name, ==, names[i]);
    }
}

/* No part of a layout may reach behind the shortest option that holds it. */
static void test_parts_fit(void)
{
    for (unsigned i = 0; i < TOA_LAYOUT_MAX; i++) {
        const toa_layout *layout = &toa_layouts[i];
        unsigned size = layout->family == TOA_FAMILY_IPV6 ? 16 : 4;

        g_assert_cmpuint(layout->length, <=, 40);
        g_assert_true(!layout->address || layout->address + size <= layout->length);
        g_assert_true(!layout->vip || layout->vip + size <= layout->length);
        g_assert_true(!layout->port || layout->port + 2 <= layout->length);
        g_assert_true(!layout->vip_port || layout->vip_port + 2 <= layout->length);
        g_assert_true(!layout->vpc || layout->vpc + layout->vpc_size <= layout->length);
        g_assert_true(!layout->version || layout->version < layout->length);
    }
}

static toa_address_info decode(unsigned layout, unsigned role, unsigned little, const uint8_t *bytes, unsigned length)
{
    toa_option_row row = {.kind = 254, .length = (uint8_t)length, .layout = (uint8_t)layout, .role = (uint8_t)role,
                          .little = (uint8_t)little};
    toa_address_info info;

    g_assert_true(toa_layout_decode(&row, bytes, length, &info));
    return info;
}

static void assert_endpoint(const toa_endpoint *endpoint, const char *text)
{
    char buffer[TOA_ENDPOINT_TEXT];

    g_assert_cmpstr(toa_endpoint_format(endpoint, buffer), ==, text);
}

static void test_ipv4(void)
{
    const uint8_t port_first[] = {254, 8, 0xf1, 0xce, 192, 168, 10, 5}, address_first[] = {253, 8, 192, 168, 10, 5, 0xf1, 0xce};
    const uint8_t version[] = {28, 7, 9, 192, 168, 10, 5}, bare[] = {29, 6, 192, 168, 10, 5};
    toa_address_info info = decode(TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT, 0, port_first, 8);

    assert_endpoint(&info.client, "192.168.10.5:61902");
    g_assert_true(info.has_client && info.has_client_port && !info.has_vip && !info.has_vpc && !info.has_version);
    info = decode(TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT, 1, port_first, 8);
    assert_endpoint(&info.client, "192.168.10.5:52977");
    info = decode(TOA_LAYOUT_IP4_PORT, TOA_ROLE_VIP, 0, address_first, 8);
    assert_endpoint(&info.vip, "192.168.10.5:61902");
    g_assert_true(info.has_vip && info.has_vip_port && !info.has_client);
    info = decode(TOA_LAYOUT_VER_IP4, TOA_ROLE_CLIENT, 0, version, 7);
    assert_endpoint(&info.client, "192.168.10.5:0");
    g_assert_true(info.has_version && info.version == 9 && !info.has_client_port);
    info = decode(TOA_LAYOUT_IP4, TOA_ROLE_VIP, 0, bare, 6);
    assert_endpoint(&info.vip, "192.168.10.5:0");
    g_assert_true(!info.has_vip_port && !info.has_version);
}

static void test_ipv6(void)
{
    uint8_t bytes[20] = {254, 20, 0x12, 0x34};
    toa_address_info info;

    for (uint8_t i = 0; i < 16; i++) {
        bytes[4 + i] = (uint8_t)(0x20 + i);
    }
    info = decode(TOA_LAYOUT_PORT_IP6, TOA_ROLE_CLIENT, 0, bytes, 20);
    assert_endpoint(&info.client, "[2021:2223:2425:2627:2829:2a2b:2c2d:2e2f]:4660");
    info = decode(TOA_LAYOUT_IP6_PORT, TOA_ROLE_CLIENT, 0, bytes, 20);
    assert_endpoint(&info.client, "[1234:2021:2223:2425:2627:2829:2a2b:2c2d]:11823");
    info = decode(TOA_LAYOUT_VER_IP6, TOA_ROLE_CLIENT, 0, bytes, 19);
    assert_endpoint(&info.client, "[3420:2122:2324:2526:2728:292a:2b2c:2d2e]:0");
    g_assert_cmpuint(info.version, ==, 0x12);
    info = decode(TOA_LAYOUT_IP6, TOA_ROLE_CLIENT, 0, bytes, 18);
    assert_endpoint(&info.client, "[1234:2021:2223:2425:2627:2829:2a2b:2c2d]:0");
}

static void test_client_and_vip(void)
{
    uint8_t bytes[40] = {252, 20, 0x00, 0x01, 10, 0, 0, 1, 0xe4, 0xa7, 0x0c, 0x00, 10, 0, 0, 2, 0x00, 0x50};
    toa_address_info info = decode(TOA_LAYOUT_VTOA, TOA_ROLE_CLIENT_VIP, 0, bytes, 20);

    assert_endpoint(&info.client, "10.0.0.1:1");
    assert_endpoint(&info.vip, "10.0.0.2:80");
    g_assert_cmpuint(info.vpc, ==, 829412); /* written in host order of x86 */
    g_assert_cmpuint(info.vpc_other, ==, 0xe4a70c00u);
    info = decode(TOA_LAYOUT_TTGW, TOA_ROLE_CLIENT_VIP, 0, bytes, 16);
    assert_endpoint(&info.client, "10.0.0.1:1");
    assert_endpoint(&info.vip, "10.0.0.2:3072"); /* 0c00: the port lies before the address */
    g_assert_false(info.has_vpc);
    memset(bytes + 4, 0, 36);
    bytes[19] = 5;
    bytes[20] = 0x12, bytes[21] = 0x34, bytes[22] = 0x56;
    bytes[39] = 0xaa;
    info = decode(TOA_LAYOUT_VTOA6, TOA_ROLE_CLIENT_VIP, 0, bytes, 40);
    assert_endpoint(&info.client, "[::5]:1");
    assert_endpoint(&info.vip, "[::aa]:0");
    g_assert_cmpuint(info.vpc, ==, 0x123456);
    g_assert_false(info.has_vip_port);
}

static void test_number(void)
{
    const uint8_t bytes[] = {201, 6, 0x40, 0xe2, 0x01, 0x00};
    toa_address_info info = decode(TOA_LAYOUT_U32, TOA_ROLE_VPC, 1, bytes, 6);

    g_assert_cmpuint(info.vpc, ==, 123456);
    g_assert_cmpuint(info.vpc_other, ==, 1088553216u);
    g_assert_true(info.has_vpc && !info.has_client && !info.has_vip);
    info = decode(TOA_LAYOUT_U32, TOA_ROLE_VPC, 0, bytes, 6);
    g_assert_cmpuint(info.vpc, ==, 1088553216u);
}

/* One byte short of its layout: nothing is read, the result stays as it was. */
static void test_short(void)
{
    const uint8_t bytes[40] = {0};

    for (unsigned i = 0; i < TOA_LAYOUT_MAX; i++) {
        toa_option_row row = {.kind = 99, .layout = (uint8_t)i};
        toa_address_info info, before;
        memset(&info, 0x5a, sizeof info);
        memcpy(&before, &info, sizeof info);
        g_assert_false(toa_layout_decode(&row, bytes, toa_layouts[i].length - 1u, &info));
        g_assert_true(memcmp(&info, &before, sizeof info) == 0);
        g_assert_true(toa_layout_decode(&row, bytes, toa_layouts[i].length, &info));
    }
}

/* Kind and length of every built-in row, and that there is no other. */
static void test_builtin(void)
{
    static const uint8_t known[][2] = {{254, 8}, {254, 16}, {254, 20}, {253, 8}, {253, 20}, {252, 8}, {252, 20}, {250, 8},
                                       {249, 40}, {200, 8}, {201, 6}, {202, 8}, {28, 7}, {28, 13}, {28, 19}};
    static toa_option_table table;
    unsigned rows = 0;

    toa_option_table_init(&table);
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        g_assert_cmpuint(table.row_of[known[i][0]][known[i][1]], !=, 0);
    }
    for (unsigned kind = 0; kind < 256; kind++) {
        for (unsigned length = 0; length <= 40; length++) {
            rows += table.row_of[kind][length] != 0;
        }
        g_assert_false(table.named[kind]);
    }
    g_assert_cmpuint(rows, ==, G_N_ELEMENTS(known)); /* 28/4, 29/16, 200/6, 34, 30 ... are not */
}

static void test_refused(void)
{
    static const struct { unsigned kind, length, layout, role; } bad[] = {
        {0, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT},   {1, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT},
        {2, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT},   {3, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT},
        {4, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT},   {5, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT},
        {8, 10, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT},  {256, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT},
        {77, 7, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT},  {77, 41, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT},
        {77, 8, TOA_LAYOUT_MAX, TOA_ROLE_CLIENT},       {77, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_MAX},
        {77, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_VPC},     {77, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT_VIP},
        {77, 20, TOA_LAYOUT_VTOA, TOA_ROLE_CLIENT},     {77, 6, TOA_LAYOUT_U32, TOA_ROLE_CLIENT},
        {77, 0, TOA_LAYOUT_IP4, TOA_ROLE_CLIENT},       {77, 39, TOA_LAYOUT_VTOA6, TOA_ROLE_CLIENT_VIP},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_nonnull(toa_option_row_error(bad[i].kind, bad[i].length, bad[i].layout, bad[i].role));
    }
    for (unsigned i = 0; i < TOA_LAYOUT_MAX; i++) {
        unsigned role = i == TOA_LAYOUT_U32 ? TOA_ROLE_VPC : toa_layouts[i].vip ? TOA_ROLE_CLIENT_VIP : TOA_ROLE_VIP;
        g_assert_null(toa_option_row_error(77, toa_layouts[i].length, i, role));
        g_assert_null(toa_option_row_error(77, 40, i, role));
    }
}

static void test_user_rows(void)
{
    static toa_option_table table, before;
    const toa_option_row row = {254, 8, TOA_LAYOUT_IP4_PORT, TOA_ROLE_VIP, 0, TOA_IF_253};
    const toa_option_row bad = {254, 7, TOA_LAYOUT_IP4_PORT, TOA_ROLE_VIP, 0, 0};
    unsigned added = 0;

    toa_option_table_init(&table);
    g_assert_null(toa_option_table_add(&table, &row));
    g_assert_cmpuint(table.rows[table.row_of[254][8] - 1].layout, ==, TOA_LAYOUT_IP4_PORT); /* above the built-in one */
    g_assert_cmpuint(table.rows[table.row_of[254][8] - 1].condition, ==, TOA_IF_ALWAYS);
    g_assert_true(table.named[254]);
    before = table;
    g_assert_nonnull(toa_option_table_add(&table, &row)); /* two rows for one kind and length */
    g_assert_nonnull(toa_option_table_add(&table, &bad));
    g_assert_true(memcmp(&table, &before, sizeof table) == 0);
    /* full: refused, not written behind the end, and no row number is reused */
    for (unsigned kind = 9; kind < 256; kind++) {
        toa_option_row more = {(uint8_t)kind, 30, TOA_LAYOUT_IP4, TOA_ROLE_CLIENT, 0, 0};
        added += toa_option_table_add(&table, &more) == NULL;
    }
    g_assert_cmpuint(added, >=, TOA_OPTION_ROWS_MAX - 1);
    g_assert_cmpuint(table.n_rows, <=, G_N_ELEMENTS(table.rows));
    g_assert_cmpuint(table.n_rows, <=, 255);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/layout/names", test_names);
    g_test_add_func("/layout/parts-fit", test_parts_fit);
    g_test_add_func("/layout/ipv4", test_ipv4);
    g_test_add_func("/layout/ipv6", test_ipv6);
    g_test_add_func("/layout/client-and-vip", test_client_and_vip);
    g_test_add_func("/layout/number", test_number);
    g_test_add_func("/layout/short", test_short);
    g_test_add_func("/layout/builtin", test_builtin);
    g_test_add_func("/layout/refused", test_refused);
    g_test_add_func("/layout/user-rows", test_user_rows);
    return g_test_run();
}
