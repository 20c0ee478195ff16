/* open.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "watch/open.h"

static guint32 count_of(const toa_incident *incident)
{
    guint32 sum = 0;

    for (unsigned kind = 0; kind < TOA_FINDING_MAX; kind++) {
        sum += incident->n[kind];
    }
    return sum;
}

const toa_incident *toa_open_best(const toa_open *open)
{
    const toa_incident *best = open->parts->pdata[0];

    for (guint i = 1; i < open->parts->len; i++) {
        const toa_incident *part = open->parts->pdata[i];
        toa_verdict verdict = toa_incident_verdict(part), least = toa_incident_verdict(best);
        if (verdict > least || (verdict == least && count_of(part) > count_of(best))) {
            best = part;
        }
    }
    return best;
}

guint32 toa_open_count(const toa_open *open)
{
    guint32 sum = 0;

    for (guint i = 0; i < open->parts->len; i++) {
        sum += count_of(open->parts->pdata[i]);
    }
    return sum;
}

/* One connection, whichever leg. */
static bool is_one(const toa_conversation *x, const toa_conversation *y)
{
    return x == y || toa_engine_leg(x) == y || toa_engine_leg(y) == x;
}

GHashTable *toa_open_one(const toa_open *open)
{
    GHashTable *one = g_hash_table_new(NULL, NULL);
    const toa_incident *best = toa_open_best(open);

    for (guint i = 0; i < open->parts->len; i++) {
        const toa_incident *part = open->parts->pdata[i];
        bool turned = is_one(part->early, best->late);
        g_hash_table_insert(one, (gpointer)part->early, (gpointer)(turned ? best->late : best->early));
        g_hash_table_insert(one, (gpointer)part->late, (gpointer)(turned ? best->early : best->late));
    }
    return one;
}

bool toa_open_has(const toa_open *open, const toa_conversation *conv)
{
    for (guint i = 0; i < open->parts->len; i++) {
        const toa_incident *part = open->parts->pdata[i];
        if (is_one(conv, part->early) || is_one(conv, part->late)) {
            return true;
        }
    }
    return false;
}

bool toa_open_same(const toa_open *open, const toa_incident *incident)
{
    const toa_incident *first = open->parts->pdata[0];

    return (is_one(first->early, incident->early) && is_one(first->late, incident->late)) ||
           (is_one(first->early, incident->late) && is_one(first->late, incident->early));
}

const char *toa_open_kind(const toa_open *open)
{
    switch (toa_incident_verdict(toa_open_best(open))) {
    case TOA_VERDICT_CONFIRMED:
        return "confirmed";
    case TOA_VERDICT_CROSSED:
        return "foreign";
    case TOA_VERDICT_UNTRANSLATED:
        return "untranslated";
    case TOA_VERDICT_STALE:
        return open->waited ? "stale" : "note";
    case TOA_VERDICT_SHARED:
        return "collision";
    default:
        return "note";
    }
}
