/* What captures taught that no rule had seen: one test a kind, each with what must not count.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"
#include "core/judge/rules.h"

typedef struct stage {
    story *s;
    flow x, y;
} stage;

/* Y is open and has been used, X has just sent its SYN. row: may be NULL. */
static stage stage_with_map(const toa_map_row *row)
{
    stage g = {.s = story_new()};

    toa_config_set_map(&g.s->config, row, row ? 1 : 0);
    g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
    g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
    open_flow(&g.y);
    exchange(&g.y, 100, 100);
    client_sends(&g.x, SYN, 0);
    return g;
}

static stage stage_new(void)
{
    return stage_with_map(NULL);
}

/* The same, but that Y's server is another service of X's host. */
static stage stage_on_one_host(void)
{
    stage g = {.s = story_new()};

    g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:90");
    g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
    open_flow(&g.y);
    exchange(&g.y, 100, 100);
    client_sends(&g.x, SYN, 0);
    return g;
}

static void cross(stage *g, toa_segment segment)
{
    emit(&g->x, crossed(segment, &g->y, &g->x));
}

/* ---- TSvals ---- */

/* The round trip is longer than the time between two of Y's ACKs: TSecr is not the last TSval, but one of the last. */
static void test_tsecr_of_a_moment_ago(void)
{
    for (unsigned late = 0; late < 2; late++) {
        stage g = stage_new();
        toa_segment answer = from_server(&g.y, ACK, 0);
        uint32_t echo = answer.options.tsecr;

        for (unsigned i = 0; i < 20; i++) {
            client_sends(&g.y, ACK, 0);
            story_wait(g.s, late ? SEC : 9 * MS);
        }
        answer = from_server(&g.y, PSH | ACK, 10);
        answer.options.tsecr = echo;
        answer.seq += 3000; /* the ones before it were lost */
        answer.ack += 0x12345678; /* a load balancer's distance */
        answer.ip_id = 0;
        cross(&g, answer);
        if (late) {
            EXPECT_NONE(g.s); /* twenty seconds old */
        } else {
            EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_SEQ | TOA_EV_TSECR);
        }
        story_free(g.s);
    }
}

/* ---- numbers that are never adopted ---- */

/* Two segments in a row whose ack does not fit X's SYN stay strangers; with an ack that fits they become X's own. */
static void test_contrary_numbers(void)
{
    for (unsigned fits = 0; fits < 2; fits++) {
        story *s = story_new();
        flow x = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80");
        toa_segment data;

        open_flow(&x);
        exchange(&x, 10, 10);
        x.server.next += 0x40000000;
        for (unsigned i = 0; i < 2; i++) {
            data = from_server(&x, PSH | ACK, 100);
            data.ack += fits ? 0 : 0x10000000;
            emit(&x, data);
            g_assert_cmpint(s->fed.unexplained, ==, i == 0 || !fits);
        }
        data = from_server(&x, PSH | ACK, 100);
        data.ack += fits ? 0 : 0x10000000;
        emit(&x, data);
        g_assert_cmpint(s->fed.unexplained, ==, !fits);
        EXPECT_QUIET(s);
        story_free(s);
    }
}

/* ---- bulk ---- */

/* Y's reply is cut short by X's SYN: segments overtake each other on the way to X, and acks are another's. */
static void test_overtaken_bulk(void)
{
    stage g = stage_new();
    toa_segment data[6];
    static const unsigned order[] = {1, 0, 4, 3, 5, 2};

    for (unsigned i = 0; i < G_N_ELEMENTS(data); i++) {
        data[i] = from_server(&g.y, ACK, 1448);
        data[i].ack += 0x12345678;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(data); i++) {
        cross(&g, data[order[i]]);
        EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_SEQ | TOA_EV_TSECR);
    }
    data[0] = from_server(&g.y, ACK, 1448);
    data[0].seq += 1u << 30; /* nowhere near what Y can send */
    data[0].ack += 77;
    data[0].ip_id = 0;
    data[0].options.has_timestamps = false;
    cross(&g, data[0]);
    EXPECT_NONE(g.s);
    story_free(g.s);
}

/* X's client answers each crossed segment, also when many are under way. */
static void test_resets_of_a_burst(void)
{
    stage g = stage_new();
    toa_segment rst;

    exchange(&g.y, 8000, 0);
    cross(&g, from_server(&g.y, ACK, 0));
    rst = from_client(&g.x, RST, 0);
    for (unsigned back = 0; back < 8; back++) {
        rst.seq = g.y.client.next - 900 * back;
        rst.time = 0;
        emit(&g.x, rst);
        EXPECT_HAS(g.s, FOREIGN_RST, &g.y, 0);
    }
    story_wait(g.s, 2 * SEC); /* nothing has crossed for a while */
    rst.seq = g.y.client.next - 777;
    emit(&g.x, rst);
    EXPECT_NONE(g.s);
    story_free(g.s);
}

/* ---- keepalives, repeated SYN-ACKs ---- */

static void test_keepalive_probe(void)
{
    for (uint32_t off = 1; off <= 2; off++) {
        stage g = stage_new();
        toa_segment probe = from_server(&g.y, ACK, 0);

        probe.seq -= off;
        probe.ack += 5; /* shifted */
        probe.ip_id = 0;
        probe.options.has_timestamps = false;
        cross(&g, probe);
        EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, off == 1);
        story_free(g.s);
    }
}

/* The mapping stays with X: Y's SYN-ACK arrives there, with a load balancer's distance on its ack, and again. */
static void test_synack_again(void)
{
    story *s = story_new();
    flow x = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80"), y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");
    toa_segment synack;

    x.timestamps = false;
    open_flow(&x);
    exchange(&x, 10, 10);
    client_sends(&y, SYN, 0);
    synack = from_server(&y, SYN | ACK, 0);
    synack.ack += 0x12345678;
    emit(&x, crossed(synack, &y, &x));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &y, TOA_EV_TSECR);
    story_wait(s, SEC);
    emit(&y, (toa_segment){.source = y.client.at, .destination = y.server.at, .seq = y.client.isn, .flags = SYN,
                           .options = {.client_item = -1, .has_timestamps = true, .tsval = y.client.tsval + 1000}});
    synack.time = 0;
    emit(&x, crossed(synack, &y, &x)); /* it echoes the first SYN, not the newer one */
    EXPECT_HAS(s, FOREIGN_SEGMENT, &y, TOA_EV_ACK | TOA_EV_TSECR);
    story_free(s);
}

/* ---- challenge ACKs ---- */

/* The answer to X's SYN has nothing of Y's but its acknowledgment; or its run of identifications, which counts if the two are
 * known to be one at the server, or if their servers have different addresses: one host may number all that it sends. */
static void test_challenge(void)
{
    const toa_map_row row = {.vip = endpoint_of("10.0.2.2:80"), .server = endpoint_of("10.0.1.9:80")};

    for (unsigned what = 0; what < 6; what++) {
        stage g = what == 1 ? stage_with_map(&row) : what == 5 ? stage_on_one_host() : stage_new();
        toa_segment answer = from_server(&g.y, ACK, 0);
        bool by_ack = what == 0, by_run = what == 1 || what == 4, too_late = what == 2, run = by_run || what == 5;

        answer.seq += 0x23456789;
        answer.ack += by_ack || too_late ? 0 : 0x12345678;
        answer.ip_id = (uint16_t)(run ? answer.ip_id : 0);
        answer.options.has_timestamps = false;
        story_wait(g.s, too_late ? 2 * SEC : 0);
        answer.time = g.s->now;
        cross(&g, answer);
        if (by_ack || by_run) {
            EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, by_ack ? TOA_EV_ACK : TOA_EV_IP_ID | (what == 1 ? TOA_EV_KEY : 0u));
        } else {
            EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, 0);
        }
        story_free(g.s);
    }
}

/* Y's server acknowledges a burst; from X's SYN on, by X. Without IP-ID each looks like the one before, and yet is no copy:
 * X and Y lead to one server. Beside a load balancer Y's server is the VIP, and the ACK may be a copy. */
static void test_ack_is_no_copy(void)
{
    for (unsigned balancer = 0; balancer < 2; balancer++) {
        story *s = story_new();
        flow y = flow_new(s, "10.0.0.1:5000", balancer ? "10.0.2.2:80" : "10.0.1.9:80"), x = flow_new(s, "10.3.0.7:17001", "10.0.1.9:80");
        toa_segment ack;

        open_flow(&y);
        client_sends(&y, PSH | ACK, 100);
        ack = from_server(&y, ACK, 0);
        ack.ip_id = 0;
        emit(&y, ack);
        emit(&x, with_toa(from_client(&x, SYN, 0), "10.0.0.1:5000"));
        for (unsigned i = 0; i < 3; i++) {
            ack = from_server(&y, ACK, 0);
            ack.ip_id = 0;
            emit(&x, crossed(ack, &y, &x));
            if (!balancer) {
                EXPECT_HAS(s, FOREIGN_SEGMENT, &y, TOA_EV_KEY | TOA_EV_SEQ | TOA_EV_ACK);
            } else if (i == 0) {
                EXPECT_TOTAL(s, FOREIGN_SEGMENT, 0);
            }
            client_sends(&y, PSH | ACK, 100);
        }
        story_free(s);
    }
}

/* ---- late captures ---- */

/* All that is ever seen of X are RSTs, each right after a segment of Y's client that nobody else answers. */
static void test_late_resets(void)
{
    for (unsigned answered = 0; answered < 2; answered++) {
        story *s = story_new();
        flow x = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80"), y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");

        for (unsigned i = 0; i < 4; i++) {
            toa_segment rst;
            client_sends(&y, PSH | ACK, 10);
            rst = from_server(&y, RST, 0);
            rst.seq = y.server.next + (answered ? 1 : 0); /* 1: not the number that the cause acknowledged */
            rst.ip_id = 0;
            emit(&x, crossed(rst, &y, &x));
            if (i == 0 || answered) {
                EXPECT_NONE(s); /* once is chance, or the other side of a NAT */
            } else {
                EXPECT_HAS(s, FOREIGN_RST, &y, TOA_EV_SEQ | TOA_EV_TRIGGER);
            }
        }
        story_free(s);
    }
}

/* The same with data, for which Y's client asks again and again; and both sides of a NAT, where the same data comes on Y next. */
static void test_late_data(void)
{
    for (unsigned nat = 0; nat < 2; nat++) {
        story *s = story_new();
        flow x = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80"), y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");

        for (unsigned i = 0; i < 4; i++) {
            toa_segment data;
            y.client.next -= i ? 10 : 0;
            client_sends(&y, PSH | ACK, 10);
            data = from_server(&y, PSH | ACK, 100);
            emit(&x, crossed(data, &y, &x));
            if (nat) {
                data.time = 0;
                emit(&y, data);
            } else {
                y.server.next -= 100; /* nothing of it has come to the client */
            }
            if (i > 0 && !nat) {
                EXPECT_HAS(s, FOREIGN_SEGMENT, &y, TOA_EV_SEQ);
            }
        }
        EXPECT_TOTAL(s, FOREIGN_SEGMENT, nat ? 0 : 3);
        story_free(s);
    }
}

/* A RST of the server X leads to, at what Y's client has just sent; nothing else is known of X. */
static void reset_for(flow *y, flow *x)
{
    toa_segment rst;

    client_sends(y, PSH | ACK, 10);
    rst = from_server(y, RST, 0);
    rst.ip_id = 0;
    emit(x, crossed(rst, y, x));
}

/* Of a server that answered for another one before, another client's first RST is enough; of another server it is not. */
static void test_known_to_answer(void)
{
    for (unsigned known = 0; known < 2; known++) {
        story *s = story_new();
        flow x = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80"), y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");
        flow z = flow_new(s, "10.0.0.1:6000", known ? "10.0.2.2:80" : "10.0.2.3:80"), w = flow_new(s, "10.0.0.1:6000", "10.0.1.9:80");

        client_sends(&y, PSH | ACK, 10);
        client_sends(&w, PSH | ACK, 10);
        reset_for(&y, &x);
        EXPECT_NONE(s);
        reset_for(&y, &x);
        EXPECT_HAS(s, FOREIGN_RST, &y, TOA_EV_SEQ | TOA_EV_TRIGGER);
        reset_for(&w, &z);
        if (known) {
            EXPECT_HAS(s, FOREIGN_RST, &w, TOA_EV_SEQ | TOA_EV_TRIGGER);
        } else {
            EXPECT_NONE(s);
        }
        story_free(s);
    }
}

/* ---- roles ---- */

/* A client whose port is below the service's, captured in mid-stream: two addresses of one service tell who is who. */
static void test_low_client_port(void)
{
    story *s = story_new();
    flow x = flow_new(s, "10.0.0.1:1811", "10.0.2.2:6379"), y = flow_new(s, "10.0.0.1:1811", "10.0.1.9:6379");
    flow other = flow_new(s, "10.0.0.7:40000", "10.0.3.1:6379"), far = flow_new(s, "10.0.0.8:40000", "10.0.3.1:6379");

    server_sends(&x, PSH | ACK, 10);
    g_assert_true(toa_endpoint_equal(toa_wire_client(x.conv), &x.server.at)); /* all that the ports can tell */
    client_sends(&y, PSH | ACK, 10);
    g_assert_true(toa_endpoint_equal(toa_wire_client(x.conv), &x.client.at));
    g_assert_true(toa_endpoint_equal(toa_wire_client(y.conv), &y.client.at));
    g_assert_true(x.conv->key->client == y.conv->key->client);
    client_sends(&other, PSH | ACK, 10); /* two hosts may use one port of those that systems give out */
    client_sends(&far, PSH | ACK, 10);
    g_assert_true(toa_endpoint_equal(toa_wire_client(other.conv), &other.client.at));
    g_assert_true(toa_endpoint_equal(toa_wire_client(far.conv), &far.client.at));
    story_free(s);
}

/* A server that talks to one port of two clients is not their client: another handshake has shown it, or the second one's SYN. */
static void test_one_port_of_two_clients(void)
{
    for (unsigned by_syn = 0; by_syn < 2; by_syn++) {
        story *s = story_new();
        flow x = flow_new(s, "10.0.0.1:6000", "10.0.1.9:3306"), y = flow_new(s, "10.0.0.2:6000", "10.0.1.9:3306");
        flow z = flow_new(s, "10.0.0.3:7000", "10.0.1.9:3306");

        if (!by_syn) {
            open_flow(&z);
        }
        server_sends(&x, RST, 0);
        client_sends(&y, by_syn ? SYN : PSH | ACK, by_syn ? 0 : 10);
        g_assert_true(toa_endpoint_equal(toa_wire_client(x.conv), &x.client.at));
        g_assert_true(toa_endpoint_equal(toa_wire_client(y.conv), &y.client.at));
        story_free(s);
    }
}

/* ---- duplicate ACKs ---- */

/* X's server pushes by itself between Y's question and the duplicate ACK that answers it. */
static void test_overtaken_question(void)
{
    for (unsigned plain = 0; plain < 2; plain++) {
        stage g = {.s = story_new()};

        g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
        g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
        open_flow(&g.y);
        client_sends(&g.x, SYN, 0);
        story_wait(g.s, 30 * MS); /* the round trip */
        server_sends(&g.x, SYN | ACK, 0);
        client_sends(&g.x, ACK, 0);
        exchange(&g.x, 10, 10);
        for (unsigned i = 0; i < 3; i++) {
            toa_segment push;
            client_sends(&g.y, PSH | ACK, 10);
            story_wait(g.s, plain ? 20 * MS : 10 * MS); /* after half a round trip it can be the answer */
            push = from_server(&g.x, plain ? ACK : PSH | ACK, plain ? 0 : 50);
            push.window = (uint16_t)(push.window + plain); /* a window update: a plain ACK can be the answer */
            g.x.server.window = push.window;
            emit(&g.x, push);
            client_sends(&g.x, ACK, 0);
            story_wait(g.s, plain ? 10 * MS : 20 * MS);
            server_sends(&g.x, ACK, 0);
        }
        EXPECT_TOTAL(g.s, FOREIGN_DUP_ACK, plain ? 0 : 2); /* the first of two that are not related says nothing */
        story_free(g.s);
    }
}

/* An answer that comes sooner than a round trip is none. */
static void test_too_soon(void)
{
    story *s = story_new();
    flow x = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80"), y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");

    open_flow(&y);
    client_sends(&x, SYN, 0);
    story_wait(s, 30 * MS);
    server_sends(&x, SYN | ACK, 0);
    client_sends(&x, ACK, 0);
    exchange(&x, 10, 10);
    for (unsigned i = 0; i < 4; i++) {
        client_sends(&y, PSH | ACK, 10);
        server_sends(&x, ACK, 0); /* 1 ms later */
        story_wait(s, SEC);
        server_sends(&y, ACK, 0);
    }
    EXPECT_QUIET(s);
    story_free(s);
}

/* ---- distances ---- */

/* Y has a question under way when X's SYN is challenged: the distance is known but for those bytes, until a D-SACK tells. */
static void test_distance_in_flight(void)
{
    stage g = {.s = story_new()};
    const uint32_t distance = 0x31415926;
    toa_segment challenge, lost;
    uint32_t asked;

    g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
    g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
    open_flow(&g.y);
    exchange(&g.y, 100, 100);
    challenge = from_server(&g.y, ACK, 0);
    client_sends(&g.y, PSH | ACK, 40);
    client_sends(&g.x, SYN, 0);
    challenge.time = 0;
    challenge.ack += distance;
    cross(&g, challenge);
    EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_SEQ);
    server_sends(&g.x, SYN | ACK, 0);
    client_sends(&g.x, ACK, 0);
    exchange(&g.x, 10, 10);
    asked = g.y.client.next - 40;
    lost = from_client(&g.y, PSH | ACK, 0);
    lost.seq = asked;
    lost.length = 40;
    emit(&g.y, lost);
    emit(&g.x, with_sack(from_server(&g.x, ACK, 0), asked + distance, asked + 40 + distance));
    EXPECT_HAS(g.s, FOREIGN_DUP_ACK, &g.y, TOA_EV_SACK);
    story_free(g.s);
}

/* Both numbers of Y's server are shifted, and there are no timestamps. The challenge ACK to X's SYN tells nobody; the answer to
 * Y's next question goes on with its run, and acknowledges as much more as Y has asked: then the distances are known. */
static void test_shifted_run(void)
{
    enum { RIGHT, ANOTHER_LENGTH, ANOTHER_RUN, NOT_SHIFTED_ALIKE, NO_RUN, NO_RUN_SHORT };

    for (unsigned what = RIGHT; what <= NO_RUN_SHORT; what++) {
        stage g = stage_on_one_host(); /* else the run of IP-IDs alone would tell */
        toa_segment answer = from_server(&g.y, ACK, 0);

        answer.seq += 0x23456789;
        answer.ack += 0x12345678;
        answer.options.has_timestamps = false;
        cross(&g, answer);
        EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, 0);
        if (what >= NO_RUN) {
            toa_server_side(g.y.conv)->ip_id = 0; /* IPv6 */
        }
        client_sends(&g.y, PSH | ACK, what == NO_RUN_SHORT ? 15 : 50);
        answer = from_server(&g.y, PSH | ACK, 30);
        answer.seq += what == NOT_SHIFTED_ALIKE ? 0x33456789 : 0x23456789;
        answer.ack += what == ANOTHER_LENGTH ? 0x12345679 : 0x12345678;
        answer.ip_id = (uint16_t)(answer.ip_id + (what == ANOTHER_RUN ? 100 : 0));
        answer.options.has_timestamps = false;
        cross(&g, answer);
        if (what == RIGHT) {
            EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_ACK | TOA_EV_IP_ID);
            answer = from_server(&g.y, PSH | ACK, 30);
            answer.seq += 0x23456789;
            answer.ack += 0x12345678;
            answer.options.has_timestamps = false;
            answer.ip_id = 0;
            cross(&g, answer);
            EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_SEQ | TOA_EV_ACK);
        } else {
            EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, what >= NO_RUN); /* Y alone waits */
        }
        story_free(g.s);
    }
}

/* A SYN-ACK for Y's SYN comes on X, which is open and quiet; the load balancer shifts the number, and there are no timestamps. It
 * counts when X's client has refused the same one before, or when the two servers were proven to be one before. */
static void test_synack_refused(void)
{
    enum { REFUSED, GONE_ON, TAKEN, PROVEN };

    for (unsigned what = REFUSED; what <= PROVEN; what++) {
        story *s = story_new();
        flow x = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80"), y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");
        toa_segment synack;

        open_flow(&x);
        exchange(&x, 10, 10);
        if (what == PROVEN) {
            flow v = flow_new(s, "10.0.0.1:6000", "10.0.2.2:80"), d = flow_new(s, "10.0.0.1:6000", "10.0.1.9:80");
            open_flow(&d);
            exchange(&d, 10, 10);
            client_sends(&v, SYN, 0);
            emit(&v, crossed(from_server(&d, ACK, 0), &d, &v));
            EXPECT_HAS(s, CONFIRMED, &d, TOA_EV_SEQ);
        }
        client_sends(&y, SYN, 0);
        synack = from_server(&y, SYN | ACK, 0);
        synack.ack += 0x12345678;
        synack.options.has_timestamps = false;
        emit(&x, crossed(synack, &y, &x));
        EXPECT_TOTAL(s, FOREIGN_SEGMENT, what == PROVEN ? 2 : 0);
        if (what == REFUSED) {
            emit(&x, (toa_segment){.source = x.client.at, .destination = x.server.at, .flags = RST, .seq = synack.ack,
                                   .options.client_item = -1});
        } else if (what == GONE_ON) {
            client_sends(&x, ACK, 0);
        }
        story_wait(s, SEC);
        client_sends(&y, SYN, 0);
        synack.time = 0;
        emit(&x, crossed(synack, &y, &x));
        EXPECT_TOTAL(s, FOREIGN_SEGMENT, what == TAKEN ? 0 : what == PROVEN ? 3 : 1);
        story_free(s);
    }
}

/* A SYN proxy shifts all numbers of the servers behind it by one distance: the second RST on an unknown tuple tells. */
static void test_one_distance(void)
{
    for (unsigned same = 0; same < 2; same++) {
        story *s = story_new();
        flow a = flow_new(s, "10.0.0.1:40000", "10.0.2.2:80"), b = flow_new(s, "10.0.0.1:40001", "10.0.2.2:80");
        flow ax = flow_new(s, "10.0.0.1:40000", "10.0.1.9:8080"), bx = flow_new(s, "10.0.0.1:40001", "10.0.1.9:8080");
        flow *const asked[] = {&a, &b}, *const answered[] = {&ax, &bx};

        for (unsigned i = 0; i < 2; i++) {
            toa_segment rst;
            open_flow(asked[i]);
            rst = from_server(asked[i], RST, 0);
            rst.seq += 0x20000000 + (same ? 0 : i);
            rst.ip_id = 0;
            emit(answered[i], crossed(rst, asked[i], answered[i]));
            if (i == 0 || !same) {
                EXPECT_NONE(s);
            } else {
                EXPECT_HAS(s, FOREIGN_RST, asked[i], TOA_EV_SEQ | TOA_EV_TRIGGER);
            }
        }
        story_free(s);
    }
}

/* ---- at the target ---- */

/* Captured at the server, both connections have one tuple: what the older socket still sends is the older connection's. */
static void test_target(void)
{
    story *s = story_new();
    flow old = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80"), young = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");

    open_flow(&old);
    exchange(&old, 100, 100);
    open_flow(&young);
    exchange(&young, 10, 10);
    emit(&young, from_client(&old, PSH | ACK, 10));
    EXPECT_NONE(s); /* it may have been under way */
    story_wait(s, 2 * SEC);
    for (unsigned i = 0; i < 3; i++) {
        emit(&young, from_client(&old, PSH | ACK, 10));
        EXPECT_ONE(s, STALE_SESSION, &old, TOA_EV_SEQ);
    }
    client_sends(&young, PSH | ACK, 10);
    EXPECT_NONE(s);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/taught/tsecr", test_tsecr_of_a_moment_ago);
    g_test_add_func("/taught/contrary-numbers", test_contrary_numbers);
    g_test_add_func("/taught/overtaken-bulk", test_overtaken_bulk);
    g_test_add_func("/taught/resets-of-a-burst", test_resets_of_a_burst);
    g_test_add_func("/taught/keepalive-probe", test_keepalive_probe);
    g_test_add_func("/taught/synack-again", test_synack_again);
    g_test_add_func("/taught/challenge", test_challenge);
    g_test_add_func("/taught/ack-is-no-copy", test_ack_is_no_copy);
    g_test_add_func("/taught/late-resets", test_late_resets);
    g_test_add_func("/taught/late-data", test_late_data);
    g_test_add_func("/taught/known-to-answer", test_known_to_answer);
    g_test_add_func("/taught/low-client-port", test_low_client_port);
    g_test_add_func("/taught/one-port-of-two-clients", test_one_port_of_two_clients);
    g_test_add_func("/taught/overtaken-question", test_overtaken_question);
    g_test_add_func("/taught/too-soon", test_too_soon);
    g_test_add_func("/taught/distance-in-flight", test_distance_in_flight);
    g_test_add_func("/taught/shifted-run", test_shifted_run);
    g_test_add_func("/taught/synack-refused", test_synack_refused);
    g_test_add_func("/taught/one-distance", test_one_distance);
    g_test_add_func("/taught/target", test_target);
    return g_test_run();
}
