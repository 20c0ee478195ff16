/* related.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/related.h"

#include "core/base/serial.h"

/* x comes from a load balancer that names the client, y from that client's endpoint itself, to another server than x: if they
 * are related at all, y is the client's leg of x, or of a connection before or after x. What could cross x goes to x's
 * server. */
static bool other_side(const toa_conversation *x, const toa_conversation *y)
{
    return x->source == TOA_KEY_TOA && y->source != TOA_KEY_TOA && y->source != TOA_KEY_MAP &&
           toa_endpoint_equal(&x->key->client->endpoint, toa_wire_client(y)) &&
           !toa_endpoint_equal(toa_wire_server(x), toa_wire_server(y));
}

static bool same_isn(const toa_side *a, const toa_side *b)
{
    return (a->flags & b->flags & TOA_SIDE_SYN) && a->isn == b->isn;
}

/* The server has not answered the SYN, or only with a RST. */
static bool refused(const toa_conversation *conv)
{
    const toa_side *server = &conv->side[!conv->client];

    return (conv->flags & TOA_CONV_CLOSED) && !(server->flags & TOA_SIDE_SHOWN) && (server->last_flags & TOA_FLAG_RST);
}

static bool toa_tells(const toa_conversation *x, const toa_conversation *y)
{
    return other_side(x, y) || other_side(y, x);
}

bool toa_group_contrary(const toa_conversation *x, const toa_conversation *y)
{
    const toa_side *xs = &x->side[!x->client], *ys = &y->side[!y->client];

    return (xs->flags & ys->flags & TOA_SIDE_SYN) && xs->isn != ys->isn && !toa_tells(x, y);
}

bool toa_group_surely_same_isn(const toa_conversation *x, const toa_conversation *y)
{
    return same_isn(&x->side[!x->client], &y->side[!y->client]) ||
           (same_isn(&x->side[x->client], &y->side[y->client]) && toa_tells(x, y));
}

bool toa_group_same_isn(const toa_conversation *x, const toa_conversation *y)
{
    if (same_isn(&x->side[!x->client], &y->side[!y->client])) {
        return true;
    }
    return same_isn(&x->side[x->client], &y->side[y->client]) && !toa_group_contrary(x, y) && refused(x) == refused(y);
}

bool toa_group_legs(const toa_conversation *x, const toa_conversation *y)
{
    if ((x->extra && x->extra->leg == y) || (y->extra && y->extra->leg == x)) {
        return true;
    }
    return toa_group_same_isn(x, y);
}

/* What the client has sent, or what the server has acknowledged of it. */
static bool client_number(const toa_conversation *conv, uint32_t *ret_number)
{
    const toa_side *client = &conv->side[conv->client], *server = &conv->side[!conv->client];
    bool shown = (client->flags & TOA_SIDE_SHOWN) != 0;

    *ret_number = shown ? client->next : server->acks[0];
    return shown || (server->flags & TOA_SIDE_ACKED);
}

/* Its SYN was captured, and its numbers are those that began with it. */
static bool began_here(const toa_side *side)
{
    return (side->flags & TOA_SIDE_SYN) && toa_seq_within(side->isn, side->low, side->next);
}

/* The numbers of two clients differ at random, by 1 MiB or less in 1 of 2048 pairs; the two sides of a NAT have the same ones.
 * That decides when the SYNs were not captured. (The servers' numbers do not help: on one tuple they are close to each other if
 * two connections begin within 67 ms.) */
static bool client_numbers_close(const toa_conversation *x, const toa_conversation *y)
{
    uint32_t a, b;
    int32_t distance;

    if ((began_here(&x->side[x->client]) && began_here(&y->side[y->client])) || !client_number(x, &a) ||
        !client_number(y, &b)) {
        return false; /* two SYNs: equal ISNs make them legs (R4), different ones keep them apart */
    }
    distance = toa_seq_diff(a, b);
    return distance < (1 << 20) && distance > -(1 << 20);
}

/* Other connections have shown the two servers to be one, before and behind a NAT that keeps the client's endpoint. */
static bool natted(const toa_conversation *x, const toa_conversation *y)
{
    const toa_party *xs = x->server_party, *ys = y->server_party;

    return ((xs->large && xs->large->nat == ys) || (ys->large && ys->large->nat == xs)) &&
           toa_endpoint_equal(toa_wire_client(x), toa_wire_client(y));
}

bool toa_group_excluded(const toa_conversation *x, const toa_conversation *y)
{
    const toa_conversation *x_leg = x->extra ? x->extra->leg : NULL, *y_leg = y->extra ? y->extra->leg : NULL;

    return x == y || toa_same_wire(x, y) || toa_group_legs(x, y) || client_numbers_close(x, y) ||
           toa_tells(x, y) || natted(x, y) || (x_leg && toa_same_wire(x_leg, y)) ||
           (y_leg && toa_same_wire(x, y_leg));
}
