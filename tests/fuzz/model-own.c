/* model-own.c
 * Rule R3: are a segment's numbers its own conversation's?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "model.h"

/* The ack, if there is one, is of something that b has sent. */
static bool acks_known(const toa_side *b, const toa_segment *segment)
{
    return !(segment->flags & TOA_FLAG_ACK) || !has(b, TOA_SIDE_ANCHORED) || between(segment->ack, b->low, b->next);
}

uint32_t model_window(const toa_side *a, const toa_side *b)
{
    uint32_t window;

    if (!has(b, TOA_SIDE_SYN)) {
        return MIB; /* no SYN told the scale */
    }
    /* scaling holds only if both offered it; of a side whose SYN is missing the offer is assumed */
    window = b->window;
    if (!has(a, TOA_SIDE_SYN) || has(a, TOA_SIDE_SCALE)) {
        window <<= b->scale;
    }
    return window < 65535 ? 65535 : window;
}

static toa_own own_of_rst(const toa_side *a, const toa_side *b, const toa_segment *segment, bool *ret_decided)
{
    *ret_decided = true;
    if (segment->seq == 0 && (segment->flags & TOA_FLAG_ACK)) {
        return TOA_OWN_EXACT;
    }
    for (unsigned i = 0; i < b->n_acks; i++) {
        if (b->acks[i] == segment->seq) {
            return TOA_OWN_EXACT;
        }
    }
    if (has(a, TOA_SIDE_ANCHORED) && segment->seq == a->next) {
        return TOA_OWN_EXACT;
    }
    if (!has(a, TOA_SIDE_SYN) && !has(b, TOA_SIDE_SYN) && !has(b, TOA_SIDE_ACKED)) {
        return TOA_OWN_UNKNOWN;
    }
    *ret_decided = false;
    return TOA_OWN_NONE;
}

/* a has not shown a number yet. */
static toa_own own_by_ack(const toa_side *b, const toa_segment *segment)
{
    bool ack = (segment->flags & TOA_FLAG_ACK) != 0;

    if (!has(b, TOA_SIDE_ANCHORED)) {
        if (b->n_acks && !(segment->flags & TOA_FLAG_RST) && !between(segment->seq, b->acks[0] - MIB, b->acks[0] + MIB)) {
            return TOA_OWN_NONE; /* far from what b waits for */
        }
        return has(b, TOA_SIDE_SHOWN) ? TOA_OWN_EXACT : TOA_OWN_UNKNOWN;
    }
    if (!ack) {
        return segment->flags & TOA_FLAG_RST ? TOA_OWN_NONE : TOA_OWN_EXACT;
    }
    if (has(b, TOA_SIDE_SYN)) {
        return segment->ack != b->low && between(segment->ack, b->low, b->next) ? TOA_OWN_EXACT : TOA_OWN_NONE;
    }
    if (between(segment->ack, b->low, b->next)) {
        return TOA_OWN_EXACT;
    }
    return between(segment->ack, b->low - MIB, b->next + MIB) ? TOA_OWN_WINDOW : TOA_OWN_NONE;
}

toa_own model_own(const toa_conversation *was, unsigned sender, const toa_segment *segment)
{
    const toa_side *a = &was->side[sender], *b = &was->side[!sender];
    bool ack = (segment->flags & TOA_FLAG_ACK) != 0, rst = (segment->flags & TOA_FLAG_RST) != 0, decided;
    uint32_t from, limit;
    toa_own own;

    if (segment->flags & TOA_FLAG_SYN) {
        if (!ack) {
            return TOA_OWN_EXACT;
        }
        if (has(b, TOA_SIDE_SYN)) {
            return segment->ack != b->isn && between(segment->ack, b->isn, b->next) ? TOA_OWN_EXACT : TOA_OWN_NONE;
        }
        return (has(a, TOA_SIDE_SYN) && segment->seq == a->isn) || acks_known(b, segment) ? TOA_OWN_EXACT
                                                                                          : TOA_OWN_NONE;
    }
    if (rst) {
        own = own_of_rst(a, b, segment, &decided);
        if (decided) {
            return own;
        }
    }
    if (!has(a, TOA_SIDE_SHOWN)) {
        return own_by_ack(b, segment);
    }
    if (!has(a, TOA_SIDE_ANCHORED) && !rst) {
        return acks_known(b, segment) ? TOA_OWN_EXACT : TOA_OWN_NONE;
    }
    from = segment->length ? a->low : a->low - 1; /* keep-alive */
    if (between(segment->seq, from, a->next)) {
        return acks_known(b, segment) || !has(b, TOA_SIDE_SYN) ? TOA_OWN_EXACT : TOA_OWN_WINDOW;
    }
    limit = (has(b, TOA_SIDE_ACKED) ? b->acks[0] : a->next) + model_window(a, b);
    if (distance(a->next, segment->seq) < 0 && distance(segment->seq, limit) <= 0) {
        return TOA_OWN_WINDOW;
    }
    if (!has(a, TOA_SIDE_SYN) && !has(b, TOA_SIDE_SYN) && between(segment->seq, a->low - MIB, a->low)) {
        return TOA_OWN_WINDOW;
    }
    return TOA_OWN_NONE;
}
