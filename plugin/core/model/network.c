/* network.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/network.h"

static uint32_t path_hash(const toa_state *state, const toa_path *path)
{
    return (uint32_t)toa_mix(state->seed ^ ((uint64_t)path->conv->hash << 32 | (uint32_t)path->network << 1 | path->sender));
}

static bool is_path(const void *record, const void *probe)
{
    const toa_path *path = record, *wanted = probe;

    return path->network == wanted->network && path->sender == wanted->sender && toa_same_wire(path->conv, wanted->conv);
}

/* The newest known conversation of any's tuple whose sender uses this network; NULL: none. */
static toa_path *__attribute__((noinline)) find_path(const toa_state *state, toa_conversation *any, unsigned sender,
                                                     uint16_t network)
{
    toa_path probe = {.conv = any, .network = network, .sender = (uint8_t)sender};

    return toa_table_find(&state->paths, path_hash(state, &probe), is_path, &probe);
}

static void __attribute__((noinline)) set_path(toa_state *state, toa_conversation *conv, unsigned sender, uint16_t network)
{
    toa_path *path = find_path(state, conv, sender, network), fresh = {conv, network, (uint8_t)sender};

    if (!path) {
        path = toa_table_add(&state->paths, path_hash(state, &fresh), NULL);
    }
    *path = fresh;
}

static void set_paths(toa_state *state, toa_conversation *conv)
{
    set_path(state, conv, 0, conv->side[0].network);
    set_path(state, conv, 1, conv->side[1].network);
}

/* Its network was seen, and is not only assumed to be the peer's. */
static bool is_heard(const toa_conversation *conv, unsigned side)
{
    return conv->side[side].last_frame != 0 || conv->first_sender == side;
}

/* Both directions are in one network: a segment in another one that fits nothing is not its own. */
static bool is_closed_network(const toa_conversation *conv)
{
    return is_heard(conv, 0) && is_heard(conv, 1) && conv->side[0].network == conv->side[1].network;
}

bool toa_network_apart(const toa_conversation *x, const toa_conversation *y)
{
    unsigned n = 0;

    for (unsigned i = 0; i < 2; i++) {
        if (is_heard(x, i) && is_heard(y, i)) {
            if (x->side[i].network == y->side[i].network) {
                return false;
            }
            n++;
        }
    }
    return n == 2 || (n == 1 && (is_closed_network(x) || is_closed_network(y)));
}

/* Decides by the numbers. A SYN either began this connection or did not. */
static toa_own fits(const toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    if ((segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) == TOA_FLAG_SYN) {
        return toa_conversation_began_with(conv, sender, segment->seq) ? TOA_OWN_EXACT : TOA_OWN_NONE;
    }
    return toa_conversation_classify(conv, sender, segment);
}

/* No conversation of the tuple was seen in this network in this direction. */
static toa_conversation *find_by_numbers(const toa_state *state, toa_conversation *newest, unsigned sender,
                                         const toa_segment *segment)
{
    const toa_path *back = find_path(state, newest, !sender, segment->network);

    if (fits(newest, sender, segment) != TOA_OWN_NONE) {
        return newest;
    }
    if (back && back->conv != newest && !is_heard(back->conv, sender)) {
        return back->conv;
    }
    if ((segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) == TOA_FLAG_SYN) {
        return newest; /* begins a new one, after it or beside it */
    }
    if (!is_heard(newest, sender)) {
        return newest->side[!sender].network && segment->network ? NULL : newest; /* a direct server has no tunnel */
    }
    return is_closed_network(newest) ? NULL : newest;
}

/* The sender was seen on this path in other's time, and newest has not been; or other has only been assumed to be on it. */
static toa_conversation *choose(toa_conversation *newest, toa_conversation *other, unsigned sender,
                                const toa_segment *segment)
{
    bool apart = toa_network_apart(newest, other);

    if (apart && newest->extra && newest->extra->earlier == other) {
        newest->extra->earlier = NULL; /* only now is that known */
    }
    if (apart ? is_heard(newest, sender) : is_heard(other, sender)) {
        return apart ? other : newest;
    }
    if (apart) { /* newest's answers may come by the other's path */
        return fits(newest, sender, segment) == TOA_OWN_EXACT && fits(other, sender, segment) == TOA_OWN_NONE ? newest : other;
    }
    return fits(other, sender, segment) == TOA_OWN_EXACT && fits(newest, sender, segment) == TOA_OWN_NONE ? other : newest;
}

toa_conversation *toa_network_find(const toa_state *state, toa_conversation *newest, const toa_segment *segment)
{
    unsigned sender = toa_endpoint_equal(&newest->wire[0], &segment->source) ? 0 : 1;
    const toa_path *path;

    if (newest->side[sender].network == segment->network) {
        return newest;
    }
    path = find_path(state, newest, sender, segment->network);
    if (!path) {
        return find_by_numbers(state, newest, sender, segment);
    }
    return path->conv == newest ? newest : choose(newest, path->conv, sender, segment);
}

void toa_network_learn(toa_state *state, toa_conversation *conv, unsigned sender, uint16_t network)
{
    bool heard = is_heard(conv, sender);

    if (!heard) {
        conv->side[sender].network = network;
    }
    if (heard || conv->shares_stream) {
        set_path(state, conv, sender, network);
    }
}

void toa_network_begin(toa_state *state, toa_conversation *conv, toa_conversation *before, const toa_conversation *earlier,
                       uint16_t network)
{
    unsigned sender = conv->first_sender;
    bool same = earlier && earlier->side[sender].network == network;

    conv->side[sender].network = network;
    conv->side[!sender].network = same ? earlier->side[!sender].network : network;
    if (!before) {
        return;
    }
    if (before->shares_stream || before->side[sender].network != network ||
        before->side[!sender].network != conv->side[!sender].network) {
        before->shares_stream = conv->shares_stream = 1;
        set_paths(state, before);
        set_paths(state, conv);
    }
}

void toa_network_forget(toa_state *state)
{
    for (uint32_t i = 0; (i = toa_table_next(&state->paths, i));) {
        const toa_path *path = toa_table_at(&state->paths, i);
        if (!path->conv->key) {
            toa_table_remove(&state->paths, path_hash(state, path), i);
        }
    }
}
