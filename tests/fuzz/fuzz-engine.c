/* fuzz-engine.c
 * Sequences of segments (events.h) into the engine, each verdict compared with the model (model.h): is the segment the
 * conversation's own, whose is it else, which shared keys are raised and are all of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "model.h"

#include <string.h>

#define EVENTS_MAX 400
/* Of more members of one key, and of more closed ones than 4, the engine compares some (a bound for hostile captures). */
#define MEMBERS_COMPARED 5

typedef struct run {
    toa_config config;
    toa_engine *engine;
    known known;
    before before;
    bool legs[CONVERSATIONS_MAX][CONVERSATIONS_MAX];   /* the two must not be named together, for ever (R4) */
    bool shared[CONVERSATIONS_MAX][CONVERSATIONS_MAX]; /* collision or reuse was raised for the two */
    uint32_t streams;
} run;

static unsigned index_of(const run *r, const toa_conversation *conv)
{
    for (unsigned i = 0; i < r->known.n; i++) {
        if (r->known.list[i] == conv) {
            return i;
        }
    }
    MUST(!"a finding names a conversation that was never returned");
    return 0;
}

static const toa_finding *attribution(const toa_fed *fed)
{
    const toa_finding *found = NULL;

    for (unsigned i = 0; i < fed->n_findings; i++) {
        uint8_t kind = fed->findings[i].kind;
        if (kind == TOA_FINDING_FOREIGN_RST || kind == TOA_FINDING_FOREIGN_SEGMENT ||
            kind == TOA_FINDING_STALE_SESSION) {
            MUST(!found);
            found = &fed->findings[i];
        }
    }
    return found;
}

/* ---- what must hold of every finding ---- */

static void check_findings(run *r, const toa_fed *fed, const toa_segment *segment)
{
    for (unsigned i = 0; i < fed->n_findings; i++) {
        const toa_finding *f = &fed->findings[i];
        MUST(f->kind < TOA_FINDING_MAX);
        MUST(i == 0 || f->kind >= fed->findings[i - 1].kind);
        MUST(f->own == fed->conversation);
        MUST(f->other_frame < segment->frame || f->kind == TOA_FINDING_SELF_CONNECT);
        if (f->kind == TOA_FINDING_SELF_CONNECT) {
            MUST(fed->n_findings == 1 && !f->other);
            continue;
        }
        MUST(f->other && f->other != f->own);
        index_of(r, f->other);
        if (f->kind == TOA_FINDING_STALE_SESSION) {
            MUST(toa_same_wire(f->own, f->other) || segment->flags & TOA_FLAG_RST);
        } else {
            MUST(!toa_same_wire(f->own, f->other));
        }
        MUST(f->evidence != 0);
        MUST(!(f->evidence & TOA_EV_KEY) || f->own->key == f->other->key || f->kind >= TOA_FINDING_FOREIGN_RST);
    }
}

/* ---- R2 ---- */

static bool over_before(const toa_conversation *a, const toa_conversation *b)
{
    const toa_conversation *early = a->first_time < b->first_time || (a->first_time == b->first_time &&
                                                                       a->first_frame < b->first_frame) ? a : b;
    const toa_conversation *late = early == a ? b : a;

    return (early->flags & TOA_CONV_CLOSED) && early->close_time <= late->first_time;
}

/* On this very segment: whether it closed before or after it was compared cannot be told from outside. */
static bool just_closed(const toa_conversation *conv, const toa_segment *segment)
{
    return (conv->flags & TOA_CONV_CLOSED) && conv->close_time == segment->time;
}

static void note_shared(run *r, const toa_fed *fed, const toa_segment *segment)
{
    for (unsigned i = 0; i < fed->n_findings; i++) {
        const toa_finding *f = &fed->findings[i];
        unsigned a, b;
        if (f->kind != TOA_FINDING_COLLISION && f->kind != TOA_FINDING_REUSE) {
            continue;
        }
        a = index_of(r, f->own);
        b = index_of(r, f->other);
        MUST(!r->shared[a][b]); /* once per pair */
        MUST(over_before(f->own, f->other) == (f->kind == TOA_FINDING_REUSE) || just_closed(f->own, segment) ||
             just_closed(f->other, segment));
        r->shared[a][b] = r->shared[b][a] = true;
    }
}

/* as: the conversation itself, or what it was while its key was compared: roles of now, numbers of before. */
static void note_legs(run *r, unsigned of, const toa_conversation *as)
{
    for (unsigned i = 0; i < r->known.n; i++) {
        if (i != of && model_excluded(as, r->known.list[i])) {
            r->legs[of][i] = r->legs[i][of] = true;
        }
    }
}

static bool plain_key(const toa_conversation *conv)
{
    return conv->key && conv->source <= TOA_KEY_MAP && !(conv->flags & TOA_CONV_SELF);
}

/* Every two that share a key by wire or TOA and overlap have been raised. */
static void check_shared_complete(const run *r)
{
    for (unsigned a = 0; a < r->known.n; a++) {
        const toa_conversation *x = r->known.list[a];
        for (unsigned b = 0; b < a; b++) {
            const toa_conversation *y = r->known.list[b];
            if (plain_key(x) && plain_key(y) && toa_endpoint_equal(&x->key->client->endpoint, &y->key->client->endpoint) &&
                toa_endpoint_equal(&x->key->server->endpoint, &y->key->server->endpoint) &&
                x->key->n_members <= MEMBERS_COMPARED && !r->legs[a][b] && !over_before(x, y)) {
                MUST(x->key == y->key);
                if (!r->shared[a][b] && getenv("TOA_FUZZ_TRACE")) {
                    fprintf(stderr, "    model: [%u] and [%u] share a key\n", b, a);
                }
                MUST(r->shared[a][b]);
            }
        }
    }
}

/* ---- R3, R5 ---- */

static void check_owner(run *r, const toa_fed *fed, bool is_new, const toa_segment *segment)
{
    toa_conversation *x = fed->conversation;
    seen fresh = {.now = x}, *s = &fresh;
    const toa_finding *f = attribution(fed);
    unsigned sender = toa_endpoint_equal(&x->wire[0], &segment->source) ? 0 : 1;
    toa_conversation *owner;
    toa_where where;
    toa_own own;

    for (unsigned i = 0; i < r->before.n && !is_new; i++) {
        if (r->before.list[i].now == x) {
            s = &r->before.list[i];
        }
    }
    s->was.client = x->client; /* roles are learnt before the numbers are judged */
    own = model_own(&s->was, sender, segment);
    MUST(own == toa_conversation_classify(&s->was, sender, segment));
    if (own == TOA_OWN_EXACT) {
        MUST(!f);
        MUST(!fed->unexplained);
        return;
    }
    if (x->extra && x->extra->leg != s->leg) {
        return; /* became a leg on this very segment: the design does not say which comes first */
    }
    owner = model_owner(&r->before, s, sender, own, segment, &where);
    if (owner != (f ? f->other : NULL) && getenv("TOA_FUZZ_TRACE")) {
        fprintf(stderr, "    model: own %d, owner [%d] by row for %d; group %u, served %u\n", own,
                owner ? (int)index_of(r, owner) : -1, where, x->key->client->n_group, x->server_party->n_served);
    }
    if (owner) {
        MUST(f);
        MUST(f->other == owner);
        MUST((f->kind == TOA_FINDING_STALE_SESSION) == (where == TOA_WHERE_EARLIER));
    } else if (f) { /* R8, or R7 */
        bool synack = (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) == (TOA_FLAG_SYN | TOA_FLAG_ACK);
        MUST(own == TOA_OWN_NONE);
        MUST(synack || model_answered(&r->before, segment));
    }
    MUST(!fed->unexplained || (!f && own == TOA_OWN_NONE));
}

/* What can be said of the numbers of every conversation at any time. */
static void check_numbers(const toa_conversation *conv)
{
    for (unsigned i = 0; i < 2; i++) {
        const toa_side *side = &conv->side[i];
        MUST(side->next - side->low <= (1u << 30) + UINT16_MAX + 2 || !(side->flags & TOA_SIDE_SHOWN));
        MUST(side->n_acks <= TOA_ACKS_KEPT);
        MUST(!side->n_acks == !(side->flags & TOA_SIDE_ACKED));
        MUST(side->n_acks < 2 || side->acks[0] != side->acks[1]);
        MUST(!(side->flags & TOA_SIDE_ANCHORED) || (side->flags & TOA_SIDE_SHOWN));
    }
}

/* ---- one input ---- */

/* A stream as TCP would number it: a SYN with another number on a used tuple begins a new one. */
static uint32_t stream_for(run *r, const toa_conversation *conv, const toa_segment *segment)
{
    const toa_side *side;

    if (!conv) {
        return r->streams++;
    }
    side = &conv->side[!toa_endpoint_equal(&conv->wire[0], &segment->source)];
    return (side->flags & TOA_SIDE_SHOWN) && segment->seq != side->isn ? r->streams++ : conv->stream;
}

/* With TOA_FUZZ_TRACE set: what happened, to understand an input that a check has rejected. */
static void trace(const run *r, const toa_segment *segment, const toa_fed *fed)
{
    char key[TOA_KEY_TEXT];

    if (!getenv("TOA_FUZZ_TRACE")) {
        return;
    }
    fprintf(stderr, "%u %lld ms %s flags %02x len %u seq %u ack %u win %u id %u ts %u %u toa %d: [%u] key %u by %u%s%s\n",
            segment->frame, (long long)(segment->time / 1000000 % 1000000),
            toa_key_format(&segment->source, &segment->destination, key), segment->flags, segment->length, segment->seq,
            segment->ack, segment->window, segment->ip_id, segment->options.tsval, segment->options.tsecr,
            segment->options.client_item < 0 ? -1 : segment->options.items[0].info.client.address[3],
            index_of(r, fed->conversation), fed->conversation->key ? fed->conversation->key->stream : UINT32_MAX,
            fed->conversation->source, fed->copy ? " copy" : "", fed->unexplained ? " unexplained" : "");
    for (unsigned i = 0; i < fed->n_findings; i++) {
        const toa_finding *f = &fed->findings[i];
        fprintf(stderr, "    %s own [%u] other [%u] evidence %03x\n", toa_finding_infos[f->kind].filter,
                index_of(r, f->own), f->other ? index_of(r, f->other) : UINT32_MAX, f->evidence);
    }
}

static bool feed(run *r, const toa_segment *segment)
{
    toa_conversation *conv = toa_engine_find(r->engine, &segment->source, &segment->destination);
    uint32_t stream = 0;
    unsigned index;
    bool is_new;
    toa_fed fed;

    MUST(!conv || conv == r->known.list[index_of(r, conv)]);
    if (toa_engine_wants_stream(conv, segment)) {
        stream = stream_for(r, conv, segment);
    }
    model_remember(r->engine, &r->known, conv, &r->before);
    fed = toa_engine_feed(r->engine, conv, segment, stream);
    is_new = fed.conversation != conv;
    MUST(fed.conversation);
    MUST(toa_engine_find(r->engine, &segment->source, &segment->destination) == fed.conversation);
    if (is_new) {
        MUST(!fed.copy);
        r->known.list[r->known.n++] = fed.conversation;
    }
    trace(r, segment, &fed);
    if (fed.copy) {
        MUST(fed.n_findings == 0 && !fed.unexplained);
        return true;
    }
    MUST(fed.conversation->key);
    check_findings(r, &fed, segment);
    note_shared(r, &fed, segment);
    if (!(fed.conversation->flags & TOA_CONV_SELF)) {
        check_owner(r, &fed, is_new, segment);
        check_numbers(fed.conversation);
    }
    index = index_of(r, fed.conversation);
    note_legs(r, index, fed.conversation);
    if (!is_new) {
        r->before.list[index].was.client = fed.conversation->client;
        note_legs(r, index, &r->before.list[index].was);
    }
    check_shared_complete(r);
    return r->known.n < CONVERSATIONS_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static run r;
    input in = {data, size};
    uint8_t setting = take8(&in);
    int64_t time = INT64_C(1600000000000000000);
    toa_map_row row = {event_endpoint(5), event_endpoint(6)};
    toa_segment segment;

    memset(&r, 0, sizeof r);
    toa_config_init(&r.config);
    r.config.reply_meaning = setting & 1;
    if (setting & 2) {
        toa_config_set_map(&r.config, &row, 1);
    }
    r.engine = toa_engine_new(&r.config);
    for (uint32_t frame = 1; frame <= EVENTS_MAX && take_event(&in, &r.known, &time, frame, &segment); frame++) {
        if (!feed(&r, &segment)) {
            break;
        }
    }
    MUST(toa_engine_conversations(r.engine) == r.known.n);
    toa_engine_free(r.engine);
    toa_config_clear(&r.config);
    return 0;
}
