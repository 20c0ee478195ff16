/* test-scan-clocks.c
 * The graph of clocks: chains of any length, the way of least error, groups that met nobody of another.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/clocks.h"

#define N 6

volatile sig_atomic_t scan_stop;

GQuark scan_failure_quark(void)
{
    return g_quark_from_static_string("test");
}

/* The names of points are 0 to 5; that which sorts first met nobody, which once made all others unknown. */
static void test_stranger_first(void)
{
    static const scan_clock_link links[] = {{1, 2, 3600, 10, 7}};
    scan_clock clocks[3];

    scan_clocks_solve(links, G_N_ELEMENTS(links), clocks, 3);
    g_assert_cmpuint(clocks[0].reference, ==, 0);
    g_assert_cmpint(clocks[0].meetings, ==, 0);
    g_assert_cmpuint(clocks[1].reference, ==, 1);
    g_assert_cmpuint(clocks[2].reference, ==, 1);
    g_assert_cmpint(clocks[2].skew, ==, 3600);
    g_assert_cmpint(clocks[2].error, ==, 10);
    g_assert_cmpint(clocks[2].meetings, ==, 7);
}

/* 0 - 1 - 2 - 3 - 4 - 5, each 100 ahead of the one before: the middle is the reference, the ends are told against it. */
static void test_chain(void)
{
    scan_clock_link links[N - 1];
    scan_clock clocks[N];

    for (unsigned i = 0; i + 1 < N; i++) {
        links[i] = i % 2 ? (scan_clock_link){i + 1, i, -100, 5, 9 - (gint64)i} : (scan_clock_link){i, i + 1, 100, 5, 9 - (gint64)i};
    }
    scan_clocks_solve(links, N - 1, clocks, N);
    for (unsigned i = 0; i < N; i++) {
        g_assert_cmpuint(clocks[i].reference, ==, 2);
        g_assert_cmpint(clocks[i].skew, ==, ((gint64)i - 2) * 100);
        g_assert_cmpint(clocks[i].error, ==, 5 * ABS((gint64)i - 2));
        g_assert_cmpint((int)clocks[i].hops, ==, ABS((int)i - 2));
    }
    g_assert_cmpint(clocks[5].meetings, ==, 5); /* of the weakest link on the way: 4 - 5 */
}

/* The direct way has an error of 1000, that over two others of 30. */
static void test_least_error(void)
{
    static const scan_clock_link links[] = {{0, 3, 999, 1000, 50}, {0, 1, 1, 10, 1}, {1, 2, 10, 10, 1}, {2, 3, 100, 10, 1}};
    scan_clock clocks[4];

    scan_clocks_solve(links, G_N_ELEMENTS(links), clocks, 4);
    g_assert_cmpuint(clocks[0].reference, ==, clocks[3].reference);
    g_assert_cmpint(clocks[3].skew - clocks[0].skew, ==, 111);
    g_assert_cmpint(clocks[3].error + clocks[0].error, ==, 30);
}

/* What hostile records can say overflows nothing, and no chain of nonsense becomes a clock. */
static void test_extremes(void)
{
    static const scan_clock_link links[] = {{0, 1, G_MAXINT64, 0, 1}, {1, 2, G_GINT64_CONSTANT(4000000000000000000), 0, 1},
                                            {2, 3, G_GINT64_CONSTANT(4000000000000000000), 1, 1},
                                            {3, 4, 1, G_GINT64_CONSTANT(3600000000001), 1}};
    scan_clock clocks[5];

    scan_clocks_solve(links, G_N_ELEMENTS(links), clocks, 5);
    g_assert_cmpuint(clocks[0].reference, ==, 0);
    g_assert_cmpuint(clocks[4].reference, ==, 4);
    for (unsigned i = 0; i < 5; i++) {
        g_assert_cmpint(ABS(clocks[i].skew), <=, G_GINT64_CONSTANT(4294967295000000000));
    }
}

/* Everybody is somewhere, once. */
static void test_groups(void)
{
    static const scan_clock_link links[] = {{0, 2, 5, 1, 1}, {1, 3, 7, 1, 1}, {3, 5, 7, 1, 1}};
    static const unsigned wanted[N] = {0, 3, 0, 3, 4, 3};
    scan_clock clocks[N];

    scan_clocks_solve(links, G_N_ELEMENTS(links), clocks, N);
    for (unsigned i = 0; i < N; i++) {
        g_assert_cmpuint(clocks[i].reference, ==, wanted[i]);
    }
    scan_clocks_solve(NULL, 0, clocks, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clocks/stranger-first", test_stranger_first);
    g_test_add_func("/clocks/chain", test_chain);
    g_test_add_func("/clocks/least-error", test_least_error);
    g_test_add_func("/clocks/extremes", test_extremes);
    g_test_add_func("/clocks/groups", test_groups);
    return g_test_run();
}
