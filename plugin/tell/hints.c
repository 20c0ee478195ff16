/* hints.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/hints.h"

/* A longer detour is rather another stack, or another server. */
#define HOPS_MAX 16

/* TOA, the map, a leg or an option say whose the address is: then a hint says less. */
static bool is_told(const toa_conversation *conv)
{
    return conv->source == TOA_KEY_TOA || conv->source == TOA_KEY_MAP || conv->source == TOA_KEY_LEG;
}

static bool has_synack(const toa_conversation *conv)
{
    return (conv->side[!conv->client].flags & TOA_SIDE_SYN) && (conv->flags & TOA_CONV_SYNACK_SEEN);
}

static bool offers_timestamps(const toa_conversation *conv)
{
    return (conv->side[conv->client].flags & (TOA_SIDE_SYN | TOA_SIDE_TIMESTAMPS)) == (TOA_SIDE_SYN | TOA_SIDE_TIMESTAMPS);
}

static bool takes_timestamps(const toa_conversation *conv)
{
    return (conv->side[!conv->client].flags & TOA_SIDE_TIMESTAMPS) != 0;
}

static void tell_timestamps(const toa_conversation *one, const toa_conversation *other, toa_teller *teller)
{
    toa_claim claim = {.kind = TOA_CLAIM_HINT_TIMESTAMPS, .stream = one->stream, .other_stream = other->stream};

    if (offers_timestamps(one) && !takes_timestamps(one) && takes_timestamps(other)) {
        toa_add(teller, "A hint, no evidence: ");
        toa_say(teller, &claim);
        toa_add(teller, ". Load balancers take them out.");
        toa_end(teller, "- ");
    }
}

/* Routers that it has passed, if its sender began as stacks do. */
static unsigned hops(uint8_t ttl)
{
    return (ttl > 128 ? 255u : ttl > 64 ? 128u : 64u) - ttl;
}

static void tell_hops(const toa_conversation *one, const toa_conversation *other, uint8_t ttl, uint8_t other_ttl, toa_teller *teller)
{
    toa_claim claim = {.kind = TOA_CLAIM_HINT_HOPS, .stream = one->stream, .other_stream = other->stream, .value = ttl,
                       .base = other_ttl};

    if (ttl + hops(ttl) != other_ttl + hops(other_ttl) || ttl >= other_ttl || other_ttl - ttl > HOPS_MAX) {
        return;
    }
    claim.count = (uint32_t)(other_ttl - ttl);
    toa_add(teller, "A hint, no evidence: ");
    toa_say(teller, &claim);
    toa_add(teller, ". The way through a load balancer is often the longer one.");
    toa_end(teller, "- ");
}

void toa_hints_tell(const toa_incident *incident, const toa_stats_table *stats_table, toa_teller *teller)
{
    const toa_conversation *early = incident->early, *late = incident->late;
    const toa_stats *first = toa_stats_find(stats_table, early), *second = toa_stats_find(stats_table, late);
    toa_verdict verdict = toa_incident_verdict(incident);

    if ((verdict != TOA_VERDICT_CONFIRMED && verdict != TOA_VERDICT_CROSSED) || incident->same_wire || is_told(early) || is_told(late) ||
        !has_synack(early) || !has_synack(late)) {
        return;
    }
    tell_timestamps(early, late, teller);
    tell_timestamps(late, early, teller);
    if (first && second && first->synack_ttl && second->synack_ttl) {
        tell_hops(early, late, first->synack_ttl, second->synack_ttl, teller);
        tell_hops(late, early, second->synack_ttl, first->synack_ttl, teller);
    }
}
