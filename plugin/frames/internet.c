/* internet.c
 * IP and what is directly above it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/internet.h"

#include "frames/dsr.h"

enum { IP_UDP = 17, IP_HOP_BY_HOP = 0, IP_DESTINATION_OPTIONS = 60 };

void walk_ip(toa_walk *walk)
{
    if (!walk_need(walk, 1)) {
        return;
    }
    if (walk->at[0] >> 4 == 6) {
        walk_ipv6(walk);
    } else {
        walk_ipv4(walk);
    }
}

/* With a source route the destination is elsewhere in the header. */
static bool has_source_route(const uint8_t *at, uint32_t length)
{
    for (uint32_t i = 20; i < length && at[i] != 0;) {
        if (at[i] == 131 || at[i] == 137) {
            return true;
        }
        if (at[i] == 1) {
            i++;
        } else if (i + 1 < length && at[i + 1] >= 2) {
            i += at[i + 1];
        } else {
            return false;
        }
    }
    return false;
}

/* What a fragmented datagram holds. Of UDP the first fragment decides, which has the ports; ICMP errors, which quote TCP, are
 * too short to be fragmented. */
static bool may_hold_tcp(const toa_walk *walk, uint32_t protocol, bool first, uint32_t header)
{
    const uint8_t *at = walk->at + header;

    if (protocol == IP_UDP) {
        return first && walk->captured >= header + 4 &&
               (toa_is_tunnel_port(walk_get16(at)) || toa_is_tunnel_port(walk_get16(at + 2)));
    }
    return toa_may_hold_tcp(protocol);
}

static void stop_at_fragment(toa_walk *walk, uint32_t protocol, bool first, uint32_t header)
{
    if (!may_hold_tcp(walk, protocol, first, header)) {
        walk_stop(walk, TOA_FOUND_OTHER);
        return;
    }
    walk->layer->space = "IP protocol";
    walk->layer->protocol = protocol;
    walk_stop(walk, TOA_FOUND_FRAGMENT);
}

void walk_ipv4(toa_walk *walk)
{
    const uint8_t *at = walk->at;
    uint32_t header, total;
    uint16_t fragment;

    if (!walk_need(walk, 1)) {
        return;
    }
    if (at[0] >> 4 == 6) { /* Linux has captured such */
        walk_ipv6(walk);
        return;
    }
    header = (at[0] & 15) * 4u;
    if (at[0] >> 4 != 4 || header < 20) {
        walk_stop(walk, TOA_FOUND_OTHER);
        return;
    }
    if (!walk_need(walk, header)) {
        return;
    }
    walk_leave_ip(walk);
    total = walk_get16(at + 2);
    if (total && total < header) {
        walk_stop(walk, TOA_FOUND_OTHER);
        return;
    }
    if (total) { /* 0: the interface does the segmentation, and the whole rest is the datagram */
        walk_limit(walk, total);
    }
    fragment = walk_get16(at + 6);
    if (fragment & 0x3fff) {
        stop_at_fragment(walk, at[9], !(fragment & 0x1fff), header);
        return;
    }
    if (header > 20 && has_source_route(at, header)) {
        walk_unknown(walk, "IPv4 source route to protocol", at[9]);
        return;
    }
    if (walk->reported == header) {
        walk_stop(walk, TOA_FOUND_OTHER);
        return;
    }
    walk_enter_dsr(walk);
    if (header > 20) {
        walk_dsr_ip4(walk, header);
    }
    walk->layer->source = toa_endpoint_ipv4(at + 12, 0);
    walk->layer->destination = toa_endpoint_ipv4(at + 16, 0);
    walk->layer->ip_id = walk_get16(at + 4);
    walk->layer->ttl = at[8];
    walk_on(walk, header, WALK_IP, at[9]);
}

/* Where the walk is, there is an extension header. */
void walk_ipv6(toa_walk *walk)
{
    const uint8_t *at = walk->at;
    uint32_t length;

    if (!walk_need(walk, 1)) {
        return;
    }
    if (at[0] >> 4 != 6) {
        walk_stop(walk, TOA_FOUND_OTHER);
        return;
    }
    if (!walk_need(walk, 40)) {
        return;
    }
    length = walk_get16(at + 4);
    if (!length && at[6] == IP_HOP_BY_HOP) {
        walk_unknown(walk, "IPv6 jumbogram of protocol", at[6]);
        return;
    }
    walk_limit(walk, 40 + length); /* a length of 0 is not taken for left out, as it is with IPv4: Wireshark's default */
    walk_leave_ip(walk);
    walk_enter_dsr(walk);
    walk->layer->source = toa_endpoint_ipv6(at + 8, 0);
    walk->layer->destination = toa_endpoint_ipv6(at + 24, 0);
    walk->layer->ip_id = 0;
    walk->layer->ttl = at[7];
    walk_on(walk, 40, WALK_IP, at[6]);
}

/* Next(1) length(1) in units of 8 bytes beyond the first 8, options. */
void walk_options6(toa_walk *walk)
{
    const uint8_t *at = walk->at;
    uint32_t length;

    if (walk->layer->source.family != TOA_FAMILY_IPV6) {
        walk_unknown(walk, "IPv6 options in protocol", 4);
        return;
    }
    if (!walk_need(walk, 8)) {
        return;
    }
    length = (at[1] + 1u) * 8;
    if (!walk_need(walk, length)) {
        return;
    }
    for (uint32_t i = 2; i < length; i += at[i] && i + 1 < length ? 2u + at[i + 1] : 1) {
        if (at[i] == 201) { /* home address: the source is another one */
            walk_unknown(walk, "IPv6 home address of protocol", at[0]);
            return;
        }
    }
    if (walk->protocol == IP_DESTINATION_OPTIONS) {
        walk_dsr_ip6(walk, length);
    }
    walk_on(walk, length, WALK_IP, at[0]);
}

/* Next(1) length(1) type(1) segments left(1) ... With some left the destination is another one. */
void walk_routing6(toa_walk *walk)
{
    const uint8_t *at = walk->at;
    uint32_t length;

    if (!walk_need(walk, 8)) {
        return;
    }
    length = (at[1] + 1u) * 8;
    if (at[3]) {
        walk_unknown(walk, "IPv6 routing type", at[2]);
    } else if (walk_need(walk, length)) {
        walk_on(walk, length, WALK_IP, at[0]);
    }
}

/* Next(1) reserved(1) offset(13 bits) reserved(2) more(1) identification(4) */
void walk_fragment6(toa_walk *walk)
{
    const uint8_t *at = walk->at;

    if (!walk_need(walk, 8)) {
        return;
    }
    if (walk_get16(at + 2) & 0xfff9) {
        stop_at_fragment(walk, at[0], !(walk_get16(at + 2) & 0xfff8), 8);
    } else {
        walk_on(walk, 8, WALK_IP, at[0]);
    }
}

/* Authentication header: next(1) length(1) in units of 4 bytes beyond the first 8. */
void walk_ah(toa_walk *walk)
{
    const uint8_t *at = walk->at;
    uint32_t length;

    if (!walk_need(walk, 12)) {
        return;
    }
    length = (at[1] + 2u) * 4;
    if (walk_need(walk, length)) {
        walk_on(walk, length, WALK_IP, at[0]);
    }
}

void walk_tcp(toa_walk *walk)
{
    walk->layer->header = walk->at;
    walk->layer->captured = walk->captured;
    walk->layer->reported = walk->reported;
    walk_stop(walk, TOA_FOUND_TCP);
}

/* Ports(2, 2) length(2) checksum(2). A tunnel is known by the lower port, which Wireshark asks first. */
void walk_udp(toa_walk *walk)
{
    const uint8_t *at = walk->at;
    uint16_t source, destination, length;

    if (!walk_need(walk, 8)) {
        return;
    }
    source = walk_get16(at);
    destination = walk_get16(at + 2);
    length = walk_get16(at + 4);
    if (length >= 8) {
        walk_limit(walk, length);
    } else if (length) {
        walk_stop(walk, TOA_FOUND_OTHER);
        return;
    }
    walk_on(walk, 8, WALK_UDP, source < destination ? source : destination);
    /* a tunnel's port that is the higher one: something else may lie on the lower */
    if (source != destination && walk->captured) {
        uint16_t higher = source < destination ? destination : source;
        if (toa_is_tunnel_port(higher) && !toa_is_tunnel_port((uint16_t)walk->protocol)) {
            walk_unknown(walk, "UDP port below that of a tunnel", walk->protocol);
        }
    }
}

/* Errors quote the datagram that caused them. Type(1) code(1) checksum(2) and 4 bytes of the type's own. */
void walk_icmp(toa_walk *walk)
{
    const uint8_t *at = walk->at;

    if (!walk_need(walk, 8)) {
        return;
    }
    if (at[0] == 3 || at[0] == 4 || at[0] == 5 || at[0] == 11 || at[0] == 12) {
        walk->layer->quoted = true;
        walk_on(walk, 8, WALK_ETHERTYPE, 0x0800);
    } else {
        walk_stop(walk, TOA_FOUND_OTHER);
    }
}

void walk_icmpv6(toa_walk *walk)
{
    const uint8_t *at = walk->at;

    if (!walk_need(walk, 8)) {
        return;
    }
    if (at[0] >= 1 && at[0] <= 4) {
        walk->layer->quoted = true;
        walk_on(walk, 8, WALK_ETHERTYPE, 0x86dd);
    } else if (at[0] == 137) {
        walk_unknown(walk, "ICMPv6 type", at[0]); /* a redirect quotes, too, in an option */
    } else {
        walk_stop(walk, TOA_FOUND_OTHER);
    }
}
