/* tunnels.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/tunnels.h"

#include "frames/dsr.h"
#include "frames/internet.h"
#include "frames/link.h"

enum { GRE_CHECKSUM = 0x8000, GRE_ROUTING = 0x4000, GRE_KEY = 0x2000, GRE_SEQUENCE = 0x1000, GRE_ACK = 0x0080 };

/* Flags and version(2) type(2), then as the flags say: checksum and offset(4) key(4) sequence(4) acknowledgment(4). RFC 2784,
 * 2890, and 2637 for version 1. */
void walk_gre(toa_walk *walk)
{
    const uint8_t *at = walk->at;
    uint16_t flags, type;
    uint32_t length = 4;
    bool ppp;

    if (!walk_need(walk, 4)) {
        return;
    }
    flags = walk_get16(at);
    type = walk_get16(at + 2);
    ppp = type == 0x880b && (flags & 7);
    if (flags & GRE_ROUTING) {
        walk_unknown(walk, "GRE routing of protocol", type);
        return;
    }
    length += flags & GRE_CHECKSUM ? 4 : 0;
    length += flags & GRE_KEY ? 4 : 0;
    length += flags & GRE_SEQUENCE ? 4 : 0;
    length += ppp && (flags & GRE_ACK) ? 4 : 0;
    if (!walk_need(walk, length)) {
        return;
    }
    if (walk->reported == length) {
        walk_stop(walk, TOA_FOUND_OTHER);
        return;
    }
    if ((flags & GRE_KEY) && !ppp) { /* PPTP has a length and a call number there, another in each direction */
        walk_label(walk, LABEL_GRE, walk_get32(at + (flags & GRE_CHECKSUM ? 8 : 4)));
    }
    walk->gre_flags = (uint16_t)(flags | 0x0800); /* never 0: a bit that is reserved */
    if (type == 0x883e) { /* WCCP 2 has a header of its own; told apart by what comes where IP could begin */
        if (!walk_need(walk, 5) || (at[4] >> 4 != 4 && !walk_need(walk, length + 4))) {
            return;
        }
        length += at[4] >> 4 != 4 ? 4 : 0;
    }
    walk_on(walk, length, WALK_GRE, type);
}

void walk_wccp(toa_walk *walk)
{
    walk_ip(walk);
}

/* Type I has no header, type II one of 8 bytes, and a sequence number in GRE's. */
void walk_erspan1(toa_walk *walk)
{
    if (walk->gre_flags & GRE_SEQUENCE) {
        walk_erspan(walk);
    } else {
        walk_ethernet(walk);
    }
}

/* Version(4 bits) ...; version 1 is type II, version 2 type III: 12 bytes, and 8 more if the last bit is set. */
void walk_erspan(toa_walk *walk)
{
    const uint8_t *at = walk->at;
    uint32_t length;

    if (!walk_need(walk, 2)) {
        return;
    }
    if (at[0] >> 4 != 1 && at[0] >> 4 != 2) {
        walk_unknown(walk, "ERSPAN version", at[0] >> 4);
        return;
    }
    length = at[0] >> 4 == 1 ? 8 : 12;
    if (!walk_need(walk, length)) {
        return;
    }
    if (length == 12) {
        uint16_t last = walk_get16(at + 10);
        if (last >> 10 & 0x1f) {
            walk_unknown(walk, "ERSPAN frame type", last >> 10 & 0x1f);
            return;
        }
        length += last & 1 ? 8 : 0;
        if (!walk_need(walk, length)) {
            return;
        }
    }
    if (walk_get16(at) & 0x0fff) { /* the VLAN that the frame was mirrored from */
        walk_label(walk, LABEL_ERSPAN, walk_get16(at) & 0x0fff);
    }
    walk_on(walk, length, WALK_ETHERTYPE, 0x6558);
}

/* Version and reserved(2) */
void walk_etherip(toa_walk *walk)
{
    if (walk_need(walk, 2)) {
        walk_on(walk, 2, WALK_ETHERTYPE, 0x6558);
    }
}

/* Flags(1) reserved(3) VNI(3) reserved(1). RFC 7348 */
void walk_vxlan(toa_walk *walk)
{
    if (walk_need(walk, 8)) {
        walk_label(walk, LABEL_VNI, walk_get32(walk->at + 4) >> 8);
        walk_on(walk, 8, WALK_ETHERTYPE, 0x6558);
    }
}

/* Version(2 bits) length of options(6) flags(8) type(16) VNI(24) reserved(8). RFC 8926 */
void walk_geneve(toa_walk *walk)
{
    uint32_t length;

    if (!walk_need(walk, 8)) {
        return;
    }
    length = 8 + (walk->at[0] & 0x3fu) * 4;
    if (walk_need(walk, length)) {
        walk_label(walk, LABEL_VNI, walk_get32(walk->at + 4) >> 8);
        walk_dsr_geneve(walk, length);
        walk_on(walk, length, WALK_ETHERTYPE, walk_get16(walk->at + 2));
    }
}

/* GTP-U: flags(1) type(1) length(2) tunnel(4); with any of the three flags sequence(2) N-PDU(1) next(1), then extension
 * headers: length in units of 4(1) ... next(1). 3GPP TS 29.281 */
void walk_gtp(toa_walk *walk)
{
    enum { ANY_OPTION = 7, EXTENSION = 4, DATA = 255 };
    const uint8_t *at = walk->at;
    uint8_t next;

    if (!walk_need(walk, 8)) {
        return;
    }
    if ((at[0] >> 4) != 3) { /* version 1, and not GTP' */
        walk_unknown(walk, "GTP version and type", at[0] >> 4);
        return;
    }
    if (at[1] != DATA) {
        walk_stop(walk, TOA_FOUND_OTHER);
        return;
    }
    walk_label(walk, LABEL_GTP, walk_get32(at + 4));
    walk_limit(walk, 8u + walk_get16(at + 2));
    walk_on(walk, 8, WALK_END, 0);
    if (at[0] & ANY_OPTION) {
        if (!walk_need(walk, 4)) {
            return;
        }
        next = at[0] & EXTENSION ? walk->at[3] : 0;
        walk_on(walk, 4, WALK_END, 0);
        while (next) {
            uint32_t length;
            if (!walk_need(walk, 4)) {
                return;
            }
            length = walk->at[0] * 4u;
            if (!length) {
                walk_stop(walk, TOA_FOUND_OTHER);
                return;
            }
            if (!walk_need(walk, length)) {
                return;
            }
            next = walk->at[length - 1];
            walk_on(walk, length, WALK_END, 0);
        }
    }
    if (!walk_need(walk, 1)) {
        return;
    }
    if (walk->at[0] >= 0x45 && walk->at[0] <= 0x4e) {
        walk_on(walk, 0, WALK_ETHERTYPE, 0x0800);
    } else if (walk->at[0] >> 4 == 6) {
        walk_on(walk, 0, WALK_ETHERTYPE, 0x86dd);
    } else {
        walk_unknown(walk, "GTP payload", walk->at[0]);
    }
}
