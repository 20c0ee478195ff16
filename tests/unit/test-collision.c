/* Rule R2: two conversations with one key, overlapping or one after the other. test-proof.c has R10 to R12.
 *
 * D is the direct conversation, V the one through the load balancer, at the real server with its TOA.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"
#include "core/model/group.h"

#include <time.h>

#define CLIENT "10.0.0.1:5000"
#define RS "10.0.1.9:3306"
#define LVS "172.16.0.1:7000"
#define VIP "10.0.2.2:3306"

/* ---- R2 ---- */

static void test_collision(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);
    const toa_finding *finding;

    open_flow(&d);
    story_wait(s, 3600 * SEC); /* however long it was silent */
    emit(&v, with_toa(from_client(&v, SYN, 0), CLIENT));
    finding = EXPECT_ONE(s, COLLISION, &d, TOA_EV_KEY);
    g_assert_cmpuint(finding->other_frame, ==, 1);
    server_sends(&v, SYN | ACK, 0);
    client_sends(&v, ACK, 0);
    exchange(&v, 10, 10);
    EXPECT_TOTAL(s, COLLISION, 1); /* once per pair */
    EXPECT_TOTAL(s, CONFIRMED, 0);
    story_free(s);
}

/* V first, D later. */
static void test_collision_other_order(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);

    open_flow_as(&v, CLIENT);
    client_sends(&d, SYN, 0);
    EXPECT_ONE(s, COLLISION, &v, TOA_EV_KEY);
    story_free(s);
}

/* The equality is known on the third packet only. Then D is closed, yet it was not when V began. */
static void test_collision_known_late(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);

    open_flow(&d);
    client_sends(&v, SYN, 0);
    server_sends(&v, SYN | ACK, 0);
    close_flow(&d);
    emit(&v, with_toa(from_client(&v, ACK, 0), CLIENT));
    EXPECT_ONE(s, COLLISION, &d, TOA_EV_KEY);
    story_free(s);
}

static void test_collision_by_map(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);
    const toa_map_row row = {.vip = endpoint_of(VIP), .server = endpoint_of(RS)};

    toa_config_set_map(&s->config, &row, 1);
    open_flow(&d);
    client_sends(&v, SYN, 0);
    EXPECT_ONE(s, COLLISION, &d, TOA_EV_KEY);
    story_free(s);
}

static void test_three_on_one_key(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS), w = flow_new(s, "172.16.0.2:7000", RS);

    open_flow(&d);
    open_flow_as(&v, CLIENT);
    emit(&w, with_toa(from_client(&w, SYN, 0), CLIENT));
    g_assert_cmpuint(s->fed.n_findings, ==, 2);
    EXPECT_HAS(s, COLLISION, &d, TOA_EV_KEY);
    EXPECT_HAS(s, COLLISION, &v, TOA_EV_KEY);
    EXPECT_TOTAL(s, COLLISION, 3);
    story_free(s);
}

/* Closed less than time_wait before: reuse; later: nothing. The border itself is outside. */
static void test_reuse(void)
{
    static const struct { int64_t gap; unsigned found; } cases[] = {{0, 1}, {59 * SEC, 1}, {60 * SEC, 0}, {90 * SEC, 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        story *s = story_new();
        flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);
        open_flow(&d);
        exchange(&d, 10, 10);
        close_flow(&d);
        s->now = d.conv->close_time + cases[i].gap;
        open_flow_as(&v, CLIENT);
        EXPECT_TOTAL(s, REUSE, cases[i].found);
        EXPECT_TOTAL(s, COLLISION, 0);
        story_free(s);
    }
}

static void test_time_wait_preference(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);

    s->config.time_wait = 5 * SEC;
    open_flow(&d);
    close_flow(&d);
    story_wait(s, 6 * SEC);
    open_flow_as(&v, CLIENT);
    EXPECT_QUIET(s);
    story_free(s);
}

/* Closed by a RST that its own numbers explain. */
static void test_reuse_after_rst(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);

    open_flow(&d);
    server_sends(&d, RST | ACK, 0);
    open_flow_as(&v, CLIENT);
    EXPECT_TOTAL(s, REUSE, 1);
    EXPECT_TOTAL(s, COLLISION, 0);
    story_free(s);
}

/* Half closed, or closed by a FIN that nobody acknowledged, is open. */
static void test_half_closed(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);

    open_flow(&d);
    client_sends(&d, FIN | ACK, 0);
    server_sends(&d, FIN | ACK, 0);
    open_flow_as(&v, CLIENT);
    EXPECT_TOTAL(s, COLLISION, 1);
    story_free(s);
}

/* A RST with foreign numbers does not close the conversation that carries it. */
static void test_not_closed_by_foreign_rst(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS), w = flow_new(s, "172.16.0.2:7000", RS);

    open_flow(&d);
    open_flow_as(&v, CLIENT);
    emit(&v, crossed(from_server(&d, RST, 0), &d, &v));
    EXPECT_HAS(s, FOREIGN_RST, &d, TOA_EV_SEQ);
    g_assert_false((v.conv->flags | d.conv->flags) & TOA_CONV_CLOSED);
    emit(&w, with_toa(from_client(&w, SYN, 0), CLIENT));
    EXPECT_HAS(s, COLLISION, &d, TOA_EV_KEY);
    EXPECT_HAS(s, COLLISION, &v, TOA_EV_KEY);
    story_free(s);
}

/* A hostile capture: thousands of conversations with one key. Work and findings stay bounded, nothing is lost that
 * real life has. */
static void test_hostile_key(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS);
    clock_t started = clock();
    unsigned most = 0;

    open_flow(&d);
    for (unsigned i = 0; i < 10000; i++) {
        char *lvs = g_strdup_printf("172.16.%u.%u:7000", i >> 8, i & 255);
        flow v = flow_new(s, lvs, RS);
        emit(&v, with_toa(from_client(&v, SYN, 0), CLIENT));
        most = MAX(most, s->fed.n_findings);
        server_sends(&v, SYN | ACK, 0);
        client_sends(&v, ACK, 0);
        emit(&v, crossed(from_server(&d, RST, 0), &d, &v));
        g_free(lvs);
    }
    g_assert_cmpuint(most, >, 0);
    g_assert_cmpuint(most, <=, 32);
    g_assert_cmpuint(toa_engine_memory(s->engine), <, 10000u * 8192u);
    g_assert_cmpint(clock() - started, <, 20 * CLOCKS_PER_SEC); /* 40,000 segments; quadratic takes minutes */
    story_free(s);
}

static void test_window_rst_does_not_close(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);
    toa_segment rst;

    open_flow(&d);
    rst = from_server(&d, RST, 0);
    rst.seq += 1000; /* within the window, not exact: a stack answers it with a challenge ACK and lives on (RFC 5961) */
    emit(&d, rst);
    exchange(&d, 100, 100);
    emit(&v, with_toa(from_client(&v, SYN, 0), CLIENT));
    EXPECT_HAS(s, COLLISION, &d, TOA_EV_KEY);
    story_free(s);
}

/* So many SYNs with random numbers, each from another address, that name one client. */
static void flood(story *s, const char *named, const char *server, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        char *from = g_strdup_printf("10.66.%u.%u:5555", i >> 8, i & 255);
        flow f = flow_new(s, from, server);
        emit(&f, with_toa(from_client(&f, SYN, 0), named));
        g_free(from);
    }
}

/* How many share a key is told from nine on. */
static void test_count_of_crowd(void)
{
    story *s = story_new();

    for (unsigned i = 1; i <= 10; i++) {
        flood(s, CLIENT, RS, i, 1);
        g_assert_cmpuint(s->fed.n_findings > 0, ==, i > 1);
        if (i > 1) {
            g_assert_cmpuint(s->fed.findings[0].count, ==, i > TOA_KEY_CROWD ? i : 0);
        }
    }
    story_free(s);
}

/* Of a crowd a connection that has come up is compared: one that is still open, not the closed one that came up later. */
static void test_crowd_open_one(void)
{
    story *s = story_new();
    flow open = flow_new(s, CLIENT, RS), closed = flow_new(s, "172.16.0.2:7000", RS), v = flow_new(s, LVS, RS);
    bool found = false;

    open_flow(&open);
    open_flow_as(&closed, CLIENT);
    flood(s, CLIENT, RS, 0, 20);
    client_sends(&closed, RST, 0);
    story_wait(s, 300 * SEC);
    emit(&v, with_toa(from_client(&v, SYN, 0), CLIENT));
    for (unsigned i = 0; i < s->fed.n_findings; i++) {
        g_assert_true(s->fed.findings[i].other != closed.conv);
        found |= s->fed.findings[i].kind == TOA_FINDING_COLLISION && s->fed.findings[i].other == open.conv;
    }
    g_assert_true(found);
    story_free(s);
}

/* A crowd's findings grow with it, and do not bury the connection that is under way. */
static void test_crowded_key(void)
{
    story *s = story_new();
    flow d = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80"), v = flow_new(s, "172.16.0.1:7000", "10.0.1.9:80");
    unsigned before;

    open_flow(&d);
    exchange(&d, 100, 200);
    flood(s, "10.0.0.1:5000", "10.0.1.9:80", 0, 1000);
    g_assert_cmpuint(s->count[TOA_FINDING_COLLISION], <=, 2 * 1000 + 8 * 8);
    g_assert_cmpuint(s->count[TOA_FINDING_COLLISION], >=, 1000);
    emit(&v, with_toa(from_client(&v, SYN, 0), "10.0.0.1:5000"));
    EXPECT_HAS(s, COLLISION, &d, TOA_EV_KEY);
    g_assert_cmpuint(s->fed.findings[0].count, ==, 1002);
    server_sends(&v, SYN | ACK, 0);
    client_sends(&v, ACK, 0);
    flood(s, "10.0.0.1:5000", "10.0.1.9:80", 1000, 100);
    close_flow(&d);
    before = s->count[TOA_FINDING_COLLISION];
    flood(s, "10.0.0.1:5000", "10.0.1.9:80", 1100, 1);
    g_assert_cmpuint(s->count[TOA_FINDING_COLLISION], ==, before + 2); /* v among them */
    g_assert_true(s->fed.findings[0].other == v.conv || s->fed.findings[1].other == v.conv);
    story_free(s);
}

/* SYNs in the client's name do not hide its incident, however many: neither the server's clock, nor what its connections are
 * asked and answered. */
static void test_flooded_client(void)
{
    for (unsigned number = 60; number <= 3000; number += 2940) {
        story *s = story_new();
        flow d = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80"), v = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80");

        open_flow(&d);
        exchange(&d, 100, 200);
        flood(s, "10.0.0.1:5000", "10.0.1.9:80", 0, number);
        s->now = d.conv->synack_time + 20 * SEC;
        v.server.isn = v.server.next = d.server.isn + (uint32_t)((20 * SEC + 300 * US) / 64);
        client_sends(&v, SYN, 0);
        v.story->now -= MS / 2;
        server_sends(&v, SYN | ACK, 0);
        EXPECT_HAS(s, CONFIRMED, &d, TOA_EV_ISN_CLOCK);
        client_sends(&v, ACK, 0);
        emit(&v, (toa_segment){.source = v.server.at, .destination = v.client.at, .flags = RST,
                               .seq = d.server.next, .options.client_item = -1});
        EXPECT_HAS(s, FOREIGN_RST, &d, TOA_EV_SEQ);
        story_free(s);
    }
}

int main(int argc, char **argv)
{
    static const struct { const char *path; void (*test)(void); } tests[] = {
        {"collision", test_collision}, {"other-order", test_collision_other_order},
        {"known-late", test_collision_known_late}, {"by-map", test_collision_by_map},
        {"three-on-one-key", test_three_on_one_key}, {"reuse", test_reuse},
        {"time-wait-preference", test_time_wait_preference}, {"reuse-after-rst", test_reuse_after_rst},
        {"half-closed", test_half_closed}, {"not-closed-by-foreign-rst", test_not_closed_by_foreign_rst},
        {"hostile-key", test_hostile_key},
        {"window-rst-does-not-close", test_window_rst_does_not_close},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        char *path = g_strdup_printf("/collision/%s", tests[i].path);
        g_test_add_func(path, tests[i].test);
        g_free(path);
    }
    g_test_add_func("/collision/count-of-crowd", test_count_of_crowd);
    g_test_add_func("/collision/crowd-open-one", test_crowd_open_one);
    g_test_add_func("/collision/crowded-key", test_crowded_key);
    g_test_add_func("/collision/flooded-client", test_flooded_client);
    return g_test_run();
}
