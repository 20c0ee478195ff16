/* endpoint.h
 * An IP address with a TCP port, and two of them as a tuple, as plain values: compare, hash, print.
 *
 * Not here: who is client or server (conversation.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_ENDPOINT_H
#define TOA_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { TOA_FAMILY_NONE = 0, TOA_FAMILY_IPV4 = 4, TOA_FAMILY_IPV6 = 6 };

/* Address bytes are in network order; an IPv4 address uses the first four, the others are 0, so that
 * two equal endpoints are equal byte by byte. The port is in host order. No padding. */
typedef struct toa_endpoint {
    uint8_t address[16];
    uint16_t port;
    uint16_t family; /* TOA_FAMILY_* */
} toa_endpoint;

/* Longest text of an address, with its NUL. */
#define TOA_ADDRESS_TEXT 46
/* Longest text of an endpoint, "[" IPv6 "]:" port, with its NUL. */
#define TOA_ENDPOINT_TEXT 56
/* Longest text of a key, "endpoint > endpoint", with its NUL. */
#define TOA_KEY_TEXT (2 * TOA_ENDPOINT_TEXT + 3)

/* In its place: what returns a value builds it elsewhere first, and every packet has two. */
static inline void toa_endpoint_set_ipv4(toa_endpoint *ret_endpoint, const uint8_t address[4], uint16_t port)
{
    memcpy(ret_endpoint->address, address, 4);
    memset(ret_endpoint->address + 4, 0, 12);
    ret_endpoint->port = port;
    ret_endpoint->family = TOA_FAMILY_IPV4;
}

static inline toa_endpoint toa_endpoint_ipv4(const uint8_t address[4], uint16_t port)
{
    toa_endpoint endpoint;

    toa_endpoint_set_ipv4(&endpoint, address, port);
    return endpoint;
}

static inline toa_endpoint toa_endpoint_ipv6(const uint8_t address[16], uint16_t port)
{
    toa_endpoint endpoint = {.port = port, .family = TOA_FAMILY_IPV6};

    memcpy(endpoint.address, address, 16);
    return endpoint;
}

/* Reads "10.0.0.1" or "fd00::1" (no brackets, no port). False, *ret_endpoint untouched, if it is neither. */
bool toa_endpoint_parse(const char *text, uint16_t port, toa_endpoint *ret_endpoint);

bool toa_endpoint_same_address(const toa_endpoint *a, const toa_endpoint *b);

/* The bytes as three words, for the functions below, which run for every segment. */
typedef struct toa_endpoint_words {
    uint64_t low, high; /* of the address, as they lie in memory */
    uint32_t rest;      /* port and family */
} toa_endpoint_words;

static inline toa_endpoint_words toa_endpoint_split(const toa_endpoint *endpoint)
{
    toa_endpoint_words words;

    memcpy(&words.low, endpoint->address, sizeof words.low);
    memcpy(&words.high, endpoint->address + 8, sizeof words.high);
    memcpy(&words.rest, &endpoint->port, sizeof words.rest);
    return words;
}

static inline bool toa_endpoint_equal(const toa_endpoint *a, const toa_endpoint *b)
{
    toa_endpoint_words left = toa_endpoint_split(a), right = toa_endpoint_split(b);

    return ((left.low ^ right.low) | (left.high ^ right.high) | (left.rest ^ right.rest)) == 0;
}

/* Some total order: negative, 0 or positive. It puts the two endpoints of a tuple into one order, and sorts tables; it
 * is not the order of addresses. */
static inline int toa_endpoint_compare(const toa_endpoint *a, const toa_endpoint *b)
{
    toa_endpoint_words left = toa_endpoint_split(a), right = toa_endpoint_split(b);

    if (left.low != right.low) {
        return left.low < right.low ? -1 : 1;
    }
    if (left.high != right.high) {
        return left.high < right.high ? -1 : 1;
    }
    return left.rest == right.rest ? 0 : left.rest < right.rest ? -1 : 1;
}

/* Address not usable as a client's: unspecified, multicast, IPv4 broadcast, or port 0 when has_port. */
bool toa_endpoint_suspicious(const toa_endpoint *endpoint, bool has_port);

/* "10.0.0.1" or "fd00::1"; returns text. */
char *toa_address_format(const toa_endpoint *endpoint, char text[TOA_ADDRESS_TEXT]);
/* "10.0.0.1:80" or "[fd00::1]:80"; returns text. */
char *toa_endpoint_format(const toa_endpoint *endpoint, char text[TOA_ENDPOINT_TEXT]);
/* "client > server"; returns text. */
char *toa_key_format(const toa_endpoint *client, const toa_endpoint *server, char text[TOA_KEY_TEXT]);

/* A 64-bit mixer; every table of the core builds its hashes from it. Shifts and multiplier are those known as degski64. */
static inline uint64_t toa_mix(uint64_t value)
{
    value ^= value >> 32;
    value *= 0xd6e8feb86659fd93u;
    value ^= value >> 32;
    value *= 0xd6e8feb86659fd93u;
    value ^= value >> 32;
    return value;
}

/* A keyed 64-bit hash. The seed keeps a hostile capture from choosing its collisions. */
static inline uint64_t toa_endpoint_hash(const toa_endpoint *endpoint, uint64_t seed)
{
    toa_endpoint_words words = toa_endpoint_split(endpoint);

    if (words.high != 0) { /* IPv6 alone has these bytes */
        seed = toa_mix(seed ^ words.high);
    }
    return toa_mix(toa_mix(seed ^ words.low) + words.rest);
}

/* Two words into one, the same in either order: their product of 128 bits, folded (the step of wyhash). Words of a capture
 * must be keyed first: a 0 swallows the other word. */
static inline uint64_t toa_mix_pair(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    return toa_mix(a) + toa_mix(b);
#endif
}

/* Keyed, as toa_endpoint_hash, and the same for both directions. */
static inline uint32_t toa_tuple_hash(const toa_endpoint *a, const toa_endpoint *b, uint64_t seed)
{
    if (a->family == TOA_FAMILY_IPV4 && b->family == TOA_FAMILY_IPV4) {
        toa_endpoint_words left = toa_endpoint_split(a), right = toa_endpoint_split(b);
        uint64_t rest_a = (uint64_t)left.rest << 32 | left.rest, rest_b = (uint64_t)right.rest << 32 | right.rest;
        /* the address has four bytes in one half of low: the other half is the port's, and the first is keyed anyway */
        return (uint32_t)toa_mix_pair(left.low ^ rest_a ^ seed, right.low ^ rest_b ^ seed);
    }
    return (uint32_t)toa_mix_pair(toa_endpoint_hash(a, seed) ^ seed, toa_endpoint_hash(b, seed) ^ seed);
}

/* Two endpoints in canonical order. */
typedef struct toa_tuple {
    toa_endpoint wire[2];
    uint32_t hash;
    unsigned sender; /* index of the first endpoint given to toa_tuple_make */
} toa_tuple;

static inline toa_tuple toa_tuple_make(const toa_endpoint *from, const toa_endpoint *to, uint64_t seed)
{
    toa_tuple tuple;

    tuple.sender = toa_endpoint_compare(from, to) > 0;
    tuple.wire[tuple.sender] = *from;
    tuple.wire[!tuple.sender] = *to;
    tuple.hash = toa_tuple_hash(&tuple.wire[0], &tuple.wire[1], seed);
    return tuple;
}

#endif
