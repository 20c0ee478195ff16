/* What may look like crosstalk and is none, beside a working conversation of the same client that could be accused. No
 * finding at all unless the test says so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define CLIENT "10.0.0.1:5000"

typedef struct stage {
    story *s;
    flow y; /* the bystander: idle, with numbers of its own */
    flow x;
} stage;

static stage stage_new(void)
{
    stage g = {.s = story_new()};

    g.y = flow_new(g.s, CLIENT, "10.0.1.9:80");
    g.x = flow_new(g.s, CLIENT, "10.0.2.2:80");
    open_flow(&g.y);
    exchange(&g.y, 100, 200);
    return g;
}

static void quiet_end(stage *g)
{
    exchange(&g->y, 10, 10);
    EXPECT_QUIET(g->s);
    story_free(g->s);
}

/* ---- RSTs ---- */

/* Each way a connection is reset by its own ends. */
static void test_ordinary_rst(void)
{
    for (unsigned how = 0; how < 8; how++) {
        stage g = stage_new();
        toa_segment rst;
        open_flow(&g.x);
        exchange(&g.x, 100, 200);
        switch (how) {
        case 0: server_sends(&g.x, RST, 0); break;
        case 1: server_sends(&g.x, RST | ACK, 0); break;
        case 2: client_sends(&g.x, RST, 0); break;
        case 3: client_sends(&g.x, RST | ACK, 0); break;
        case 4: /* closed with unread data */
            client_sends(&g.x, PSH | ACK, 100);
            server_sends(&g.x, RST | ACK, 0);
            break;
        case 5: /* data for a closed socket */
            client_sends(&g.x, FIN | ACK, 0);
            server_sends(&g.x, PSH | ACK, 300);
            rst = from_client(&g.x, RST, 0);
            rst.seq = g.x.client.next;
            emit(&g.x, rst);
            emit(&g.x, rst);
            break;
        case 6: /* in answer to data the client had not acknowledged */
            server_sends(&g.x, PSH | ACK, 1000);
            server_sends(&g.x, PSH | ACK, 1000);
            client_sends(&g.x, RST, 0);
            break;
        default: /* several of them, as some stacks do */
            for (unsigned i = 0; i < 5; i++) {
                server_sends(&g.x, RST | (i % 2 ? ACK : 0), 0);
                story_wait(g.s, 50 * MS);
            }
        }
        quiet_end(&g);
    }
}

static void test_refused(void)
{
    stage g = stage_new();
    toa_segment rst;

    for (unsigned i = 0; i < 3; i++) {
        flow x = flow_new(g.s, CLIENT, "10.0.2.2:80");
        client_sends(&x, SYN, 0);
        rst = from_server(&x, RST | ACK, 0);
        rst.seq = 0;
        emit(&x, rst);
        story_wait(g.s, SEC);
    }
    quiet_end(&g);
}

/* A load balancer's or firewall's own RST: the right number, another TTL, another run of IP-IDs or none. */
static void test_middlebox_rst(void)
{
    for (unsigned direction = 0; direction < 2; direction++) {
        stage g = stage_new();
        toa_segment rst;
        open_flow(&g.x);
        exchange(&g.x, 100, 200);
        rst = direction ? from_client(&g.x, RST | ACK, 0) : from_server(&g.x, RST | ACK, 0);
        rst.ttl = 250;
        rst.ip_id = (uint16_t)((direction ? g.y.client.ip_id : g.y.server.ip_id) + 1); /* as if it were the bystander's */
        emit(&g.x, rst);
        quiet_end(&g);
    }
}

/* A closed client port answers retransmitted SYN-ACKs: seq is their ack. */
static void test_rst_to_synack(void)
{
    stage g = stage_new();

    client_sends(&g.x, SYN, 0);
    server_sends(&g.x, SYN | ACK, 0);
    client_sends(&g.x, RST, 0);
    for (unsigned i = 0; i < 4; i++) {
        story_wait(g.s, SEC);
        server_sends(&g.x, SYN | ACK, 0);
        client_sends(&g.x, RST, 0);
    }
    quiet_end(&g);
}

/* A scan: SYN, SYN-ACK, RST at many ports of many hosts, all from one port. */
static void test_scan(void)
{
    stage g = stage_new();

    for (unsigned i = 0; i < 200; i++) {
        char *server = g_strdup_printf("10.3.%u.%u:%u", i / 100, i % 100, 20 + i);
        flow x = flow_new(g.s, CLIENT, server);
        toa_segment rst;
        client_sends(&x, SYN, 0);
        if (i % 3 == 0) {
            server_sends(&x, SYN | ACK, 0);
            client_sends(&x, RST, 0);
        } else if (i % 3 == 1) {
            rst = from_server(&x, RST | ACK, 0);
            rst.seq = 0;
            emit(&x, rst);
        }
        g_free(server);
    }
    quiet_end(&g);
}

/* ---- port reuse, several servers ---- */

static void test_reuse_after_close(void)
{
    stage g = stage_new();

    for (unsigned i = 0; i < 6; i++) {
        flow x = flow_new(g.s, CLIENT, "10.0.2.2:80");
        open_flow(&x);
        exchange(&x, 100, 200);
        if (i % 2) {
            close_flow(&x);
        } else {
            client_sends(&x, RST | ACK, 0);
        }
        story_wait(g.s, 100 * MS);
    }
    quiet_end(&g);
}

static void test_two_servers(void)
{
    stage g = stage_new();
    flow z = flow_new(g.s, CLIENT, "10.0.2.3:81");

    open_flow(&g.x);
    open_flow(&z);
    for (unsigned i = 0; i < 30; i++) {
        exchange(&g.x, 100, 200);
        exchange(&z, 300, i % 2 * 100);
        exchange(&g.y, 100 * (i % 3), 200);
    }
    close_flow(&z);
    close_flow(&g.x);
    quiet_end(&g);
}

/* The same numbers on purpose in two healthy connections: own first. */
static void test_equal_numbers(void)
{
    stage g = stage_new();

    g.x.client.isn = g.x.client.next = g.y.client.isn + 3; /* not legs, but close together all along */
    g.x.server.isn = g.x.server.next = g.y.server.isn + 5;
    open_flow(&g.x);
    for (unsigned i = 0; i < 20; i++) {
        exchange(&g.x, 100, 200);
        exchange(&g.y, 200, 100);
    }
    close_flow(&g.x);
    quiet_end(&g);
}

/* ---- the same packets again ---- */

/* A mirror port, "-i any": every frame twice, all at once or through two interfaces. */
static void test_doubled(void)
{
    for (unsigned how = 0; how < 3; how++) {
        stage g = stage_new();
        static const unsigned flags[] = {SYN, SYN | ACK, ACK, PSH | ACK, ACK, PSH | ACK, ACK, FIN | ACK, FIN | ACK, ACK, RST};
        for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
            bool server = i == 1 || i == 4 || i == 5 || i == 8;
            unsigned length = flags[i] & PSH ? 100 : 0;
            toa_segment segment = server ? from_server(&g.x, flags[i], length) : from_client(&g.x, flags[i], length);
            emit(&g.x, segment);
            segment.interface += how == 1;
            segment.ttl = (uint8_t)(segment.ttl - (how == 2));
            segment.time = g.s->now - MS + 10 * US;
            emit(&g.x, segment);
        }
        quiet_end(&g);
    }
}

/* Both legs of a NATed connection: one client, two addresses for the server, the same numbers. */
static void test_nat_legs(void)
{
    stage g = stage_new();
    flow inside = g.x, outside;
    toa_segment segment;

    outside = inside;
    outside.server.at = endpoint_of("192.168.1.1:8080");
    for (unsigned i = 0; i < 40; i++) {
        unsigned flags = i == 0 ? SYN : i == 1 ? SYN | ACK : i == 38 ? RST | ACK : ACK;
        bool server = i % 2;
        segment = server ? from_server(&inside, flags, i > 2 ? 100 : 0) : from_client(&inside, flags, i > 2 ? 100 : 0);
        emit(&inside, segment);
        segment.ttl--;
        segment.time = g.s->now - MS + 30 * US;
        emit(&outside, crossed(segment, &inside, &outside));
    }
    g_assert_true(toa_engine_leg(inside.conv) == outside.conv);
    quiet_end(&g);
}

/* The same with the client's address translated: the groups differ, the second look finds both under one server. */
static void test_snat_legs(void)
{
    stage g = stage_new();
    flow inside = flow_new(g.s, "192.168.5.5:7777", "10.0.1.9:80"), outside = inside;

    outside.client.at = endpoint_of("10.0.0.254:40001");
    for (unsigned i = 0; i < 40; i++) {
        unsigned flags = i == 0 ? SYN : i == 1 ? SYN | ACK : i == 39 ? RST : ACK;
        bool server = i % 2;
        unsigned length = i > 2 && !(flags & RST) ? 100 : 0;
        toa_segment segment = server ? from_server(&inside, flags, length) : from_client(&inside, flags, length);
        emit(&inside, segment);
        segment.ttl--;
        segment.time = g.s->now - MS + 30 * US;
        emit(&outside, crossed(segment, &inside, &outside));
    }
    quiet_end(&g);
}

/* Inside and outside of a tunnel: the same conversation, the outer one with its own endpoints. */
static void test_tunnel(void)
{
    stage g = stage_new();
    flow outer = flow_new(g.s, "172.30.0.1:9000", "172.30.0.2:4433");

    open_flow(&outer);
    client_sends(&g.x, SYN, 0);
    exchange(&outer, 120, 0);
    server_sends(&g.x, SYN | ACK, 0);
    exchange(&outer, 0, 120);
    for (unsigned i = 0; i < 20; i++) {
        client_sends(&g.x, PSH | ACK, 50);
        client_sends(&outer, PSH | ACK, 110);
        server_sends(&g.x, PSH | ACK, 70);
        server_sends(&outer, PSH | ACK, 130);
    }
    quiet_end(&g);
}

/* ---- TOA that accuses nobody ---- */

/* NAT64: the client behind the translator has the same number as an IPv4 one; keys of two families are two keys. */
static void test_nat64(void)
{
    story *s = story_new();
    flow v = flow_new(s, "172.16.0.1:7000", "10.0.1.9:80"), d = flow_new(s, CLIENT, "10.0.1.9:80");

    open_flow(&d);
    open_flow_as(&v, "[64:ff9b::a00:1]:5000");
    exchange(&v, 100, 200);
    exchange(&d, 100, 200);
    EXPECT_QUIET(s);
    story_free(s);
}

/* Both directions of a self-connect are one endpoint: one finding, on its SYN, whatever it sends. */
static void test_self_connect(void)
{
    stage g = stage_new();
    flow self = flow_new(g.s, CLIENT, CLIENT);

    open_flow(&self);
    exchange(&self, 100, 100);
    client_sends(&self, RST, 0);
    EXPECT_TOTAL(g.s, SELF_CONNECT, 1);
    g.s->count[TOA_FINDING_SELF_CONNECT] = 0;
    quiet_end(&g);
}

/* Fast Open: data on the SYN, acknowledged with it or not. */
static void test_fast_open(void)
{
    for (unsigned taken = 0; taken < 2; taken++) {
        stage g = stage_new();
        toa_segment synack;
        client_sends(&g.x, SYN, 400);
        synack = from_server(&g.x, SYN | ACK, 0);
        synack.ack = g.x.client.isn + 1 + (taken ? 400 : 0);
        emit(&g.x, synack);
        if (!taken) {
            g.x.client.next = g.x.client.isn + 1;
            client_sends(&g.x, ACK, 0);
            client_sends(&g.x, PSH | ACK, 400);
        } else {
            client_sends(&g.x, ACK, 0);
        }
        exchange(&g.x, 100, 200);
        quiet_end(&g);
    }
}

/* A receiver that only answers getpeername: a shared key, both connections healthy. */
static void test_getpeername_only(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, "10.0.1.9:80"), v = flow_new(s, "172.16.0.1:7000", "10.0.1.9:80");

    open_flow(&d);
    client_sends(&v, SYN, 0);
    server_sends(&v, SYN | ACK, 0);
    emit(&v, with_toa(from_client(&v, ACK, 0), CLIENT)); /* never on the SYN: its mark */
    EXPECT_ONE(s, COLLISION, &d, TOA_EV_KEY);
    g_assert_false(v.conv->flags & TOA_CONV_TOA_ON_SYN);
    for (unsigned i = 0; i < 30; i++) {
        exchange(&d, 100, 200);
        exchange(&v, 150, 250);
        client_sends(&d, PSH | ACK, 10); /* retransmission, answered */
        server_sends(&d, ACK, 0);
    }
    close_flow(&v);
    close_flow(&d);
    EXPECT_TOTAL(s, COLLISION, 1);
    EXPECT_TOTAL(s, REFUTED, 1);
    s->count[TOA_FINDING_COLLISION] = s->count[TOA_FINDING_REFUTED] = 0;
    EXPECT_QUIET(s);
    story_free(s);
}

/* A TOA that repeats the wire endpoint. */
static void test_redundant_toa(void)
{
    stage g = stage_new();

    open_flow_as(&g.x, CLIENT);
    exchange(&g.x, 100, 200);
    quiet_end(&g);
}

/* Numbers by chance: IP-ID alone raises nothing, nor does an ack or an echo alone. */
static void test_single_number(void)
{
    for (unsigned which = 0; which < 3; which++) {
        stage g = stage_new();
        toa_segment segment;
        open_flow(&g.x);
        segment = from_server(&g.x, ACK, 0);
        segment.seq += 0x30000000; /* nobody's */
        segment.ack += 0x30000000;
        segment.options.tsecr += 12345678;
        if (which == 0) {
            segment.ip_id = (uint16_t)(g.y.server.ip_id + 1);
        } else if (which == 1) {
            segment.ack = g.y.client.next;
            segment.ip_id = 0;
        } else {
            segment.options.tsecr = g.y.client.tsval;
            segment.ip_id = 0;
        }
        emit(&g.x, segment);
        EXPECT_NONE(g.s);
        quiet_end(&g);
    }
}

/* the first frames of a capture on both sides of a NAT: nothing is known of B yet. R3: "the first segments of a
 * conversation of which nothing is known" are exact. */
static void test_late_nat(void)
{
    story *s = story_new();
    flow a = flow_new(s, CLIENT, "10.0.2.2:80"), b;
    toa_segment data;

    b = a;
    b.server.at = endpoint_of("192.168.7.7:80");
    from_server(&a, ACK, 0); /* before the capture */
    client_sends(&a, ACK, 0);
    data = from_server(&a, PSH | ACK, 127);
    emit(&b, crossed(data, &a, &b)); /* passes the inner side first */
    EXPECT_NONE(s);
    emit(&a, data);
    EXPECT_NONE(s);
    story_free(s);
}

int main(int argc, char **argv)
{
    static const struct { const char *path; void (*test)(void); } tests[] = {
        {"ordinary-rst", test_ordinary_rst}, {"refused", test_refused}, {"middlebox-rst", test_middlebox_rst},
        {"rst-to-synack", test_rst_to_synack}, {"scan", test_scan}, {"reuse-after-close", test_reuse_after_close},
        {"two-servers", test_two_servers}, {"equal-numbers", test_equal_numbers}, {"doubled", test_doubled},
        {"nat-legs", test_nat_legs}, {"snat-legs", test_snat_legs}, {"tunnel", test_tunnel}, {"nat64", test_nat64},
        {"self-connect", test_self_connect}, {"fast-open", test_fast_open},
        {"getpeername-only", test_getpeername_only}, {"redundant-toa", test_redundant_toa},
        {"single-number", test_single_number},
        {"late-nat", test_late_nat},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        char *path = g_strdup_printf("/negatives/%s", tests[i].path);
        g_test_add_func(path, tests[i].test);
        g_free(path);
    }
    return g_test_run();
}
