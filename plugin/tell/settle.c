/* settle.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/settle.h"

#include "core/base/serial.h"

/* Conversations of one client with questions alone that are compared with its answers. */
#define HALVES_MAX 64

/* Conversations that are one connection: a forest, each pointing to one that is nearer to the first. */
typedef struct settling {
    GHashTable *parent;  /* toa_conversation to toa_conversation */
    GHashTable *begin;   /* a root to the one of its connection that has the SYN, if another has */
    GHashTable *by_isn;  /* client and server ISN to toa_conversation */
    GHashTable *asking;  /* client to GPtrArray of the conversations that have its side alone */
    GHashTable *by_pair; /* merged toa_incident by its roots, in any order */
    GHashTable *by_found; /* found_seq to the last toa_incident with it, then to the last merged one */
    GPtrArray *settled;
    GPtrArray *late_joins; /* conversations, by twos: one connection, as is known when all is settled */
} settling;

static const toa_conversation *root_of(settling *self, const toa_conversation *conv)
{
    const toa_conversation *up;

    while ((up = g_hash_table_lookup(self->parent, conv))) {
        conv = up;
    }
    return conv;
}

/* What tells when a connection began: a leg that has nothing but answers seems to have been under way. */
static const toa_conversation *began(const settling *self, const toa_conversation *root)
{
    const toa_conversation *begin = g_hash_table_lookup(self->begin, root);

    return begin ? begin : root;
}

static void join(settling *self, const toa_conversation *x, const toa_conversation *y)
{
    const toa_conversation *one = root_of(self, x), *other = root_of(self, y);
    bool first = toa_began_before(one, other);

    if (one != other) {
        const toa_conversation *begin = began(self, one), *begin2 = began(self, other);
        g_hash_table_insert(self->parent, (gpointer)(first ? other : one), (gpointer)(first ? one : other));
        begin = begin2->syn_time && (!begin->syn_time || begin2->syn_time < begin->syn_time) ? begin2 : begin;
        g_hash_table_insert(self->begin, (gpointer)(first ? one : other), (gpointer)begin);
    }
}

typedef struct isn_key {
    const toa_party *client;
    uint32_t isn;
} isn_key;

static guint hash_isn(gconstpointer record)
{
    const isn_key *self = record;

    return (guint)toa_mix(toa_mix((uintptr_t)self->client) ^ self->isn);
}

static gboolean equal_isn(gconstpointer a, gconstpointer b)
{
    const isn_key *left = a, *right = b;

    return left->client == right->client && left->isn == right->isn;
}

/* Legs have one ISN of the server, at one time; of two the engine knows it, but a capture may have three. */
static void join_legs(settling *self, const toa_conversation *conv)
{
    const toa_side *server = &conv->side[!conv->client];
    const toa_conversation *leg = toa_engine_leg(conv), *same;
    isn_key probe = {conv->key->client, server->isn};

    if (leg) {
        join(self, conv, leg);
    }
    if (!(conv->flags & TOA_CONV_SYNACK_SEEN)) {
        return;
    }
    same = g_hash_table_lookup(self->by_isn, &probe);
    if (same && ABS(conv->synack_time - same->synack_time) <= TOA_SECOND) {
        join(self, conv, same);
    } else if (!same) {
        g_hash_table_insert(self->by_isn, g_memdup2(&probe, sizeof probe), (gpointer)conv);
    }
}

static void free_list(void *list)
{
    g_ptr_array_free(list, TRUE);
}

/* Direct server return without an option: all questions on one tuple, all answers on another, and each side acknowledges what the
 * other has sent. A client that refuses such answers does not. */
static void remember_questions(settling *self, const toa_conversation *conv)
{
    GPtrArray *list = g_hash_table_lookup(self->asking, conv->key->client);

    if (!conv->syn_time || !toa_shows_one_side(conv, true)) {
        return;
    }
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(self->asking, conv->key->client, list);
    }
    if (list->len < HALVES_MAX && !g_ptr_array_find(list, conv, NULL)) {
        g_ptr_array_add(list, (gpointer)conv);
    }
}

static bool are_answers(const toa_conversation *conv, const toa_conversation *asked)
{
    const toa_side *client = &asked->side[asked->client], *server = &conv->side[!conv->client];

    return conv->synack_time >= asked->syn_time && conv->synack_time - asked->syn_time <= TOA_SECOND && client->n_acks > 0 &&
           toa_seq_lt(client->isn, server->acks[0]) && toa_seq_le(server->acks[0], client->next) &&
           toa_seq_lt(server->isn, client->acks[0]) && toa_seq_le(client->acks[0], server->next);
}

static void join_answers(settling *self, const toa_conversation *conv)
{
    const GPtrArray *list = g_hash_table_lookup(self->asking, conv->key->client);
    const toa_conversation *found = NULL;
    unsigned n = 0;

    if (!list || !(conv->flags & TOA_CONV_SYNACK_SEEN) || !conv->side[!conv->client].n_acks || !toa_shows_one_side(conv, false)) {
        return;
    }
    for (guint i = 0; i < list->len; i++) {
        if (are_answers(conv, list->pdata[i])) {
            found = list->pdata[i];
            n++;
        }
    }
    if (n == 1) {
        join(self, conv, found);
    }
}

static void add_loads(toa_side_of *side, const toa_side_of *more)
{
    for (unsigned i = 0; i < more->n_loads; i++) {
        toa_load *load = toa_side_load(side, more->loads[i].carrier);
        load->rsts += more->loads[i].rsts;
        load->segments += more->loads[i].segments;
        load->dup_acks += more->loads[i].dup_acks;
        load->answers += more->loads[i].answers;
    }
    side->answer_time = MAX(side->answer_time, more->answer_time);
}

/* What is told of both together: the more certain one. Two connections of one session have one pair of addresses at the server
 * in any case; that is no proof of anything, and the old one that answers is the story. */
static int rank(const toa_incident *incident, bool one_path)
{
    toa_verdict verdict = toa_incident_verdict(incident);

    return one_path && verdict == TOA_VERDICT_STALE ? TOA_VERDICT_MAX : (int)verdict;
}

/* The more certain one; else the one of which both beginnings were captured. */
static bool leads(const toa_incident *one, const toa_incident *other, bool one_path)
{
    int ahead = rank(one, one_path) - rank(other, one_path);
    bool is_whole = !one->early->midstream && !one->late->midstream;

    return ahead > 0 || (ahead == 0 && is_whole && (other->early->midstream || other->late->midstream));
}

/* One of the two leads; its conversations and its teller's details stand for both. */
static void merge(settling *self, toa_incident *into, const toa_incident *from)
{
    bool one_path = into->one_path || from->one_path, from_leads = leads(from, into, one_path);
    toa_incident sum = from_leads ? *from : *into;
    const toa_incident *less = from_leads ? into : from;
    bool turned = root_of(self, less->late) == root_of(self, sum.early) || root_of(self, less->early) == root_of(self, sum.late);

    add_loads(&sum.side[0], &less->side[turned]);
    add_loads(&sum.side[1], &less->side[!turned]);
    for (unsigned side = 0; side < 2; side++) {
        const toa_conversation *conv = side ? sum.late : sum.early;
        const toa_conversation *asker = toa_incident_asker(less, turned ? !side : side);
        if (!sum.asks[side] && toa_shows_one_side(conv, false) && asker != conv) {
            sum.asks[side] = asker;
        }
    }
    for (unsigned kind = 0; kind < TOA_FINDING_MAX; kind++) {
        sum.n[kind] += less->n[kind];
    }
    sum.n_untranslated += less->n_untranslated;
    sum.evidence |= less->evidence;
    sum.proof |= less->proof;
    sum.isn_error = sum.isn_error ? sum.isn_error : less->isn_error;
    sum.same_wire |= less->same_wire;
    sum.one_path = one_path;
    if (less->first_frame && (!sum.first_frame || less->first_frame < sum.first_frame)) {
        sum.first_frame = less->first_frame;
        sum.first_time = less->first_time;
    }
    if (less->last_frame > sum.last_frame) {
        sum.last_frame = less->last_frame;
        sum.last_time = less->last_time;
    }
    if (less->found_first_frame && (!sum.found_first_frame || less->found_first_frame < sum.found_first_frame)) {
        sum.found_first_frame = less->found_first_frame;
        sum.found_first_time = less->found_first_time;
    }
    if (less->found_last_frame > sum.found_last_frame) {
        sum.found_last_frame = less->found_last_frame;
        sum.found_last_time = less->found_last_time;
    }
    *into = sum;
}

/* Both found the same segment of a server, and have a connection in common. */
static bool is_same_event(settling *self, const toa_incident *one, const toa_incident *other)
{
    int64_t apart = one->found_time - other->found_time;
    const toa_conversation *early = root_of(self, one->early), *late = root_of(self, one->late);
    const toa_conversation *early2 = root_of(self, other->early), *late2 = root_of(self, other->late);

    return one->found_flags == other->found_flags && one->found_id == other->found_id && ABS(apart) <= TOA_COPY_NS &&
           (early == early2 || late == late2 || early == late2 || late == early2);
}

/* They have one connection in common: the others of the two are one. */
static void find_rest(settling *self, const toa_incident *one, const toa_incident *other, const toa_conversation *ret_rest[2])
{
    const toa_conversation *early = root_of(self, one->early), *late = root_of(self, one->late);
    const toa_conversation *early2 = root_of(self, other->early), *late2 = root_of(self, other->late);
    bool early_is = early == early2 || early == late2;

    ret_rest[0] = early_is ? late : early;
    ret_rest[1] = early2 == (early_is ? early : late) ? late2 : early2;
}

/* The same packet of a server, found twice: what it was found on is one connection, captured twice. */
static void join_event(settling *self, toa_incident *incident)
{
    const toa_incident *found;

    if (!incident->found_flags) {
        return;
    }
    found = g_hash_table_lookup(self->by_found, GUINT_TO_POINTER(incident->found_seq));
    if (found && incident->found_id && is_same_event(self, found, incident)) { /* without an ID one RST looks like the next */
        const toa_conversation *rest[2];
        find_rest(self, incident, found, rest);
        join(self, rest[0], rest[1]);
    }
    g_hash_table_insert(self->by_found, GUINT_TO_POINTER(incident->found_seq), incident);
}

static bool is_one_path(const toa_incident *incident)
{
    const toa_conversation *conv = incident->early;

    return incident->same_wire && !(toa_endpoint_equal(toa_wire_client(conv), &conv->key->client->endpoint) &&
                                    toa_endpoint_equal(toa_wire_server(conv), &conv->key->server->endpoint));
}

/* Not yet: it would change the names under which others were put down. */
static void join_rest(settling *self, const toa_incident *one, const toa_incident *other)
{
    const toa_conversation *rest[2];

    find_rest(self, one, other, rest);
    g_ptr_array_add(self->late_joins, (gpointer)rest[0]);
    g_ptr_array_add(self->late_joins, (gpointer)rest[1]);
}

/* By when the connections began, not what was captured of this leg of each. */
static void put_in_order(const settling *self, toa_incident *incident, const toa_conversation *early, const toa_conversation *late)
{
    if (toa_began_before(began(self, late), began(self, early))) {
        toa_incident old = *incident;
        incident->early = old.late;
        incident->late = old.early;
        incident->side[0] = old.side[1];
        incident->side[1] = old.side[0];
        incident->asks[0] = old.asks[1];
        incident->asks[1] = old.asks[0];
    }
}

static void settle(settling *self, const toa_incident *incident)
{
    const toa_conversation *early = root_of(self, incident->early), *late = root_of(self, incident->late);
    toa_incident probe = {.early = early < late ? early : late, .late = early < late ? late : early};
    toa_incident *copy, *found;

    if (early == late) {
        return; /* legs of one connection, as is known by now */
    }
    copy = g_memdup2(incident, sizeof *incident);
    put_in_order(self, copy, early, late);
    copy->one_path = is_one_path(incident);
    found = g_hash_table_lookup(self->by_pair, &probe);
    if (!found && incident->found_flags) {
        found = g_hash_table_lookup(self->by_found, GUINT_TO_POINTER(incident->found_seq));
        found = found && is_same_event(self, found, incident) ? found : NULL;
        if (found) {
            join_rest(self, found, incident);
        }
    }
    if (found) {
        merge(self, found, copy);
        g_free(copy);
        return;
    }
    g_ptr_array_add(self->settled, copy);
    g_hash_table_insert(self->by_pair, g_memdup2(&probe, sizeof probe), copy);
    if (incident->found_flags) {
        g_hash_table_insert(self->by_found, GUINT_TO_POINTER(incident->found_seq), copy);
    }
}

static void tell_one(settling *self, const toa_incidents *incidents, GHashTable *one)
{
    for (guint i = 0; i + 1 < self->late_joins->len; i += 2) {
        join(self, self->late_joins->pdata[i], self->late_joins->pdata[i + 1]);
    }
    for (guint i = 0; i < incidents->list->len; i++) {
        const toa_incident *incident = incidents->list->pdata[i];
        g_hash_table_insert(one, (gpointer)incident->early, (gpointer)root_of(self, incident->early));
        g_hash_table_insert(one, (gpointer)incident->late, (gpointer)root_of(self, incident->late));
    }
}

GPtrArray *toa_incidents_settled(const toa_incidents *incidents, bool all, GHashTable *one)
{
    settling self = {.parent = g_hash_table_new(NULL, NULL),
                     .begin = g_hash_table_new(NULL, NULL),
                     .by_isn = g_hash_table_new_full(hash_isn, equal_isn, g_free, NULL),
                     .asking = g_hash_table_new_full(NULL, NULL, NULL, free_list),
                     .by_pair = g_hash_table_new_full(toa_incident_hash, toa_incident_equal, g_free, NULL),
                     .by_found = g_hash_table_new(NULL, NULL),
                     .settled = g_ptr_array_new(),
                     .late_joins = g_ptr_array_new()};
    GPtrArray *standing = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < incidents->list->len; i++) {
        const toa_incident *incident = incidents->list->pdata[i];
        join_legs(&self, incident->early);
        join_legs(&self, incident->late);
        remember_questions(&self, incident->early);
        remember_questions(&self, incident->late);
    }
    for (guint i = 0; i < incidents->list->len; i++) {
        const toa_incident *incident = incidents->list->pdata[i];
        join_answers(&self, incident->early);
        join_answers(&self, incident->late);
    }
    for (guint i = 0; i < incidents->list->len; i++) {
        join_event(&self, incidents->list->pdata[i]);
    }
    g_hash_table_remove_all(self.by_found);
    for (guint i = 0; i < incidents->list->len; i++) {
        settle(&self, incidents->list->pdata[i]);
    }
    for (guint i = 0; i < self.settled->len; i++) {
        if (all || toa_incident_stands(self.settled->pdata[i])) {
            g_ptr_array_add(standing, self.settled->pdata[i]);
        } else {
            g_free(self.settled->pdata[i]);
        }
    }
    if (one) {
        tell_one(&self, incidents, one);
    }
    g_ptr_array_free(self.settled, TRUE);
    g_ptr_array_free(self.late_joins, TRUE);
    g_hash_table_destroy(self.parent);
    g_hash_table_destroy(self.begin);
    g_hash_table_destroy(self.by_isn);
    g_hash_table_destroy(self.asking);
    g_hash_table_destroy(self.by_pair);
    g_hash_table_destroy(self.by_found);
    return standing;
}
