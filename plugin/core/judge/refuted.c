/* refuted.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/refuted.h"

#include "core/base/serial.h"

/* How many members of a key are looked at; a new member is compared with as many. */
#define VISIT_MAX 64

/* The segment acknowledges the newest thing that conv's client has asked, on conv and with conv's numbers. */
static bool is_answered(const toa_conversation *conv, const toa_segment *segment)
{
    const toa_side *client = &conv->side[conv->client];

    return (segment->flags & TOA_FLAG_ACK) && (client->flags & TOA_SIDE_DEMAND) && (client->flags & TOA_SIDE_ANCHORED) &&
           client->demand_end != client->demand_seq && segment->ack == client->demand_end && segment->ack == client->next;
}

static bool has_crossed(const toa_pair *pair)
{
    return pair && (pair->n_found || pair->confirmed);
}

/* The record of their collision, if it is still open. */
static toa_pair *open_dispute(const toa_state *state, const toa_conversation *x, const toa_conversation *y)
{
    toa_pair *pair = toa_state_find_pair(state, x, y), *back = toa_state_find_pair(state, y, x);
    toa_pair *collision = pair && pair->collision ? pair : back && back->collision ? back : NULL;

    return collision && !collision->refuted && !has_crossed(pair) && !has_crossed(back) ? collision : NULL;
}

/* The server has given each its own ISN, and both were answered after the later of the two had been. */
static bool both_work(const toa_conversation *x, const toa_conversation *y)
{
    int64_t open = x->synack_time > y->synack_time ? x->synack_time : y->synack_time;

    return (x->flags & y->flags & TOA_CONV_SYNACK_SEEN) && x->side[!x->client].isn != y->side[!y->client].isn &&
           x->extra->works_time > open && y->extra->works_time > open;
}

void toa_refuted_check(toa_state *state, toa_conversation *conv)
{
    unsigned visited = 0, open = 0;

    if (!is_answered(conv, state->segment)) {
        return;
    }
    toa_state_extra(state, conv)->works_time = toa_client_side(conv)->demand_time;
    for (toa_conversation *other = conv->key->members; other && visited < VISIT_MAX; other = toa_key_next(other), visited++) {
        toa_pair *pair = other == conv ? NULL : open_dispute(state, conv, other);
        if (!pair) {
            continue;
        }
        open++;
        if (both_work(conv, other)) {
            pair->refuted = true;
            toa_state_report(state, TOA_FINDING_REFUTED, conv, other, TOA_EV_KEY)->other_frame =
                toa_server_side(other)->last_frame;
        }
    }
    conv->disputed = open > 0;
}
