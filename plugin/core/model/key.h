/* key.h
 * A post-rewrite key as text.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_KEY_H
#define TOA_KEY_H

#include "core/model/conversation.h"

/* Longest text of toa_key_name, with its NUL: client, all servers, what joins them. */
#define TOA_KEY_NAME ((TOA_REACHED_MAX + 1) * (TOA_ENDPOINT_TEXT + 4) + 16)

/* "client > server"; "client > A or B" if the numbers have proven that A and B lead to one server and nothing tells which
 * of them is its own address. Returns text. */
char *toa_key_name(const toa_key *key, char text[TOA_KEY_NAME]);

/* How many addresses that text names; 1: the server's. It changes when the server becomes known. */
static inline uint32_t toa_key_servers(const toa_key *key)
{
    return key->reached ? key->reached->n : 1;
}

#endif
