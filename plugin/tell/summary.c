/* summary.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/summary.h"

#include "tell/text.h"

#include <string.h>

/* Servers that have a line of their own. */
#define SERVERS_MAX 10

/* Of one server. */
typedef struct tally {
    const toa_endpoint *server;
    uint32_t n, proven, victims;
} tally;

static gint compare_tallies(gconstpointer a, gconstpointer b)
{
    const tally *left = *(const tally *const *)a, *right = *(const tally *const *)b;

    return left->n != right->n ? (left->n < right->n) - (left->n > right->n) : memcmp(left->server, right->server, sizeof *left->server);
}

static void count_incident(const toa_incident *incident, const toa_stats_table *stats_table, GHashTable *by_server, tally *all)
{
    const toa_key *key = incident->early->key;
    tally *one = g_hash_table_lookup(by_server, key->server);
    bool proven = toa_incident_verdict(incident) == TOA_VERDICT_CONFIRMED;
    uint32_t victims = (uint32_t)__builtin_popcount(toa_incident_victims(incident, stats_table));

    if (!one) {
        one = g_new0(tally, 1);
        one->server = &key->server->endpoint;
        g_hash_table_insert(by_server, key->server, one);
    }
    one->n++;
    one->proven += proven;
    one->victims += victims;
    all->n++;
    all->proven += proven;
    all->victims += victims;
}

static void tell_servers(GHashTable *by_server, toa_teller *teller)
{
    GPtrArray *sorted = g_ptr_array_new();
    GHashTableIter at;
    gpointer record;

    g_hash_table_iter_init(&at, by_server);
    while (g_hash_table_iter_next(&at, NULL, &record)) {
        g_ptr_array_add(sorted, record);
    }
    g_ptr_array_sort(sorted, compare_tallies);
    for (guint i = 0; i < MIN(sorted->len, SERVERS_MAX); i++) {
        const tally *one = sorted->pdata[i];
        toa_claim claim = {.kind = TOA_CLAIM_SERVER, .from = one->server, .count = one->n, .value = one->proven,
                           .base = one->victims};
        toa_say(teller, &claim);
        toa_end(teller, "- ");
    }
    if (sorted->len > SERVERS_MAX) {
        toa_text_paragraph(teller->out, "- ", "and more servers: -z toa,incidents has them all");
    }
    g_ptr_array_free(sorted, TRUE);
}

void toa_summary_tell(const GPtrArray *standing, const toa_stats_table *stats_table, toa_teller *teller)
{
    GHashTable *by_server = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    tally all = {NULL, 0, 0, 0};
    char *words;
    toa_claim claim = {.kind = TOA_CLAIM_SUMMARY};

    for (guint i = 0; i < standing->len; i++) {
        count_incident(standing->pdata[i], stats_table, by_server, &all);
    }
    words = g_strdup_printf("proven %u, victims that wait %u", all.proven, all.victims);
    claim.count = all.n;
    claim.value = all.proven;
    claim.base = all.victims;
    claim.word = words;
    toa_say(teller, &claim);
    toa_end(teller, "");
    tell_servers(by_server, teller);
    g_free(words);
    g_hash_table_destroy(by_server);
}
