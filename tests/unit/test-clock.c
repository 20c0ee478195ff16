/* Rule R10: which two SYN-ACKs fit one clock of the server for one four-tuple.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/clock.h"

#include <glib.h>
#include <stdlib.h>

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define SEC INT64_C(1000000000)
#define START (INT64_C(1700000000) * SEC)

/* A conversation whose SYN-ACK came at `time` with this ISN, `transit` after its SYN (0: SYN not captured). */
static toa_conversation synack(int64_t time, uint32_t isn, int64_t transit)
{
    toa_conversation conv = {.synack_time = time, .syn_time = transit ? time - transit : 0, .client = 1,
                             .flags = TOA_CONV_SYNACK_SEEN};

    conv.side[0].isn = isn;
    conv.side[0].flags = TOA_SIDE_SYN;
    return conv;
}

/* What the server's clock reads this long after it read `isn`. */
static uint32_t isn_after(uint32_t isn, int64_t ns)
{
    return isn + (uint32_t)(uint64_t)(ns / 64);
}

static bool match(uint32_t isn, int64_t apart, int64_t off, int64_t transit, int64_t *ret_error)
{
    toa_conversation y = synack(START, isn, transit);
    toa_conversation x = synack(START + apart, isn_after(isn, apart + off), transit);
    int64_t back;
    bool matched = toa_clock_match(&x, &y, toa_clock_limit(2), ret_error);

    g_assert_cmpint(toa_clock_match(&y, &x, toa_clock_limit(2), &back), ==, matched); /* who is asked about whom does not matter */
    g_assert_cmpint(back, ==, *ret_error);
    return matched;
}

static const uint32_t isns[] = {0, 1, 0x12345678, 0x7fffffff, 0x80000000, 0xfffffff0, UINT32_MAX};

static void test_same_clock(void)
{
    static const int64_t apart[] = {10 * MS, 300 * MS, 7 * SEC, 137 * SEC, 138 * SEC, 274 * SEC, 275 * SEC, 600 * SEC,
                                    3600 * SEC};
    int64_t error;

    for (size_t i = 0; i < G_N_ELEMENTS(isns); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(apart); j++) {
            g_assert_true(match(isns[i], apart[j], 0, 200 * US, &error));
            g_assert_cmpint(ABS(error), <, 64);
        }
    }
}

/* Sign and size of the error, also across the fold of the clock. */
static void test_error(void)
{
    int64_t error;

    for (size_t i = 0; i < G_N_ELEMENTS(isns); i++) {
        match(isns[i], 7 * SEC, 50 * US, 200 * US, &error);
        g_assert_cmpint(ABS(error - 50 * US), <, 64);
        match(isns[i], 7 * SEC, -50 * US, 200 * US, &error);
        g_assert_cmpint(ABS(error + 50 * US), <, 64);
        match(isns[i], TOA_CLOCK_PERIOD - MS, 2 * MS, 0, &error);
        g_assert_cmpint(ABS(error - 2 * MS), <, 64);
        g_assert_false(match(isns[i], 7 * SEC, 100 * SEC, 0, &error));
        g_assert_cmpint(ABS(error - 100 * SEC), <, 64);
        g_assert_false(match(isns[i], 7 * SEC, -100 * SEC, 0, &error));
        g_assert_cmpint(ABS(error + 100 * SEC), <, 64);
    }
}

static void check_tolerance(int64_t apart, int64_t transit, int64_t allowed)
{
    int64_t error;

    g_assert_true(match(77, apart, allowed - 64, transit, &error));
    g_assert_true(match(77, apart, -allowed + 64, transit, &error));
    g_assert_false(match(77, apart, allowed + 128, transit, &error));
    g_assert_false(match(77, apart, -allowed - 128, transit, &error));
}

/* min(transit but at least 0.1 ms, apart/100) + min(4 ms, 1 ppm of apart). */
static void test_tolerance(void)
{
    check_tolerance(SEC, 0, 100 * US + US);            /* no SYN: 0.1 ms, and the drift */
    check_tolerance(SEC, 20 * US, 100 * US + US);
    check_tolerance(SEC, 400 * US, 400 * US + US);
    check_tolerance(200 * SEC, 30 * MS, 30 * MS + 200 * US); /* a long way: the answer may have been made anywhere on it */
    check_tolerance(SEC, 30 * MS, 10 * MS + US);       /* but within a second there is less room for chance */
    check_tolerance(200 * SEC, 300 * MS, toa_clock_limit(2)); /* 69 ms */
    check_tolerance(5 * MS, 30 * MS, 50 * US);         /* close together: no room for chance */
    check_tolerance(200 * SEC, 20 * US, 300 * US);     /* 1 ppm */
    check_tolerance(10000 * SEC, 30 * MS, 30 * MS + 4 * MS); /* but not without end */
}

/* The longer of the two transits counts. */
static void test_longer_transit(void)
{
    toa_conversation y = synack(START, 5, 20 * US), x = synack(START + SEC, isn_after(5, SEC + 700 * US), 900 * US);
    int64_t error;

    g_assert_true(toa_clock_match(&x, &y, toa_clock_limit(2), &error));
    x.syn_time = x.synack_time - 20 * US;
    g_assert_false(toa_clock_match(&x, &y, toa_clock_limit(2), &error));
    y.syn_time = y.synack_time - 900 * US;
    g_assert_true(toa_clock_match(&x, &y, toa_clock_limit(2), &error));
}

/* In a group of many wire tuples, chance has many pairs: the tolerance shrinks with their number, to nothing at last. */
static void test_many(void)
{
    static const struct { uint32_t n_tuples; int64_t off; bool matches; } cases[] = {
        {2, 900 * US, true}, {10, 900 * US, true}, {100, 20 * US, true}, {100, 40 * US, false}, {1000, 2 * US, false},
        {1000000, 128, false}, {UINT32_MAX, 128, false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        toa_conversation y = synack(START, 5, MS), x = synack(START + SEC, isn_after(5, SEC + cases[i].off), MS);
        int64_t error;
        g_assert_cmpint(toa_clock_match(&x, &y, toa_clock_limit(cases[i].n_tuples), &error), ==, cases[i].matches);
    }
}

/* A conversation whose phase on the clock is `phase`. */
static toa_conversation at_phase(int64_t phase, int64_t time)
{
    return synack(time, (uint32_t)(uint64_t)((time - phase) / 64), 30 * MS);
}

/* Every pair that matches lies within the buckets that a look-up visits, also where the buckets come round. */
static void test_buckets(void)
{
    GRand *random = g_rand_new_with_seed(3);
    unsigned matched = 0;

    for (unsigned i = 0; i < 100000; i++) {
        uint32_t a, b, distance;
        int64_t limit = toa_clock_limit((uint32_t)g_rand_int_range(random, 2, 60));
        int64_t phase = i % 2 ? g_rand_int_range(random, 0, 100000) : (int64_t)(g_rand_double(random) * 274e9), error;
        int64_t apart = (int64_t)(g_rand_double(random) * 20000) * SEC + g_rand_int_range(random, 1, 1000000000);
        int64_t off = g_rand_int_range(random, -52000000, 52000000) / (g_rand_int_range(random, 1, 12) * g_rand_int_range(random, 1, 12));
        toa_conversation y = at_phase(phase, START), x = at_phase(phase + off, START + apart);
        a = toa_clock_bucket(&x);
        b = toa_clock_bucket(&y);
        g_assert_cmpuint(a, <, TOA_CLOCK_BUCKETS);
        distance = a > b ? a - b : b - a;
        distance = MIN(distance, (uint32_t)TOA_CLOCK_BUCKETS - distance);
        if (toa_clock_match(&x, &y, limit, &error)) {
            matched++;
            g_assert_cmpuint(distance, <=, toa_clock_reach(limit));
        }
    }
    g_assert_cmpuint(matched, >, 10000);
    g_assert_cmpuint(toa_clock_reach(toa_clock_limit(UINT32_MAX)), ==, 0);
    g_rand_free(random);
}

/* Pairs that have nothing to do with each other fit by chance only, and the more a capture has, the closer they must fit. */
static void test_chance(void)
{
    GRand *random = g_rand_new_with_seed(5);
    unsigned early = 0, late = 0;
    int64_t error;

    for (uint32_t i = 1; i <= 200000; i++) {
        toa_conversation y = synack(START, g_rand_int(random), 30 * MS);
        toa_conversation x = synack(START + SEC * g_rand_int_range(random, 4, 200), g_rand_int(random), 30 * MS);
        *(i <= 274 ? &early : &late) += toa_clock_match(&x, &y, toa_clock_budget(i), &error);
    }
    g_assert_cmpuint(early, ==, 0); /* 0.012 expected */
    g_assert_cmpuint(late, <=, 8);  /* 1.5 expected */
    g_rand_free(random);
}

static void test_budget(void)
{
    double chance = 0;

    for (uint32_t i = 1; i <= 274; i++) {
        chance += 2.0 * (double)toa_clock_budget(i) / (double)TOA_CLOCK_PERIOD;
    }
    g_assert_cmpfloat(chance, <, 1.0 / 80);
    g_assert_cmpint(toa_clock_budget(275), ==, MS);
    g_assert_cmpint(toa_clock_budget(UINT32_MAX), ==, MS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/same-clock", test_same_clock);
    g_test_add_func("/clock/error", test_error);
    g_test_add_func("/clock/tolerance", test_tolerance);
    g_test_add_func("/clock/longer-transit", test_longer_transit);
    g_test_add_func("/clock/many", test_many);
    g_test_add_func("/clock/buckets", test_buckets);
    g_test_add_func("/clock/chance", test_chance);
    g_test_add_func("/clock/budget", test_budget);
    return g_test_run();
}
