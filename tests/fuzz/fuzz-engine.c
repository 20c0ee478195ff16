/* fuzz-engine.c
 * Sequences of segments (events.h) into the engine, each verdict compared with the model (model.h): is the segment the
 * conversation's own, whose is it else, which shared keys are raised and are all of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/identity.h"
#include "model.h"

#include <string.h>

#define EVENTS_MAX 400
/* Of more members of one key the engine compares two (a bound for hostile captures). */
#define MEMBERS_COMPARED 8

typedef struct run {
    toa_config config;
    toa_engine *engine;
    known known;
    before before;
    bool legs[CONVERSATIONS_MAX][CONVERSATIONS_MAX];   /* the two must not be named together, for ever (R4) */
    bool shared[CONVERSATIONS_MAX][CONVERSATIONS_MAX]; /* collision or reuse was raised for the two */
    bool confirmed[CONVERSATIONS_MAX][CONVERSATIONS_MAX];
    bool refuted[CONVERSATIONS_MAX][CONVERSATIONS_MAX];
    bool crowded[CONVERSATIONS_MAX]; /* has had a key that more had than are compared */
    const toa_key *key[CONVERSATIONS_MAX]; /* as it was after the segment before */
    bool parted[CONVERSATIONS_MAX]; /* a segment of another conversation has changed its key: the two were no legs after all. It is
                                     * compared when its key changes by a segment of its own. */
    uint32_t streams;
    unsigned forgotten;
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

static void check_unseen(const toa_finding *f, const toa_segment *segment)
{
    MUST(!f->other && f->other_frame && f->other_frame < segment->frame);
    MUST(f->evidence & TOA_EV_SEQ);
}

static void check_finding(const run *r, const toa_finding *f, const toa_segment *segment)
{
    MUST(f->other && f->other != f->own);
    index_of(r, f->other);
    MUST(f->other_frame < segment->frame);
    if (f->kind == TOA_FINDING_STALE_SESSION) {
        MUST(toa_same_wire(f->own, f->other));
    } else {
        MUST(!toa_same_wire(f->own, f->other));
    }
    MUST(f->evidence != 0);
    /* a beginning that was missed is told by two segments, the second of which may name another client than the first */
    MUST(!(f->evidence & TOA_EV_KEY) || f->own->key == f->other->key || f->kind >= TOA_FINDING_FOREIGN_RST ||
         segment->options.client_item >= 0);
    MUST(f->kind != TOA_FINDING_FOREIGN_RST || segment->flags & TOA_FLAG_RST);
    MUST(f->kind != TOA_FINDING_FOREIGN_SEGMENT || !(segment->flags & TOA_FLAG_RST));
}

static void check_findings(const run *r, const toa_fed *fed, const toa_segment *segment)
{
    for (unsigned i = 0; i < fed->n_findings; i++) {
        const toa_finding *f = &fed->findings[i];
        MUST(f->kind < TOA_FINDING_MAX);
        MUST(i == 0 || f->kind >= fed->findings[i - 1].kind);
        MUST(f->own == fed->conversation);
        if (f->kind == TOA_FINDING_SELF_CONNECT) {
            MUST(fed->n_findings == 1 && !f->other);
        } else if (f->kind == TOA_FINDING_FOREIGN_UNSEEN) {
            check_unseen(f, segment);
        } else {
            check_finding(r, f, segment);
        }
    }
}

/* ---- R2 ---- */

static bool is_younger(const toa_conversation *a, const toa_conversation *b)
{
    if (a->midstream != b->midstream) {
        return b->midstream; /* that one began before the capture */
    }
    if (a->first_time != b->first_time) {
        return a->first_time > b->first_time;
    }
    return a->first_frame != b->first_frame ? a->first_frame > b->first_frame : a->stream > b->stream;
}

static bool closed_by(const toa_conversation *conv, int64_t time)
{
    return (conv->flags & TOA_CONV_CLOSED) && conv->close_time <= time;
}

/* One was over when the other began; of one that was under way when the capture saw it, either may have been the first. */
static bool over_before(const toa_conversation *a, const toa_conversation *b)
{
    const toa_conversation *late = is_younger(a, b) ? a : b, *early = late == a ? b : a;

    return closed_by(early, late->first_time) || (early->midstream && closed_by(late, early->first_time));
}

/* On this very segment: whether it closed before or after it was compared cannot be told from outside. */
static bool just_closed(const toa_conversation *conv, const toa_segment *segment)
{
    return (conv->flags & TOA_CONV_CLOSED) && conv->close_time == segment->time;
}

static bool proven(const toa_fed *fed, const toa_conversation *other)
{
    for (unsigned i = 0; i < fed->n_findings; i++) {
        if (fed->findings[i].kind == TOA_FINDING_CONFIRMED && fed->findings[i].other == other) {
            return true;
        }
    }
    return false;
}

static void note_shared(run *r, const toa_fed *fed, const toa_segment *segment)
{
    for (unsigned i = 0; i < fed->n_findings; i++) {
        const toa_finding *f = &fed->findings[i];
        unsigned a, b;
        if (f->kind > TOA_FINDING_REFUTED) {
            continue;
        }
        a = index_of(r, f->own);
        b = index_of(r, f->other);
        if (f->kind == TOA_FINDING_CONFIRMED) { /* of a collision, which is sorted before it */
            MUST(r->shared[a][b] && !r->confirmed[a][b]);
            r->confirmed[a][b] = r->confirmed[b][a] = true;
            continue;
        }
        if (f->kind == TOA_FINDING_REFUTED) {
            MUST(r->shared[a][b] && !r->confirmed[a][b] && !r->refuted[a][b]);
            r->refuted[a][b] = r->refuted[b][a] = true;
            continue;
        }
        MUST(!r->shared[a][b]); /* once per pair */
        MUST(over_before(f->own, f->other) == (f->kind == TOA_FINDING_REUSE) || just_closed(f->own, segment) ||
             just_closed(f->other, segment) || proven(fed, f->other));
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

static void note_keys(run *r, const toa_conversation *fed)
{
    for (unsigned a = 0; a < r->known.n; a++) {
        const toa_conversation *conv = r->known.list[a];
        r->crowded[a] |= conv->key && conv->key->n_members > MEMBERS_COMPARED;
        if (conv->key != r->key[a]) {
            r->parted[a] = conv != fed;
            r->key[a] = conv->key;
        }
    }
}

/* Every two that share a key by wire or TOA and overlap have been raised. */
static void check_shared_complete(run *r)
{
    for (unsigned a = 0; a < r->known.n; a++) {
        const toa_conversation *x = r->known.list[a];
        for (unsigned b = 0; b < a; b++) {
            const toa_conversation *y = r->known.list[b];
            if (plain_key(x) && plain_key(y) && toa_endpoint_equal(&x->key->client->endpoint, &y->key->client->endpoint) &&
                toa_endpoint_equal(&x->key->server->endpoint, &y->key->server->endpoint) &&
                !r->crowded[a] && !r->crowded[b] && !r->parted[a] && !r->parted[b] && !r->legs[a][b] && !over_before(x, y)) {
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

/* Which of the three looks comes first. */
static unsigned turn(toa_where where)
{
    return where == TOA_WHERE_EARLIER ? 0 : where == TOA_WHERE_GROUP ? 1 : where == TOA_WHERE_SERVER ? 2 : 3;
}

static bool is_better(const answer *a, const seen *y, const answer *b, const seen *z)
{
    if (a->exact != b->exact) {
        return a->exact > b->exact;
    }
    return a->bits != b->bits ? a->bits > b->bits : y->now->first_frame > z->now->first_frame;
}

/* Who became a leg, or was proven to be one with another, on this very segment is not compared: what was learnt first
 * cannot be told from outside. */
static bool moved(const seen *x, const toa_fed *fed, bool is_new)
{
    const toa_extra *extra = x->now->extra;
    bool taught = is_new || x->was.key != x->now->key;

    if ((extra ? extra->leg : NULL) != x->extra.leg || (extra && extra->leg_certain != x->extra.leg_certain)) {
        return true;
    }
    for (unsigned i = 0; i < fed->n_findings && taught; i++) {
        if (fed->findings[i].kind == TOA_FINDING_CONFIRMED || fed->findings[i].kind == TOA_FINDING_REUSE) {
            return is_new || (x->was.flags & TOA_CONV_NAMED);
        }
    }
    return false;
}

/* R7, for which the model has no numbers: an answer of the server, and somebody who may be named. */
static bool may_be_shifted(const question *q, const seen *y)
{
    bool answer = is_synack(q->segment) || is_rst(q->segment) ||
                  (q->segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) == TOA_FLAG_ACK;

    return q->server && answer && !model_excluded(&q->x->was, &y->was) && y->was.key->client == q->x->was.key->client;
}

/* A SYN-ACK that only its time made y's, as x's client refuses it. */
static bool may_be_refused(const question *q, const seen *y)
{
    return !q->server && is_rst(q->segment) && y->has_pair && y->pair.shifted_time && y->pair.shifted_ack == q->segment->seq &&
           q->segment->time - y->pair.shifted_time <= SECOND;
}

static void tell(const run *r, const char *what, const seen *y, const answer *a)
{
    if (getenv("TOA_FUZZ_TRACE")) {
        fprintf(stderr, "    model: %s [%u]: look %u, may %d, sure %d, %u exact, %u in all\n", what, index_of(r, y->now),
                turn(a->where), a->may, a->sure, a->exact, a->bits);
    }
}

/* f is the one that the engine has found, NULL: none. */
static void check_candidates(const run *r, const question *q, const toa_finding *f)
{
    const seen *best = NULL, *found = NULL, *answered = NULL;
    answer best_answer = {0}, found_answer = {0};
    bool any = false, shared = false; /* shared: x's client has used the candidate's numbers itself */

    for (unsigned i = 0; i < q->before->n; i++) {
        const seen *y = &q->before->list[i];
        answer a = model_answer(q, y);
        any |= a.may;
        shared |= a.may && y->has_pair && y->pair.client_shares;
        if (a.sure && (!best || turn(a.where) < turn(best_answer.where) ||
                       (a.where == best_answer.where && is_better(&a, y, &best_answer, best)))) {
            best = y;
            best_answer = a;
        }
        if (f && y->now == f->other) {
            found = y;
            found_answer = a;
        }
        if (model_answers(q, y) && is_rst(q->segment) && !model_excluded(&q->x->was, &y->was)) {
            answered = y;
        }
        if (a.may) {
            tell(r, "candidate", y, &a);
        }
    }
    if (best) {
        tell(r, "surely", best, &best_answer);
        MUST(f || shared);
    }
    MUST(!f || found);
    if (f && !found_answer.may) {
        MUST(!best);
        MUST(q->own == TOA_OWN_NONE || q->own == TOA_OWN_UNKNOWN);
        MUST((is_rst(q->segment) && model_answers(q, found)) || may_be_refused(q, found) || may_be_shifted(q, found));
        MUST(f->kind == TOA_FINDING_STALE_SESSION || !model_excluded(&q->x->was, &found->was));
    } else if (f) {
        MUST((f->kind == TOA_FINDING_STALE_SESSION) == (found_answer.where == TOA_WHERE_EARLIER));
        MUST(!best || turn(found_answer.where) <= turn(best_answer.where));
        MUST(!best || found_answer.where != best_answer.where || !is_better(&best_answer, best, &found_answer, found));
    } else if (answered && !any && !(answered->has_pair && answered->pair.client_shares) &&
               model_pairs(q->x) <= MODEL_PAIRS_MAX) { /* R8 */
        MUST(q->own != TOA_OWN_NONE && q->own != TOA_OWN_UNKNOWN);
    }
}

/* What crosses silently (R9) is never of somebody who must not be accused. */
static void check_dup_ack(const toa_fed *fed, const question *q)
{
    for (unsigned i = 0; i < fed->n_findings; i++) {
        const toa_finding *f = &fed->findings[i];
        for (unsigned j = 0; f->kind == TOA_FINDING_FOREIGN_DUP_ACK && j < q->before->n; j++) {
            const seen *y = &q->before->list[j];
            MUST(q->own == TOA_OWN_EXACT && q->server);
            MUST(y->now != f->other || (!model_excluded(&q->x->was, &y->was) && y->was.key->client == q->x->was.key->client));
        }
    }
}

/* x carries the segment; the engine has taken back what was claimed on x before, so that this goes on with it (R14). */
static bool check_claim(const seen *x, unsigned sender, const question *q, const toa_finding *f, bool began)
{
    const toa_claim *claim = x->now->extra ? x->now->extra->claim : NULL;
    bool taken = x->claim.time && claim && !claim->time;

    MUST(!began || taken);
    if (!taken) {
        return false;
    }
    MUST(q->own == TOA_OWN_NONE);
    MUST(model_goes_on(x, sender, q->segment));
    MUST(began || !f);
    return true;
}

/* R6: a crossed segment changes nothing of x, and is y's from now on. */
static void check_credit(const question *q, const toa_finding *f)
{
    const toa_segment *segment = q->segment;
    const toa_conversation *y = f->other;
    const toa_side *a = &y->side[q->server ? !y->client : y->client];
    uint32_t seq = segment->seq;

    MUST(memcmp(q->x->was.side, q->x->now->side, sizeof q->x->was.side) == 0);
    MUST(!segment->ip_id || a->ip_id == segment->ip_id || /* a RST without a socket goes on with no run */
         (segment->flags & (TOA_FLAG_RST | TOA_FLAG_ACK)) == TOA_FLAG_RST);
    for (unsigned i = 0; i < q->before->n; i++) {
        const seen *its = &q->before->list[i];
        const toa_side *was = &its->was.side[a - y->side];
        if (its->now == y && has(was, TOA_SIDE_ANCHORED) && seq == was->next && !its->pair.has_seq_shift &&
            !its->pair.has_ack_shift && f->seq_shift == 0 && !(segment->flags & (TOA_FLAG_SYN | TOA_FLAG_RST))) {
            MUST(a->next == toa_segment_end(segment));
        }
    }
}

static void check_owner(run *r, toa_conversation *carrier, const toa_fed *fed, bool is_new, const toa_segment *segment)
{
    static seen fresh;
    const toa_finding *f = attribution(fed);
    unsigned sender = toa_endpoint_equal(&carrier->wire[0], &segment->source) ? 0 : 1;
    question q = {.before = &r->before, .x = &fresh, .segment = segment};
    seen *x = &fresh;

    fresh = (seen){.now = carrier};
    for (unsigned i = 0; i < r->before.n && !is_new; i++) {
        if (r->before.list[i].now == carrier) {
            q.x = x = &r->before.list[i];
        }
    }
    model_learnt(&r->before, x, is_new);
    q.server = sender != x->was.client;
    q.own = model_own(&x->was, sender, segment);
    MUST(q.own == toa_conversation_classify(&x->was, sender, segment));
    if (check_claim(x, sender, &q, f, carrier != fed->conversation)) {
        return;
    }
    check_dup_ack(fed, &q);
    if (q.own == TOA_OWN_EXACT) { /* an answer from an address that was not asked can have the numbers that it begins with */
        MUST(!fed->unexplained && (!f || f->untranslated));
        return;
    }
    MUST(!fed->unexplained || (!f && q.own == TOA_OWN_NONE));
    if (f) {
        check_credit(&q, f);
    }
    if (moved(x, fed, is_new)) {
        return;
    }
    if (model_answers_stray(&q) || model_only_own(&q)) {
        MUST(!f || f->kind == TOA_FINDING_STALE_SESSION);
        if (!f) {
            return;
        }
    }
    check_candidates(r, &q, f);
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
    toa_conversation *conv = toa_engine_find(r->engine, &segment->source, &segment->destination), *known;
    uint32_t stream = 0;
    unsigned index;
    bool is_new, began; /* by a SYN or the first segment; or found to have begun before, unseen */
    toa_fed fed;

    MUST(!conv || conv == r->known.list[index_of(r, conv)]);
    if (toa_engine_wants_stream(conv, segment)) {
        stream = stream_for(r, conv, segment);
    }
    known = conv && toa_engine_wants_stream(conv, segment) ? toa_identity_find(conv, segment) : conv;
    is_new = !known;
    model_remember(r->engine, &r->known, known, &r->before);
    fed = toa_engine_feed(r->engine, conv, segment, stream);
    began = !is_new && fed.conversation != known;
    MUST(fed.conversation);
    MUST(toa_engine_find(r->engine, &segment->source, &segment->destination) ==
         (known == conv || is_new ? fed.conversation : conv)); /* a SYN of an earlier one changes nothing */
    if (is_new || began) {
        MUST(!fed.copy);
        MUST(toa_engine_conversations(r->engine) == r->known.n + r->forgotten + 1);
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
        check_owner(r, began ? known : fed.conversation, &fed, is_new, segment);
        check_numbers(fed.conversation);
    }
    index = index_of(r, fed.conversation);
    note_legs(r, index, fed.conversation);
    for (unsigned i = 0; i < r->known.n && began; i++) { /* what it was when its key was compared was not seen */
        r->legs[index][i] = r->legs[i][index] = true;
    }
    if (!is_new && !began) {
        r->before.list[index].was.client = fed.conversation->client;
        note_legs(r, index, &r->before.list[index].was);
    }
    note_keys(r, fed.conversation);
    check_shared_complete(r);
    return r->known.n < CONVERSATIONS_MAX;
}

/* What is known of conversation `from` is from now on that of `to`. */
static void move_known(run *r, unsigned to, unsigned from)
{
    bool (*const tables[])[CONVERSATIONS_MAX] = {r->legs, r->shared, r->confirmed, r->refuted};

    r->known.list[to] = r->known.list[from];
    r->crowded[to] = r->crowded[from];
    for (unsigned t = 0; t < sizeof tables / sizeof *tables; t++) {
        memcpy(tables[t][to], tables[t][from], sizeof tables[t][to]);
        for (unsigned i = 0; i < CONVERSATIONS_MAX; i++) {
            tables[t][i][to] = tables[t][i][from];
        }
    }
}

/* Behind the last one nothing is known. */
static void clear_known(run *r, unsigned i)
{
    bool (*const tables[])[CONVERSATIONS_MAX] = {r->legs, r->shared, r->confirmed, r->refuted};

    r->crowded[i] = false;
    for (unsigned t = 0; t < sizeof tables / sizeof *tables; t++) {
        memset(tables[t][i], 0, sizeof tables[t][i]);
        for (unsigned j = 0; j < CONVERSATIONS_MAX; j++) {
            tables[t][j][i] = false;
        }
    }
}

static void forget(run *r, unsigned n, int64_t now, uint32_t frame)
{
    bool gone[CONVERSATIONS_MAX];
    unsigned kept = 0, before = r->known.n;

    model_forget(r->engine, &r->known, n, now, frame, gone);
    for (unsigned i = 0; i < before; i++) {
        if (!gone[i] && kept != i) {
            move_known(r, kept, i);
        }
        kept += !gone[i];
    }
    for (unsigned i = kept; i < before; i++) {
        clear_known(r, i);
    }
    r->known.n = kept;
    r->forgotten += before - kept;
    if (getenv("TOA_FUZZ_TRACE") && before) {
        fprintf(stderr, "%u forgotten, %u left\n", before - kept, kept);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static run r;
    input in = {data, size};
    uint8_t setting = take8(&in);
    int64_t time = INT64_C(1600000000000000000);
    toa_map_row row = {.vip = event_endpoint(5), .server = event_endpoint(6)};
    toa_segment segment;

    memset(&r, 0, sizeof r);
    toa_config_init(&r.config);
    r.config.reply_meaning = setting & 1;
    if (setting & 2) {
        toa_config_set_map(&r.config, &row, 1);
    }
    r.engine = toa_engine_new(&r.config);
    for (uint32_t frame = 1; frame <= EVENTS_MAX; frame++) {
        if (event_forgets(&in)) {
            forget(&r, event_forgets(&in), time, frame);
        }
        if (!take_event(&in, &r.known, &time, frame, &segment) || !feed(&r, &segment)) {
            break;
        }
    }
    MUST(toa_engine_conversations(r.engine) == r.known.n + r.forgotten);
    toa_engine_free(r.engine);
    toa_config_clear(&r.config);
    return 0;
}
