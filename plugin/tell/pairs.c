/* pairs.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/pairs.h"

static guint hash_incident(gconstpointer record)
{
    const toa_incident *incident = record;

    return (guint)toa_mix(toa_mix((uintptr_t)incident->early) ^ (uintptr_t)incident->late);
}

static gboolean equal_incident(gconstpointer a, gconstpointer b)
{
    const toa_incident *left = a, *right = b;

    return left->early == right->early && left->late == right->late;
}

void toa_incidents_init(toa_incidents *incidents, const toa_config *config)
{
    incidents->config = config;
    incidents->list = g_ptr_array_new();
    incidents->by_pair = g_hash_table_new_full(hash_incident, equal_incident, g_free, NULL);
}

void toa_incidents_free(toa_incidents *incidents)
{
    g_ptr_array_free(incidents->list, TRUE);
    g_hash_table_destroy(incidents->by_pair);
}

void toa_incidents_reset(toa_incidents *incidents)
{
    toa_incidents_free(incidents);
    toa_incidents_init(incidents, incidents->config);
}

static toa_incident *pair_of(toa_incidents *incidents, const toa_conversation *x, const toa_conversation *y)
{
    toa_incident probe = {.early = toa_began_before(x, y) ? x : y,
                          .late = toa_began_before(x, y) ? y : x,
                          .same_wire = toa_same_wire(x, y)};
    toa_incident *found;

    found = g_hash_table_lookup(incidents->by_pair, &probe);
    if (!found) {
        found = g_memdup2(&probe, sizeof probe);
        g_hash_table_add(incidents->by_pair, found);
    }
    return found;
}

static uint32_t findings_with(const toa_incident *incident, toa_pair_role role)
{
    uint32_t n = 0;

    for (unsigned kind = 0; kind < TOA_FINDING_MAX; kind++) {
        n += toa_finding_infos[kind].role == role ? incident->n[kind] : 0;
    }
    return n;
}

/* The finding makes an incident of its pair. */
static bool counts(const toa_incidents *incidents, const toa_finding *finding)
{
    switch (toa_finding_infos[finding->kind].role) {
    case TOA_PAIR_SHARED:
        return incidents->config->rewriting != TOA_REWRITING_NO;
    case TOA_PAIR_PROVEN:
    case TOA_PAIR_CROSSED:
    case TOA_PAIR_DUP_ACK:
    case TOA_PAIR_STALE:
        return true;
    case TOA_PAIR_NONE:
    case TOA_PAIR_REUSED:
    case TOA_PAIR_REFUTED:
        break;
    }
    return false;
}

static toa_load *load_of(toa_side_of *side, const toa_conversation *carrier)
{
    unsigned i = 0;

    while (i < side->n_loads && side->loads[i].carrier != carrier) {
        i++;
    }
    if (i == side->n_loads && i < TOA_LOADS_MAX) {
        side->loads[side->n_loads++].carrier = carrier;
    }
    return &side->loads[MIN(i, TOA_LOADS_MAX - 1u)];
}

static bool is_found(unsigned kind)
{
    return toa_tap_kind_is_foreign(kind) || toa_finding_infos[kind].role == TOA_PAIR_DUP_ACK;
}

/* A segment on the wrong connection. */
static void take_found(toa_incident *incident, const toa_layer *layer, const toa_finding *finding)
{
    const toa_segment *segment = layer->segment;
    toa_pair_role role = toa_finding_infos[finding->kind].role;
    unsigned carrier = finding->own == incident->early ? 0 : 1;
    toa_load *load = load_of(&incident->side[carrier], finding->own);
    toa_side_of *owner = &incident->side[!carrier];

    if (!incident->found_first_frame) {
        incident->found_first_frame = segment->frame;
        incident->found_first_time = segment->time;
    }
    incident->found_last_frame = segment->frame;
    incident->found_last_time = segment->time;
    *(role == TOA_PAIR_DUP_ACK        ? &load->dup_acks
      : segment->flags & TOA_FLAG_RST ? &load->rsts
                                      : &load->segments) += 1;
    if (!toa_tap_from_client(layer) && role != TOA_PAIR_STALE) {
        owner->n_answers++;
        owner->answer_carrier = finding->own;
        owner->answer_time = segment->time;
    }
    if (!toa_tap_from_client(layer) && !incident->found_flags) {
        incident->found_seq = segment->seq;
        incident->found_id = segment->ip_id;
        incident->found_flags = segment->flags;
        incident->found_time = segment->time;
    }
    incident->n_untranslated += finding->untranslated;
}

toa_incident *toa_incidents_add(toa_incidents *incidents, const toa_layer *layer, const toa_finding *finding,
                                bool *ret_new)
{
    toa_incident *incident = finding->other ? pair_of(incidents, finding->own, finding->other) : NULL;
    toa_pair_role role = toa_finding_infos[finding->kind].role;

    *ret_new = false;
    if (!incident) {
        return NULL; /* a self-connect, an owner that was not captured */
    }
    if (counts(incidents, finding)) {
        if (!incident->first_frame) {
            incident->first_frame = layer->segment->frame;
            incident->first_time = layer->segment->time;
            g_ptr_array_add(incidents->list, incident);
            *ret_new = true;
        }
        incident->last_frame = layer->segment->frame;
        incident->last_time = layer->segment->time;
    }
    incident->n[finding->kind]++;
    if (is_found(finding->kind)) {
        take_found(incident, layer, finding);
    }
    incident->evidence |= finding->evidence;
    if (role == TOA_PAIR_PROVEN || role == TOA_PAIR_REUSED) {
        incident->proof |= finding->evidence;
    }
    if (finding->evidence & TOA_EV_ISN_CLOCK) {
        incident->isn_error = finding->isn_error;
    }
    return incident;
}

#ifndef TOA_NO_GLIB /* the page forgets nothing */
typedef struct forgetting {
    toa_incidents *incidents;
    GHashTable *conversations;
} forgetting;

static gboolean is_forgotten(gpointer key, gpointer value, gpointer data)
{
    toa_incident *incident = key;
    const forgetting *self = data;

    (void)value;
    if (!g_hash_table_contains(self->conversations, incident->early) &&
        !g_hash_table_contains(self->conversations, incident->late)) {
        return FALSE;
    }
    if (incident->first_frame) {
        g_ptr_array_remove(self->incidents->list, incident);
    }
    return TRUE;
}

void toa_incidents_forget(toa_incidents *incidents, GHashTable *conversations)
{
    forgetting self = {incidents, conversations};

    g_hash_table_foreach_remove(incidents->by_pair, is_forgotten, &self);
}
#endif

/* ---- one event, one incident ---- */

/* Conversations that are one connection: a forest, each pointing to one that is nearer to the first. */
typedef struct settling {
    GHashTable *parent;  /* toa_conversation to toa_conversation */
    GHashTable *by_isn;  /* client and server ISN to toa_conversation */
    GHashTable *by_pair; /* merged toa_incident, to itself; early and late are roots */
    GHashTable *by_found; /* found_seq to the last toa_incident with it, then to the last merged one */
    GPtrArray *settled;
} settling;

static const toa_conversation *root_of(settling *self, const toa_conversation *conv)
{
    const toa_conversation *up;

    while ((up = g_hash_table_lookup(self->parent, conv))) {
        conv = up;
    }
    return conv;
}

static void join(settling *self, const toa_conversation *x, const toa_conversation *y)
{
    const toa_conversation *one = root_of(self, x), *other = root_of(self, y);

    if (one != other) {
        bool first = toa_began_before(one, other);
        g_hash_table_insert(self->parent, (gpointer)(first ? other : one), (gpointer)(first ? one : other));
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

static void add_loads(toa_side_of *side, const toa_side_of *more)
{
    for (unsigned i = 0; i < more->n_loads; i++) {
        toa_load *load = load_of(side, more->loads[i].carrier);
        load->rsts += more->loads[i].rsts;
        load->segments += more->loads[i].segments;
        load->dup_acks += more->loads[i].dup_acks;
    }
    if (more->n_answers > side->n_answers) {
        side->n_answers = more->n_answers;
        side->answer_carrier = more->answer_carrier;
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

/* One of the two is the more certain; its conversations and its teller's details stand for both. */
static void merge(toa_incident *into, const toa_incident *from)
{
    bool one_path = into->one_path || from->one_path, from_leads = rank(from, one_path) > rank(into, one_path);
    toa_incident sum = from_leads ? *from : *into;
    const toa_incident *less = from_leads ? into : from;
    bool turned = less->late == sum.early || less->early == sum.late;

    add_loads(&sum.side[0], &less->side[turned]);
    add_loads(&sum.side[1], &less->side[!turned]);
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

/* The same packet of a server, found twice: what it was found on is one connection, captured twice. */
static void join_event(settling *self, toa_incident *incident)
{
    const toa_incident *found;

    if (!incident->found_flags) {
        return;
    }
    found = g_hash_table_lookup(self->by_found, GUINT_TO_POINTER(incident->found_seq));
    if (found && incident->found_id && is_same_event(self, found, incident)) { /* without an ID one RST looks like the next */
        const toa_conversation *early = root_of(self, incident->early), *late = root_of(self, incident->late);
        bool early_is = early == root_of(self, found->early) || early == root_of(self, found->late);
        const toa_conversation *common = early_is ? early : late;
        join(self, early_is ? late : early, root_of(self, found->early) == common ? found->late : found->early);
    }
    g_hash_table_insert(self->by_found, GUINT_TO_POINTER(incident->found_seq), incident);
}

static bool is_one_path(const toa_incident *incident)
{
    const toa_conversation *conv = incident->early;

    return incident->same_wire && !(toa_endpoint_equal(toa_wire_client(conv), &conv->key->client->endpoint) &&
                                    toa_endpoint_equal(toa_wire_server(conv), &conv->key->server->endpoint));
}

static void settle(settling *self, const toa_incident *incident)
{
    toa_incident probe = {.early = root_of(self, incident->early), .late = root_of(self, incident->late)};
    toa_incident *copy, *found;

    if (probe.early == probe.late) {
        return; /* legs of one connection, as is known by now */
    }
    copy = g_memdup2(incident, sizeof *incident);
    copy->one_path = is_one_path(incident);
    found = g_hash_table_lookup(self->by_pair, &probe);
    if (!found && incident->found_flags) {
        found = g_hash_table_lookup(self->by_found, GUINT_TO_POINTER(incident->found_seq));
        found = found && is_same_event(self, found, incident) ? found : NULL;
    }
    if (found) {
        merge(found, copy);
        g_free(copy);
        return;
    }
    g_ptr_array_add(self->settled, copy);
    g_hash_table_insert(self->by_pair, g_memdup2(&probe, sizeof probe), copy);
    if (incident->found_flags) {
        g_hash_table_insert(self->by_found, GUINT_TO_POINTER(incident->found_seq), copy);
    }
}

GPtrArray *toa_incidents_settled(const toa_incidents *incidents, bool all)
{
    settling self = {g_hash_table_new(NULL, NULL), g_hash_table_new_full(hash_isn, equal_isn, g_free, NULL),
                     g_hash_table_new_full(hash_incident, equal_incident, g_free, NULL), g_hash_table_new(NULL, NULL),
                     g_ptr_array_new()};
    GPtrArray *standing = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < incidents->list->len; i++) {
        const toa_incident *incident = incidents->list->pdata[i];
        join_legs(&self, incident->early);
        join_legs(&self, incident->late);
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
    g_ptr_array_free(self.settled, TRUE);
    g_hash_table_destroy(self.parent);
    g_hash_table_destroy(self.by_isn);
    g_hash_table_destroy(self.by_pair);
    g_hash_table_destroy(self.by_found);
    return standing;
}

toa_others toa_incidents_others(const toa_incidents *incidents)
{
    toa_others others = {0, 0, 0};
    GHashTableIter at;
    gpointer record;

    g_hash_table_iter_init(&at, incidents->by_pair);
    while (g_hash_table_iter_next(&at, &record, NULL)) {
        const toa_incident *incident = record;
        bool apart = toa_incident_verdict(incident) == TOA_VERDICT_KEPT_APART;
        others.kept_apart += apart;
        if (!incident->first_frame && !apart) {
            *(findings_with(incident, TOA_PAIR_SHARED) ? &others.shared : &others.reused) += 1;
        }
    }
    return others;
}

/* Of several legs the one that carried most. */
static void add_load(const toa_side_of *side, toa_load *sum)
{
    toa_load most = {NULL, 0, 0, 0};

    for (unsigned i = 0; i < side->n_loads; i++) {
        most.rsts = MAX(most.rsts, side->loads[i].rsts);
        most.segments = MAX(most.segments, side->loads[i].segments);
        most.dup_acks = MAX(most.dup_acks, side->loads[i].dup_acks);
    }
    sum->rsts += most.rsts;
    sum->segments += most.segments;
    sum->dup_acks += most.dup_acks;
}

toa_load toa_incident_load(const toa_incident *incident)
{
    toa_load sum = {NULL, 0, 0, 0};

    add_load(&incident->side[0], &sum);
    add_load(&incident->side[1], &sum);
    return sum;
}

toa_verdict toa_incident_verdict(const toa_incident *incident)
{
    uint32_t foreign = findings_with(incident, TOA_PAIR_CROSSED) + findings_with(incident, TOA_PAIR_DUP_ACK);

    if (incident->one_path && findings_with(incident, TOA_PAIR_STALE)) {
        return TOA_VERDICT_STALE;
    }
    if (findings_with(incident, TOA_PAIR_PROVEN)) {
        return TOA_VERDICT_CONFIRMED;
    }
    if (foreign) {
        return incident->n_untranslated == foreign ? TOA_VERDICT_UNTRANSLATED : TOA_VERDICT_CROSSED;
    }
    if (findings_with(incident, TOA_PAIR_REFUTED)) {
        return TOA_VERDICT_KEPT_APART;
    }
    if (findings_with(incident, TOA_PAIR_SHARED)) {
        return TOA_VERDICT_SHARED;
    }
    return findings_with(incident, TOA_PAIR_STALE) ? TOA_VERDICT_STALE : TOA_VERDICT_NONE;
}

bool toa_incident_stands(const toa_incident *incident)
{
    return incident->first_frame && toa_incident_verdict(incident) > TOA_VERDICT_KEPT_APART;
}

bool toa_incident_proven(const toa_incident *incident)
{
    return (incident->proof & (TOA_EV_ISN_CLOCK | TOA_EV_RECYCLED | TOA_EV_TRIGGER)) != 0;
}

bool toa_incident_only_dup_acks(const toa_incident *incident)
{
    return findings_with(incident, TOA_PAIR_DUP_ACK) && !findings_with(incident, TOA_PAIR_CROSSED) &&
           !findings_with(incident, TOA_PAIR_PROVEN);
}

static bool waits(const toa_side_of *side, const toa_conversation *conv, const toa_stats_table *stats_table)
{
    const toa_stats *stats = toa_stats_find(stats_table, conv);

    return stats && stats->n_waiting > 0 && !(conv->flags & TOA_CONV_CLOSED) &&
           (stats->n_waiting > 1 || (side->n_answers > 0 && side->answer_time >= stats->wait_time));
}

/* Between the same addresses, a RST to the earlier client may have come to it or not: it waits if it asks again. */
static bool only_asked(const toa_incident *incident, const toa_stats_table *stats_table)
{
    const toa_stats *stats = toa_stats_find(stats_table, incident->early);

    return toa_incident_verdict(incident) == TOA_VERDICT_STALE && stats && stats->n_again == 0;
}

unsigned toa_incident_victims(const toa_incident *incident, const toa_stats_table *stats_table)
{
    const toa_side_of *side = incident->side;
    unsigned victims = 0;

    if (!toa_incident_stands(incident)) {
        return 0;
    }
    victims |= waits(&side[0], incident->early, stats_table) && !only_asked(incident, stats_table) ? TOA_VICTIM_EARLY : 0;
    victims |= waits(&side[1], incident->late, stats_table) ? TOA_VICTIM_LATE : 0;
    if (victims == (TOA_VICTIM_EARLY | TOA_VICTIM_LATE) && !side[0].n_answers != !side[1].n_answers) {
        victims = side[0].n_answers ? TOA_VICTIM_EARLY : TOA_VICTIM_LATE;
    }
    return victims;
}

const char *toa_verdict_name(toa_verdict verdict)
{
    static const char *const names[TOA_VERDICT_MAX] = {[TOA_VERDICT_NONE] = "none",
                                                       [TOA_VERDICT_KEPT_APART] = "kept apart",
                                                       [TOA_VERDICT_STALE] = "stale session",
                                                       [TOA_VERDICT_UNTRANSLATED] = "not translated",
                                                       [TOA_VERDICT_SHARED] = "shared key",
                                                       [TOA_VERDICT_CROSSED] = "crossed",
                                                       [TOA_VERDICT_CONFIRMED] = "proven"};

    return names[verdict];
}

bool toa_incident_overlap(const toa_incident *incident, int64_t *ret_time)
{
    const toa_conversation *early = incident->early, *late = incident->late;

    if ((early->flags & TOA_CONV_CLOSED) && early->close_time <= late->first_time) {
        return false;
    }
    *ret_time = late->first_time;
    return true;
}

char *toa_evidence_text(uint16_t evidence)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < TOA_TAP_EVIDENCE_MAX; i++) {
        if (evidence & toa_tap_evidence[i].bit) {
            g_string_append_printf(text, "%s%s", text->len ? " " : "", toa_tap_evidence[i].name);
        }
    }
    return g_string_free(text, FALSE);
}
