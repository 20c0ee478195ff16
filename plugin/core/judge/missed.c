/* missed.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/missed.h"

#include "core/base/serial.h"

/* How many earlier connections of the wire tuple are asked whether a segment is theirs. */
#define EARLIER_MAX 4
/* A claim must be answered within this time. A handshake that loses packets takes a few seconds. */
#define CLAIM_NS (10 * TOA_SECOND)
/* At most this much may have been sent meanwhile without being captured. */
#define LOST_MAX 65535u

static toa_claim *claim_of(const toa_conversation *x)
{
    return x->extra && x->extra->claim && x->extra->claim->time ? x->extra->claim : NULL;
}

static bool is_syn(uint16_t flags)
{
    return (flags & TOA_FLAG_SYN) != 0;
}

bool toa_missed_agrees(const toa_state *state, const toa_conversation *x, unsigned sender)
{
    const toa_segment *segment = state->segment;
    const toa_claim *claim = claim_of(x);
    uint32_t behind;

    if (!claim || (segment->flags & (TOA_FLAG_ACK | TOA_FLAG_RST | TOA_FLAG_SYN)) != TOA_FLAG_ACK ||
        segment->time - claim->time > CLAIM_NS) {
        return false;
    }
    behind = claim->seq + is_syn(claim->flags);
    if (claim->sender == sender) { /* the server goes on after its own SYN-ACK: the capture has lost the client's answer */
        return is_syn(claim->flags) && !claim->foreign && segment->seq == behind && segment->ack == claim->ack;
    }
    return toa_seq_within(segment->ack, behind, claim->end) &&
           toa_seq_within(segment->seq, claim->ack, claim->ack + LOST_MAX);
}

/* An earlier connection of the wire tuple has these numbers, or could have them if it is still open. Then the segment does
 * not begin a new one. */
static bool is_earlier_own(const toa_conversation *x, unsigned sender, const toa_segment *segment)
{
    const toa_conversation *earlier = x->extra ? x->extra->earlier : NULL;

    for (unsigned i = 0; earlier && i < EARLIER_MAX; i++, earlier = earlier->extra ? earlier->extra->earlier : NULL) {
        toa_own own = toa_conversation_classify(earlier, sender, segment);
        if (own == TOA_OWN_EXACT || (own == TOA_OWN_WINDOW && !(earlier->flags & TOA_CONV_CLOSED))) {
            return true;
        }
    }
    return false;
}

static bool goes_on(const toa_claim *claim, unsigned sender, const toa_segment *segment)
{
    return claim->time && claim->sender == sender && !is_syn(segment->flags) &&
           toa_seq_within(segment->seq, claim->seq, claim->end) && segment->time - claim->time <= CLAIM_NS;
}

static toa_claim claim_from(const toa_segment *segment, unsigned sender, bool foreign)
{
    const toa_options *options = &segment->options;
    toa_claim claim = {.time = segment->time, .frame = segment->frame, .interface = segment->interface};

    claim.seq = segment->seq;
    claim.end = toa_segment_end(segment);
    claim.ack = segment->ack;
    claim.flags = segment->flags;
    claim.window = segment->window;
    claim.ip_id = segment->ip_id;
    claim.sender = (uint8_t)sender;
    claim.foreign = foreign;
    claim.has_timestamps = options->has_timestamps;
    claim.tsval = options->tsval;
    claim.has_scale = options->has_scale;
    claim.scale = options->scale;
    if (options->client_item >= 0) {
        claim.item = options->items[options->client_item];
    }
    return claim;
}

void toa_missed_claim(toa_state *state, toa_conversation *x, unsigned sender, bool foreign)
{
    const toa_segment *segment = state->segment;
    toa_extra *extra;

    if ((segment->flags & TOA_FLAG_RST) || !(segment->flags & TOA_FLAG_ACK) ||
        (sender != x->client && !is_syn(segment->flags)) || is_earlier_own(x, sender, segment)) {
        return; /* a server's unexpected number is mostly foreign, except on a SYN-ACK that the client answers */
    }
    extra = toa_state_extra(state, x);
    if (!extra->claim) {
        extra->claim = toa_arena_new(&state->arena, toa_claim);
    }
    if (goes_on(extra->claim, sender, segment)) {
        extra->claim->end = toa_seq_max(extra->claim->end, toa_segment_end(segment));
        extra->claim->ack = segment->ack;
        return;
    }
    *extra->claim = claim_from(segment, sender, foreign);
}

bool toa_missed_take(toa_conversation *x, toa_segment *ret_segment)
{
    toa_claim *claim = claim_of(x);
    toa_options *options = &ret_segment->options;

    if (!claim) {
        return false;
    }
    *ret_segment = (toa_segment){.time = claim->time, .frame = claim->frame, .interface = claim->interface};
    ret_segment->source = x->wire[claim->sender];
    ret_segment->destination = x->wire[!claim->sender];
    ret_segment->network = x->side[claim->sender].network;
    ret_segment->seq = claim->seq;
    ret_segment->ack = claim->ack;
    ret_segment->length = claim->end - claim->seq - is_syn(claim->flags);
    ret_segment->flags = claim->flags & (uint16_t)~TOA_FLAG_FIN;
    ret_segment->window = claim->window;
    ret_segment->ip_id = claim->ip_id;
    options->has_timestamps = claim->has_timestamps;
    options->tsval = claim->tsval;
    options->has_scale = claim->has_scale;
    options->scale = claim->scale;
    options->client_item = -1;
    if (claim->item.kind) {
        options->n_items = 1;
        options->items[0] = claim->item;
        options->client_item = 0;
    }
    claim->time = 0;
    return true;
}
