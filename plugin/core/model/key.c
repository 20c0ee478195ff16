/* key.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/key.h"

#include <stdio.h>

char *toa_key_name(const toa_key *key, char text[TOA_KEY_NAME])
{
    const toa_reached *reached = key->reached;
    char endpoint[TOA_ENDPOINT_TEXT];
    int at;

    if (!reached) {
        return toa_key_format(&key->client->endpoint, &key->server->endpoint, text);
    }
    at = snprintf(text, TOA_KEY_NAME, "%s > ", toa_endpoint_format(&key->client->endpoint, endpoint));
    for (uint32_t i = 0; i < reached->n && i < TOA_REACHED_MAX; i++) {
        at += snprintf(text + at, TOA_KEY_NAME - (size_t)at, i ? " or %s" : "%s",
                       toa_endpoint_format(&reached->server[i]->endpoint, endpoint));
    }
    if (reached->n > TOA_REACHED_MAX) {
        snprintf(text + at, TOA_KEY_NAME - (size_t)at, " or others");
    }
    return text;
}
