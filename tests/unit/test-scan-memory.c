/* test-scan-memory.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "read/memory.h"

#define MIB (G_GINT64_CONSTANT(1) << 20)

/* batch/scan.h's, of which nothing is called here */
volatile int scan_stop;

static gint64 share(guint jobs, gint64 memory, const gint64 *wants, guint n)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(gint64));
    gint64 answer;

    for (guint i = 0; i < n; i++) {
        gint64 bytes = wants[i] * MIB;
        g_array_append_val(list, bytes);
    }
    answer = scan_memory_share(list, jobs, memory * MIB);
    g_array_free(list, TRUE);
    return answer / MIB;
}
#define SHARE(jobs, memory, ...)                                                                                               \
    share((jobs), (memory), (const gint64[]){__VA_ARGS__}, G_N_ELEMENTS(((const gint64[]){__VA_ARGS__})))

static void test_alone(void)
{
    g_assert_cmpint(SHARE(4, 1024, 9000), ==, 1024);
    g_assert_cmpint(SHARE(4, 1024, 100), ==, 1024); /* all that there is */
    g_assert_cmpint(SHARE(1, 1024, 9000, 9000, 9000), ==, 1024);
}

static void test_together(void)
{
    g_assert_cmpint(SHARE(2, 1024, 9000, 9000), ==, 512);
    g_assert_cmpint(SHARE(2, 1024, 24, 9000), ==, 1000); /* what the small one does not want is the large one's */
    g_assert_cmpint(SHARE(2, 1024, 9000, 24, 9000, 24), ==, 512);
    g_assert_cmpint(SHARE(3, 1024, 9000, 24, 9000), ==, 500);
    g_assert_cmpint(SHARE(2, 1024, 300, 200), ==, 300 + (1024 - 500) / 2);
    g_assert_cmpint(SHARE(64, 1024, 9000, 9000, 9000, 9000), ==, 256);
}

static void test_least(void)
{
    gint64 wants[32];

    for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
        wants[i] = 5000;
    }
    g_assert_cmpint(share(32, 1024, wants, G_N_ELEMENTS(wants)), ==, SCAN_MEMORY_LEAST / MIB);
    g_assert_cmpint(SHARE(1, 1, 5000), ==, SCAN_MEMORY_LEAST / MIB);
    g_assert_cmpint(share(2, 1024, NULL, 0), ==, 1024);
}

/* What together is more than there is, is never given: it would be taken. */
static void test_sum(void)
{
    const gint64 wants[] = {40, 3000, 90, 700, 33, 150, 5000, 300};

    for (guint jobs = 2; jobs < 10; jobs++) {
        gint64 level = share(jobs, 2048, wants, G_N_ELEMENTS(wants)), worst[] = {5000, 3000, 700, 300, 150, 90, 40, 33},
               sum = 0;
        for (guint i = 0; i < MIN(jobs, G_N_ELEMENTS(worst)); i++) {
            sum += MIN(worst[i], level);
        }
        g_assert_cmpint(sum, <=, 2048);
        g_assert_cmpint(sum, >, 2048 - 8);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/memory/alone", test_alone);
    g_test_add_func("/memory/together", test_together);
    g_test_add_func("/memory/least", test_least);
    g_test_add_func("/memory/sum", test_sum);
    return g_test_run();
}
