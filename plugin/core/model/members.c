/* members.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/members.h"

#include "core/model/index.h"
#include "core/model/requests.h"

/* Successive connections of one client on one wire tuple count once. */
static void count_tuple(toa_party *party, toa_conversation *conv)
{
    const toa_conversation *earlier = conv->extra ? conv->extra->earlier : NULL;

    if (earlier && earlier->key && earlier->key->client == party) {
        conv->extra->recounted = true;
    } else {
        party->n_tuples++;
    }
}

static void uncount_tuple(toa_party *party, toa_conversation *conv)
{
    if (conv->extra && conv->extra->recounted) {
        conv->extra->recounted = false;
    } else {
        party->n_tuples--;
    }
}

static void count_established(toa_state *state, toa_large_party *large, toa_conversation *conv)
{
    toa_extra *extra = toa_state_extra(state, conv);

    if (!extra->counted_established) {
        extra->counted_established = true;
        large->n_established++;
        large->n_established_tuples += !extra->recounted;
    }
}

/* The group has just become a large one, conv its newest member: who is established, and who waits for an answer. */
static void count_all(toa_state *state, toa_large_party *large, toa_conversation *conv)
{
    while (toa_group_next(conv)) {
        conv = toa_group_next(conv);
    }
    for (; conv; conv = toa_group_prev(conv)) { /* oldest first: the newest shall be kept */
        if (toa_is_established(conv)) {
            count_established(state, large, conv);
        }
        if ((toa_client_side(conv)->flags & (TOA_SIDE_DEMAND | TOA_SIDE_ANSWERED)) == TOA_SIDE_DEMAND) {
            toa_requests_note(state, conv);
        }
    }
}

static void count_joined(toa_state *state, toa_party *party, toa_conversation *conv)
{
    toa_large_party *large;

    if (party->n_group <= TOA_SCAN_MAX && !(party->large && party->large->counts_established)) {
        return;
    }
    large = toa_state_large_party(state, party);
    if (!large->counts_established || party->n_group == TOA_SCAN_MAX + 1) { /* or again, after some have left */
        large->counts_established = true;
        count_all(state, large, conv);
    } else if (toa_is_established(conv)) {
        count_established(state, large, conv);
    }
}

static void count_left(toa_conversation *conv)
{
    if (conv->extra && conv->extra->counted_established) {
        conv->extra->counted_established = false;
        conv->key->client->large->n_established--;
        conv->key->client->large->n_established_tuples -= !conv->extra->recounted;
    }
}

void toa_members_join_group(toa_state *state, toa_conversation *conv)
{
    toa_party *party = conv->key->client;

    if (party->group) {
        toa_state_extra(state, conv)->group_next = party->group;
        toa_state_extra(state, party->group)->group_prev = conv;
        party->group->flags |= TOA_CONV_SHARED;
        conv->flags |= TOA_CONV_SHARED;
    }
    party->group = conv;
    party->n_group++;
    count_tuple(party, conv);
    count_joined(state, party, conv);
    toa_index_join_group(state, conv);
}

void toa_members_leave_group(toa_state *state, toa_conversation *conv)
{
    toa_conversation *prev = toa_group_prev(conv), *next = toa_group_next(conv);

    toa_index_leave_group(state, conv);
    *(prev ? &prev->extra->group_next : &conv->key->client->group) = next;
    if (next) {
        next->extra->group_prev = prev;
    }
    if (conv->extra) {
        conv->extra->group_prev = conv->extra->group_next = NULL;
    }
    conv->key->client->n_group--;
    count_left(conv);
    uncount_tuple(conv->key->client, conv);
}

void toa_members_join_served(toa_state *state, toa_conversation *conv)
{
    toa_party *party = toa_state_party(state, toa_wire_server(conv));

    conv->server_party = party;
    conv->served_prev = NULL;
    conv->served_next = party->served;
    if (party->served) {
        party->served->served_prev = conv;
    }
    party->served = conv;
    party->n_served++;
    toa_index_join_served(state, conv);
}

void toa_members_leave_served(toa_state *state, toa_conversation *conv)
{
    toa_conversation *prev = conv->served_prev, *next = conv->served_next;

    toa_index_leave_served(state, conv);
    *(prev ? &prev->served_next : &conv->server_party->served) = next;
    if (next) {
        next->served_prev = prev;
    }
    conv->server_party->n_served--;
}

static bool under_way(const toa_conversation *conv)
{
    return toa_is_established(conv) && !(conv->flags & TOA_CONV_CLOSED);
}

/* Newest first; in a crowd an established one stays first, so that a flood of SYNs cannot bury it. */
void toa_members_join_key(toa_state *state, toa_conversation *conv)
{
    toa_key *key = conv->key;
    toa_conversation *first = key->members;
    bool second = key->n_members >= TOA_KEY_CROWD && under_way(first);
    toa_conversation *prev = second ? first : NULL, *next = second ? toa_key_next(first) : first;

    if (first) {
        toa_extra *extra = toa_state_extra(state, conv);
        extra->key_prev = prev;
        extra->key_next = next;
    }
    if (next) {
        toa_state_extra(state, next)->key_prev = conv;
    }
    if (prev) {
        toa_state_extra(state, prev)->key_next = conv;
    } else {
        key->members = conv;
    }
    key->n_members++;
}

static void unlink_key(toa_conversation *conv)
{
    toa_key *key = conv->key;
    toa_conversation *prev = conv->extra ? conv->extra->key_prev : NULL, *next = toa_key_next(conv);

    *(prev ? &prev->extra->key_next : &key->members) = next;
    if (next) {
        next->extra->key_prev = prev;
    }
    if (conv->extra) {
        conv->extra->key_prev = conv->extra->key_next = NULL;
    }
    key->n_members--;
}

void toa_members_leave_key(toa_state *state, toa_conversation *conv)
{
    toa_key *key = conv->key;

    unlink_key(conv);
    if (key->n_members == 0 && key->stream + 1 == state->next_stream) {
        /* nobody has seen this number, so it is given out again (a TOA on the third packet) */
        state->next_stream--;
        key->stream = TOA_NO_STREAM;
    }
}

void toa_group_forget(toa_state *state, toa_conversation *conv)
{
    if (!(conv->flags & TOA_CONV_SELF)) {
        toa_members_leave_group(state, conv);
    }
    toa_members_leave_served(state, conv);
    unlink_key(conv); /* its number was shown, and is not given out again */
    conv->key = NULL;
    conv->server_party = NULL;
}

void toa_group_recount(toa_conversation *conv)
{
    toa_party *party = conv->key->client;
    const toa_extra *extra = conv->extra;

    if (extra->recounted && !(extra->earlier && extra->earlier->key->client == party)) {
        conv->extra->recounted = false;
        party->n_tuples++;
        if (extra->counted_established) {
            party->large->n_established_tuples++;
        }
    }
}

void toa_group_established(toa_state *state, toa_conversation *conv)
{
    toa_large_party *large = conv->key->client->large;

    if (large && large->counts_established) {
        count_established(state, large, conv);
    }
    toa_group_to_front(state, conv);
}

void toa_group_to_front(toa_state *state, toa_conversation *conv)
{
    toa_key *key = conv->key;

    if (key->n_members <= TOA_KEY_CROWD || key->members == conv) {
        return;
    }
    toa_members_leave_key(state, conv);
    toa_state_extra(state, conv)->key_next = key->members;
    toa_state_extra(state, key->members)->key_prev = conv;
    key->members = conv;
    key->n_members++;
}
