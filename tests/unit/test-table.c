/* Tables of records against plain arrays: everything that was put in is found, and nothing else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"
#include "core/base/table.h"

typedef struct record {
    uint32_t value, other;
} record;

/* As good and as bad as a hash can be; the bad ones lie at the end of the slots too, so that probing goes round. */
typedef uint32_t (*hash_function)(uint32_t value);

static uint32_t hash_well(uint32_t value)
{
    return value * 2654435761u;
}

static uint32_t hash_zero(uint32_t value)
{
    (void)value;
    return 0;
}

static uint32_t hash_last(uint32_t value)
{
    (void)value;
    return UINT32_MAX;
}

static bool has_value(const void *record_, const void *probe)
{
    return ((const record *)record_)->value == *(const uint32_t *)probe;
}

static record *find(const toa_table *table, hash_function hash, uint32_t value)
{
    return toa_table_find(table, hash(value), has_value, &value);
}

static record *add(toa_table *table, hash_function hash, uint32_t value, const record *earlier)
{
    record *made = toa_table_add(table, hash(value), earlier);

    g_assert_cmpuint(made->value, ==, 0); /* zeroed */
    g_assert_cmpuint(made->other, ==, 0);
    made->value = value;
    return made;
}

static void test_empty(void)
{
    toa_table table = TOA_TABLE(record, TOA_TABLE_SMALL);

    g_assert_null(find(&table, hash_well, 1));
    g_assert_cmpuint(toa_table_memory(&table), ==, 0);
    toa_table_free(&table);
}

/* The records do not move, and are themselves. */
static void fill(hash_function hash, uint32_t n, uint32_t first_slots)
{
    toa_table table = TOA_TABLE(record, first_slots);
    record **made = g_new(record *, n);

    for (unsigned round = 0; round < 2; round++) { /* usable again when freed */
        for (uint32_t i = 0; i < n; i++) {
            g_assert_null(find(&table, hash, i * 3));
            made[i] = add(&table, hash, i * 3, NULL);
            made[i]->other = i;
            g_assert_true(find(&table, hash, i * 3) == made[i]);
            g_assert_true(toa_table_at(&table, i + 1) == made[i]);
        }
        for (uint32_t i = 0; i < n; i++) {
            g_assert_true(find(&table, hash, i * 3) == made[i]);
            g_assert_cmpuint(made[i]->other, ==, i);
            g_assert_null(find(&table, hash, i * 3 + 1));
        }
        g_assert_cmpuint(table.n_records, ==, n);
        g_assert_cmpuint(table.n_slots, >, n);
        g_assert_cmpuint(toa_table_memory(&table), >=, n * sizeof(record) + table.n_slots * sizeof(toa_table_slot));
        toa_table_free(&table);
        g_assert_cmpuint(table.n_records + table.n_slots, ==, 0);
        g_assert_null(find(&table, hash, 0));
    }
    g_free(made);
}

static void test_many(void)
{
    fill(hash_well, 100000, TOA_TABLE_SMALL);
    fill(hash_well, 100000, TOA_TABLE_LARGE);
}

static void test_equal_hashes(void)
{
    fill(hash_zero, 300, TOA_TABLE_SMALL);
    fill(hash_last, 300, TOA_TABLE_SMALL);
}

/* A newer record in the place of an older one. */
static void replace(hash_function hash)
{
    toa_table table = TOA_TABLE(record, TOA_TABLE_SMALL);
    record *newest[100] = {NULL};

    for (unsigned round = 0; round < 30; round++) {
        for (uint32_t i = 0; i < G_N_ELEMENTS(newest); i++) {
            record *made = add(&table, hash, i, newest[i]);
            g_assert_true(made != newest[i]);
            newest[i] = made;
            g_assert_true(find(&table, hash, i) == made);
        }
    }
    for (uint32_t i = 0; i < G_N_ELEMENTS(newest); i++) {
        g_assert_true(find(&table, hash, i) == newest[i]);
    }
    g_assert_cmpuint(table.n_records, ==, 3000);
    g_assert_cmpuint(table.n_used, ==, G_N_ELEMENTS(newest));
    toa_table_free(&table);
}

static void test_replaced(void)
{
    replace(hash_well);
    replace(hash_zero);
    replace(hash_last);
}

/* Records that come and go, compared with what is to be there. */
static void come_and_go(hash_function hash, uint32_t n, uint32_t rounds)
{
    toa_table table = TOA_TABLE(record, TOA_TABLE_SMALL);
    uint32_t *number = g_new0(uint32_t, n), there = 0, random = 1, seen = 0; /* number[value]: 0 if it is not in */

    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t value = (random = random * 1664525u + 1013904223u) >> 8;
        bool removes = round / n % 3 == 2; /* grow, grow, shrink */
        value %= n;
        if (number[value] && removes) {
            toa_table_remove(&table, hash(value), number[value]);
            number[value] = 0;
            there--;
        } else if (!number[value] && !removes) {
            record *made = add(&table, hash, value, NULL);
            for (uint32_t i = 0; (i = toa_table_next(&table, i));) {
                number[value] = toa_table_at(&table, i) == made ? i : number[value];
            }
            there++;
        }
        g_assert_cmpuint(toa_table_count(&table), ==, there);
        g_assert_cmpuint(table.n_used, ==, there);
    }
    for (uint32_t value = 0; value < n; value++) {
        record *found = find(&table, hash, value);
        g_assert_true(found == (number[value] ? toa_table_at(&table, number[value]) : NULL));
    }
    for (uint32_t i = 0; (i = toa_table_next(&table, i)); seen++) {
        g_assert_cmpuint(number[((record *)toa_table_at(&table, i))->value], ==, i);
    }
    g_assert_cmpuint(seen, ==, there);
    toa_table_free(&table);
    g_free(number);
}

static void test_removed(void)
{
    come_and_go(hash_well, 300, 20000);
    come_and_go(hash_zero, 50, 3000);
    come_and_go(hash_last, 50, 3000);
}

/* What was given back is used again, or not held any more. */
static void test_given_back(void)
{
    enum { N = 100000 };
    toa_table table = TOA_TABLE(record, TOA_TABLE_SMALL);
    size_t full;

    for (uint32_t i = 0; i < N; i++) {
        add(&table, hash_well, i, NULL);
    }
    full = toa_table_memory(&table);
    for (uint32_t i = 0; i < N; i += 2) {
        toa_table_remove(&table, hash_well(i), i + 1);
    }
    g_assert_cmpuint(toa_table_spare(&table), ==, N / 2 * sizeof(record));
    for (uint32_t i = 1; i < N; i += 2) {
        toa_table_remove(&table, hash_well(i), i + 1);
    }
    g_assert_cmpuint(toa_table_next(&table, 0), ==, 0);
    g_assert_cmpuint(toa_table_memory(&table), <, full - N * sizeof(record) * 4 / 5);
    for (uint32_t i = 0; i < N; i++) {
        add(&table, hash_well, i, NULL);
    }
    g_assert_cmpuint(table.n_records, ==, N);
    g_assert_cmpuint(toa_table_spare(&table), ==, 0);
    toa_table_free(&table);
}

/* The newer record of a hash goes: the older one is not found, until it is put back. */
static void test_restored(void)
{
    toa_table table = TOA_TABLE(record, TOA_TABLE_SMALL);
    record *older = add(&table, hash_well, 7, NULL);

    add(&table, hash_well, 7, older);
    toa_table_remove(&table, hash_well(7), 2);
    g_assert_null(find(&table, hash_well, 7));
    toa_table_restore(&table, hash_well(7), 1);
    g_assert_true(find(&table, hash_well, 7) == older);
    toa_table_remove(&table, hash_well(7), 1);
    g_assert_null(find(&table, hash_well, 7));
    toa_table_free(&table);
}

/* Records that a segment needs whole begin with a cache line. */
static void test_lines(void)
{
    toa_table table = TOA_TABLE(toa_conversation, TOA_TABLE_SMALL);

    g_assert_cmpuint(sizeof(toa_conversation) % 64, ==, 0);
    for (uint32_t i = 0; i < 3000; i++) {
        g_assert_cmpuint((uintptr_t)toa_table_add(&table, i, NULL) % 64, ==, 0);
    }
    toa_table_free(&table);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/empty", test_empty);
    g_test_add_func("/table/many", test_many);
    g_test_add_func("/table/equal-hashes", test_equal_hashes);
    g_test_add_func("/table/replaced", test_replaced);
    g_test_add_func("/table/lines", test_lines);
    g_test_add_func("/table/removed", test_removed);
    g_test_add_func("/table/given-back", test_given_back);
    g_test_add_func("/table/restored", test_restored);
    return g_test_run();
}
