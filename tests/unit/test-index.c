/* The number index is up to date whatever happens to the members of a party, and a capture made to collide cannot make
 * it slow. test-index-group.c: the engine finds the same with it as without.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"
#include "core/model/index.h"

#include <time.h>

#define CLIENT "10.0.0.1:5000"
#define SERVER "10.0.1.9:80"

/* ---- kept up to date ---- */

/* Everything that moves a conversation or its numbers, after both of its parties were indexed. story_free compares
 * the index with the conversations. */
static void test_up_to_date(void)
{
    story *s = story_new();
    flow f[24], other = flow_new(s, "172.16.0.1:7000", SERVER);
    toa_segment nobody;

    open_flow(&other);
    open_served(s, SERVER, 20);
    for (unsigned i = 0; i < G_N_ELEMENTS(f); i++) {
        char *lvs = g_strdup_printf("172.16.1.%u:7000", i);
        f[i] = flow_new(s, lvs, i % 2 ? SERVER : "10.0.1.8:80");
        open_flow_as(&f[i], CLIENT);
        g_free(lvs);
    }
    nobody = from_server(&f[1], PSH | ACK, 10);
    nobody.seq += 0x40000000;
    nobody.ack += 0x40000000;
    emit(&f[1], nobody); /* nobody's: both indexes are asked */
    EXPECT_NONE(s);
    g_assert_true(s->fed.unexplained);
    g_assert_nonnull(f[1].conv->key->client->large);
    g_assert_nonnull(f[1].conv->server_party->large);
    for (unsigned i = 0; i < 200; i++) {
        flow *one = &f[story_random(s) % G_N_ELEMENTS(f)];
        exchange(one, 1 + i, story_random(s) % 2 * 100);
        if (i % 20 == 0) {
            story_check(s);
        }
        if (i % 30 == 0) {
            emit(&f[1], nobody);
            nobody.seq += 5000000;
        }
    }
    story_free(s);
}

/* A group that is indexed before the server is, and the other way round: neither may hide changes from the other. */
static void test_two_indexes(void)
{
    for (unsigned order = 0; order < 2; order++) {
        story *s = story_new();
        flow y = flow_new(s, CLIENT, SERVER);
        toa_conversation *found[TOA_HITS_MAX];
        open_flow(&y);
        open_group(s, CLIENT, 20);
        open_served(s, SERVER, 20);
        for (unsigned i = 0; i < 4; i++) {
            bool group = (i + order) % 2 == 0;
            toa_index_find(s->engine, group ? y.conv->key->client : y.conv->server_party,
                           group ? TOA_BY_GROUP_CLIENT_NEXT : TOA_BY_SERVED_CLIENT_NEXT, 1, found);
            exchange(&y, 100, 100);
            exchange(&y, 100, 100);
        }
        story_check(s);
        story_free(s);
    }
}

/* A late TOA takes a conversation out of one indexed group into another. */
static void test_moves(void)
{
    story *s = story_new();
    flow v = flow_new(s, CLIENT, SERVER), x = flow_new(s, "10.0.0.2:5000", SERVER);
    toa_conversation *found[TOA_HITS_MAX];

    open_group(s, CLIENT, 20);
    for (unsigned i = 0; i < 20; i++) {
        char *server = g_strdup_printf("10.7.0.%u:80", i);
        flow f = flow_new(s, "10.0.0.2:5000", server);
        open_flow(&f);
        g_free(server);
    }
    client_sends(&v, SYN, 0);
    server_sends(&v, SYN | ACK, 0);
    toa_index_find(s->engine, v.conv->key->client, TOA_BY_GROUP_CLIENT_NEXT, 1, found);
    open_flow(&x);
    toa_index_find(s->engine, x.conv->key->client, TOA_BY_GROUP_CLIENT_NEXT, 1, found);
    emit(&v, with_toa(from_client(&v, PSH | ACK, 10), "10.0.0.2:5000"));
    exchange(&v, 100, 100);
    g_assert_true(v.conv->key->client == x.conv->key->client);
    story_check(s);
    emit(&x, crossed(from_server(&v, PSH | ACK, 10), &v, &x));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &v, TOA_EV_SEQ);
    story_free(s);
}

/* ---- hostile ---- */

/* Ten thousand conversations of one client with the same numbers on purpose: a look-up still returns a few, and time
 * stays linear. */
static void test_equal_values(void)
{
    story *s = story_new();
    clock_t started = clock();
    toa_conversation *found[TOA_HITS_MAX];
    flow f = {0};

    for (unsigned i = 0; i < 10000; i++) {
        char *server = g_strdup_printf("10.9.%u.%u:80", i >> 8, i & 255);
        toa_segment stray;
        f = flow_new(s, CLIENT, server);
        f.server.isn = f.server.next = i * 64; /* different ISNs: not legs */
        f.client.isn = f.client.next = 0x10000000 + i;
        open_flow(&f);
        stray = from_client(&f, ACK, 0);
        stray.seq = 0x77777777;
        emit(&f, stray);
        exchange(&f, 0x20000000 - f.client.next, 0x20000000 - f.server.next); /* all end at one number */
        stray.seq = 0x20000000;
        stray.ack = 0x20000000 + (i & 1);
        emit(&f, stray);
        g_free(server);
    }
    g_assert_cmpuint(toa_index_find(s->engine, f.conv->key->client, TOA_BY_GROUP_CLIENT_NEXT, 0x20000000, found), <=,
                     TOA_HITS_MAX);
    g_assert_cmpint(clock() - started, <, 30 * CLOCKS_PER_SEC);
    story_free(s);
}

/* "newest first" (core/model/index.h). */
static void test_newest_first(void)
{
    story *s = story_new();
    toa_conversation *found[TOA_HITS_MAX];
    flow f[40];

    for (unsigned i = 0; i < 40; i++) {
        char *server = g_strdup_printf("10.9.0.%u:80", i);
        f[i] = flow_new(s, CLIENT, server);
        open_flow(&f[i]);
        toa_client_side(f[i].conv)->next = 0x20000000; /* one value for all */
        g_free(server);
    }
    g_assert_cmpuint(toa_index_find(s->engine, f[0].conv->key->client, TOA_BY_GROUP_CLIENT_NEXT, 0x20000000, found), ==,
                     TOA_HITS_MAX);
    g_assert_true(found[0] == f[39].conv);
    story_free(s);
}

/* One value in every kind of many parties: each look-up finds its own conversation, once. */
static void test_same_value_everywhere(void)
{
    for (unsigned round = 0; round < 20; round++) {
        story *s = story_new();
        flow f[40];
        toa_conversation *found[TOA_HITS_MAX];
        for (unsigned i = 0; i < G_N_ELEMENTS(f); i++) {
            char *client = g_strdup_printf("10.0.3.%u:5000", i + 1);
            f[i] = flow_new(s, client, SERVER);
            open_flow(&f[i]);
            for (unsigned side = 0; side < 2; side++) {
                toa_side *one = &f[i].conv->side[side];
                one->next = one->acks[0] = one->tsval = 0x55555555;
            }
            g_free(client);
        }
        for (unsigned kind = 0; kind < TOA_BY_GROUP_MAX; kind++) {
            for (unsigned i = 0; i < G_N_ELEMENTS(f); i++) {
                bool tsval = kind == TOA_BY_GROUP_CLIENT_TSVAL || kind == TOA_BY_GROUP_SERVER_TSVAL;
                uint32_t value = tsval ? toa_index_tsval(0x55555555) : 0x55555555;
                unsigned n = toa_index_find(s->engine, f[i].conv->key->client, (toa_index_kind)kind, value, found);
                g_assert_cmpuint(n, ==, kind == TOA_BY_GROUP_SERVER_ACK ? f[i].conv->side[!f[i].conv->client].n_acks : 1);
                g_assert_true(found[0] == f[i].conv);
            }
        }
        story_free(s);
    }
}

/* A conversation that joins a big group by a late TOA brings its ISN along. */
static void test_late_isn(void)
{
    story *s = story_new();
    flow v = flow_new(s, "172.16.0.1:7000", SERVER), z = flow_new(s, CLIENT, SERVER);
    flow w = flow_new(s, CLIENT, "10.0.7.8:80");

    open_group(s, CLIENT, 20);
    open_flow(&w); /* the group's ISNs are indexed by now */
    open_flow(&v);
    emit(&v, with_toa(from_client(&v, PSH | ACK, 10), CLIENT));
    s->now = v.conv->synack_time + 20 * SEC - MS;
    client_sends(&z, SYN, 0);
    z.server.isn = z.server.next = v.server.isn + (uint32_t)(20 * SEC / 64);
    server_sends(&z, SYN | ACK, 0);
    EXPECT_HAS(s, CONFIRMED, &v, TOA_EV_ISN_CLOCK);
    story_free(s);
}

/* An empty index has nothing to find; a value nobody has is not found in a full one. */
static void test_nothing(void)
{
    story *s = story_new();
    flow f = flow_new(s, CLIENT, SERVER);
    toa_conversation *found[TOA_HITS_MAX];

    open_flow(&f);
    for (unsigned kind = 0; kind < TOA_BY_MAX; kind++) {
        g_assert_cmpuint(toa_index_find(s->engine, f.conv->key->client, (toa_index_kind)kind, 0x12345, found), ==, 0);
    }
    g_assert_cmpuint(
        toa_index_find(s->engine, f.conv->key->client, TOA_BY_GROUP_CLIENT_NEXT, f.client.next, found), ==, 1);
    g_assert_true(found[0] == f.conv);
    g_assert_cmpuint( /* another kind has other values */
        toa_index_find(s->engine, f.conv->key->client, TOA_BY_GROUP_SERVER_NEXT, f.client.next, found), ==, 0);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/index/up-to-date", test_up_to_date);
    g_test_add_func("/index/two-indexes", test_two_indexes);
    g_test_add_func("/index/moves", test_moves);
    g_test_add_func("/index/equal-values", test_equal_values);
    g_test_add_func("/index/nothing", test_nothing);
    g_test_add_func("/index/same-value-everywhere", test_same_value_everywhere);
    g_test_add_func("/index/late-isn", test_late_isn);
    g_test_add_func("/index/newest-first", test_newest_first);
    return g_test_run();
}
