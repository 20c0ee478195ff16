/* Rule R4: the two legs of one load-balanced connection, captured together, never accuse each other.
 *
 * C is the leg client > VIP, R the leg local address > real server, D the client's direct conversation.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define CLIENT "10.0.0.1:5000"
#define VIP "10.0.2.2:3306"
#define LVS "172.16.0.1:7000"
#define RS "10.0.1.9:3306"

typedef struct stage {
    story *s;
    flow c, r;
    uint32_t delta; /* the load balancer adds it to the client's numbers */
} stage;

static stage stage_new(uint32_t delta)
{
    stage g = {.s = story_new(), .delta = delta};

    g.c = flow_new(g.s, CLIENT, VIP);
    g.r = flow_new(g.s, LVS, RS);
    return g;
}

/* One segment on both legs, 50 us apart, the numbers of the client's side shifted. */
static void forward(stage *g, toa_segment segment, bool from_client_side, const char *toa)
{
    flow *first = from_client_side ? &g->c : &g->r, *second = from_client_side ? &g->r : &g->c;
    toa_segment copy = crossed(segment, first, second);

    copy.ttl--;
    if (from_client_side) {
        copy.seq += g->delta;
    } else if (segment.flags & ACK) {
        copy.ack -= g->delta;
    }
    emit(first, segment);
    copy.time = segment.time ? 0 : g->s->now - MS + 50 * US;
    emit(second, toa ? with_toa(copy, toa) : copy);
}

/* The client's stack sends on c; the server's answers on r with the shifted ack. */
static void client_to_server(stage *g, unsigned flags, uint32_t length, const char *toa)
{
    toa_segment segment = from_client(&g->c, flags, length);

    forward(g, segment, true, toa);
}

static void server_to_client(stage *g, unsigned flags, uint32_t length)
{
    toa_segment segment = from_server(&g->c, flags, length), on_r = crossed(segment, &g->c, &g->r);

    if (flags & ACK) {
        on_r.ack += g->delta;
    }
    forward(g, on_r, false, NULL);
}

static void handshake(stage *g)
{
    client_to_server(g, SYN, 0, CLIENT);
    server_to_client(g, SYN | ACK, 0);
    client_to_server(g, ACK, 0, NULL);
}

static void assert_legs(const stage *g, bool certain)
{
    g_assert_true(toa_engine_leg(g->c.conv) == (certain ? g->r.conv : NULL));
    g_assert_true(toa_engine_leg(g->r.conv) == (certain ? g->c.conv : NULL));
}

/* A healthy connection through the load balancer, seen twice all along. */
static void talk(stage *g)
{
    for (unsigned i = 0; i < 20; i++) {
        client_to_server(g, PSH | ACK, 100 + i, NULL);
        server_to_client(g, PSH | ACK, 1000 + i);
        client_to_server(g, ACK, 0, NULL);
    }
    client_to_server(g, FIN | ACK, 0, NULL);
    server_to_client(g, FIN | ACK, 0);
    client_to_server(g, ACK, 0, NULL);
}

static void test_legs(void)
{
    const uint32_t deltas[] = {0, 0x31415926, 0xfffff000};

    for (size_t i = 0; i < G_N_ELEMENTS(deltas); i++) {
        stage g = stage_new(deltas[i]);
        handshake(&g);
        assert_legs(&g, true);
        EXPECT_KEY(&g.r, CLIENT " > " RS);
        EXPECT_KEY(&g.c, CLIENT " > " RS); /* the leg makes VIP > RS known */
        g_assert_cmpuint(g.c.conv->source, ==, TOA_KEY_LEG);
        g_assert_cmpuint(g.r.conv->source, ==, TOA_KEY_TOA);
        g_assert_true(g.c.conv->key == g.r.conv->key);
        talk(&g);
        EXPECT_QUIET(g.s);
        story_free(g.s);
    }
}

/* Before the SYN-ACK the legs are a guess: no accusation, and nothing shown. */
static void test_tentative(void)
{
    stage g = stage_new(1000);

    client_to_server(&g, SYN, 0, CLIENT);
    assert_legs(&g, false);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* Another ISN refutes the guess: R is somebody else's leg. Still C goes to another server than R, so neither can carry
 * what is the other's: an ISN may be that of an earlier connection, whose successor's SYN the capture has lost. */
static void test_refuted(void)
{
    stage g = stage_new(0);

    g.r.client.isn = g.r.client.next = 77;
    client_sends(&g.c, SYN, 0);
    emit(&g.r, with_toa(from_client(&g.r, SYN, 0), CLIENT));
    EXPECT_NONE(g.s); /* C may be its leg */
    server_sends(&g.c, SYN | ACK, 0);
    server_sends(&g.r, SYN | ACK, 0);
    assert_legs(&g, false);
    client_sends(&g.r, ACK, 0);
    client_sends(&g.r, PSH | ACK, 100);
    emit(&g.c, crossed(from_server(&g.r, RST, 0), &g.r, &g.c));
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* ... but what comes from R's own server, and so on a connection with R's key, is. */
static void test_refuted_then_known(void)
{
    stage g = stage_new(0);
    flow d = flow_new(g.s, CLIENT, RS);

    open_flow(&d);
    open_flow_as(&g.r, CLIENT);
    client_sends(&g.r, PSH | ACK, 100);
    emit(&d, crossed(from_server(&g.r, RST, 0), &g.r, &d));
    EXPECT_HAS(g.s, FOREIGN_RST, &g.r, TOA_EV_SEQ | TOA_EV_KEY);
    story_free(g.s);
}

/* The capture has lost both SYN-ACKs, or one of them and the other's SYN: two replies tell. */
static void test_without_synacks(void)
{
    stage g = stage_new(0x2000);

    client_to_server(&g, SYN, 0, CLIENT);
    from_server(&g.c, SYN | ACK, 0);
    client_to_server(&g, ACK, 0, NULL);
    server_to_client(&g, PSH | ACK, 300);
    assert_legs(&g, false);
    server_to_client(&g, PSH | ACK, 200);
    assert_legs(&g, true);
    EXPECT_KEY(&g.c, CLIENT " > " RS);
    talk(&g);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* A capture that begins in the middle: no TOA is known, the sides of a NAT keep the client's endpoint. */
static void test_late_nat(void)
{
    stage g = stage_new(0);

    g.r = flow_new(g.s, CLIENT, RS);
    server_to_client(&g, PSH | ACK, 300);
    server_to_client(&g, PSH | ACK, 200);
    assert_legs(&g, true);
    talk(&g);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* The first leg's replies were captured with a hole and out of order: the second leg's are still among them. */
static void test_replies_with_a_hole(void)
{
    stage g = stage_new(0);
    toa_segment reply[4];

    g.r = flow_new(g.s, CLIENT, RS);
    for (unsigned i = 0; i < G_N_ELEMENTS(reply); i++) {
        reply[i] = from_server(&g.c, PSH | ACK, 100);
    }
    emit(&g.r, crossed(reply[0], &g.c, &g.r));
    emit(&g.r, crossed(reply[1], &g.c, &g.r));
    emit(&g.r, crossed(reply[3], &g.c, &g.r));
    emit(&g.c, reply[0]);
    emit(&g.c, reply[1]);
    assert_legs(&g, true);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* A late capture has C's replies out of order, and of R only the client's ack: C's client is known by what is acknowledged. */
static void test_client_by_ack(void)
{
    stage g = stage_new(0);
    toa_segment first, second;

    g.r = flow_new(g.s, CLIENT, RS);
    first = from_server(&g.c, PSH | ACK, 106);
    second = from_server(&g.c, PSH | ACK, 300);
    emit(&g.c, second);
    emit(&g.c, from_server(&g.c, PSH | ACK, 300));
    first.options.tsecr = 4711;
    emit(&g.r, (toa_segment){.source = g.r.client.at, .destination = g.r.server.at, .flags = ACK, .seq = first.ack,
                             .ack = first.seq, .ip_id = 7, .options = {.client_item = -1, .has_timestamps = true,
                             .tsval = first.options.tsecr, .tsecr = first.options.tsval}});
    emit(&g.c, first);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* Replies that are not the same: never legs, however many. */
static void test_replies_differ(void)
{
    stage g = stage_new(0);

    g.r = flow_new(g.s, CLIENT, RS);
    for (unsigned i = 0; i < 40; i++) {
        server_sends(&g.c, PSH | ACK, 100);
        server_sends(&g.r, PSH | ACK, 100);
    }
    assert_legs(&g, false);
    story_free(g.s);
}

/* A NAT that one connection has shown: when the tuple is used again and the capture has lost the SYN behind the NAT, the
 * new numbers are explained by the side before it. */
static void test_nat_reused(void)
{
    stage g = stage_new(0);
    toa_segment syn;

    g.r = flow_new(g.s, CLIENT, RS);
    handshake(&g);
    assert_legs(&g, true);
    client_to_server(&g, RST | ACK, 0, NULL);
    story_wait(g.s, SEC);
    g.c = flow_new(g.s, CLIENT, VIP);
    syn = from_client(&g.c, SYN, 0);
    emit(&g.c, syn);
    server_to_client(&g, SYN | ACK, 0);
    client_to_server(&g, ACK, 0, NULL);
    talk(&g);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* Same, but for another client: it is the servers that are known, not the connection. */
static void test_nat_other_client(void)
{
    stage g = stage_new(0);
    flow old;

    for (unsigned i = 0; i < 2; i++) { /* one would not do: two servers may share a number by accident */
        const char *client = i ? "10.0.0.8:5000" : CLIENT;
        g.c = flow_new(g.s, client, VIP);
        g.r = flow_new(g.s, client, RS);
        client_to_server(&g, SYN, 0, NULL);
        server_to_client(&g, SYN | ACK, 0);
        client_to_server(&g, ACK, 0, NULL);
    }
    old = flow_new(g.s, "10.0.0.7:5000", RS);
    open_flow(&old);
    g.c = flow_new(g.s, "10.0.0.7:5000", VIP);
    g.r = old; /* its tuple again */
    client_sends(&g.c, SYN, 0);
    server_to_client(&g, SYN | ACK, 0);
    client_to_server(&g, ACK, 0, NULL);
    talk(&g);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* The client's port is used again, the capture has lost the client's second SYN: the TOA tells whose the new leg is, also while
 * the old one's client side has its key. */
static void test_reused_syn_lost(void)
{
    for (unsigned other_rs = 0; other_rs < 2; other_rs++) {
        stage g = stage_new(1234567);

        handshake(&g);
        talk(&g);
        client_to_server(&g, FIN | ACK, 0, NULL);
        server_to_client(&g, FIN | ACK, 0);
        client_to_server(&g, ACK, 0, NULL);
        story_wait(g.s, 70 * SEC);
        g.c = flow_new(g.s, CLIENT, VIP);
        g.r = flow_new(g.s, "172.16.0.1:7001", other_rs ? "10.0.1.8:3306" : RS);
        emit(&g.r, with_toa(crossed(from_client(&g.c, SYN, 0), &g.c, &g.r), CLIENT));
        g.delta = 0;
        server_to_client(&g, SYN | ACK, 0);
        client_to_server(&g, ACK, 0, NULL);
        talk(&g);
        EXPECT_QUIET(g.s);
        story_free(g.s);
    }
}

/* A host that scans two servers with one port and one ISN: they answer with ISNs of their own, and are no NAT's sides. A real
 * crossing behind it is seen as without it. */
static void scan_first(story *s, bool answered, bool refused)
{
    flow a = flow_new(s, "10.66.6.6:4444", VIP), b = flow_new(s, "10.66.6.6:4444", RS);

    a.client.isn = a.client.next = b.client.isn = b.client.next = 12345;
    client_sends(&a, SYN, 0);
    if (answered) {
        server_sends(&a, SYN | ACK, 0);
    }
    client_sends(&b, SYN, 0);
    if (answered && refused) {
        b.server.next = b.server.isn = 0;
        server_sends(&b, RST | ACK, 0);
    } else if (answered) {
        server_sends(&b, SYN | ACK, 0);
    }
    g_assert_null(toa_engine_leg(a.conv));
    g_assert_true(a.conv->key != b.conv->key);
}

static void test_scan_first(void)
{
    for (unsigned kind = 0; kind < 3; kind++) {
        story *s = story_new();
        flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

        scan_first(s, kind > 0, kind > 1);
        scan_first(s, kind > 0, kind > 1); /* twice does not help it */
        open_flow(&d);
        exchange(&d, 100, 200);
        open_flow(&v);
        emit(&v, crossed(from_server(&d, PSH | ACK, 50), &d, &v));
        EXPECT_HAS(s, FOREIGN_SEGMENT, &d, TOA_EV_SEQ | TOA_EV_ACK);
        story_free(s);
    }
}

/* A scanner's client numbers are the same on all its connections: an answer to an earlier SYN of it, which the capture has
 * lost, is not the answer to another one. */
static void test_scan_repeated(void)
{
    story *s = story_new();
    flow x = flow_new(s, CLIENT, "10.0.9.1:22"), again = flow_new(s, CLIENT, "10.0.9.1:22");

    client_sends(&x, SYN, 0);
    story_wait(s, 10 * SEC);
    for (unsigned i = 0; i < 3; i++) {
        flow y = flow_new(s, CLIENT, i ? (i > 1 ? "10.0.9.3:443" : "10.0.9.2:443") : "10.0.9.4:80");
        y.client.isn = y.client.next = 777;
        client_sends(&y, SYN, 0);
    }
    again.client.isn = 777;
    again.client.next = 778;
    again.conv = x.conv;
    server_sends(&again, SYN | ACK, 0);
    client_sends(&again, RST, 0);
    EXPECT_QUIET(s);
    story_free(s);
}

/* An empty segment that the other leg has carried with others after it: its identification is not a new one. */
static void test_empty_overtaken(void)
{
    stage g = stage_new(0);
    toa_segment empty, data;

    g.r = flow_new(g.s, CLIENT, RS);
    exchange(&g.r, 100, 100);
    exchange(&g.c, 100, 100);
    story_wait(g.s, SEC);
    client_sends(&g.r, PSH | ACK, 100);
    empty = from_server(&g.r, ACK, 0);
    data = from_server(&g.r, PSH | ACK, 50);
    emit(&g.r, empty);
    emit(&g.r, data);
    emit(&g.c, crossed(empty, &g.r, &g.c));
    EXPECT_QUIET(g.s);
    emit(&g.c, crossed(from_server(&g.r, ACK, 0), &g.r, &g.c)); /* a new one is crossed */
    EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.r, TOA_EV_SEQ);
    story_free(g.s);
}

/* The direct conversation of the same client port goes to R's own server: never a leg, whatever the time. */
static void test_direct_is_no_leg(void)
{
    stage g = stage_new(0);
    flow d = flow_new(g.s, CLIENT, RS);

    client_sends(&d, SYN, 0);
    emit(&g.r, with_toa(from_client(&g.r, SYN, 0), CLIENT));
    EXPECT_ONE(g.s, COLLISION, &d, TOA_EV_KEY);
    g_assert_null(toa_engine_leg(d.conv));
    story_free(g.s);
}

/* With D beside them: R collides with D; the legs stay legs and are not accused of each other. */
static void test_legs_and_direct(void)
{
    stage g = stage_new(0x31415926);
    flow d = flow_new(g.s, CLIENT, RS);

    open_flow(&d);
    handshake(&g);
    assert_legs(&g, true);
    EXPECT_TOTAL(g.s, CONFIRMED, 0);
    g_assert_cmpuint(g.s->count[TOA_FINDING_COLLISION], >=, 1);
    talk(&g);
    EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, 0);
    EXPECT_TOTAL(g.s, FOREIGN_RST, 0);
    EXPECT_TOTAL(g.s, FOREIGN_DUP_ACK, 0);
    story_free(g.s);
}

/* C's key is known at its SYN-ACK: there it is said that C, too, shares it with D. */
static void test_leg_collides(void)
{
    stage g = stage_new(0x31415926);
    flow d = flow_new(g.s, CLIENT, RS);

    open_flow(&d);
    client_to_server(&g, SYN, 0, CLIENT);
    EXPECT_ONE(g.s, COLLISION, &d, TOA_EV_KEY); /* R */
    server_to_client(&g, SYN | ACK, 0);
    EXPECT_ONE(g.s, COLLISION, &d, TOA_EV_KEY); /* C */
    client_to_server(&g, ACK, 0, NULL);
    talk(&g);
    EXPECT_TOTAL(g.s, COLLISION, 2);
    story_free(g.s);
}

/* A load balancer with an old session sends the SYN on twice, on two connections; the client's side was taken for the
 * first one's leg. The answered one's ISN decides. */
static void test_second_try(void)
{
    stage g = stage_new(0x2000);
    flow again;

    client_to_server(&g, SYN, 0, CLIENT);
    again = flow_new(g.s, "172.16.0.1:7001", RS);
    again.client.isn = again.client.next = g.c.client.isn + g.delta;
    emit(&again, with_toa(from_client(&again, SYN, 0), CLIENT));
    g.r = again;
    server_to_client(&g, SYN | ACK, 0);
    assert_legs(&g, true);
    client_to_server(&g, ACK, 0, NULL);
    talk(&g);
    EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, 0);
    story_free(g.s);
}

/* D's RST crosses V: on both legs it is D's, and the two copies accuse nobody else. */
static void test_crossed_on_both_legs(void)
{
    stage g = stage_new(0);
    flow d = flow_new(g.s, CLIENT, RS);
    toa_segment rst;

    open_flow(&d);
    handshake(&g);
    client_sends(&d, PSH | ACK, 100);
    rst = from_server(&d, RST, 0);
    emit(&g.r, crossed(rst, &d, &g.r));
    EXPECT_HAS(g.s, FOREIGN_RST, &d, TOA_EV_SEQ | TOA_EV_TRIGGER | TOA_EV_KEY);
    emit(&g.c, crossed(rst, &d, &g.c));
    EXPECT_HAS(g.s, FOREIGN_RST, &d, TOA_EV_SEQ | TOA_EV_TRIGGER);
    story_free(g.s);
}

/* Behind a SYN proxy both ISNs differ; equal relative numbers of the first data tell. */
static void test_syn_proxy(void)
{
    stage g = stage_new(0);
    toa_segment data;

    open_flow(&g.c); /* the proxy answers by itself */
    g.r.client.isn = g.r.client.next = g.c.client.isn + 5000;
    emit(&g.r, with_toa(from_client(&g.r, SYN, 0), CLIENT));
    server_sends(&g.r, SYN | ACK, 0);
    client_sends(&g.r, ACK, 0);
    assert_legs(&g, false);
    EXPECT_QUIET(g.s);
    data = from_client(&g.c, PSH | ACK, 300);
    emit(&g.c, data);
    emit(&g.r, from_client(&g.r, PSH | ACK, 300));
    assert_legs(&g, true);
    EXPECT_KEY(&g.c, CLIENT " > " RS);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* The client side appears after the server's side (merged captures): found by the equal ISN. */
static void test_client_side_later(void)
{
    stage g = stage_new(0x1000);

    open_flow_as(&g.r, CLIENT);
    g.c.server.isn = g.c.server.next = g.r.server.isn;
    open_flow(&g.c);
    assert_legs(&g, true);
    EXPECT_KEY(&g.c, CLIENT " > " RS);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* The same in a group of many. */
static void test_many_legs(void)
{
    story *s = story_new();

    for (unsigned i = 0; i < 40; i++) {
        char *vip = g_strdup_printf("10.0.2.%u:3306", i + 1), *rs = g_strdup_printf("10.0.1.%u:3306", i + 1);
        stage g = {.s = s, .delta = 0x1000 * i};
        g.c = flow_new(s, CLIENT, vip);
        g.r = flow_new(s, LVS, rs);
        handshake(&g);
        assert_legs(&g, true);
        talk(&g);
        g_free(vip);
        g_free(rs);
    }
    EXPECT_QUIET(s);
    story_free(s);
}

/* The same local port again: a later connection of C's wire tuple is not accused by the legs of the earlier one. */
static void test_reused_legs(void)
{
    stage g = stage_new(0x2000);
    story *s = g.s;

    for (unsigned i = 0; i < 3; i++) {
        handshake(&g);
        assert_legs(&g, true);
        talk(&g);
        story_wait(s, SEC);
        g.c = flow_new(s, CLIENT, VIP);
        g.r = flow_new(s, LVS, RS);
        g.delta += 77777;
    }
    EXPECT_TOTAL(s, CONFIRMED, 0);
    EXPECT_TOTAL(s, FOREIGN_SEGMENT, 0);
    EXPECT_TOTAL(s, COLLISION, 0);
    story_free(s);
}

/* Receive offload merges two segments on one leg only: ranges count, not lengths and IP-IDs. */
static void test_offload(void)
{
    stage g = stage_new(0x2000);

    handshake(&g);
    for (unsigned i = 0; i < 10; i++) {
        toa_segment first = from_server(&g.c, ACK, 1448), merged = first;
        from_server(&g.c, ACK, 1448);
        merged.length = 2896;
        merged.ack += g.delta;
        emit(&g.r, crossed(merged, &g.c, &g.r));
        emit(&g.c, first);
        first.seq += 1448;
        first.ip_id++;
        emit(&g.c, first);
        client_to_server(&g, ACK, 0, NULL);
    }
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* If both map to one key, the collision is raised then, on R's frame and in R's name. */
static void test_refuted_collision(void)
{
    story *s = story_new();
    flow c = flow_new(s, CLIENT, VIP), r = flow_new(s, LVS, RS);
    const toa_map_row row = {.vip = endpoint_of(VIP), .server = endpoint_of(RS)};

    toa_config_set_map(&s->config, &row, 1);
    client_sends(&c, SYN, 0);
    emit(&r, with_toa(from_client(&r, SYN, 0), CLIENT));
    EXPECT_NONE(s); /* C may be its leg */
    server_sends(&c, SYN | ACK, 0);
    server_sends(&r, SYN | ACK, 0); /* another ISN: it is not, and now it may be said */
    EXPECT_HAS(s, COLLISION, &c, TOA_EV_KEY);
    story_free(s);
}

/* The legs of one connection, one of them seen with a long hole: what the other one explains is not crossed. */
static void test_leg_explains(void)
{
    stage g = stage_new(0x2000);
    toa_segment segment;

    handshake(&g);
    for (unsigned i = 0; i < 60; i++) { /* captured on R only */
        emit(&g.r, crossed(from_server(&g.c, ACK, 65000), &g.c, &g.r));
    }
    story_wait(g.s, SEC);
    segment = from_server(&g.c, ACK, 1000); /* captured on C only */
    emit(&g.c, segment);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* The same client port again while the earlier connection is still open to the capture, the server's clock fits (it
 * is one tuple): no leg of the new one is compared with a leg of the old one. */
static void test_reused_legs_clock(void)
{
    stage g = stage_new(0x2000);
    story *s = g.s;
    const uint32_t isn = g.c.server.isn;
    int64_t first;

    handshake(&g);
    first = g.r.conv->synack_time;
    for (unsigned i = 1; i < 4; i++) {
        s->now = first + i * 20 * SEC - 3 * MS;
        g.c = flow_new(s, CLIENT, VIP);
        g.r = flow_new(s, LVS, RS);
        client_to_server(&g, SYN, 0, CLIENT);
        g.c.server.isn = g.c.server.next = isn + (uint32_t)(uint64_t)((s->now - first) / 64);
        server_to_client(&g, SYN | ACK, 0);
        assert_legs(&g, true);
    }
    EXPECT_QUIET(s);
    story_free(s);
}

/* A guess that ends is looked at again: what was raised before is not raised twice. */
static void test_refuted_raises_once(void)
{
    stage g = stage_new(0);
    flow d = flow_new(g.s, CLIENT, RS);

    open_flow(&d);
    g.r.client.isn = g.r.client.next = 77;
    client_sends(&g.c, SYN, 0);
    emit(&g.r, with_toa(from_client(&g.r, SYN, 0), CLIENT));
    EXPECT_ONE(g.s, COLLISION, &d, TOA_EV_KEY);
    server_sends(&g.c, SYN | ACK, 0);
    server_sends(&g.r, SYN | ACK, 0);
    EXPECT_TOTAL(g.s, COLLISION, 1);
    story_free(g.s);
}

int main(int argc, char **argv)
{
    static const struct { const char *path; void (*test)(void); } tests[] = {
        {"legs", test_legs}, {"tentative", test_tentative}, {"refuted", test_refuted},
        {"direct-is-no-leg", test_direct_is_no_leg}, {"legs-and-direct", test_legs_and_direct},
        {"leg-collides", test_leg_collides}, {"second-try", test_second_try},
        {"crossed-on-both-legs", test_crossed_on_both_legs}, {"syn-proxy", test_syn_proxy},
        {"client-side-later", test_client_side_later}, {"many-legs", test_many_legs},
        {"reused-legs", test_reused_legs}, {"offload", test_offload},
        {"refuted-collision", test_refuted_collision}, {"refuted-then-known", test_refuted_then_known},
        {"without-synacks", test_without_synacks}, {"late-nat", test_late_nat},
        {"replies-with-a-hole", test_replies_with_a_hole}, {"client-by-ack", test_client_by_ack},
        {"replies-differ", test_replies_differ}, {"nat-reused", test_nat_reused},
        {"nat-other-client", test_nat_other_client}, {"empty-overtaken", test_empty_overtaken},
        {"leg-explains", test_leg_explains}, {"reused-syn-lost", test_reused_syn_lost},
        {"scan-first", test_scan_first}, {"scan-repeated", test_scan_repeated},
        {"reused-legs-clock", test_reused_legs_clock},
        {"refuted-raises-once", test_refuted_raises_once},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        char *path = g_strdup_printf("/legs/%s", tests[i].path);
        g_test_add_func(path, tests[i].test);
        g_free(path);
    }
    return g_test_run();
}
