/* unseen.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/judge/unseen.h"

#include "core/base/serial.h"
#include "core/judge/collision.h"
#include "core/judge/stranger.h"
#include "core/model/group.h"

/* How far ahead an IP-ID still continues a run. */
#define IP_ID_REACH 8

/* If the capture has lost what the client sent in between, acknowledgments may be ahead of the client's numbers, by less
 * than a window. */
static bool is_challenge(const toa_conversation *x, bool from_server, const toa_segment *segment)
{
    const toa_side *client = &x->side[x->client], *server = &x->side[!x->client];
    const uint16_t control = TOA_FLAG_SYN | TOA_FLAG_RST | TOA_FLAG_ACK;

    return from_server && (segment->flags & control) == TOA_FLAG_ACK && !(server->flags & TOA_SIDE_SHOWN) &&
           (client->flags & TOA_SIDE_SYN) && client->next == client->isn + 1 &&
           !toa_seq_within(segment->ack, client->isn, client->next + TOA_WINDOW_UNKNOWN) && segment->time - client->last_time <= TOA_SECOND;
}

/* A SYN-ACK that answers no SYN of x's client, whose numbers are known. */
static bool is_strange_synack(const toa_conversation *x, bool from_server, const toa_segment *segment)
{
    const toa_side *client = &x->side[x->client], *server = &x->side[!x->client];
    const uint16_t control = TOA_FLAG_SYN | TOA_FLAG_RST | TOA_FLAG_ACK;

    return from_server && (segment->flags & control) == (TOA_FLAG_SYN | TOA_FLAG_ACK) &&
           (client->flags & server->flags & TOA_SIDE_SYN) && segment->ack != client->isn + 1 && segment->seq != server->isn;
}

/* The SYN-ACK may answer a SYN that the capture has lost. A client that has gone meanwhile refuses it, but only once: a server
 * does not repeat a SYN-ACK after a RST. */
static bool may_have_lost_syn(const toa_conversation *x, const toa_segment *segment)
{
    const toa_stranger *last = x->extra ? x->extra->stranger : NULL;

    return (segment->flags & TOA_FLAG_SYN) && !(last && last->ack == segment->ack && last->refused);
}

static void remember(toa_state *state, toa_conversation *x)
{
    const toa_segment *segment = state->segment;
    bool lost_syn = may_have_lost_syn(x, segment);
    toa_stranger *stranger = toa_stranger_add(state, x->key->client, segment->seq);

    stranger->conv = x;
    stranger->end = toa_segment_end(segment);
    stranger->ack = segment->ack;
    stranger->time = stranger->began = segment->time;
    stranger->frame = segment->frame;
    stranger->ip_id = segment->ip_id;
    stranger->lost_syn = lost_syn;
    toa_state_extra(state, x)->stranger = stranger;
}

static void report(toa_state *state, toa_conversation *x, uint32_t frame, uint16_t evidence, uint16_t ip_id_delta)
{
    toa_finding *finding = toa_state_report(state, TOA_FINDING_FOREIGN_UNSEEN, x, NULL, evidence);

    finding->other_frame = frame;
    finding->ip_id_delta = ip_id_delta;
}

/* The client knows nothing of what the server acknowledges (RFC 9293, section 3.10.7.3). */
static bool is_answer(const toa_stranger *stranger, const toa_segment *segment)
{
    return toa_segment_is_lone_rst(segment) && segment->seq == stranger->ack &&
           segment->time - stranger->time <= TOA_SECOND;
}

/* A further segment of the server with the same run of numbers. */
static bool continues(const toa_stranger *stranger, const toa_segment *segment)
{
    return !(segment->flags & TOA_FLAG_SYN) && segment->seq != 0 &&
           toa_seq_within(segment->seq, stranger->seq, stranger->end);
}

static void check_run(toa_state *state, toa_conversation *x, toa_stranger *stranger)
{
    const toa_segment *segment = state->segment;
    uint16_t ahead = toa_id_ahead(segment->ip_id, stranger->ip_id), evidence = TOA_EV_SEQ;

    if (segment->ip_id == 0 || stranger->ip_id == 0 || ahead < 1 || ahead > IP_ID_REACH) {
        ahead = 0;
    }
    evidence |= ahead ? TOA_EV_IP_ID : 0;
    if (segment->options.has_timestamps && toa_conversation_without_timestamps(x)) {
        evidence |= TOA_EV_TIMESTAMPS;
    }
    report(state, x, stranger->frame, evidence, ahead);
    stranger->end = toa_seq_max(stranger->end, toa_segment_end(segment));
    stranger->ack = segment->flags & TOA_FLAG_ACK ? segment->ack : stranger->ack;
    stranger->time = segment->time;
    stranger->frame = segment->frame;
    stranger->ip_id = segment->ip_id ? segment->ip_id : stranger->ip_id;
}

bool toa_unseen_check(toa_state *state, toa_conversation *x, unsigned sender)
{
    const toa_segment *segment = state->segment;
    toa_stranger *stranger = x->extra ? x->extra->stranger : NULL;
    bool from_server = sender != x->client;

    if (stranger && stranger->frame == segment->frame) {
        return false; /* a tunnel: the same packet, inside and outside */
    }
    if (stranger && !from_server && is_answer(stranger, segment)) {
        stranger->refused = true;
        if (stranger->lost_syn) {
            return false;
        }
        report(state, x, stranger->frame, TOA_EV_SEQ, 0);
        return true;
    }
    if (stranger && from_server && !stranger->lost_syn && continues(stranger, segment)) {
        check_run(state, x, stranger);
        return true;
    }
    if (!from_server && !(segment->flags & TOA_FLAG_RST)) {
        toa_state_extra(state, x)->client_changed = true;
        x->extra->stranger = NULL;
    } else if ((is_challenge(x, from_server, segment) || is_strange_synack(x, from_server, segment)) &&
               !(x->extra && x->extra->client_changed)) {
        remember(state, x);
    }
    return false;
}

void toa_unseen_settle(toa_state *state, toa_conversation *conv, unsigned sender)
{
    const toa_segment *segment = state->segment;
    const toa_stranger *stranger;
    toa_finding proof = {.evidence = TOA_EV_SEQ};

    if (!conv->midstream || sender != conv->client ||
        !(segment->flags & TOA_FLAG_ACK) || (segment->flags & TOA_FLAG_RST)) {
        return;
    }
    stranger = toa_stranger_find(state, conv->key->client, segment->ack);
    if (!stranger || toa_group_excluded(conv, stranger->conv)) {
        return;
    }
    if (stranger->ack == segment->seq) {
        proof.evidence |= TOA_EV_ACK;
    }
    toa_collision_prove(state, conv, stranger->conv, &proof);
}

void toa_unseen_forget(toa_state *state, uint32_t frame, uint32_t age)
{
    for (uint32_t i = 0; (i = toa_table_next(&state->strangers, i));) {
        toa_stranger *stranger = toa_table_at(&state->strangers, i);
        if (stranger->conv->key && frame - stranger->frame < age) {
            ((toa_party *)stranger->client)->marked = 1;
            continue;
        }
        if (stranger->conv->extra->stranger == stranger) {
            stranger->conv->extra->stranger = NULL;
        }
        toa_stranger_remove(state, i);
    }
}
