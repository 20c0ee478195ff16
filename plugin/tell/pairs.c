/* pairs.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/pairs.h"

void toa_incidents_init(toa_incidents *incidents, const toa_config *config)
{
    incidents->config = config;
    incidents->list = g_ptr_array_new();
    incidents->by_pair = g_hash_table_new_full(toa_incident_hash, toa_incident_equal, g_free, NULL);
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
    toa_load *load = toa_side_load(&incident->side[carrier], finding->own);
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
        load->answers++;
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

static bool names(const toa_incident *incident, GHashTable *conversations)
{
    return g_hash_table_contains(conversations, incident->early) || g_hash_table_contains(conversations, incident->late);
}

static gboolean is_forgotten(gpointer incident, gpointer value, gpointer conversations)
{
    (void)value;
    return names(incident, conversations);
}

void toa_incidents_forget(toa_incidents *incidents, GHashTable *conversations)
{
    guint kept = 0;

    for (guint i = 0; i < incidents->list->len; i++) {
        toa_incident *incident = incidents->list->pdata[i];
        if (!names(incident, conversations)) {
            incidents->list->pdata[kept++] = incident;
        }
    }
    g_ptr_array_set_size(incidents->list, (gint)kept);
    g_hash_table_foreach_remove(incidents->by_pair, is_forgotten, conversations);
}

size_t toa_incidents_memory(const toa_incidents *incidents)
{
    return g_hash_table_size(incidents->by_pair) * (sizeof(toa_incident) + 64); /* 64: its place in the table */
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
            *(toa_incident_findings(incident, TOA_PAIR_SHARED) ? &others.shared : &others.reused) += 1;
        }
    }
    return others;
}
