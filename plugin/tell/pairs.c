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
    toa_incident probe = {.early = toa_began_before(x, y) ? x : y, .late = toa_began_before(x, y) ? y : x}, *found;

    found = g_hash_table_lookup(incidents->by_pair, &probe);
    if (!found) {
        found = g_memdup2(&probe, sizeof probe);
        g_hash_table_add(incidents->by_pair, found);
    }
    return found;
}

static bool counts(const toa_incidents *incidents, const toa_finding *finding)
{
    if (finding->kind == TOA_FINDING_COLLISION) {
        return incidents->config->rewriting != TOA_REWRITING_NO;
    }
    return finding->kind != TOA_FINDING_REUSE;
}

toa_incident *toa_incidents_add(toa_incidents *incidents, const toa_layer *layer, const toa_finding *finding,
                                bool *ret_new)
{
    toa_incident *incident;

    *ret_new = false;
    if (!finding->other) {
        return NULL; /* self-connect: nobody else has to do with it */
    }
    incident = pair_of(incidents, finding->own, finding->other);
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
    if (finding->kind == TOA_FINDING_STALE_SESSION && (layer->segment->flags & TOA_FLAG_RST)) {
        incident->n_stale_rsts++;
    }
    incident->evidence |= finding->evidence;
    if (finding->kind == TOA_FINDING_CONFIRMED || finding->kind == TOA_FINDING_REUSE) {
        incident->proof |= finding->evidence;
    }
    if (finding->evidence & TOA_EV_ISN_CLOCK) {
        incident->isn_error = finding->isn_error;
    }
    return incident;
}

void toa_incidents_count_others(const toa_incidents *incidents, uint32_t *ret_reused, uint32_t *ret_shared)
{
    GHashTableIter at;
    gpointer record;

    *ret_reused = *ret_shared = 0;
    g_hash_table_iter_init(&at, incidents->by_pair);
    while (g_hash_table_iter_next(&at, &record, NULL)) {
        const toa_incident *incident = record;
        bool shared = incident->n[TOA_FINDING_COLLISION] > 0;
        if (!incident->first_frame) {
            *ret_shared += shared;
            *ret_reused += !shared;
        }
    }
}

uint32_t toa_incident_rsts(const toa_incident *incident)
{
    return incident->n[TOA_FINDING_FOREIGN_RST] + incident->n_stale_rsts;
}

uint32_t toa_incident_segments(const toa_incident *incident)
{
    return incident->n[TOA_FINDING_FOREIGN_SEGMENT] + incident->n[TOA_FINDING_STALE_SESSION] - incident->n_stale_rsts;
}

toa_verdict toa_incident_verdict(const toa_incident *incident)
{
    const uint32_t *n = incident->n;

    if (n[TOA_FINDING_CONFIRMED]) {
        return TOA_VERDICT_CONFIRMED;
    }
    if (n[TOA_FINDING_FOREIGN_RST] || n[TOA_FINDING_FOREIGN_SEGMENT] || n[TOA_FINDING_FOREIGN_DUP_ACK]) {
        return TOA_VERDICT_CROSSED;
    }
    if (n[TOA_FINDING_COLLISION]) {
        return TOA_VERDICT_SHARED;
    }
    return n[TOA_FINDING_STALE_SESSION] ? TOA_VERDICT_STALE : TOA_VERDICT_NONE;
}

bool toa_incident_proven(const toa_incident *incident)
{
    return (incident->proof & (TOA_EV_ISN_CLOCK | TOA_EV_RECYCLED | TOA_EV_TRIGGER)) != 0;
}

bool toa_incident_only_dup_acks(const toa_incident *incident)
{
    const uint32_t *n = incident->n;

    return n[TOA_FINDING_FOREIGN_DUP_ACK] && !n[TOA_FINDING_FOREIGN_RST] && !n[TOA_FINDING_FOREIGN_SEGMENT] &&
           !n[TOA_FINDING_CONFIRMED];
}

const char *toa_verdict_name(toa_verdict verdict)
{
    static const char *const names[TOA_VERDICT_MAX] = {[TOA_VERDICT_NONE] = "none",
                                                       [TOA_VERDICT_STALE] = "stale session",
                                                       [TOA_VERDICT_SHARED] = "shared key",
                                                       [TOA_VERDICT_CROSSED] = "crossed",
                                                       [TOA_VERDICT_CONFIRMED] = "confirmed"};

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
