/* Rules R10 and R11 (the server's initial sequence numbers) and R12 (an attributed segment with its cause): proofs that
 * a server sees two conversations as one.
 *
 * D is the direct conversation, V the one through the load balancer, mostly captured at the client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define CLIENT "10.0.0.1:5000"
#define RS "10.0.1.9:3306"
#define LVS "172.16.0.1:7000"
#define VIP "10.0.2.2:3306"

/* ---- R10 ---- */

/* The server makes V's ISN `off` ns from where its clock stands for the tuple of D. */
static void clock_story(story *s, flow *d, flow *v, int64_t apart, int64_t off)
{
    int64_t first;

    open_flow(d);
    first = d->conv->synack_time;
    s->now = first + apart - MS;
    client_sends(v, SYN, 0);
    v->server.isn = v->server.next = d->server.isn + (uint32_t)(uint64_t)((apart + off) / 64);
    server_sends(v, SYN | ACK, 0);
}

static void test_clock(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);
    const toa_finding *finding;

    clock_story(s, &d, &v, 20 * SEC, 40 * US);
    EXPECT_HAS(s, COLLISION, &d, TOA_EV_ISN_CLOCK);
    finding = EXPECT_HAS(s, CONFIRMED, &d, TOA_EV_ISN_CLOCK);
    g_assert_cmpint(ABS(finding->isn_error - 40 * US), <, 64);
    g_assert_cmpuint(s->fed.n_findings, ==, 2);
    EXPECT_KEY(&v, CLIENT " > " RS " or " VIP); /* one server, and nobody says which address is its own */
    g_assert_cmpuint(v.conv->source, ==, TOA_KEY_PROVEN);
    g_assert_cmpuint(d.conv->source, ==, TOA_KEY_PROVEN);
    g_assert_true(v.conv->key == d.conv->key);
    server_sends(&v, SYN | ACK, 0);
    client_sends(&v, ACK, 0);
    EXPECT_TOTAL(s, CONFIRMED, 1);
    EXPECT_TOTAL(s, COLLISION, 1);
    story_free(s);
}

static void test_clock_v_first(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

    clock_story(s, &v, &d, 300 * SEC, 0); /* longer than the clock's period */
    EXPECT_HAS(s, CONFIRMED, &v, TOA_EV_ISN_CLOCK);
    EXPECT_KEY(&d, CLIENT " > " VIP " or " RS);
    story_free(s);
}

static void test_clock_missed(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

    clock_story(s, &d, &v, 20 * SEC, 3 * MS);
    EXPECT_QUIET(s);
    EXPECT_KEY(&v, CLIENT " > " VIP);
    story_free(s);
}

/* Two services of one host: a simple clock (Windows XP) fits by accident. */
static void test_clock_two_ports(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, "10.0.1.9:3307");

    clock_story(s, &d, &v, 20 * SEC, 0);
    EXPECT_QUIET(s);
    story_free(s);
}

/* Overlap is over: proven reuse at any distance, not a collision. */
static void test_clock_after_close(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

    open_flow(&d);
    close_flow(&d);
    s->now = d.conv->synack_time + 200 * SEC - MS;
    client_sends(&v, SYN, 0);
    v.server.isn = v.server.next = d.server.isn + (uint32_t)(200 * SEC / 64);
    server_sends(&v, SYN | ACK, 0);
    EXPECT_ONE(s, REUSE, &d, TOA_EV_ISN_CLOCK);
    EXPECT_TOTAL(s, COLLISION, 0);
    EXPECT_KEY(&v, CLIENT " > " RS " or " VIP);
    story_free(s);
}

/* With TOA the collision is known before; the proof adds "confirmed" alone. */
static void test_clock_with_toa(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);

    open_flow(&d);
    s->now = d.conv->synack_time + 20 * SEC - MS;
    emit(&v, with_toa(from_client(&v, SYN, 0), CLIENT));
    EXPECT_ONE(s, COLLISION, &d, TOA_EV_KEY);
    v.server.isn = v.server.next = d.server.isn + (uint32_t)(20 * SEC / 64);
    server_sends(&v, SYN | ACK, 0);
    EXPECT_ONE(s, CONFIRMED, &d, TOA_EV_ISN_CLOCK | TOA_EV_KEY);
    story_free(s);
}

static void test_clock_ipv6(void)
{
    story *s = story_new();
    flow d = flow_new(s, "[fd00::1]:5000", "[fd00::9]:80"), v = flow_new(s, "[fd00::1]:5000", "[fd00::2]:80");

    clock_story(s, &d, &v, SEC, 0);
    EXPECT_HAS(s, CONFIRMED, &d, TOA_EV_ISN_CLOCK);
    story_free(s);
}

/* Other clients' clocks are not compared: the tuple differs. */
static void test_clock_other_client(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, "10.0.0.1:5001", VIP);

    clock_story(s, &d, &v, 20 * SEC, 0);
    EXPECT_QUIET(s);
    story_free(s);
}

/* ---- R11 ---- */

static void recycled_story(story *s, flow *d, flow *v, bool close, uint32_t step)
{
    open_flow(d);
    exchange(d, 100, 100);
    if (close) {
        close_flow(d);
    }
    story_wait(s, 7 * SEC);
    client_sends(v, SYN, 0);
    v->server.isn = v->server.next = d->server.next + step;
    server_sends(v, SYN | ACK, 0);
}

static void test_recycled(void)
{
    for (unsigned close = 0; close < 2; close++) {
        for (uint32_t step = 65536; step <= 65538; step++) {
            story *s = story_new();
            flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);
            recycled_story(s, &d, &v, close, step);
            EXPECT_TOTAL(s, REUSE, close && step == 65537);
            EXPECT_TOTAL(s, CONFIRMED, !close && step == 65537);
            if (step == 65537) {
                g_assert_cmphex(s->fed.findings[0].evidence & TOA_EV_RECYCLED, ==, TOA_EV_RECYCLED);
                g_assert_true(v.conv->key == d.conv->key);
            }
            story_free(s);
        }
    }
}

/* ---- R12 ---- */

/* A bare RST of D's on V, its cause captured just before: RST, seq and trigger. */
static void test_proof_by_rst(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

    open_flow(&d);
    open_flow(&v);
    client_sends(&d, PSH | ACK, 100);
    emit(&v, crossed(from_server(&d, RST, 0), &d, &v));
    EXPECT_HAS(s, FOREIGN_RST, &d, TOA_EV_SEQ | TOA_EV_TRIGGER);
    EXPECT_HAS(s, COLLISION, &d, TOA_EV_SEQ | TOA_EV_TRIGGER);
    EXPECT_HAS(s, CONFIRMED, &d, TOA_EV_SEQ | TOA_EV_TRIGGER);
    EXPECT_KEY(&v, CLIENT " > " RS " or " VIP);
    story_free(s);
}

/* One client with two connections of its own draws a RST with a number that it chose: the cause is on V itself. */
static void test_forged_rst(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);
    toa_segment wild;

    open_flow(&d);
    exchange(&d, 100, 100);
    open_flow_as(&v, CLIENT);
    client_sends(&d, PSH | ACK, 10);
    wild = from_client(&v, ACK, 0);
    wild.seq += 0x40000000;
    wild.ack = d.server.next;
    emit(&v, wild);
    emit(&v, crossed(from_server(&d, RST, 0), &d, &v));
    EXPECT_NONE(s);
    EXPECT_TOTAL(s, CONFIRMED, 0);
    story_free(s);
}

/* The segment that drew it may have been V's own, whatever its number: V's client has just sent something. */
static void test_no_proof_by_rst_after_own(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

    open_flow(&d);
    open_flow(&v);
    client_sends(&d, PSH | ACK, 100);
    client_sends(&v, ACK, 0);
    emit(&v, crossed(from_server(&d, RST, 0), &d, &v));
    EXPECT_ONE(s, FOREIGN_RST, &d, TOA_EV_SEQ | TOA_EV_TRIGGER);
    story_free(s);
}

/* A RST for a segment that asks nothing: its sender need not be the server that D talks to. */
static void test_no_proof_by_rst_for_ack(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

    open_flow(&d);
    open_flow(&v);
    client_sends(&d, ACK, 0);
    emit(&v, crossed(from_server(&d, RST, 0), &d, &v));
    EXPECT_ONE(s, FOREIGN_RST, &d, TOA_EV_SEQ | TOA_EV_TRIGGER);
    story_free(s);
}

/* An established socket does not begin anew: who sends D's SYN-ACK on V's open connection has two. */
static void test_no_proof_by_synack_on_open(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

    open_flow(&v);
    exchange(&v, 50, 50);
    client_sends(&d, SYN, 0);
    emit(&v, crossed(from_server(&d, SYN | ACK, 0), &d, &v));
    EXPECT_ONE(s, FOREIGN_SEGMENT, &d, TOA_EV_ACK | TOA_EV_TSECR);
    story_free(s);
}

/* ---- which key ---- */

/* The map says where the server is, of the later one. */
static void test_key_by_map(void)
{
    const toa_map_row row = {.vip = endpoint_of("10.0.2.3:3306"), .server = endpoint_of(RS)};
    story *s = story_new();
    flow d = flow_new(s, CLIENT, VIP), v = flow_new(s, CLIENT, "10.0.2.3:3306");

    toa_config_set_map(&s->config, &row, 1);
    clock_story(s, &d, &v, 20 * SEC, 0);
    EXPECT_HAS(s, CONFIRMED, &d, TOA_EV_ISN_CLOCK);
    EXPECT_KEY(&d, CLIENT " > " RS);
    g_assert_cmpuint(d.conv->source, ==, TOA_KEY_PROVEN);
    g_assert_cmpuint(v.conv->source, ==, TOA_KEY_MAP);
    story_free(s);
}

/* Several rows of one VIP: the proof picks one, whoever began first. */
static void test_key_by_candidates(void)
{
    const toa_map_row rows[] = {{.vip = endpoint_of(VIP), .server = endpoint_of("10.0.1.8:3306")}, {.vip = endpoint_of(VIP), .server = endpoint_of(RS)}};

    for (unsigned v_first = 0; v_first < 2; v_first++) {
        story *s = story_new();
        flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);
        toa_config_set_map(&s->config, rows, 2);
        clock_story(s, v_first ? &v : &d, v_first ? &d : &v, 20 * SEC, 0);
        EXPECT_HAS(s, CONFIRMED, v_first ? &v : &d, TOA_EV_ISN_CLOCK);
        EXPECT_KEY(&v, CLIENT " > " RS);
        EXPECT_KEY(&d, CLIENT " > " RS);
        g_assert_cmpuint(v.conv->source, ==, TOA_KEY_PROVEN);
        g_assert_cmpuint(d.conv->source, ==, TOA_KEY_WIRE);
        story_free(s);
    }
}

/* A third one that is told makes the server of all three known. */
static void test_key_known_later(void)
{
    const toa_map_row row = {.vip = endpoint_of("10.0.2.3:3306"), .server = endpoint_of("10.0.1.7:3306")};
    story *s = story_new();
    flow a = flow_new(s, CLIENT, RS), b = flow_new(s, CLIENT, VIP), c = flow_new(s, CLIENT, "10.0.2.3:3306");

    toa_config_set_map(&s->config, &row, 1);
    clock_story(s, &a, &b, 20 * SEC, 0);
    EXPECT_KEY(&a, CLIENT " > " RS " or " VIP);
    client_sends(&c, SYN, 0);
    s->now = a.conv->synack_time + 40 * SEC;
    c.server.isn = c.server.next = a.server.isn + (uint32_t)(40 * SEC / 64);
    server_sends(&c, SYN | ACK, 0);
    EXPECT_HAS(s, CONFIRMED, &a, TOA_EV_ISN_CLOCK);
    EXPECT_KEY(&a, CLIENT " > 10.0.1.7:3306");
    EXPECT_KEY(&b, CLIENT " > 10.0.1.7:3306");
    story_free(s);
}

/* The next connection of a wire tuple that is proven: the server's clock may be further off, as far as the way is long. */
static void test_stays_proven(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

    clock_story(s, &d, &v, 20 * SEC, 0);
    client_sends(&v, ACK, 0);
    close_flow(&v);
    for (unsigned i = 0; i < 400; i++) {
        flow next = flow_new(s, CLIENT, VIP);
        int64_t since = (300 + 100 * (int64_t)i) * SEC;
        s->now = d.conv->synack_time + since - 30 * MS;
        client_sends(&next, SYN, 0);
        s->now = d.conv->synack_time + since;
        next.server.isn = next.server.next = d.server.isn + (uint32_t)(uint64_t)((since + 6 * MS) / 64);
        server_sends(&next, SYN | ACK, 0);
        EXPECT_HAS(s, CONFIRMED, &d, TOA_EV_ISN_CLOCK);
        client_sends(&next, ACK, 0);
        close_flow(&next);
    }
    story_free(s);
}

/* A server without such a clock: connection after connection is no chance after chance. */
static void test_misses_count(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS);

    open_flow(&d);
    for (unsigned i = 0; i < 4000; i++) {
        flow next = flow_new(s, CLIENT, VIP);
        story_wait(s, 100 * SEC);
        client_sends(&next, SYN, 0);
        story_wait(s, 30 * MS);
        server_sends(&next, SYN | ACK, 0);
        client_sends(&next, ACK, 0);
        close_flow(&next);
    }
    EXPECT_QUIET(s);
    story_free(s);
}

/* Without the cause (a NAT that forgot its mapping) all numbers may fit, and nothing is proven. */
static void test_no_proof_without_cause(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

    open_flow(&d);
    open_flow(&v);
    exchange(&d, 100, 100);
    story_wait(s, 2 * SEC);
    emit(&v, crossed(from_server(&d, RST, 0), &d, &v));
    EXPECT_ONE(s, FOREIGN_RST, &d, TOA_EV_SEQ);
    emit(&v, crossed(from_server(&d, PSH | ACK, 50), &d, &v));
    EXPECT_ONE(s, FOREIGN_SEGMENT, &d, TOA_EV_SEQ | TOA_EV_ACK | TOA_EV_TSECR | TOA_EV_IP_ID);
    EXPECT_KEY(&v, CLIENT " > " VIP);
    story_free(s);
}

/* What V's client has never asked for anything proves nothing; nor does a segment of the client. */
static void test_no_proof_for_silent_client(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

    open_flow(&d);
    server_sends(&v, SYN | ACK, 0);
    client_sends(&d, PSH | ACK, 100);
    emit(&v, crossed(from_server(&d, PSH | ACK, 10), &d, &v));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &d, TOA_EV_SEQ | TOA_EV_TRIGGER);
    EXPECT_TOTAL(s, CONFIRMED, 0);
    story_free(s);
}

/* The earliest sign: D's socket challenges V's SYN. Three numbers and the cause. */
static void test_proof_by_challenge(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);
    const toa_finding *finding;

    v.timestamps = false;
    open_flow(&d);
    exchange(&d, 100, 100);
    client_sends(&v, SYN, 0);
    emit(&v, crossed(from_server(&d, ACK, 0), &d, &v));
    finding = EXPECT_HAS(s, FOREIGN_SEGMENT, &d, TOA_EV_SEQ | TOA_EV_ACK | TOA_EV_IP_ID | TOA_EV_TSECR);
    g_assert_cmpuint(finding->ip_id_delta, ==, 1);
    g_assert_cmpuint(finding->evidence & (TOA_EV_TRIGGER | TOA_EV_KEY), ==, 0); /* V's own SYN; and nobody told the keys */
    finding = EXPECT_HAS(s, CONFIRMED, &d, TOA_EV_SEQ);
    g_assert_cmpuint(finding->evidence & (TOA_EV_TRIGGER | TOA_EV_KEY), ==, 0);
    story_free(s);
}

/* x carries a client segment of y (another client endpoint, e.g. a NAT that changed the mapping); x's server
 * answers with a RST. R12 wants "attributed by R5 in the group". */
static void test_answer_is_no_proof(void)
{
    story *s = story_new();
    flow y = flow_new(s, "10.0.0.1:5000", RS), x = flow_new(s, "10.0.0.7:6000", RS);
    toa_segment data;

    open_flow(&y);
    exchange(&y, 100, 200);
    open_flow(&x);
    story_wait(s, 2 * SEC); /* so that y's own last ack is no cause */
    data = from_client(&y, PSH | ACK, 50);
    emit(&x, crossed(data, &y, &x));
    EXPECT_NONE(s); /* what a client asks is its own connection's */
    server_sends(&y, ACK, 10);
    emit(&x, (toa_segment){.source = x.server.at, .destination = x.client.at, .flags = RST, .seq = data.ack,
                           .ttl = 64, .options.client_item = -1});
    EXPECT_TOTAL(s, CONFIRMED, 0);
    EXPECT_TOTAL(s, COLLISION, 0);
    g_assert_true(x.conv->key != y.conv->key);
    story_free(s);
}

/* One number and the cause attribute the segment, but prove nothing: that takes two, or a RST. */
static void test_no_proof_by_one_number(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);
    toa_segment segment;

    open_flow(&d);
    open_flow(&v);
    client_sends(&d, PSH | ACK, 100);
    segment = from_server(&d, PSH | ACK, 10);
    segment.seq += 0x30000000;
    segment.ack += 0x30000000;
    segment.ip_id = 0;
    emit(&v, crossed(segment, &d, &v));
    EXPECT_ONE(s, FOREIGN_SEGMENT, &d, TOA_EV_TSECR | TOA_EV_TRIGGER);
    story_free(s);
}

/* The capture has one of them from its middle on, when the other was closed: which began first was decided when they were
 * first compared, and one pair gets one verdict. */
static void test_one_verdict(void)
{
    story *s = story_new();
    flow x = flow_new(s, "10.0.5.5:1234", "10.0.1.9:80"), y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");

    open_flow_as(&x, "10.0.0.1:5000");
    exchange(&x, 100, 200);
    close_flow(&x);
    exchange(&y, 10, 20);
    EXPECT_TOTAL(s, REUSE, 1);
    client_sends(&y, PSH | ACK, 10);
    emit(&x, crossed(from_server(&y, RST, 0), &y, &x));
    EXPECT_ONE(s, FOREIGN_RST, &y, TOA_EV_SEQ | TOA_EV_TRIGGER);
    EXPECT_TOTAL(s, COLLISION, 0);
    EXPECT_TOTAL(s, CONFIRMED, 0);
    story_free(s);
}

int main(int argc, char **argv)
{
    static const struct { const char *path; void (*test)(void); } tests[] = {
        {"clock/match", test_clock}, {"clock/v-first", test_clock_v_first}, {"clock/missed", test_clock_missed},
        {"clock/two-ports", test_clock_two_ports}, {"clock/after-close", test_clock_after_close},
        {"clock/with-toa", test_clock_with_toa}, {"clock/ipv6", test_clock_ipv6},
        {"clock/other-client", test_clock_other_client}, {"recycled", test_recycled},
        {"segment/rst", test_proof_by_rst}, {"segment/not-without-cause", test_no_proof_without_cause},
        {"segment/not-for-silent-client", test_no_proof_for_silent_client}, {"segment/challenge", test_proof_by_challenge},
        {"segment/not-by-answer", test_answer_is_no_proof},
        {"segment/not-by-one-number", test_no_proof_by_one_number}, {"segment/not-by-forged-rst", test_forged_rst},
        {"segment/not-by-rst-after-own", test_no_proof_by_rst_after_own},
        {"segment/not-by-rst-for-ack", test_no_proof_by_rst_for_ack},
        {"segment/not-by-synack-on-open", test_no_proof_by_synack_on_open}, {"key/map", test_key_by_map},
        {"key/candidates", test_key_by_candidates}, {"key/known-later", test_key_known_later},
        {"clock/stays-proven", test_stays_proven}, {"clock/misses-count", test_misses_count},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        char *path = g_strdup_printf("/proof/%s", tests[i].path);
        g_test_add_func(path, tests[i].test);
        g_free(path);
    }
    g_test_add_func("/proof/one-verdict", test_one_verdict);
    return g_test_run();
}
