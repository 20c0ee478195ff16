/* toa-engine.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/toa-engine.h"

#include "core/judge/collision.h"
#include "core/judge/credit.h"
#include "core/judge/dupack.h"
#include "core/model/accept.h"
#include "core/model/forget.h"
#include "core/model/group.h"
#include "core/model/identity.h"
#include "core/model/index.h"
#include "core/model/requests.h"
#include "core/judge/legs.h"
#include "core/judge/missed.h"
#include "core/model/network.h"
#include "core/judge/owner.h"
#include "core/judge/refuted.h"
#include "core/judge/unseen.h"
#include "core/judge/untranslated.h"

#include <string.h>

/* Not inlined, which keeps the way of a segment that has nothing to say short: few come here. */
#define SELDOM __attribute__((noinline))

toa_engine *toa_engine_new(const toa_config *config)
{
    return toa_state_new(config);
}

void toa_engine_free(toa_engine *state)
{
    if (state) {
        toa_index_free(&state->index);
        toa_state_free(state);
    }
}

/* ---- who has sent a TOA ---- */

static bool is_endpoint(const void *record, const void *probe)
{
    return toa_endpoint_equal(record, probe);
}

/* The sender's address, with the kind of its TOA in place of the port. */
static toa_endpoint source_of(const toa_endpoint *sender, uint8_t kind)
{
    toa_endpoint source = *sender;

    source.port = kind;
    return source;
}

static bool is_source(const toa_state *state, const toa_endpoint *source)
{
    return toa_table_find(&state->toa_sources, (uint32_t)toa_endpoint_hash(source, state->seed), is_endpoint, source);
}

static void SELDOM remember_source(toa_state *state, const toa_segment *segment)
{
    const toa_options *options = &segment->options;
    const toa_item *item = &options->items[options->client_item];
    toa_endpoint source = source_of(&segment->source, item->kind), *added;

    if (!(item->flags & TOA_ITEM_AMBIGUOUS) && !is_source(state, &source)) {
        added = toa_table_add(&state->toa_sources, (uint32_t)toa_endpoint_hash(&source, state->seed), NULL);
        *added = source;
    }
}

/* ---- one segment ---- */

toa_conversation *toa_engine_find(toa_engine *state, const toa_endpoint *source, const toa_endpoint *destination)
{
    return toa_state_find(state, source, destination);
}

const toa_endpoint *toa_engine_remembered(toa_engine *state, const toa_endpoint *source,
                                          const toa_endpoint *destination, uint8_t kind, bool *ret_neighbours)
{
    const toa_conversation *conv = toa_engine_find(state, source, destination);
    toa_endpoint sender = source_of(source, kind);

    *ret_neighbours = is_source(state, &sender);
    return conv ? toa_engine_named(conv) : NULL;
}

/* The server's SYN-ACK has been accepted. */
static void after_synack(toa_state *state, toa_conversation *conv)
{
    conv->flags |= TOA_CONV_SYNACK_SEEN;
    conv->synack_time = state->segment->time;
    toa_index_isn(state, conv);
    if (toa_legs_check_isn(state, conv)) {
        toa_collision_check_key(state, conv);
    }
    toa_collision_check_isn(state, conv);
}

/* A SYN or SYN-ACK has been accepted. */
static void SELDOM after_syn(toa_state *state, toa_conversation *conv, unsigned sender)
{
    bool ack = (state->segment->flags & TOA_FLAG_ACK) != 0;

    toa_index_isn(state, conv);
    if (conv->flags & TOA_CONV_SYNACK_SEEN) {
        return;
    }
    if (state->segment->vip.family != TOA_FAMILY_NONE || ack) {
        toa_legs_reported(state, conv);
    }
    if (!ack) {
        conv->syn_time = state->segment->time;
    } else if (sender != conv->client) {
        after_synack(state, conv);
    }
}

/* A segment of a conversation that shares its client has been accepted. */
static void SELDOM after_shared(toa_state *state, toa_conversation *conv, unsigned sender)
{
    const toa_segment *segment = state->segment;

    if (conv->extra && conv->extra->key_unchecked) {
        conv->extra->key_unchecked = false;
        toa_collision_check_key(state, conv);
    }
    if (sender != conv->client) {
        if (segment->length > 0 && toa_legs_check_reply(state, conv)) {
            toa_collision_check_key(state, conv);
        }
        return;
    }
    if (conv->side[sender].demand_frame == segment->frame) {
        toa_requests_note(state, conv);
    }
    if (conv->side[sender].n_acks == 1 && toa_is_established(conv)) {
        toa_group_established(state, conv);
    }
    if (segment->length > 0 && toa_legs_check_data(state, conv)) {
        toa_collision_check_key(state, conv);
    }
}

/* Inlined, unlike what it calls: most segments come through here, and leave without any of that. */
static inline __attribute__((always_inline)) void accept(toa_state *state, toa_conversation *conv, unsigned sender)
{
    if (sender != conv->client && !(conv->side[sender].flags & TOA_SIDE_SHOWN) && conv->roles >= TOA_ROLES_SYNACK) {
        conv->server_party->known_server = true; /* it answers, so there is a server; a SYN alone may be a scan */
    }
    toa_conversation_accept(conv, sender, state->segment);
    if (conv->flags & TOA_CONV_INDEXED) {
        toa_index_changed(conv);
    }
    if (state->segment->flags & TOA_FLAG_SYN) {
        after_syn(state, conv, sender);
    }
    if (conv->flags & TOA_CONV_SHARED) {
        after_shared(state, conv, sender);
    }
    if (conv->disputed && sender != conv->client) {
        toa_refuted_check(state, conv);
    }
}

/* Remembers what the client has sent on x with numbers that are not x's. Whoever receives it may answer with a RST that
 * repeats its ack. */
static void remember_client_stray(toa_state *state, toa_conversation *x)
{
    const toa_segment *segment = state->segment;
    toa_extra *extra;

    if ((segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) == TOA_FLAG_ACK) {
        extra = toa_state_extra(state, x);
        extra->client_stray_frame = segment->frame;
        extra->client_stray_ack = segment->ack;
        extra->client_stray_empty = segment->length == 0;
        extra->client_stray_time = segment->time;
    }
}

/* The server's RST answers such a segment, so it is x's own, whatever number the client chose. If an earlier connection of the
 * tuple has that number, an ACK without data is its client's answer to the new one's SYN-ACK, and the RST nothing stale. */
static bool answers_client_stray(const toa_state *state, const toa_conversation *x, unsigned where)
{
    const toa_segment *segment = state->segment;
    const toa_extra *extra = x->extra;

    return extra && extra->client_stray_frame && (where != TOA_WHERE_EARLIER || extra->client_stray_empty) &&
           toa_segment_is_lone_rst(segment) && segment->seq == extra->client_stray_ack && segment->time - extra->client_stray_time <= TOA_SECOND;
}

/* A stack answers a foreign segment with a RST or with its own numbers. So anything but a RST that a client sends is its
 * own, even if it has another conversation's numbers: then the two are legs of one connection, or this one's SYN was not
 * captured. */
static bool only_own(const toa_conversation *conv, unsigned sender, const toa_segment *segment)
{
    return sender == conv->client && conv->roles > TOA_ROLES_PORT && !(segment->flags & TOA_FLAG_RST);
}

/* x's client itself has gone on with y's numbers, and no stack does that for what was crossed: x is another leg of y by now, a
 * connection of its tuple whose SYN was not captured. Notes it, if the segment being fed shows it. */
static bool is_shared_by_client(toa_state *state, toa_conversation *x, unsigned sender, toa_conversation *y)
{
    toa_pair *pair;

    if (only_own(x, sender, state->segment)) {
        toa_state_pair(state, x, y)->client_shares = true;
        return false;
    }
    pair = toa_state_find_pair(state, x, y);
    return pair && pair->client_shares;
}

static bool analyse(toa_state *state, toa_conversation *conv, unsigned sender, bool is_new);

static bool names_another(const toa_conversation *x, const toa_segment *segment)
{
    const toa_options *options = &segment->options;
    const toa_party *named = toa_named(x);

    return options->client_item >= 0 &&
           (!named || !toa_endpoint_equal(&named->endpoint, &options->items[options->client_item].info.client));
}

/* x continues after a gap in the capture that is wider than a window. */
static void resume(toa_state *state, toa_conversation *x, unsigned sender, const toa_segment *before)
{
    const toa_segment *segment = state->segment;

    toa_conversation_resume(x, !sender, before);
    state->segment = before;
    accept(state, x, !sender);
    state->segment = segment;
    accept(state, x, sender);
}

/* Begins a connection on x's wire tuple whose SYN was not captured, with the remembered segment and the one being fed. */
static void begin_missed(toa_state *state, toa_conversation *x, unsigned sender)
{
    const toa_segment *segment = state->segment;
    toa_segment first;
    toa_conversation *conv;

    if (!toa_missed_take(x, &first)) {
        return;
    }
    if (!(x->flags & TOA_CONV_CLOSED) && !(first.flags & TOA_FLAG_SYN) && !names_another(x, &first)) {
        resume(state, x, sender, &first);
        return;
    }
    state->segment = &first;
    conv = toa_group_renew(state, x, &first);
    analyse(state, conv, toa_endpoint_equal(&conv->wire[0], &first.source) ? 0 : 1, true);
    state->segment = segment;
    state->begun = conv;
    analyse(state, conv, sender, false);
}

/* The carriers have carried the segment that conv carries now: it is a copy, and each of them may be a leg of conv. */
static void apply_carriers(toa_state *state, toa_conversation *conv, const toa_carriers *carriers)
{
    for (unsigned i = 0; i < carriers->n; i++) {
        if (toa_legs_copy(state, conv, carriers->conv[i])) {
            toa_collision_check_key(state, conv);
        }
    }
}

/* Handles a segment whose numbers are not exactly the conversation's. True: they are taken for its own all the same. */
static bool is_own_after_all(toa_state *state, toa_conversation *conv, unsigned sender, toa_own own, bool *ret_unexplained)
{
    const toa_segment *segment = state->segment;
    toa_seen seen;
    toa_match match;

    if (own == TOA_OWN_NONE && toa_missed_agrees(state, conv, sender)) {
        begin_missed(state, conv, sender);
        return false;
    }
    toa_owner_find(state, conv, sender, own, &match, &seen);
    toa_credit_distances(state, conv, &seen);
    apply_carriers(state, conv, &seen.carriers);
    if (sender != conv->client && answers_client_stray(state, conv, match.where)) {
        return false;
    }
    if (match.owner && match.where != TOA_WHERE_EARLIER && is_shared_by_client(state, conv, sender, match.owner)) {
        match.owner = NULL;
    }
    if (match.owner && (match.where == TOA_WHERE_EARLIER || !only_own(conv, sender, segment))) {
        if (toa_credit_is_copy(state, conv, sender, &match)) {
            state->is_copy = true;
            return false;
        }
        toa_missed_claim(state, conv, sender, true);
        toa_credit_owner(state, conv, sender, &match);
        toa_collision_check_match(state, conv, sender != conv->client, &match);
        return false;
    }
    if (match.noted) {
        toa_credit_note(state, conv, &match);
        return false;
    }
    if (own == TOA_OWN_NONE && sender == conv->client) {
        remember_client_stray(state, conv);
    }
    if ((own == TOA_OWN_NONE || (segment->flags & TOA_FLAG_RST)) && !match.carried && toa_unseen_check(state, conv, sender)) {
        return false;
    }
    if (own == TOA_OWN_WINDOW && (segment->flags & TOA_FLAG_RST)) {
        return false; /* a stack answers it with a challenge ACK and lives on (RFC 5961) */
    }
    if (own != TOA_OWN_NONE) {
        return true;
    }
    toa_missed_claim(state, conv, sender, false);
    if (!toa_conversation_stray(conv, sender, segment)) {
        *ret_unexplained = true;
    } else if (conv->flags & TOA_CONV_INDEXED) {
        toa_index_changed(conv);
    }
    return false;
}

/* conv carries the answer to another conversation. */
static bool SELDOM is_untranslated(toa_state *state, toa_conversation *conv, unsigned sender)
{
    toa_untranslated found;

    toa_untranslated_find(state, conv, sender, &found);
    toa_credit_untranslated(state, conv, sender, &found);
    return found.match.owner != NULL;
}

/* Decides whose segment it is, if it may be another conversation's or say something of one. True: no owner was found. */
static bool SELDOM judge_among_others(toa_state *state, toa_conversation *conv, unsigned sender, toa_own own)
{
    bool unexplained = false;

    if (toa_untranslated_possible(conv) && is_untranslated(state, conv, sender)) {
        return false;
    }
    if (own != TOA_OWN_EXACT && !is_own_after_all(state, conv, sender, own, &unexplained)) {
        return unexplained;
    }
    if (own == TOA_OWN_EXACT && sender != conv->client) {
        toa_dupack_check(state, conv);
    }
    accept(state, conv, sender);
    return false;
}

/* Decides whose segment it is. True: no owner was found. */
static bool judge(toa_state *state, toa_conversation *conv, unsigned sender)
{
    toa_own own = toa_conversation_classify(conv, sender, state->segment);

    if (own != TOA_OWN_EXACT || (conv->flags & TOA_CONV_SHARED)) {
        return judge_among_others(state, conv, sender, own);
    }
    accept(state, conv, sender);
    return false;
}

static int compare_findings(const void *a, const void *b)
{
    return (int)((const toa_finding *)a)->kind - (int)((const toa_finding *)b)->kind;
}

static void SELDOM feed_self_connect(toa_state *state, toa_conversation *conv, bool is_new)
{
    if (is_new) {
        toa_group_learn(state, conv, 0); /* it gets a key, for display only */
    }
    if ((state->segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) == TOA_FLAG_SYN) {
        toa_state_report(state, TOA_FINDING_SELF_CONNECT, conv, NULL, 0);
    }
}

/* Analyses a segment that may change roles and key. True: no owner was found. */
static bool SELDOM analyse_telling(toa_state *state, toa_conversation *conv, unsigned sender, bool is_new)
{
    bool unexplained;

    if (state->segment->options.client_item >= 0) {
        remember_source(state, state->segment);
    }
    if (!toa_group_learn(state, conv, sender)) {
        return judge(state, conv, sender);
    }
    toa_legs_seek(state, conv); /* before judging, so that the two legs do not accuse each other */
    if (is_new) {
        toa_legs_reported(state, conv);
    }
    unexplained = judge(state, conv, sender);
    if (is_new) {
        toa_unseen_settle(state, conv, sender);
    }
    toa_legs_seek(state, conv); /* again, because only now the ISN is known */
    toa_collision_check_key(state, conv);
    return unexplained;
}

/* Analyses a segment that is not a duplicate. True: no owner was found. */
static bool analyse(toa_state *state, toa_conversation *conv, unsigned sender, bool is_new)
{
    const toa_segment *segment = state->segment;

    if (conv->flags & TOA_CONV_SELF) {
        feed_self_connect(state, conv, is_new);
        return false;
    }
    if (is_new || segment->options.client_item >= 0 || (segment->flags & TOA_FLAG_SYN)) {
        return analyse_telling(state, conv, sender, is_new);
    }
    return judge(state, conv, sender);
}

toa_fed toa_engine_feed(toa_engine *state, toa_conversation *conv, const toa_segment *segment, uint32_t stream)
{
    toa_conversation *newest = conv;
    bool wants_stream = toa_engine_wants_stream(conv, segment), is_new;
    toa_fed fed = {0};
    unsigned sender;

    if (conv && toa_network_matters(conv, segment)) {
        newest = toa_network_find(state, conv, segment);
    }
    if (!wants_stream && !newest) {
        stream = toa_stream_last(conv); /* another network, which Wireshark does not tell from this one */
    }
    conv = newest && wants_stream ? toa_identity_of_syn(state, newest, segment, stream) : newest;
    is_new = !conv;
    fed.conversation = conv;
    state->segment = segment;
    state->begun = NULL;
    if (state->found->len) {
        g_array_set_size(state->found, 0);
    }
    if (is_new) {
        conv = fed.conversation = toa_group_add(state, newest, segment, stream);
    }
    sender = toa_endpoint_equal(&conv->wire[0], &segment->source) ? 0 : 1;
    if (conv->side[sender].network != segment->network) {
        toa_network_learn(state, conv, sender, segment->network);
    }
    if (toa_copies_seen(&state->copies, conv, sender, segment) && !is_new && !toa_credit_awaits_rst(conv, sender, segment)) {
        fed.copy = true;
    } else {
        state->is_copy = false;
        fed.unexplained = analyse(state, conv, sender, is_new);
        if (state->begun) {
            fed.conversation = state->begun;
        }
        if (state->found->len > 1) { /* stable: findings of one kind keep their order */
            g_array_sort(state->found, compare_findings);
        }
        fed.copy = state->is_copy;
        fed.findings = (const toa_finding *)(void *)state->found->data;
        fed.n_findings = state->found->len;
    }
    state->segment = NULL;
    return fed;
}

void toa_engine_note_stream(toa_engine *state, toa_conversation *conv, uint32_t stream, uint32_t frame,
                            int64_t time)
{
    toa_identity_stream(state, conv, stream, frame, time);
}

const toa_endpoint *toa_engine_named(const toa_conversation *conv)
{
    const toa_party *named = toa_named(conv);

    return named ? &named->endpoint : NULL;
}

const toa_endpoint *toa_engine_dialled(const toa_conversation *conv)
{
    return conv->extra && conv->extra->vip ? &conv->extra->vip->endpoint : NULL;
}

const toa_conversation *toa_engine_leg(const toa_conversation *conv)
{
    return toa_legs_other(conv);
}

uint32_t toa_engine_conversations(const toa_engine *state)
{
    return toa_table_count(&state->conversations) + state->n_forgotten;
}

size_t toa_engine_memory(const toa_engine *state)
{
    return toa_state_memory(state);
}

/* ---- forgetting ---- */

uint32_t toa_engine_remembers(const toa_engine *state)
{
    return toa_table_count(&state->conversations);
}

size_t toa_engine_spare(const toa_engine *state)
{
    return toa_state_spare(state);
}

/* Who sends TOAs is known of this many; of more, it is learnt anew. */
#define SOURCES_KEPT 65536

toa_forgotten toa_engine_forget(toa_engine *state, const toa_forget *forget)
{
    toa_forgotten forgotten;
    toa_victims victims;

    toa_forget_choose(state, forget->n, forget->now, forget->frame, &victims);
    for (guint i = victims.numbers->len; forget->keeps && i-- > 0;) {
        if (forget->keeps(forget->context, toa_victim(state, &victims, i))) {
            toa_victims_spare(state, &victims, i, forget->now);
        }
    }
    forgotten = (toa_forgotten){victims.n_closed, victims.numbers->len - victims.n_closed};
    for (guint i = 0; forget->on_forget && i < victims.numbers->len; i++) {
        forget->on_forget(forget->context, toa_victim(state, &victims, i));
    }
    if (forget->on_forget_all && victims.numbers->len) {
        forget->on_forget_all(forget->context);
    }
    g_array_set_size(state->found, 0);
    state->begun = NULL;
    if (victims.numbers->len) {
        toa_forget_leave(state, &victims);
        toa_unseen_forget(state, forget->frame, victims.age);
        toa_forget_finish(state, &victims);
    }
    if (toa_table_count(&state->toa_sources) > SOURCES_KEPT) {
        toa_table_free(&state->toa_sources);
    }
    toa_victims_clear(&victims);
    return forgotten;
}
