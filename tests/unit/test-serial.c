/* Wrapping arithmetic: every comparison across the end of the number space.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/base/serial.h"

#include <glib.h>

static void test_diff(void)
{
    g_assert_cmpint(toa_seq_diff(5, 3), ==, 2);
    g_assert_cmpint(toa_seq_diff(3, 5), ==, -2);
    g_assert_cmpint(toa_seq_diff(2, UINT32_MAX), ==, 3);
    g_assert_cmpint(toa_seq_diff(UINT32_MAX, 2), ==, -3);
    g_assert_cmpint(toa_seq_diff(0x80000000u, 1), ==, INT32_MAX);
}

static void test_order(void)
{
    const uint32_t numbers[] = {0, 1, 0x7fffffffu, 0x80000000u, UINT32_MAX - 1, UINT32_MAX};

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        uint32_t n = numbers[i];
        g_assert_false(toa_seq_lt(n, n));
        g_assert_true(toa_seq_le(n, n));
        g_assert_true(toa_seq_lt(n, n + 1));
        g_assert_true(toa_seq_le(n, n + 1));
        g_assert_false(toa_seq_lt(n + 1, n));
        g_assert_false(toa_seq_le(n + 1, n));
        g_assert_true(toa_seq_lt(n, n + 0x7fffffffu));
        g_assert_cmpuint(toa_seq_max(n, n + 7), ==, n + 7);
        g_assert_cmpuint(toa_seq_max(n + 7, n), ==, n + 7);
        g_assert_cmpuint(toa_seq_min(n, n + 7), ==, n);
        g_assert_cmpuint(toa_seq_min(n + 7, n), ==, n);
    }
}

static void test_within(void)
{
    const uint32_t low = 0xfffffff0u, high = 0x10;

    g_assert_true(toa_seq_within(low, low, high));
    g_assert_true(toa_seq_within(high, low, high));
    g_assert_true(toa_seq_within(0, low, high));
    g_assert_true(toa_seq_within(UINT32_MAX, low, high));
    g_assert_false(toa_seq_within(low - 1, low, high));
    g_assert_false(toa_seq_within(high + 1, low, high));
    g_assert_true(toa_seq_within(7, 7, 7));
    g_assert_false(toa_seq_within(8, 7, 7));
    g_assert_false(toa_seq_within(6, 7, 7));
}

static void test_identification(void)
{
    g_assert_cmpuint(toa_id_ahead(5, 5), ==, 0);
    g_assert_cmpuint(toa_id_ahead(6, 5), ==, 1);
    g_assert_cmpuint(toa_id_ahead(2, 0xffff), ==, 3);
    g_assert_cmpuint(toa_id_ahead(5, 6), ==, 0xffff);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/serial/diff", test_diff);
    g_test_add_func("/serial/order", test_order);
    g_test_add_func("/serial/within", test_within);
    g_test_add_func("/serial/identification", test_identification);
    return g_test_run();
}
