/* endpoint.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/base/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool toa_endpoint_parse(const char *text, uint16_t port, toa_endpoint *ret_endpoint)
{
    uint8_t bytes[16];

    if (inet_pton(AF_INET, text, bytes) == 1) {
        *ret_endpoint = toa_endpoint_ipv4(bytes, port);
        return true;
    }
    if (inet_pton(AF_INET6, text, bytes) == 1) {
        *ret_endpoint = toa_endpoint_ipv6(bytes, port);
        return true;
    }
    return false;
}

bool toa_endpoint_same_address(const toa_endpoint *a, const toa_endpoint *b)
{
    return a->family == b->family && memcmp(a->address, b->address, sizeof a->address) == 0;
}

bool toa_endpoint_suspicious(const toa_endpoint *endpoint, bool has_port)
{
    static const uint8_t zero[16], broadcast[4] = {255, 255, 255, 255};
    const uint8_t *address = endpoint->address;

    if (has_port && endpoint->port == 0) {
        return true;
    }
    if (memcmp(address, zero, sizeof zero) == 0) {
        return true;
    }
    if (endpoint->family == TOA_FAMILY_IPV6) {
        return address[0] == 0xff;
    }
    return (address[0] & 0xf0) == 0xe0 || memcmp(address, broadcast, 4) == 0;
}

/* Not inet_ntop, which prints with snprintf: records of many conversations consist of addresses. */
static void format_ipv4(const uint8_t address[4], char *text)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned byte = address[i];
        if (byte >= 100) {
            *text++ = (char)('0' + byte / 100);
        }
        if (byte >= 10) {
            *text++ = (char)('0' + byte / 10 % 10);
        }
        *text++ = (char)('0' + byte % 10);
        *text++ = i < 3 ? '.' : '\0';
    }
}

char *toa_address_format(const toa_endpoint *endpoint, char text[TOA_ADDRESS_TEXT])
{
    if (endpoint->family == TOA_FAMILY_IPV6) {
        inet_ntop(AF_INET6, endpoint->address, text, TOA_ADDRESS_TEXT);
    } else {
        format_ipv4(endpoint->address, text);
    }
    return text;
}

char *toa_endpoint_format(const toa_endpoint *endpoint, char text[TOA_ENDPOINT_TEXT])
{
    bool v6 = endpoint->family == TOA_FAMILY_IPV6;
    char address[TOA_ADDRESS_TEXT];

    snprintf(text, TOA_ENDPOINT_TEXT, v6 ? "[%s]:%u" : "%s:%u", toa_address_format(endpoint, address), endpoint->port);
    return text;
}

char *toa_key_format(const toa_endpoint *client, const toa_endpoint *server, char text[TOA_KEY_TEXT])
{
    char left[TOA_ENDPOINT_TEXT], right[TOA_ENDPOINT_TEXT];

    snprintf(text, TOA_KEY_TEXT, "%s > %s", toa_endpoint_format(client, left), toa_endpoint_format(server, right));
    return text;
}
