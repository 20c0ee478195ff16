/* incident.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/incident.h"

guint toa_incident_hash(gconstpointer record)
{
    const toa_incident *incident = record;

    return (guint)toa_mix(toa_mix((uintptr_t)incident->early) ^ (uintptr_t)incident->late);
}

gboolean toa_incident_equal(gconstpointer a, gconstpointer b)
{
    const toa_incident *left = a, *right = b;

    return left->early == right->early && left->late == right->late;
}

uint32_t toa_incident_findings(const toa_incident *incident, toa_pair_role role)
{
    uint32_t n = 0;

    for (unsigned kind = 0; kind < TOA_FINDING_MAX; kind++) {
        n += toa_finding_infos[kind].role == role ? incident->n[kind] : 0;
    }
    return n;
}

toa_load *toa_side_load(toa_side_of *side, const toa_conversation *carrier)
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

/* Of several legs the one that carried most. */
static void add_load(const toa_side_of *side, toa_load *sum)
{
    toa_load most = {NULL, 0, 0, 0, 0};

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
    toa_load sum = {NULL, 0, 0, 0, 0};

    add_load(&incident->side[0], &sum);
    add_load(&incident->side[1], &sum);
    return sum;
}

toa_verdict toa_incident_verdict(const toa_incident *incident)
{
    uint32_t foreign = toa_incident_findings(incident, TOA_PAIR_CROSSED) + toa_incident_findings(incident, TOA_PAIR_DUP_ACK);

    if (incident->one_path && toa_incident_findings(incident, TOA_PAIR_STALE)) {
        return TOA_VERDICT_STALE;
    }
    if (toa_incident_findings(incident, TOA_PAIR_PROVEN)) {
        return TOA_VERDICT_CONFIRMED;
    }
    if (foreign) {
        return incident->n_untranslated == foreign ? TOA_VERDICT_UNTRANSLATED : TOA_VERDICT_CROSSED;
    }
    if (toa_incident_findings(incident, TOA_PAIR_REFUTED)) {
        return TOA_VERDICT_KEPT_APART;
    }
    if (toa_incident_findings(incident, TOA_PAIR_SHARED)) {
        return TOA_VERDICT_SHARED;
    }
    return toa_incident_findings(incident, TOA_PAIR_STALE) ? TOA_VERDICT_STALE : TOA_VERDICT_NONE;
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
    return toa_incident_findings(incident, TOA_PAIR_DUP_ACK) && !toa_incident_findings(incident, TOA_PAIR_CROSSED) &&
           !toa_incident_findings(incident, TOA_PAIR_PROVEN);
}

bool toa_shows_one_side(const toa_conversation *conv, bool client)
{
    const toa_side *one = &conv->side[client ? conv->client : !conv->client];

    return (one->flags & TOA_SIDE_SHOWN) && !(conv->side[one == &conv->side[0]].flags & TOA_SIDE_SHOWN);
}

/* Its client acknowledges one answer after the other, and none of them is in the capture. */
static bool is_answered_unseen(const toa_conversation *conv)
{
    const toa_conversation *leg = toa_engine_leg(conv);

    return toa_shows_one_side(conv, true) && conv->side[conv->client].n_acks > 1 && (!leg || toa_shows_one_side(leg, true));
}

const toa_conversation *toa_incident_asker(const toa_incident *incident, unsigned side)
{
    return incident->asks[side] ? incident->asks[side] : side ? incident->late : incident->early;
}

const toa_load *toa_incident_answers(const toa_incident *incident, unsigned side)
{
    const toa_side_of *carrier = &incident->side[!side];
    const toa_load *most = NULL;

    for (unsigned i = 0; i < carrier->n_loads; i++) {
        if (carrier->loads[i].answers > (most ? most->answers : 0)) {
            most = &carrier->loads[i];
        }
    }
    return most;
}

static bool waits(const toa_incident *incident, unsigned side, const toa_stats_table *stats_table)
{
    const toa_conversation *conv = toa_incident_asker(incident, side);
    const toa_stats *stats = toa_stats_find(stats_table, conv);

    return stats && stats->n_waiting > 0 && !(conv->flags & TOA_CONV_CLOSED) && !is_answered_unseen(conv) &&
           (stats->n_waiting > 1 ||
            (toa_incident_answers(incident, side) && incident->side[side].answer_time >= stats->wait_time));
}

bool toa_incident_answers_unseen(const toa_incident *incident)
{
    return is_answered_unseen(toa_incident_asker(incident, 0)) || is_answered_unseen(toa_incident_asker(incident, 1));
}

/* Between the same addresses, a RST to the earlier client may have come to it or not: it waits if it asks again. */
static bool only_asked(const toa_incident *incident, const toa_stats_table *stats_table)
{
    const toa_stats *stats = toa_stats_find(stats_table, toa_incident_asker(incident, 0));

    return toa_incident_verdict(incident) == TOA_VERDICT_STALE && stats && stats->n_again == 0;
}

unsigned toa_incident_victims(const toa_incident *incident, const toa_stats_table *stats_table)
{
    bool early_answered = toa_incident_answers(incident, 0) != NULL;
    bool late_answered = toa_incident_answers(incident, 1) != NULL;
    unsigned victims = 0;

    if (!toa_incident_stands(incident)) {
        return 0;
    }
    victims |= waits(incident, 0, stats_table) && !only_asked(incident, stats_table) ? TOA_VICTIM_EARLY : 0;
    victims |= waits(incident, 1, stats_table) ? TOA_VICTIM_LATE : 0;
    if (victims == (TOA_VICTIM_EARLY | TOA_VICTIM_LATE) && early_answered != late_answered) {
        victims = early_answered ? TOA_VICTIM_EARLY : TOA_VICTIM_LATE;
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
