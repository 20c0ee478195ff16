/* Captures as they really are: begun late, with holes, out of order, doubled, with numbers that wrap and offloads
 * that merge. The incident is found all the same, and a healthy connection accuses nobody.
 *
 * D is the direct conversation, V the one through the load balancer, seen at the client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define CLIENT "10.0.0.1:5000"
#define RS "10.0.1.9:3306"
#define VIP "10.0.2.2:3306"

typedef struct incident {
    story *s;
    flow d, v;
} incident;

static incident incident_new(void)
{
    incident g = {.s = story_new()};

    g.d = flow_new(g.s, CLIENT, RS);
    g.v = flow_new(g.s, CLIENT, VIP);
    g.v.timestamps = false; /* as behind LVS */
    return g;
}

/* V's data, D's RST in answer to D's next request. */
static void rst_crosses(incident *g)
{
    exchange(&g->v, 50, 60);
    client_sends(&g->d, PSH | ACK, 100);
    emit(&g->v, crossed(from_server(&g->d, RST, 0), &g->d, &g->v));
}

static void assert_no_foreign(const story *s)
{
    EXPECT_TOTAL(s, FOREIGN_RST, 0);
    EXPECT_TOTAL(s, FOREIGN_SEGMENT, 0);
    EXPECT_TOTAL(s, CONFIRMED, 0);
}

/* ---- begun late ---- */

/* Everything before is missing: no SYN of either. */
static void test_late_start(void)
{
    incident g = incident_new();

    exchange(&g.d, 100, 200);
    exchange(&g.v, 100, 200);
    EXPECT_QUIET(g.s);
    rst_crosses(&g);
    EXPECT_HAS(g.s, FOREIGN_RST, &g.d, TOA_EV_SEQ | TOA_EV_TRIGGER);
    story_free(g.s);
}

/* A capture that begins within a transfer: retransmissions from before, acks of what was not seen. */
static void test_late_transfer(void)
{
    incident g = incident_new();
    toa_segment old;

    exchange(&g.d, 100, 200);
    g.v.server.next += 500000;
    old = from_server(&g.v, ACK, 1448);
    old.seq -= 400000;
    emit(&g.v, old); /* alone: no anchor yet */
    for (unsigned i = 0; i < 10; i++) {
        server_sends(&g.v, ACK, 1448);
        server_sends(&g.v, ACK, 1448);
        client_sends(&g.v, ACK, 0);
    }
    old.seq += 1448;
    old.ip_id = ++g.v.server.ip_id;
    emit(&g.v, old);
    exchange(&g.v, 100, 200);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* The first frames are a RST, a FIN, a SYN-ACK: each begins a conversation without accusing D. */
static void test_late_end(void)
{
    static const unsigned first[] = {RST, RST | ACK, FIN | ACK, SYN | ACK, ACK};

    for (size_t i = 0; i < G_N_ELEMENTS(first); i++) {
        for (unsigned server = 0; server < 2; server++) {
            incident g = incident_new();
            open_flow(&g.d);
            exchange(&g.d, 100, 200);
            if (server) {
                server_sends(&g.v, first[i], 0);
            } else {
                client_sends(&g.v, first[i], 0);
            }
            exchange(&g.d, 100, 200);
            EXPECT_QUIET(g.s);
            story_free(g.s);
        }
    }
}

/* ---- holes ---- */

/* One of both handshakes' segments, or of the data, is missing: each in turn. */
static void test_one_lost(void)
{
    for (unsigned lost = 0; lost < 6; lost++) {
        incident g = incident_new();
        unsigned n = 0;
        open_flow(&g.d);
        exchange(&g.d, 100, 200);
        for (unsigned i = 0; i < 6; i++) {
            static const unsigned flags[] = {SYN, SYN | ACK, ACK, PSH | ACK, PSH | ACK, ACK};
            bool server = i == 1 || i == 4;
            unsigned length = flags[i] & PSH ? 100 : 0;
            toa_segment segment = server ? from_server(&g.v, flags[i], length) : from_client(&g.v, flags[i], length);
            if (n++ != lost) {
                emit(&g.v, segment);
                EXPECT_NONE(g.s);
            }
        }
        EXPECT_QUIET(g.s);
        rst_crosses(&g);
        EXPECT_HAS(g.s, FOREIGN_RST, &g.d, TOA_EV_SEQ | TOA_EV_TRIGGER);
        story_free(g.s);
    }
}

/* A long hole in D: its numbers jump further than the window and settle again (R13). */
static void test_hole(void)
{
    incident g = incident_new();

    g.d.has_scale = false;
    open_flow(&g.d);
    open_flow(&g.v);
    exchange(&g.d, 100, 200);
    from_server(&g.d, ACK, 3000000); /* not captured */
    for (unsigned i = 0; i < 4; i++) {
        server_sends(&g.d, ACK, 1448);
        client_sends(&g.d, ACK, 0);
    }
    EXPECT_QUIET(g.s);
    g_assert_cmpuint(toa_server_side(g.d.conv)->next, ==, g.d.server.next);
    rst_crosses(&g);
    EXPECT_HAS(g.s, FOREIGN_RST, &g.d, TOA_EV_SEQ);
    story_free(g.s);
}

/* The server's half alone was captured. */
static void test_one_direction(void)
{
    incident g = incident_new();

    for (unsigned i = 0; i < 20; i++) {
        from_client(&g.d, PSH | ACK, 100);
        server_sends(&g.d, PSH | ACK, 200);
        from_client(&g.v, PSH | ACK, 100);
        server_sends(&g.v, PSH | ACK, 300);
    }
    server_sends(&g.v, FIN | ACK, 0);
    server_sends(&g.d, RST | ACK, 0);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* ---- order ---- */

/* Each pair of neighbours swapped: data before the handshake's end, ack before data. */
static void test_swapped(void)
{
    for (unsigned at = 0; at < 9; at++) {
        incident g = incident_new();
        toa_segment segments[10];
        static const unsigned flags[] = {SYN, SYN | ACK, ACK, PSH | ACK, ACK, PSH | ACK, ACK, FIN | ACK, FIN | ACK, ACK};
        open_flow(&g.d);
        exchange(&g.d, 100, 200);
        for (unsigned i = 0; i < 10; i++) {
            bool server = i == 1 || i == 4 || i == 5 || i == 8;
            unsigned length = flags[i] & PSH ? 100 : 0;
            segments[i] = server ? from_server(&g.v, flags[i], length) : from_client(&g.v, flags[i], length);
        }
        for (unsigned i = 0; i < 10; i++) {
            emit(&g.v, segments[i == at ? at + 1 : i == at + 1 ? at : i]);
        }
        exchange(&g.d, 100, 200);
        EXPECT_QUIET(g.s);
        story_free(g.s);
    }
}

/* A clock that was set back: nothing may depend on time that only grows. */
static void test_time_backwards(void)
{
    incident g = incident_new();

    open_flow(&g.d);
    open_flow(&g.v);
    for (unsigned i = 0; i < 10; i++) {
        toa_segment segment = from_server(&g.v, PSH | ACK, 100);
        segment.time = g.s->now - (int64_t)i * 100 * SEC;
        emit(&g.v, segment);
        segment = from_client(&g.d, PSH | ACK, 100);
        segment.time = 1 + (int64_t)i;
        emit(&g.d, segment);
        server_sends(&g.d, ACK, 0);
    }
    assert_no_foreign(g.s);
    story_free(g.s);
}

/* ---- doubled ---- */

/* Every frame twice: each finding on the first copy only. */
static void test_doubled(void)
{
    incident g = incident_new();
    toa_segment rst;

    open_flow(&g.d);
    exchange(&g.d, 100, 100);
    open_flow(&g.v);
    exchange(&g.v, 100, 100);
    client_sends(&g.d, PSH | ACK, 100);
    rst = crossed(from_server(&g.d, RST | ACK, 0), &g.d, &g.v); /* a live one: it has an IP-ID */
    emit(&g.v, rst);
    EXPECT_HAS(g.s, FOREIGN_RST, &g.d, TOA_EV_SEQ | TOA_EV_IP_ID);
    for (unsigned i = 0; i < 3; i++) {
        rst.time = g.s->now - MS + US;
        rst.interface = i;
        emit(&g.v, rst);
        g_assert_true(g.s->fed.copy);
        EXPECT_NONE(g.s);
    }
    EXPECT_TOTAL(g.s, FOREIGN_RST, 1);
    story_free(g.s);
}

/* ---- wraps ---- */

/* The incident with numbers that wrap at each byte of it. */
static void test_seq_wraps(void)
{
    for (uint32_t back = 0; back < 700; back += 3) {
        incident g = incident_new();
        g.d.server.isn = g.d.server.next = 0u - back;
        g.d.client.isn = g.d.client.next = 0x80000000u - back;
        g.v.server.isn = g.v.server.next = 0x80000000u - back - 7;
        g.v.client.isn = g.v.client.next = 0u - back - 7;
        open_flow(&g.d);
        exchange(&g.d, 100, 150);
        open_flow(&g.v);
        exchange(&g.v, 80, 90);
        EXPECT_QUIET(g.s);
        emit(&g.v, crossed(from_server(&g.d, PSH | ACK, 40), &g.d, &g.v));
        EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.d, TOA_EV_SEQ | TOA_EV_ACK);
        client_sends(&g.d, PSH | ACK, 100);
        emit(&g.v, crossed(from_server(&g.d, RST | ACK, 0), &g.d, &g.v));
        EXPECT_HAS(g.s, FOREIGN_RST, &g.d, TOA_EV_SEQ | TOA_EV_ACK);
        close_flow(&g.d);
        EXPECT_NONE(g.s);
        story_free(g.s);
    }
}

static void test_ip_id_wraps(void)
{
    for (unsigned back = 0; back < 12; back++) {
        incident g = incident_new();
        toa_segment segment;
        open_flow(&g.d);
        open_flow(&g.v);
        g.d.server.ip_id = (uint16_t)(0u - back);
        server_sends(&g.d, PSH | ACK, 10);
        segment = from_server(&g.d, PSH | ACK, 40);
        segment.seq += 0x30000000; /* behind a SYN proxy: echo and IP-ID alone */
        segment.ack += 7;
        emit(&g.v, crossed(segment, &g.d, &g.v));
        /* 0 on either of the two is no number of the run */
        EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, back != 1 && back != 2);
        story_free(g.s);
    }
}

/* ---- offload ---- */

/* 64 KiB segments on the sending host; the IP-ID jumps by the number of segments on the wire. */
static void test_send_offload(void)
{
    incident g = incident_new();

    open_flow(&g.d);
    open_flow(&g.v);
    for (unsigned i = 0; i < 50; i++) {
        server_sends(&g.d, ACK, 65160);
        g.d.server.ip_id = (uint16_t)(g.d.server.ip_id + 44);
        client_sends(&g.d, ACK, 0);
        client_sends(&g.v, ACK, 65160);
        g.v.client.ip_id = (uint16_t)(g.v.client.ip_id + 44);
        server_sends(&g.v, ACK, 0);
    }
    EXPECT_QUIET(g.s);
    rst_crosses(&g);
    EXPECT_HAS(g.s, FOREIGN_RST, &g.d, TOA_EV_SEQ);
    story_free(g.s);
}

/* A bulk transfer on V wraps its whole number space, past D's numbers: D owns none of it. */
static void test_long_transfer(void)
{
    incident g = incident_new();

    open_flow(&g.d);
    exchange(&g.d, 100, 200);
    open_flow(&g.v);
    for (unsigned i = 0; i < 5000; i++) {
        server_sends(&g.v, ACK, 1u << 20);
        client_sends(&g.v, ACK, 0);
    }
    EXPECT_QUIET(g.s);
    rst_crosses(&g);
    EXPECT_HAS(g.s, FOREIGN_RST, &g.d, TOA_EV_SEQ);
    story_free(g.s);
}

/* ---- damaged the way captures are damaged ---- */

/* No IP-ID (IPv6), no timestamps: the RST is known by its number and its cause. */
static void test_bare(void)
{
    story *s = story_new();
    incident g = {.s = s};

    g.d = flow_new(s, "[fd00::1]:5000", "[fd00::9]:3306");
    g.v = flow_new(s, "[fd00::1]:5000", "[fd00::2]:3306");
    g.d.timestamps = g.v.timestamps = false;
    for (unsigned i = 0; i < 2; i++) {
        flow *f = i ? &g.v : &g.d;
        toa_segment segment = from_client(f, SYN, 0);
        segment.ip_id = 0;
        emit(f, segment);
        server_sends(f, SYN | ACK, 0);
        segment = from_client(f, PSH | ACK, 100);
        segment.ip_id = 0;
        emit(f, segment);
    }
    EXPECT_QUIET(s);
    emit(&g.v, crossed(from_server(&g.d, RST, 0), &g.d, &g.v));
    EXPECT_HAS(s, FOREIGN_RST, &g.d, TOA_EV_SEQ | TOA_EV_TRIGGER);
    story_free(s);
}

/* Segments that no stack sends: every combination of flags with odd numbers. No crash, lists stay consistent. */
static void test_nonsense(void)
{
    story *s = story_new();
    flow f[4] = {flow_new(s, CLIENT, RS), flow_new(s, CLIENT, VIP), flow_new(s, "172.16.0.1:7000", RS),
                 flow_new(s, CLIENT, CLIENT)};
    static const uint32_t numbers[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 12345};

    for (unsigned i = 0; i < 20000; i++) {
        flow *one = &f[story_random(s) % 4];
        bool server = story_random(s) % 2;
        toa_segment segment = {.source = server ? one->server.at : one->client.at,
                               .destination = server ? one->client.at : one->server.at, .options.client_item = -1};
        segment.flags = (uint16_t)(story_random(s) % 32);
        segment.seq = numbers[story_random(s) % G_N_ELEMENTS(numbers)] + story_random(s) % 3;
        segment.ack = numbers[story_random(s) % G_N_ELEMENTS(numbers)] + story_random(s) % 3;
        segment.length = story_random(s) % 4 ? 0 : story_random(s) % 70000;
        segment.ip_id = (uint16_t)(story_random(s) % 5);
        segment.window = (uint16_t)story_random(s);
        segment.time = s->now += story_random(s) % (50 * MS);
        if (story_random(s) % 50 == 0) {
            segment = with_toa(segment, story_random(s) % 2 ? CLIENT : "10.0.0.77:0");
        }
        if (story_random(s) % 10 == 0) {
            segment = with_sack(segment, story_random(s), story_random(s));
        }
        story_feed(s, &segment);
        g_assert_cmpuint(s->fed.n_findings, <, 100);
    }
    story_free(s);
}

int main(int argc, char **argv)
{
    static const struct { const char *path; void (*test)(void); } tests[] = {
        {"late/start", test_late_start}, {"late/transfer", test_late_transfer}, {"late/end", test_late_end},
        {"lost/one", test_one_lost}, {"lost/hole", test_hole}, {"lost/one-direction", test_one_direction},
        {"order/swapped", test_swapped}, {"order/time-backwards", test_time_backwards}, {"doubled", test_doubled},
        {"wrap/seq", test_seq_wraps}, {"wrap/ip-id", test_ip_id_wraps}, {"offload/send", test_send_offload},
        {"offload/long-transfer", test_long_transfer}, {"bare", test_bare}, {"nonsense", test_nonsense},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        char *path = g_strdup_printf("/robust/%s", tests[i].path);
        g_test_add_func(path, tests[i].test);
        g_free(path);
    }
    return g_test_run();
}
