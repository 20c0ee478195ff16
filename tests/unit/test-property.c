/* Properties that hold for every capture: healthy traffic, however damaged, accuses nobody; the incident is found; and
 * where numbers or time begin makes no difference.
 *
 * Fixed seeds, and one more that can be given and is printed: TOA_TEST_SEED=12345 test-property, or TOA_TEST_SEED=random
 * to look for new failures.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "traffic.h"

#include <string.h>

static uint64_t extra_seed;

typedef void damage(traffic *t);

static void undamaged(traffic *t) { (void)t; }
static void doubled(traffic *t) { traffic_double(t, 1000, 50 * US); }
static void some_doubled(traffic *t) { traffic_double(t, 100, 50 * US); }
static void loss_2(traffic *t) { traffic_drop(t, 20); }
static void loss_10(traffic *t) { traffic_drop(t, 100); }
static void late_20(traffic *t) { traffic_behead(t, 200); }
static void late_70(traffic *t) { traffic_behead(t, 700); }
static void shuffled(traffic *t) { traffic_shuffle(t, 300, false); }
static void shuffled_with_times(traffic *t) { traffic_shuffle(t, 300, true); }
static void no_timestamps(traffic *t) { traffic_without_timestamps(t); }
static void no_ip_id(traffic *t) { traffic_without_ip_id(t); }
static void no_toa(traffic *t) { traffic_without_toa(t); }
static void loss_10_no_timestamps(traffic *t)
{
    loss_10(t);
    no_timestamps(t);
}
static void loss_10_no_ip_id(traffic *t)
{
    loss_10(t);
    no_ip_id(t);
}
static void loss_10_no_toa(traffic *t)
{
    loss_10(t);
    no_toa(t);
}
static void everything(traffic *t)
{
    traffic_behead(t, 100);
    traffic_drop(t, 30);
    traffic_shuffle(t, 100, false);
    traffic_double(t, 200, 50 * US);
}

typedef struct healthy {
    const char *name;
    damage *damage;
    bool single_legs;
} healthy;

static const healthy healthy_cases[] = {
    {"undamaged", undamaged, true}, {"doubled", doubled, true}, {"some-doubled", some_doubled, true},
    {"loss-2", loss_2, true}, {"loss-10", loss_10, true}, {"late-20", late_20, true}, {"late-70", late_70, true},
    {"shuffled", shuffled, true}, {"shuffled-with-times", shuffled_with_times, true},
    {"no-timestamps", no_timestamps, true}, {"no-ip-id", no_ip_id, true}, {"no-toa", no_toa, true},
    {"everything", everything, true},
    {"legs/undamaged", undamaged, false}, {"legs/doubled", doubled, false}, {"legs/some-doubled", some_doubled, false},
    {"legs/loss-2", loss_2, false}, {"legs/loss-10", loss_10, false}, {"legs/late-20", late_20, false},
    {"legs/late-70", late_70, false}, {"legs/shuffled", shuffled, false},
    {"legs/shuffled-with-times", shuffled_with_times, false},
    {"legs/no-timestamps", no_timestamps, false}, {"legs/no-ip-id", no_ip_id, false}, {"legs/no-toa", no_toa, false},
    {"legs/loss-10-no-timestamps", loss_10_no_timestamps, false}, {"legs/loss-10-no-ip-id", loss_10_no_ip_id, false},
    {"legs/loss-10-no-toa", loss_10_no_toa, false}, {"legs/everything", everything, false},
};

/* The fixed seeds are 1 to 12; 0 stands for the extra one. */
static uint64_t seed_of(unsigned i)
{
    return i ? i : extra_seed;
}

/* ---- healthy traffic ---- */

static void assert_nobody_accused(const story *s, const char *text, uint64_t seed)
{
    static const toa_finding_kind accusing[] = {TOA_FINDING_COLLISION, TOA_FINDING_CONFIRMED, TOA_FINDING_FOREIGN_RST,
                                                TOA_FINDING_FOREIGN_SEGMENT, TOA_FINDING_FOREIGN_DUP_ACK,
                                                TOA_FINDING_STALE_SESSION, TOA_FINDING_SELF_CONNECT};

    for (size_t i = 0; i < G_N_ELEMENTS(accusing); i++) {
        if (s->count[accusing[i]]) {
            g_printerr("%s, seed %" G_GUINT64_FORMAT ":\n%s", g_test_get_path(), seed, text);
            g_assert_cmpuint(s->count[accusing[i]], ==, 0);
        }
    }
}

static void test_healthy(gconstpointer data)
{
    const healthy *one = data;

    for (unsigned i = 0; i <= 12; i++) {
        traffic *t = traffic_new(seed_of(i));
        char *text;
        story *s;
        t->single_legs = one->single_legs;
        traffic_add_healthy(t, 150, (20 + (int64_t)i * 20) * SEC);
        traffic_sort(t);
        g_assert_cmpuint(t->segments->len, >, 1000);
        one->damage(t);
        text = traffic_run(t, &s);
        assert_nobody_accused(s, text, seed_of(i));
        g_free(text);
        story_free(s);
        traffic_free(t);
    }
}

/* ---- the incident ---- */

/* Found within healthy traffic, and nobody else is accused. */
static void test_incident(gconstpointer data)
{
    bool at_client = *(const bool *)data;

    for (unsigned i = 0; i <= 12; i++) {
        traffic *t = traffic_new(seed_of(i));
        char *text, **lines;
        story *s;
        traffic_add_incident(t, at_client);
        traffic_add_healthy(t, 60, 20 * SEC);
        traffic_sort(t);
        text = traffic_run(t, &s);
        EXPECT_TOTAL(s, COLLISION, 1);
        EXPECT_TOTAL(s, CONFIRMED, 1);
        EXPECT_TOTAL(s, FOREIGN_SEGMENT, 4); /* the challenge, and each second answer */
        EXPECT_TOTAL(s, FOREIGN_RST, 3);
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; **line; line++) { /* D is the first stream */
            g_assert_true(strstr(*line, "toa.reuse") || strstr(*line, "toa.stale_session") || strstr(*line, "other 0 "));
        }
        g_strfreev(lines);
        g_free(text);
        story_free(s);
        traffic_free(t);
    }
}

/* ---- symmetries ---- */

static traffic *mixed_traffic(uint64_t seed)
{
    traffic *t = traffic_new(seed);

    traffic_add_incident(t, seed % 2);
    traffic_add_healthy(t, 60, 20 * SEC);
    traffic_sort(t);
    return t;
}

/* Which numbers a stack begins with means nothing. */
static void test_shift_numbers(void)
{
    static const uint32_t shifts[] = {1, 1000, 0x7fffffff, 0x80000000, 0xffffffff, 0x9e3779b9};

    for (unsigned i = 0; i <= 4; i++) {
        traffic *t = mixed_traffic(seed_of(i));
        char *before = traffic_run(t, NULL), *after;
        for (size_t j = 0; j < G_N_ELEMENTS(shifts); j++) {
            traffic_shift_numbers(t, shifts[j]);
            after = traffic_run(t, NULL);
            g_assert_cmpstr(after, ==, before);
            g_free(after);
        }
        g_free(before);
        traffic_free(t);
    }
}

/* When it happened means nothing. */
static void test_shift_times(void)
{
    static const int64_t shifts[] = {1, -123456789, 274877906944, 1000000 * SEC, -1690000000 * SEC};

    for (unsigned i = 0; i <= 4; i++) {
        traffic *t = mixed_traffic(seed_of(i));
        char *before = traffic_run(t, NULL), *after;
        for (size_t j = 0; j < G_N_ELEMENTS(shifts); j++) {
            traffic_shift_times(t, shifts[j]);
            after = traffic_run(t, NULL);
            g_assert_cmpstr(after, ==, before);
            g_free(after);
        }
        g_free(before);
        traffic_free(t);
    }
}

/* The engine's hashes have a random key: the same capture tells the same each time. */
static void test_repeatable(void)
{
    traffic *t = mixed_traffic(seed_of(0));
    char *first = traffic_run(t, NULL);

    for (unsigned i = 0; i < 5; i++) {
        char *again = traffic_run(t, NULL);
        g_assert_cmpstr(again, ==, first);
        g_free(again);
    }
    g_free(first);
    traffic_free(t);
}

/* Each frame twice: the same findings on the first copies, none on the second ones. */
static void test_doubled_is_same(void)
{
    for (unsigned i = 0; i <= 4; i++) {
        traffic *t = mixed_traffic(seed_of(i));
        story *once, *twice;
        g_free(traffic_run(t, &once));
        traffic_double(t, 1000, 0);
        g_free(traffic_run(t, &twice));
        for (unsigned kind = 0; kind < TOA_FINDING_MAX; kind++) {
            g_assert_cmpuint(twice->count[kind], ==, once->count[kind]);
        }
        story_free(once);
        story_free(twice);
        traffic_free(t);
    }
}

int main(int argc, char **argv)
{
    static const bool places[] = {false, true};
    const char *given = g_getenv("TOA_TEST_SEED");

    g_test_init(&argc, &argv, NULL);
    extra_seed = 20;
    if (given) {
        extra_seed = strcmp(given, "random") == 0 ? g_random_int() : g_ascii_strtoull(given, NULL, 10);
    }
    g_print("# TOA_TEST_SEED=%" G_GUINT64_FORMAT "\n", extra_seed);
    for (size_t i = 0; i < G_N_ELEMENTS(healthy_cases); i++) {
        char *path = g_strdup_printf("/property/healthy/%s", healthy_cases[i].name);
        g_test_add_data_func(path, &healthy_cases[i], test_healthy);
        g_free(path);
    }
    g_test_add_data_func("/property/incident/server", &places[0], test_incident);
    g_test_add_data_func("/property/incident/client", &places[1], test_incident);
    g_test_add_func("/property/shift-numbers", test_shift_numbers);
    g_test_add_func("/property/shift-times", test_shift_times);
    g_test_add_func("/property/repeatable", test_repeatable);
    g_test_add_func("/property/doubled-is-same", test_doubled_is_same);
    return g_test_run();
}
