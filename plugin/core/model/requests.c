/* requests.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/requests.h"

/* SYNs that others send in a client's name can only push out other SYNs. */
#define RING (TOA_PENDING_KEPT / 2u)

_Static_assert(TOA_PENDING_KEPT <= TOA_SCAN_MAX, "callers have room for TOA_SCAN_MAX");

void toa_requests_note(toa_state *state, toa_conversation *conv)
{
    toa_conversation **ring;
    toa_large_party *large;
    bool established;

    if (conv->key->client->n_group <= TOA_SCAN_MAX) {
        return;
    }
    large = toa_state_large_party(state, conv->key->client);
    established = toa_is_established(conv);
    ring = large->pending + (established ? RING : 0);
    if (large->n_pending[established] == 0 || ring[(large->n_pending[established] - 1) % RING] != conv) {
        ring[large->n_pending[established]++ % RING] = conv;
    }
}

unsigned toa_requests_pending(const toa_party *party, toa_conversation *ret_pending[TOA_SCAN_MAX])
{
    unsigned n = 0;

    if (party->n_group <= TOA_SCAN_MAX) {
        for (toa_conversation *conv = party->group; conv; conv = toa_group_next(conv)) {
            ret_pending[n++] = conv;
        }
        return n;
    }
    for (unsigned i = 0; party->large && i < TOA_PENDING_KEPT; i++) {
        if (party->large->pending[i]) {
            ret_pending[n++] = party->large->pending[i];
        }
    }
    return n;
}
