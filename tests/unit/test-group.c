/* Rule R1: who is the client, what the post-rewrite key is, and which stream it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define CLIENT "10.0.0.1:5000"
#define RS "10.0.1.9:3306"
#define LVS "172.16.0.1:7000"
#define VIP "10.0.2.2:3306"

static void assert_client(const flow *f, toa_roles roles)
{
    g_assert_cmpuint(f->conv->roles, ==, roles);
    g_assert_true(toa_endpoint_equal(toa_wire_client(f->conv), &f->client.at));
}

/* ---- roles ---- */

/* The client has the lower port: by port it would be the server, until a SYN-ACK, a SYN or a TOA says better. */
static void test_roles_by_handshake(void)
{
    story *s = story_new();
    flow syn = flow_new(s, "10.0.0.1:80", "10.0.1.9:50000"), synack = flow_new(s, "10.0.0.2:80", "10.0.1.9:50001");
    flow port = flow_new(s, "10.0.0.3:50000", "10.0.1.9:81"), late = flow_new(s, "10.0.0.4:80", "10.0.1.9:50002");

    client_sends(&syn, SYN, 0);
    assert_client(&syn, TOA_ROLES_SYN);
    server_sends(&synack, SYN | ACK, 0);
    assert_client(&synack, TOA_ROLES_SYNACK);
    server_sends(&port, ACK, 10);
    assert_client(&port, TOA_ROLES_PORT);
    EXPECT_KEY(&port, "10.0.0.3:50000 > 10.0.1.9:81");
    client_sends(&late, ACK, 10);
    EXPECT_KEY(&late, "10.0.1.9:50002 > 10.0.0.4:80"); /* a guess, wrong */
    emit(&late, with_toa(from_client(&late, ACK, 10), "10.9.9.9:80"));
    assert_client(&late, TOA_ROLES_TOA);
    EXPECT_KEY(&late, "10.9.9.9:80 > 10.0.1.9:50002");
    story_free(s);
}

static void test_roles_equal_ports(void)
{
    story *s = story_new();
    flow one = flow_new(s, "10.0.0.1:179", "10.0.1.9:179"), two = flow_new(s, "10.0.5.1:179", "10.0.1.9:179");

    client_sends(&one, ACK, 10); /* the receiver of the first segment is the server */
    assert_client(&one, TOA_ROLES_PORT);
    client_sends(&two, ACK, 10);
    assert_client(&two, TOA_ROLES_PORT);
    story_free(s);
}

static void test_roles_by_map(void)
{
    story *s = story_new();
    flow f = flow_new(s, "10.0.0.1:80", "10.0.2.2:50000");
    const toa_map_row row = {.vip = endpoint_of("10.0.2.2:50000"), .server = endpoint_of(RS)};

    toa_config_set_map(&s->config, &row, 1);
    client_sends(&f, ACK, 10);
    assert_client(&f, TOA_ROLES_MAP);
    EXPECT_KEY(&f, "10.0.0.1:80 > " RS);
    g_assert_cmpuint(f.conv->source, ==, TOA_KEY_MAP);
    story_free(s);
}

/* A SYN from the other side later (a scan, a crossed one) does not turn the conversation round. */
static void test_roles_stay(void)
{
    story *s = story_new();
    flow f = flow_new(s, CLIENT, RS);
    toa_segment syn;

    open_flow(&f);
    syn = from_server(&f, ACK, 0);
    syn.flags = SYN;
    syn.seq = f.server.isn; /* else it would begin a new connection */
    emit(&f, syn);
    assert_client(&f, TOA_ROLES_SYN);
    emit(&f, with_toa(from_server(&f, ACK, 0), CLIENT));
    assert_client(&f, TOA_ROLES_SYN);
    story_free(s);
}

/* ---- keys ---- */

static void test_wire_key(void)
{
    story *s = story_new();
    flow f = flow_new(s, CLIENT, RS), v6 = flow_new(s, "[fd00:8::41]:61902", "[fd00::1]:3269");

    open_flow(&f);
    open_flow(&v6);
    EXPECT_KEY(&f, CLIENT " > " RS);
    EXPECT_KEY(&v6, "[fd00:8::41]:61902 > [fd00::1]:3269");
    g_assert_cmpuint(f.conv->source, ==, TOA_KEY_WIRE);
    g_assert_cmpuint(f.conv->key->stream, ==, 0);
    g_assert_cmpuint(v6.conv->key->stream, ==, 1);
    story_free(s);
}

static void test_toa_key(void)
{
    story *s = story_new();
    flow v = flow_new(s, LVS, RS), other = flow_new(s, CLIENT, "10.0.1.8:3306");

    open_flow_as(&v, CLIENT);
    open_flow(&other);
    EXPECT_KEY(&v, CLIENT " > " RS);
    g_assert_cmpuint(v.conv->source, ==, TOA_KEY_TOA);
    g_assert_true(v.conv->flags & TOA_CONV_TOA_ON_SYN);
    g_assert_true(v.conv->key->client == other.conv->key->client); /* one group, two keys */
    g_assert_true(v.conv->key != other.conv->key);
    EXPECT_QUIET(s);
    story_free(s);
}

/* The TOA on the third packet moves the conversation to its group; streams keep no gap. */
static void test_late_toa(void)
{
    story *s = story_new();
    flow v = flow_new(s, LVS, RS), w = flow_new(s, "172.16.0.1:7001", RS);

    client_sends(&v, SYN, 0);
    server_sends(&v, SYN | ACK, 0);
    EXPECT_KEY(&v, LVS " > " RS);
    emit(&v, with_toa(from_client(&v, ACK, 0), CLIENT));
    EXPECT_KEY(&v, CLIENT " > " RS);
    g_assert_false(v.conv->flags & TOA_CONV_TOA_ON_SYN);
    g_assert_cmpuint(v.conv->key->stream, ==, 0);
    open_flow(&w);
    g_assert_cmpuint(w.conv->key->stream, ==, 1);
    story_free(s);
}

/* A late TOA when later keys have numbers already: theirs stay. */
static void test_late_toa_keeps_numbers(void)
{
    story *s = story_new();
    flow v = flow_new(s, LVS, RS), w = flow_new(s, "172.16.0.1:7001", RS), d = flow_new(s, CLIENT, RS);
    flow next = flow_new(s, "10.0.0.9:5000", RS);

    client_sends(&v, SYN, 0);
    open_flow(&w);
    open_flow(&d);
    server_sends(&v, SYN | ACK, 0);
    emit(&v, with_toa(from_client(&v, ACK, 0), CLIENT));
    EXPECT_HAS(s, COLLISION, &d, TOA_EV_KEY);
    g_assert_cmpuint(w.conv->key->stream, ==, 1);
    g_assert_cmpuint(d.conv->key->stream, ==, 2);
    g_assert_true(v.conv->key == d.conv->key);
    open_flow(&next);
    g_assert_cmpuint(next.conv->key->stream, ==, 3); /* a number of its own */
    story_free(s);
}

/* The first TOA counts; another one later changes nothing (the option is marked "changed" elsewhere). */
static void test_first_toa_counts(void)
{
    story *s = story_new();
    flow v = flow_new(s, LVS, RS);
    toa_endpoint elsewhere = endpoint_of("10.0.1.10:3306");
    bool neighbours;

    open_flow_as(&v, CLIENT);
    emit(&v, with_toa(from_client(&v, PSH | ACK, 10), "10.0.0.2:5002"));
    EXPECT_KEY(&v, CLIENT " > " RS);
    g_assert_true(toa_endpoint_equal(toa_engine_remembered(s->engine, &v.client.at, &v.server.at, 254, &neighbours),
                                     toa_engine_named(v.conv)));
    g_assert_true(neighbours);
    toa_engine_remembered(s->engine, &v.client.at, &v.server.at, 200, &neighbours);
    g_assert_false(neighbours); /* another kind */
    g_assert_null(toa_engine_remembered(s->engine, &v.client.at, &elsewhere, 254, &neighbours));
    g_assert_true(neighbours); /* the same load balancer, another conversation */
    story_free(s);
}

/* In a reply the option names the destination (default), or the source: then it is not the client. */
static void test_reply_toa(void)
{
    for (unsigned meaning = TOA_REPLY_DESTINATION; meaning <= TOA_REPLY_SOURCE; meaning++) {
        story *s = story_new();
        flow v = flow_new(s, LVS, RS);
        s->config.reply_meaning = (toa_reply_meaning)meaning;
        client_sends(&v, SYN, 0);
        emit(&v, with_toa(from_server(&v, SYN | ACK, 0), CLIENT));
        EXPECT_KEY(&v, meaning == TOA_REPLY_DESTINATION ? CLIENT " > " RS : LVS " > " RS);
        emit(&v, with_toa(from_client(&v, ACK, 0), CLIENT));
        EXPECT_KEY(&v, CLIENT " > " RS);
        assert_client(&v, TOA_ROLES_SYN);
        story_free(s);
    }
}

/* Captured from the middle, TOA in both directions: the port decides who is who. */
static void test_both_directions(void)
{
    for (unsigned first = 0; first < 2; first++) {
        story *s = story_new();
        flow v = flow_new(s, LVS, RS);
        for (unsigned i = 0; i < 2; i++) {
            emit(&v, with_toa(first == i ? from_server(&v, ACK, 10) : from_client(&v, ACK, 10), CLIENT));
        }
        assert_client(&v, TOA_ROLES_TOA);
        EXPECT_KEY(&v, CLIENT " > " RS);
        story_free(s);
    }
}

/* The variants without port keep the port on the wire. */
static void test_toa_without_port(void)
{
    story *s = story_new();
    flow v = flow_new(s, LVS, RS);
    toa_segment syn = with_toa(from_client(&v, SYN, 0), "10.0.0.1:0");

    syn.options.items[0].info.has_client_port = false;
    emit(&v, syn);
    EXPECT_KEY(&v, "10.0.0.1:7000 > " RS);
    story_free(s);
}

static void test_redundant_toa(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS);

    open_flow_as(&d, CLIENT);
    EXPECT_KEY(&d, CLIENT " > " RS);
    g_assert_cmpuint(d.conv->source, ==, TOA_KEY_WIRE); /* nothing was rewritten */
    story_free(s);
}

/* NAT64: an IPv6 client in IPv4 segments. The key has both families and equals no other key. */
static void test_mixed_family(void)
{
    story *s = story_new();
    flow v = flow_new(s, LVS, RS), d = flow_new(s, CLIENT, RS), w = flow_new(s, "172.16.0.1:7001", RS);

    open_flow(&d);
    open_flow_as(&v, "[::ffff:10.0.0.1]:5000"); /* the same client to a human eye */
    EXPECT_KEY(&v, "[::ffff:10.0.0.1]:5000 > " RS);
    g_assert_true(v.conv->key != d.conv->key);
    open_flow_as(&w, "[2001:db8::5]:61902");
    EXPECT_KEY(&w, "[2001:db8::5]:61902 > " RS);
    EXPECT_QUIET(s);
    story_free(s);
}

static void test_map(void)
{
    story *s = story_new();
    flow v = flow_new(s, CLIENT, VIP), w = flow_new(s, CLIENT, "10.0.2.3:3306");
    toa_map_row rows[] = {{.vip = endpoint_of(VIP), .server = endpoint_of(RS)},
                          {.vip = endpoint_of("10.0.2.3:3306"), .server = endpoint_of("10.0.1.7:3306")},
                          {.vip = endpoint_of("10.0.2.3:3306"), .server = endpoint_of("10.0.1.8:3306")}};

    toa_config_set_map(&s->config, rows, 3);
    open_flow(&v);
    EXPECT_KEY(&v, CLIENT " > " RS);
    g_assert_cmpuint(v.conv->source, ==, TOA_KEY_MAP);
    open_flow(&w);
    EXPECT_KEY(&w, CLIENT " > 10.0.2.3:3306"); /* several candidates: none is taken */
    g_assert_cmpuint(w.conv->source, ==, TOA_KEY_WIRE);
    story_free(s);
}

/* A row holds for connections that begin in its time; of two servers in turn each has its own. */
static void test_map_time(void)
{
    const struct { int64_t begin; const char *server; } cases[] = {
        {99 * SEC, VIP}, {100 * SEC, RS}, {201 * SEC - 1, RS}, {201 * SEC, "10.0.1.8:3306"}, {900 * SEC, "10.0.1.8:3306"}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        story *s = story_new();
        flow v = flow_new(s, CLIENT, VIP);
        toa_map_row rows[2] = {{.vip = endpoint_of(VIP)}, {.vip = endpoint_of(VIP)}};
        toa_endpoint server = endpoint_of(cases[i].server);

        g_assert_true(toa_map_row_parse_server("10.0.1.9@100-200", 3306, &rows[0]));
        g_assert_true(toa_map_row_parse_server("10.0.1.8@201-", 3306, &rows[1]));
        toa_config_set_map(&s->config, rows, 2);
        s->now = cases[i].begin;
        client_sends(&v, SYN, 0);
        g_assert_true(toa_endpoint_equal(&v.conv->key->server->endpoint, &server));
        story_free(s);
    }
}

static void test_map_text(void)
{
    static const char *const bad[] = {"", "x", "10.0.0.1@", "10.0.0.1@1", "10.0.0.1@2-1", "10.0.0.1@1-2-3", "10.0.0.1@99999999999-",
                                      "10.0.0.1@-99999999999999999999", "@1-2", "10.0.0.1 @1-2"};
    toa_map_row row = {.from = 7};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(toa_map_row_parse_server(bad[i], 80, &row));
        g_assert_cmpint(row.from, ==, 7);
    }
    g_assert_true(toa_map_row_parse_server("fd00::7@-5", 80, &row));
    g_assert_cmpint(row.from, ==, 0);
    g_assert_cmpint(row.until, ==, 6 * SEC - 1);
    g_assert_true(toa_map_row_parse_server("10.0.0.1@-", 80, &row));
    g_assert_cmpint(row.until, ==, 0);
}

static void test_map_lookup(void)
{
    toa_config config;
    toa_map_row rows[40] = {0};
    const toa_map_row *first;
    toa_endpoint vip;

    for (unsigned i = 0; i < 40; i++) { /* every row twice, in no order */
        const uint8_t address[4] = {10, 0, 0, (uint8_t)(i * 7 % 20)};
        rows[i].vip = toa_endpoint_ipv4(address, 80);
        rows[i].server = toa_endpoint_ipv4(address, 8080);
    }
    toa_config_init(&config);
    toa_config_set_map(&config, rows, 40);
    g_assert_cmpuint(config.n_map, ==, 20);
    for (unsigned i = 0; i < 20; i++) {
        g_assert_cmpuint(toa_config_map_lookup(&config, &rows[i].vip, &first), ==, 1);
        g_assert_true(toa_endpoint_equal(&first->server, &rows[i].server));
    }
    vip = endpoint_of("10.0.0.20:80");
    g_assert_cmpuint(toa_config_map_lookup(&config, &vip, &first), ==, 0);
    toa_config_set_map(&config, NULL, 0);
    g_assert_cmpuint(toa_config_map_lookup(&config, &rows[0].vip, &first), ==, 0);
    toa_config_clear(&config);
}

/* ---- conversations ---- */

/* A new connection on one wire tuple: another conversation, the same key. */
static void test_port_reuse(void)
{
    story *s = story_new();
    flow old = flow_new(s, CLIENT, RS), young = flow_new(s, CLIENT, RS);

    open_flow(&old);
    close_flow(&old);
    open_flow(&young);
    g_assert_true(young.conv != old.conv);
    g_assert_true(young.conv->extra->earlier == old.conv);
    g_assert_true(young.conv->key == old.conv->key);
    g_assert_cmpuint(young.conv->stream, ==, 1);
    g_assert_cmpuint(young.conv->key->stream, ==, 0);
    g_assert_cmpuint(toa_engine_conversations(s->engine), ==, 2);
    g_assert_true(toa_engine_find(s->engine, &young.server.at, &young.client.at) == young.conv);
    EXPECT_QUIET(s);
    story_free(s);
}

/* The group of a self-connect stays empty; other conversations of the endpoint are not bothered by it. */
static void test_self_connect(void)
{
    story *s = story_new();
    flow self = flow_new(s, "10.0.0.1:5000", "10.0.0.1:5000"), d = flow_new(s, "10.0.0.1:5000", RS);

    open_flow(&d);
    client_sends(&self, SYN, 0);
    EXPECT_ONE(s, SELF_CONNECT, NULL, 0);
    client_sends(&self, SYN | ACK, 0);
    EXPECT_NONE(s);
    client_sends(&self, RST, 0);
    EXPECT_NONE(s);
    g_assert_cmpuint(self.conv->key->client->n_group, ==, 1);
    EXPECT_KEY(&self, "10.0.0.1:5000 > 10.0.0.1:5000");
    exchange(&d, 10, 10);
    EXPECT_TOTAL(s, SELF_CONNECT, 1);
    story_free(s);
}

/* Roles that turn round late, in a group and under a server that are indexed already. */
static void test_turn_round_indexed(void)
{
    story *s = story_new();
    flow odd = flow_new(s, "10.0.0.99:80", "10.0.1.9:50000"), probe = flow_new(s, "10.0.1.9:50000", "10.0.3.1:80");

    for (unsigned i = 0; i < 20; i++) {
        char *server = g_strdup_printf("10.0.3.%u:90", i + 1);
        flow f = flow_new(s, "10.0.1.9:50000", server);
        open_flow(&f);
        g_free(server);
    }
    open_flow(&probe);
    emit(&probe, (toa_segment){.source = probe.client.at, .destination = probe.server.at, .flags = RST, .seq = 1,
                               .options.client_item = -1});
    g_assert_nonnull(probe.conv->key->client->large);
    client_sends(&odd, ACK, 10); /* taken for a member of that group, by its ports */
    g_assert_true(odd.conv->key->client == probe.conv->key->client);
    story_check(s);
    emit(&odd, with_toa(from_client(&odd, ACK, 10), "10.8.8.8:80"));
    EXPECT_KEY(&odd, "10.8.8.8:80 > 10.0.1.9:50000");
    exchange(&odd, 10, 10);
    story_free(s);
}

int main(int argc, char **argv)
{
    static const struct { const char *path; void (*test)(void); } tests[] = {
        {"roles/by-handshake", test_roles_by_handshake}, {"roles/equal-ports", test_roles_equal_ports},
        {"roles/by-map", test_roles_by_map}, {"roles/stay", test_roles_stay}, {"key/wire", test_wire_key},
        {"key/toa", test_toa_key}, {"key/late-toa", test_late_toa},
        {"key/late-toa-keeps-numbers", test_late_toa_keeps_numbers}, {"key/first-toa-counts", test_first_toa_counts},
        {"key/reply-toa", test_reply_toa}, {"key/both-directions", test_both_directions},
        {"key/toa-without-port", test_toa_without_port}, {"key/redundant-toa", test_redundant_toa},
        {"key/mixed-family", test_mixed_family}, {"key/map", test_map}, {"map/lookup", test_map_lookup}, {"map/map-time", test_map_time}, {"map/map-text", test_map_text},
        {"port-reuse", test_port_reuse}, {"self-connect", test_self_connect},
        {"turn-round-indexed", test_turn_round_indexed},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        char *path = g_strdup_printf("/group/%s", tests[i].path);
        g_test_add_func(path, tests[i].test);
        g_free(path);
    }
    return g_test_run();
}
