/* The table of conversations against a GHashTable: everything that was put in is found, and nothing else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"
#include "toa-table.h"

/* Every client with every server: each end alone is shared by many. */
static toa_tuple tuple_of(unsigned i, uint64_t seed)
{
    const uint8_t client[4] = {10, 0, (uint8_t)(i / 16 >> 8), (uint8_t)(i / 16)}, server[4] = {192, 168, 0, (uint8_t)(i % 4)};
    toa_endpoint from = toa_endpoint_ipv4(client, 5000), to = toa_endpoint_ipv4(server, (uint16_t)(80 + i / 4 % 4));

    return toa_tuple_make(&from, &to, seed);
}

static void test_empty(void)
{
    toa_table table = {0};
    toa_tuple tuple = tuple_of(1, 1);

    g_assert_null(toa_table_find(&table, &tuple));
    toa_table_free(&table);
}

/* Both directions are one tuple; the sender tells them apart. */
static void test_tuple(void)
{
    toa_endpoint a = endpoint_of("10.0.0.1:5000"), b = endpoint_of("10.0.0.2:80");
    toa_tuple there = toa_tuple_make(&a, &b, 7), back = toa_tuple_make(&b, &a, 7), self = toa_tuple_make(&a, &a, 7);

    g_assert_cmpuint(there.hash, ==, back.hash);
    g_assert_true(toa_endpoint_equal(&there.wire[0], &back.wire[0]));
    g_assert_true(toa_endpoint_equal(&there.wire[1], &back.wire[1]));
    g_assert_cmpuint(there.sender + back.sender, ==, 1);
    g_assert_true(toa_endpoint_equal(&there.wire[there.sender], &a));
    g_assert_true(toa_endpoint_equal(&back.wire[back.sender], &b));
    g_assert_true(toa_endpoint_equal(&self.wire[0], &self.wire[1]));
}

static void test_many(void)
{
    enum { N = 20000 };
    toa_table table = {0};
    toa_conversation **made = g_new(toa_conversation *, N);

    for (unsigned i = 0; i < N; i++) {
        toa_tuple tuple = tuple_of(i, 3);
        g_assert_null(toa_table_find(&table, &tuple));
        made[i] = toa_table_add(&table, &tuple, NULL);
        g_assert_cmpuint(made[i]->flags, ==, 0);
        made[i]->stream = i;
    }
    g_assert_cmpuint(table.n_conversations, ==, N);
    g_assert_cmpuint(toa_table_memory(&table), >=, N * sizeof(toa_conversation));
    for (unsigned i = 0; i < N; i++) { /* they have not moved, and are themselves */
        toa_tuple tuple = tuple_of(i, 3);
        g_assert_true(toa_table_find(&table, &tuple) == made[i]);
        g_assert_cmpuint(made[i]->stream, ==, i);
    }
    toa_table_free(&table);
    g_assert_cmpuint(table.n_conversations, ==, 0);
    g_free(made);
}

/* A reused tuple: the newest is found. */
static void test_reused(void)
{
    toa_table table = {0};
    toa_conversation *newest[100] = {NULL};

    for (unsigned round = 0; round < 30; round++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(newest); i++) {
            toa_tuple tuple = tuple_of(i, 5);
            toa_conversation *conv = toa_table_add(&table, &tuple, newest[i]);
            g_assert_true(conv != newest[i]);
            newest[i] = conv;
            g_assert_true(toa_table_find(&table, &tuple) == conv);
        }
    }
    g_assert_cmpuint(table.n_conversations, ==, 3000);
    g_assert_cmpuint(table.n_used, ==, G_N_ELEMENTS(newest));
    toa_table_free(&table);
}

/* Equal hashes of different tuples, at the end of the slots too: probing goes round. */
static void test_equal_hashes(void)
{
    static const uint32_t hashes[] = {0, 63, 0xffffffffu};

    for (size_t h = 0; h < G_N_ELEMENTS(hashes); h++) {
        toa_table table = {0};
        toa_conversation *made[200];
        for (unsigned i = 0; i < G_N_ELEMENTS(made); i++) {
            toa_tuple tuple = tuple_of(i, 9);
            tuple.hash = hashes[h];
            g_assert_null(toa_table_find(&table, &tuple));
            made[i] = toa_table_add(&table, &tuple, NULL);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(made); i++) {
            toa_tuple tuple = tuple_of(i, 9);
            toa_conversation *newer;
            tuple.hash = hashes[h];
            g_assert_true(toa_table_find(&table, &tuple) == made[i]);
            newer = toa_table_add(&table, &tuple, made[i]);
            g_assert_true(newer != made[i] && toa_table_find(&table, &tuple) == newer);
        }
        toa_table_free(&table);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/empty", test_empty);
    g_test_add_func("/table/tuple", test_tuple);
    g_test_add_func("/table/many", test_many);
    g_test_add_func("/table/reused", test_reused);
    g_test_add_func("/table/equal-hashes", test_equal_hashes);
    return g_test_run();
}
