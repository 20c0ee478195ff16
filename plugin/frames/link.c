/* link.c
 * Link layers, and the tags between them and IP.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/link.h"

#include <string.h>

#define LENGTH_MAX 1500 /* 802.3: up to this it is a length, from 1536 on a type */
#define TYPE_MIN 1536

/* Behind a length: LLC, or IPX without it. n bytes of header are there. */
static void walk_802_3(toa_walk *walk, uint32_t n, uint16_t length)
{
    walk_on(walk, n, WALK_END, 0);
    walk_limit(walk, length);
    if (walk->captured >= 2 && walk_get16(walk->at) == 0xffff) {
        walk_stop(walk, TOA_FOUND_OTHER);
    } else {
        walk_llc(walk);
    }
}

/* DSAP(1) SSAP(1) control(1 or 2), with SNAP: organisation(3) type(2). */
void walk_llc(toa_walk *walk)
{
    const uint8_t *at = walk->at;

    if (!walk_need(walk, 3)) {
        return;
    }
    if (at[0] == 0x06 && (at[2] & 3) == 3) { /* IP's own service access point */
        walk_on(walk, 3, WALK_ETHERTYPE, 0x0800);
        return;
    }
    if (at[0] != 0xaa || at[1] != 0xaa || at[2] != 3) {
        walk_stop(walk, TOA_FOUND_OTHER);
        return;
    }
    if (!walk_need(walk, 8)) {
        return;
    }
    if (memcmp(at + 3, "\0\0\0", 3) == 0 || memcmp(at + 3, "\0\0\xf8", 3) == 0) {
        walk_on(walk, 8, WALK_ETHERTYPE, walk_get16(at + 6));
    } else if (memcmp(at + 3, "\0\x80\xc2", 3) == 0) {
        walk_unknown(walk, "SNAP of 802.1", walk_get16(at + 6)); /* bridged frames */
    } else {
        walk_stop(walk, TOA_FOUND_OTHER);
    }
}

void walk_ethernet(toa_walk *walk)
{
    const uint8_t *at = walk->at;
    uint8_t fcs = walk->fcs;
    uint16_t type;

    if (!walk_need(walk, 14)) {
        return;
    }
    walk->fcs = 0;
    if (fcs && walk->reported >= 14u + fcs) {
        walk_limit(walk, walk->reported - fcs);
    }
    type = walk_get16(at + 12);
    if (type >= TYPE_MIN || type == 0) {
        walk_on(walk, 14, WALK_ETHERTYPE, type);
    } else if ((at[0] == 1 || at[0] == 0x0c) && memcmp(at + 1, "\0\x0c\0\0", 4) == 0) {
        walk_unknown(walk, "Cisco ISL", type);
    } else if (type > LENGTH_MAX) {
        walk_stop(walk, TOA_FOUND_OTHER);
    } else {
        walk_802_3(walk, 14, type);
    }
}

/* Tag control(2) type(2) */
void walk_vlan(toa_walk *walk)
{
    uint16_t type;

    if (!walk_need(walk, 4)) {
        return;
    }
    if (walk_get16(walk->at) & 0x0fff) { /* 0: a priority only */
        walk_label(walk, LABEL_VLAN, walk_get16(walk->at) & 0x0fff);
    }
    type = walk_get16(walk->at + 2);
    if (type <= LENGTH_MAX) {
        walk_802_3(walk, 4, type);
    } else {
        walk_on(walk, 4, WALK_ETHERTYPE, type);
    }
}

/* Label(20 bits) class(3) bottom(1) time to live(8); what follows is told by its first four bits (RFC 4928). */
void walk_mpls(toa_walk *walk)
{
    bool bottom;

    do {
        if (!walk_need(walk, 5)) {
            return;
        }
        bottom = walk->at[2] & 1;
        if (bottom && walk_get32(walk->at) >> 12 == 13) { /* generic associated channel */
            walk_stop(walk, TOA_FOUND_OTHER);
            return;
        }
        walk_label(walk, LABEL_MPLS, walk_get32(walk->at) >> 12);
        walk_on(walk, 4, WALK_END, 0);
    } while (!bottom);
    switch (walk->at[0] >> 4) {
    case 4:
        walk_on(walk, 0, WALK_ETHERTYPE, 0x0800);
        break;
    case 6:
        walk_on(walk, 0, WALK_ETHERTYPE, 0x86dd);
        break;
    case 0:
        walk_unknown(walk, "pseudowire", 0); /* Ethernet, with or without a control word */
        break;
    default:
        walk_stop(walk, TOA_FOUND_OTHER);
    }
}

/* ---- Linux cooked ---- */

/* n bytes of header are there. */
static void leave_cooked(toa_walk *walk, uint32_t n, uint16_t hardware, uint16_t type)
{
    enum { NETLINK = 824, GRE = 778, GRE6 = 823, IEEE80211 = 801, RADIOTAP = 803 };

    if (hardware == NETLINK) {
        walk_stop(walk, TOA_FOUND_OTHER);
    } else if (hardware >= IEEE80211 && hardware <= RADIOTAP) {
        walk_unknown(walk, "hardware type", hardware);
    } else if (type <= TYPE_MIN) {
        walk_on(walk, n, WALK_COOKED, type);
    } else {
        walk->gre_flags = 0;
        walk_on(walk, n, hardware == GRE ? WALK_GRE : WALK_ETHERTYPE, type);
    }
}

/* Packet type(2) hardware(2) address length(2) address(8) protocol(2) */
void walk_cooked(toa_walk *walk)
{
    if (walk_need(walk, 16)) {
        leave_cooked(walk, 16, walk_get16(walk->at + 2), walk_get16(walk->at + 14));
    }
}

/* Protocol(2) zero(2) interface(4) hardware(2) packet type(1) address length(1) address(8) */
void walk_cooked2(toa_walk *walk)
{
    if (walk_need(walk, 20)) {
        leave_cooked(walk, 20, walk_get16(walk->at + 8), walk_get16(walk->at));
    }
}

/* ---- BSD loopback, raw IP ---- */

/* Address family in the byte order of the machine that captured; some write 16 bits, some an Ethernet type. The bytes are
 * taken as little-endian first, like Wireshark on the machines of today. */
void walk_null(toa_walk *walk)
{
    uint32_t family;

    if (!walk_need(walk, 4)) {
        return;
    }
    if (walk_get16(walk->at) == 0xff03) {
        walk_ppp_hdlc(walk);
        return;
    }
    family = __builtin_bswap32(walk_get32(walk->at));
    if (family & 0xffff0000) {
        family = !(family & 0xff000000) && (family & 0x00ff0000) < 0x00060000 ? family >> 16 : __builtin_bswap32(family);
    } else if (!(family & 0xff) && (family & 0xff00) < 0x600) {
        family = __builtin_bswap16((uint16_t)family);
    }
    if (family > LENGTH_MAX) {
        walk_on(walk, 4, WALK_ETHERTYPE, (uint16_t)family);
    } else {
        walk_on(walk, 4, WALK_FAMILY, family);
    }
}

void walk_loop(toa_walk *walk)
{
    if (walk_need(walk, 4)) {
        walk_on(walk, 4, WALK_FAMILY, walk_get32(walk->at));
    }
}

void walk_raw(toa_walk *walk)
{
    const uint8_t *at = walk->at;

    if (!walk_need(walk, 1)) {
        return;
    }
    if ((at[0] >> 4 == 4 || at[0] >> 4 == 6) &&
        /* Linux's ISDN has put PPP there; Wireshark looks for it in IP's place, too */
        !(walk->captured >= 8 && (walk_get16(at + 6) == 0xff03 || walk_get16(at + 1) == 0xff03))) {
        walk_on(walk, 0, WALK_ETHERTYPE, at[0] >> 4 == 4 ? 0x0800 : 0x86dd);
    } else {
        walk_unknown(walk, "raw packet", at[0]);
    }
}

/* ---- PPP ---- */

/* Protocol(1 or 2) */
void walk_ppp(toa_walk *walk)
{
    if (walk->gre_flags && !(walk->gre_flags & 7)) {
        walk_unknown(walk, "GRE protocol", 0x880b); /* only version 1 (PPTP) has PPP in it */
    } else if (walk_need(walk, 1) && walk->at[0] & 1) {
        walk_on(walk, 1, WALK_PPP, walk->at[0]);
    } else if (walk->captured && walk_need(walk, 2)) {
        walk_on(walk, 2, WALK_PPP, walk_get16(walk->at));
    }
}

/* Address and control (ff 03), if not left out, then the same. */
void walk_ppp_hdlc(toa_walk *walk)
{
    walk->gre_flags = 0;
    if (!walk_need(walk, 1)) {
        return;
    }
    if (walk->at[0] == 0xff) {
        if (!walk_need(walk, 2)) {
            return;
        }
        walk_on(walk, 2, WALK_END, 0);
    }
    walk_ppp(walk);
}

/* Version and type(1) code(1) session(2) length(2) */
void walk_pppoe(toa_walk *walk)
{
    if (!walk_need(walk, 6)) {
        return;
    }
    if (walk->at[1]) {
        walk_stop(walk, TOA_FOUND_OTHER);
        return;
    }
    walk->gre_flags = 0;
    walk_on(walk, 6, WALK_END, 0);
    walk_ppp(walk);
}

/* Cisco HDLC: address(1) control(1) type(2) */
void walk_chdlc(toa_walk *walk)
{
    uint16_t type;

    if (!walk_need(walk, 4)) {
        return;
    }
    type = walk_get16(walk->at + 2);
    if (type == 0x0800 || type == 0x86dd || type == 0x8847 || type == 0x8848) {
        walk_on(walk, 4, WALK_ETHERTYPE, type);
    } else if (type == 0x8035 || type == 0x2000 || type == 0xfefe) { /* keep-alive, CDP, ISO */
        walk_stop(walk, TOA_FOUND_OTHER);
    } else {
        walk_unknown(walk, "HDLC protocol", type);
    }
}
