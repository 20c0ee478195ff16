/* pending.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/pending.h"

#include "core/model/group.h"
#include "core/model/requests.h"

/* A SYN may take this much longer than a segment of an open connection. */
#define HANDSHAKE_NS (TOA_SECOND / 1000)

bool toa_pending_waits(const toa_conversation *conv, const toa_segment *segment)
{
    const toa_side *client = &conv->side[conv->client];

    return (client->flags & TOA_SIDE_DEMAND) && !(client->flags & TOA_SIDE_ANSWERED) && client->unanswered > 0 &&
           segment->time - client->demand_time <= TOA_SECOND;
}

toa_conversation *toa_pending_newest(const toa_state *state, const toa_conversation *x, int64_t since)
{
    toa_conversation *candidates[TOA_SCAN_MAX], *newest = NULL;
    unsigned n = toa_requests_pending(x->key->client, candidates);

    for (unsigned i = 0; i < n; i++) {
        toa_conversation *y = candidates[i];
        if (toa_group_excluded(x, y) || !toa_pending_waits(y, state->segment) || toa_client_side(y)->demand_time < since) {
            continue;
        }
        if (!newest || toa_client_side(y)->demand_time > toa_client_side(newest)->demand_time) {
            newest = y;
        }
    }
    return newest;
}

int64_t toa_pending_trip(const toa_conversation *conv)
{
    return conv->syn_time && (conv->flags & TOA_CONV_SYNACK_SEEN) ? conv->synack_time - conv->syn_time : 0;
}

bool toa_pending_too_soon(int64_t delay, int64_t trip)
{
    return 2 * delay + HANDSHAKE_NS < trip;
}

bool toa_pending_in_time(int64_t trip, int64_t delay)
{
    return trip > 0 && !toa_pending_too_soon(delay, trip) && delay <= trip + trip / 2 + TOA_OVERTAKEN_NS;
}
