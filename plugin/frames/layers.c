/* layers.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/layers.h"

#include "frames/dsr.h"
#include "frames/internet.h"
#include "frames/link.h"
#include "frames/tunnels.h"

#include <stdio.h>

/* A bound for frames made to be walked for long: no tunnel has so many layers. */
#define DEPTH_MAX 40

typedef struct row {
    uint32_t number;
    walk_step step; /* NULL: there is no TCP in it */
} row;

/* The most frequent first. Link types as in tcpdump.org/linktypes.html. */
static const row links[] = {{1, walk_ethernet}, {113, walk_cooked}, {276, walk_cooked2}, {101, walk_raw},
                            {12, walk_raw},     {14, walk_raw},     {228, walk_ip},      {229, walk_ipv6},
                            {0, walk_null},     {108, walk_loop},   {9, walk_ppp_hdlc},  {50, walk_ppp_hdlc},
                            {51, walk_pppoe},   {104, walk_chdlc}};

/* The others carry no IP (IEEE 802 numbers, and those of Linux and vendors). */
static const row ethertypes[] = {
    {0x0800, walk_ipv4},  {0x86dd, walk_ipv6},  {0x8100, walk_vlan},  {0x88a8, walk_vlan}, {0x9100, walk_vlan},
    {0x8847, walk_mpls},  {0x8848, walk_mpls},  {0x8864, walk_pppoe}, {0x6558, walk_ethernet},
    {0x0806, NULL},       {0x8035, NULL} /* RARP */, {0x88cc, NULL} /* LLDP */, {0x8809, NULL} /* slow protocols */,
    {0x888e, NULL} /* EAPOL */, {0x8863, NULL} /* PPPoE discovery */, {0x9000, NULL} /* loopback test */,
    {0x8902, NULL} /* CFM */, {0x88f7, NULL} /* PTP */, {0x8137, NULL} /* IPX */, {0x809b, NULL} /* AppleTalk */,
    {0x80f3, NULL} /* AARP */, {0x6002, NULL} /* DEC MOP */, {0x6003, NULL} /* DECnet */, {0x0842, NULL} /* wake on LAN */,
    {0x8892, NULL} /* Profinet */, {0x88a4, NULL} /* EtherCAT */, {0x887b, NULL} /* HomePlug */,
    {0x88e1, NULL} /* HomePlug AV */, {0x8912, NULL} /* MediaXtream */, {0x8915, NULL} /* RoCE */,
    {0x8906, NULL} /* FCoE */, {0x8914, NULL} /* FIP */, {0x88f5, NULL} /* MVRP */, {0x88f6, NULL} /* MMRP */,
    {0x22ea, NULL} /* SRP */, {0x22f0, NULL} /* AVTP */, {0xfefe, NULL} /* ISO */, {0x893a, NULL} /* 1905.1 */,
    {0x88c7, NULL} /* 802.11 pre-authentication */, {0x8899, NULL} /* Realtek */, {0x88b5, NULL}, {0x88b6, NULL},
    {0x0000, NULL}};

/* Of those that Wireshark registers; all others are data to it. */
static const row ip_protocols[] = {
    {6, walk_tcp},        {17, walk_udp},       {1, walk_icmp},       {58, walk_icmpv6},    {0, walk_options6},
    {60, walk_options6},  {43, walk_routing6},  {44, walk_fragment6}, {51, walk_ah},        {47, walk_gre},
    {4, walk_ip},         {41, walk_ipv6},      {97, walk_etherip},   {137, walk_mpls},     {143, walk_ethernet}};
static const uint32_t ip_unknown[] = {53 /* SWIPE */, 103 /* PIM registers */, 108 /* IPComp */, 115 /* L2TP */,
                                      140 /* SHIM6 */, 93 /* AX.25 */};

static const row udp_ports[] = {{4789, walk_vxlan}, {6081, walk_geneve}, {2152, walk_gtp}};
/* Ports on which Wireshark expects tunnels that have no row. */
static const uint32_t udp_unknown[] = {1701 /* L2TP */, 3544 /* Teredo */, 3386 /* GTP' and GTP 0 */, 4341 /* LISP */,
                                       4790 /* VXLAN-GPE */, 5247 /* CAPWAP */, 6635 /* MPLS */, 8472 /* OTV */,
                                       37008 /* TZSP */};

static const row ppp_protocols[] = {{0x0021, walk_ip}, {0x0057, walk_ipv6}, {0x0281, walk_mpls}, {0x0283, walk_mpls}};

static const row gre_protocols[] = {{0x0800, walk_ip},      {0x86dd, walk_ipv6}, {0x6558, walk_ethernet},
                                    {0x88be, walk_erspan1}, {0x22eb, walk_erspan}, {0x8847, walk_mpls},
                                    {0x8848, walk_mpls},    {0x880b, walk_ppp},  {0x883e, walk_wccp},
                                    {0x0000, NULL} /* keep-alive */, {0x0806, NULL}, {0x2000, NULL} /* CDP */,
                                    {0x2001, NULL} /* NHRP */, {0x8137, NULL}, {0x00fe, NULL} /* ISO */};

/* Numbers up to 1536 in a cooked header are Linux's (if_ether.h). */
static const row cooked_protocols[] = {{1, NULL} /* IPX */, {3, walk_ethernet}, {4, walk_llc}, {7, walk_ppp_hdlc},
                                       {0xc, NULL} /* CAN */, {0xd, NULL}};

static const row families[] = {{2, walk_ip},      {24, walk_ipv6},     {28, walk_ipv6},
                               {30, walk_ipv6},   {7, NULL} /* ISO */, {16, NULL} /* AppleTalk */, {23, NULL} /* IPX */};

#define ROWS(rows) rows, sizeof(rows) / sizeof *(rows)

static const struct space {
    const row *rows;
    size_t n_rows;
    const char *name;
    bool hexadecimal;
} spaces[WALK_SPACES] = {[WALK_LINK] = {ROWS(links), "link type", false},
                         [WALK_ETHERTYPE] = {ROWS(ethertypes), "ethertype", true},
                         [WALK_IP] = {ROWS(ip_protocols), "IP protocol", false},
                         [WALK_UDP] = {ROWS(udp_ports), "UDP port", false},
                         [WALK_PPP] = {ROWS(ppp_protocols), "PPP protocol", true},
                         [WALK_GRE] = {ROWS(gre_protocols), "GRE protocol", true},
                         [WALK_COOKED] = {ROWS(cooked_protocols), "cooked protocol", true},
                         [WALK_FAMILY] = {ROWS(families), "address family", false}};

static bool is_listed(const uint32_t *list, size_t n, uint32_t number)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == number) {
            return true;
        }
    }
    return false;
}

bool toa_is_tunnel_port(uint16_t port)
{
    for (size_t i = 0; i < sizeof udp_ports / sizeof *udp_ports; i++) {
        if (udp_ports[i].number == port) {
            return true;
        }
    }
    return is_listed(udp_unknown, sizeof udp_unknown / sizeof *udp_unknown, port);
}

bool toa_may_hold_tcp(uint32_t protocol)
{
    if (protocol == 1 || protocol == 58) {
        return false;
    }
    for (size_t i = 0; i < sizeof ip_protocols / sizeof *ip_protocols; i++) {
        if (ip_protocols[i].number == protocol) {
            return true;
        }
    }
    return is_listed(ip_unknown, sizeof ip_unknown / sizeof *ip_unknown, protocol);
}

/* It has no row: can there be TCP in it? */
static void stop_without_row(toa_walk *walk)
{
    uint32_t number = walk->protocol;
    bool unknown;

    switch (walk->next) {
    case WALK_IP:
        unknown = is_listed(ip_unknown, sizeof ip_unknown / sizeof *ip_unknown, number);
        break;
    case WALK_UDP:
        unknown = is_listed(udp_unknown, sizeof udp_unknown / sizeof *udp_unknown, number);
        break;
    case WALK_PPP:
        unknown = number < 0x4000; /* above are control protocols (RFC 1661) */
        break;
    default:
        unknown = true;
    }
    if (unknown) {
        walk_unknown(walk, spaces[walk->next].name, number);
    } else {
        walk_stop(walk, TOA_FOUND_OTHER);
    }
}

static void take_step(toa_walk *walk)
{
    const struct space *space = &spaces[walk->next];

    for (size_t i = 0; i < space->n_rows; i++) {
        if (space->rows[i].number == walk->protocol) {
            if (space->rows[i].step) {
                space->rows[i].step(walk);
            } else {
                walk_stop(walk, TOA_FOUND_OTHER);
            }
            return;
        }
    }
    stop_without_row(walk);
}

/* Folds it to 16 bits, never 0. */
static uint16_t fold_network(uint64_t network)
{
    return network ? (uint16_t)(1 + (network >> 16) % 65535) : 0;
}

toa_found toa_find_tcp(const toa_frame_bytes *frame, toa_tcp_layer *ret_layer)
{
    toa_walk walk = {.start = frame->bytes,
                 .at = frame->bytes,
                 .captured = frame->captured,
                 .reported = frame->reported,
                 .next = WALK_LINK,
                 .protocol = frame->link_type,
                 .fcs = frame->fcs,
                 .layer = ret_layer};

    ret_layer->quoted = false;
    ret_layer->space = NULL;
    ret_layer->dsr.kind = TOA_DSR_NONE;
    ret_layer->source.family = TOA_FAMILY_NONE;
    for (unsigned depth = 0; depth < DEPTH_MAX && walk.next != WALK_END; depth++) {
        take_step(&walk);
    }
    if (walk.next != WALK_END) {
        walk_unknown(&walk, "layers", DEPTH_MAX);
    }
    ret_layer->network = fold_network(walk.network);
    if (walk.result != TOA_FOUND_TCP || (ret_layer->dsr.kind && !toa_dsr_stands(ret_layer))) {
        ret_layer->dsr.kind = TOA_DSR_NONE;
    }
    return walk.result;
}

uint16_t toa_find_network(const toa_frame_bytes *frame)
{
    toa_tcp_layer layer;

    toa_find_tcp(frame, &layer);
    return layer.network;
}

void toa_found_name(const char *space, uint32_t protocol, char *text, size_t size)
{
    bool hexadecimal = false;

    for (size_t i = 0; i < WALK_SPACES; i++) {
        hexadecimal = hexadecimal || (spaces[i].name == space && spaces[i].hexadecimal);
    }
    snprintf(text, size, hexadecimal ? "%s 0x%04x" : "%s %u", space, protocol);
}
