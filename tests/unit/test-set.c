/* Sets of records against a plain list.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "toa-set.h"

#include <glib.h>

typedef struct record {
    uint32_t value;
} record;

static uint32_t hash_value(const void *record_)
{
    return ((const record *)record_)->value * 2654435761u;
}

/* As bad as a hash can be. */
static uint32_t hash_same(const void *record_)
{
    (void)record_;
    return UINT32_MAX;
}

static bool equal(const void *a, const void *b)
{
    return ((const record *)a)->value == ((const record *)b)->value;
}

static const toa_set_kind good = {hash_value, equal}, bad = {hash_same, equal};

static void test_empty(void)
{
    toa_set set = {.kind = &good};
    record probe = {.value = 1};

    g_assert_null(toa_set_find(&set, &probe));
    g_assert_cmpuint(toa_set_memory(&set), ==, 0);
    toa_set_free(&set);
}

/* All that was put in is found, nothing else; the set grows with what is in it. */
static void fill(const toa_set_kind *kind, unsigned n)
{
    toa_set set = {.kind = kind};
    record *records = g_new0(record, n), probe = {0};

    for (unsigned i = 0; i < n; i++) {
        records[i].value = i * 3;
        probe.value = i * 3;
        g_assert_null(toa_set_find(&set, &probe));
        toa_set_add(&set, &records[i]);
        g_assert_true(toa_set_find(&set, &probe) == &records[i]);
    }
    for (unsigned i = 0; i < n; i++) {
        probe.value = i * 3;
        g_assert_true(toa_set_find(&set, &probe) == &records[i]);
        probe.value++;
        g_assert_null(toa_set_find(&set, &probe));
    }
    g_assert_cmpuint(set.n_records, ==, n);
    g_assert_cmpuint(set.n_slots, >, n);
    g_assert_cmpuint(toa_set_memory(&set), ==, set.n_slots * sizeof(void *));
    toa_set_free(&set);
    g_assert_null(toa_set_find(&set, &records[0]));
    toa_set_add(&set, &records[0]); /* usable again */
    g_assert_true(toa_set_find(&set, &records[0]) == &records[0]);
    toa_set_free(&set);
    g_free(records);
}

static void test_many(void)
{
    fill(&good, 100000);
}

static void test_collisions(void)
{
    fill(&bad, 500);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/set/empty", test_empty);
    g_test_add_func("/set/many", test_many);
    g_test_add_func("/set/collisions", test_collisions);
    return g_test_run();
}
