/* Rules R5 to R8 through the engine: whose segment it is, what that changes, and what later segments learn from it.
 *
 * X carries, Y owns. Both are conversations of one client endpoint, to two servers on the wire.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"
#include "core/judge/credit.h"

#include <string.h>

#define NUMBERS (TOA_EV_SEQ | TOA_EV_ACK | TOA_EV_IP_ID | TOA_EV_TSECR)

typedef struct stage {
    story *s;
    flow x, y;
} stage;

static stage stage_new(void)
{
    stage g = {.s = story_new()};

    g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
    g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
    open_flow(&g.y);
    open_flow(&g.x);
    exchange(&g.y, 100, 200);
    exchange(&g.x, 100, 200);
    return g;
}

/* ---- R5 in the group ---- */

static void test_crossed_data(void)
{
    stage g = stage_new();
    toa_side before[2];
    const toa_finding *finding;

    memcpy(before, g.x.conv->side, sizeof before);
    emit(&g.x, crossed(from_server(&g.y, PSH | ACK, 50), &g.y, &g.x));
    finding = EXPECT_ONE(g.s, FOREIGN_SEGMENT, &g.y, NUMBERS);
    g_assert_cmpuint(finding->ip_id_delta, ==, 1);
    g_assert_true(memcmp(before, g.x.conv->side, sizeof before) == 0); /* R6: nothing of x */
    story_free(g.s);
}

static void test_crossed_from_client(void)
{
    stage g = stage_new();

    /* a stack resets with the numbers that it was sent; what it asks and acknowledges is its own */
    emit(&g.x, crossed(from_client(&g.y, RST | ACK, 0), &g.y, &g.x));
    EXPECT_ONE(g.s, FOREIGN_RST, &g.y, TOA_EV_SEQ | TOA_EV_ACK);
    emit(&g.x, crossed(from_client(&g.y, PSH | ACK, 50), &g.y, &g.x));
    EXPECT_NONE(g.s);
    story_free(g.s);
}

/* The stateless RST of a host that no longer has Y's socket: seq is the ack of what Y's client sent. */
static void test_stateless_rst(void)
{
    stage g = stage_new();
    const toa_finding *finding;

    client_sends(&g.y, PSH | ACK, 100);
    emit(&g.x, crossed(from_server(&g.y, RST, 0), &g.y, &g.x));
    finding = EXPECT_HAS(g.s, FOREIGN_RST, &g.y, TOA_EV_SEQ | TOA_EV_TRIGGER);
    g_assert_cmpuint(finding->other_frame, ==, g.s->frame - 1);
    g_assert_cmphex(finding->evidence & TOA_EV_IP_ID, ==, 0); /* it has none */
    story_free(g.s);
}

/* A live socket's RST,ACK goes on with its own numbers. */
static void test_live_rst(void)
{
    stage g = stage_new();

    emit(&g.x, crossed(from_server(&g.y, RST | ACK, 0), &g.y, &g.x));
    EXPECT_ONE(g.s, FOREIGN_RST, &g.y, TOA_EV_SEQ | TOA_EV_ACK | TOA_EV_IP_ID);
    story_free(g.s);
}

static void test_crossed_synack(void)
{
    stage g = {.s = story_new()};

    g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
    g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
    g.x.timestamps = g.y.timestamps = false;
    client_sends(&g.x, SYN, 0);
    client_sends(&g.y, SYN, 0);
    emit(&g.x, crossed(from_server(&g.y, SYN | ACK, 0), &g.y, &g.x));
    EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_ACK | TOA_EV_TRIGGER);
    g_assert_false(toa_server_side(g.y.conv)->flags & TOA_SIDE_SYN); /* R6: never sets Y's ISN */
    g_assert_false(toa_server_side(g.x.conv)->flags & TOA_SIDE_SHOWN);
    story_free(g.s);
}

/* In X's window by chance: one number of Y's is not enough, two are. */
static void test_window(void)
{
    stage g = stage_new();
    toa_segment segment = from_server(&g.y, PSH | ACK, 50), one;

    toa_server_side(g.y.conv)->next = toa_server_side(g.x.conv)->next + 1000; /* where X's server may send soon */
    segment.seq = g.x.server.next + 1000;
    one = segment;
    one.options.has_timestamps = false;
    one.ip_id = 0;
    one.ack = g.x.client.next;
    emit(&g.x, crossed(one, &g.y, &g.x));
    EXPECT_NONE(g.s);
    story_free(g.s);
    g = stage_new();
    toa_server_side(g.y.conv)->next = toa_server_side(g.x.conv)->next + 1000;
    emit(&g.x, crossed(segment, &g.y, &g.x));
    EXPECT_ONE(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_SEQ | TOA_EV_ACK);
    story_free(g.s);
}

/* Own first: what X's own numbers explain is X's, whatever Y's are. */
static void test_own_first(void)
{
    stage g = stage_new();
    toa_segment segment = from_server(&g.x, RST | ACK, 0);

    toa_server_side(g.y.conv)->next = segment.seq;
    toa_client_side(g.y.conv)->next = segment.ack;
    toa_client_side(g.y.conv)->acks[0] = segment.seq;
    toa_server_side(g.y.conv)->ip_id = (uint16_t)(segment.ip_id - 1);
    emit(&g.x, segment);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* Most exact numbers win. */
static void test_best(void)
{
    stage g = stage_new();
    flow z = flow_new(g.s, "10.0.0.1:5000", "10.0.3.3:80");
    toa_segment segment;

    open_flow(&z);
    exchange(&z, 10, 10);
    segment = from_server(&g.y, PSH | ACK, 50);
    toa_server_side(z.conv)->next = segment.seq; /* z, the newest, agrees in seq alone */
    emit(&g.x, crossed(segment, &g.y, &g.x));
    EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, NUMBERS);
    EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, 1);
    story_free(g.s);
}

/* ---- the second look: one server, other clients ---- */

/* A crossing whose TOA was not captured: two load balancer addresses, one RS. */
static void test_second_look(void)
{
    story *s = story_new();
    flow y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80"), x = flow_new(s, "172.16.0.1:7000", "10.0.1.9:80");
    toa_segment alone;

    open_flow(&y);
    open_flow(&x);
    exchange(&y, 100, 200);
    alone = from_server(&y, ACK, 0);
    alone.ack += 5;
    alone.ip_id = 0;
    alone.options.has_timestamps = false;
    emit(&x, crossed(alone, &y, &x));
    EXPECT_NONE(s); /* seq alone is not enough here */
    emit(&x, crossed(from_server(&y, PSH | ACK, 50), &y, &x));
    EXPECT_ONE(s, FOREIGN_SEGMENT, &y, NUMBERS);
    client_sends(&y, PSH | ACK, 100);
    emit(&x, crossed(from_server(&y, RST, 0), &y, &x));
    EXPECT_ONE(s, FOREIGN_RST, &y, TOA_EV_SEQ | TOA_EV_TRIGGER);
    EXPECT_TOTAL(s, CONFIRMED, 0); /* R12: only in the group */
    story_free(s);
}

/* Another server is none of its business. */
static void test_other_server(void)
{
    story *s = story_new();
    flow y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80"), x = flow_new(s, "172.16.0.1:7000", "10.0.1.8:80");

    open_flow(&y);
    open_flow(&x);
    exchange(&y, 100, 200);
    emit(&x, crossed(from_server(&y, PSH | ACK, 50), &y, &x));
    EXPECT_QUIET(s);
    g_assert_true(s->fed.unexplained);
    story_free(s);
}

/* All that X ever showed is one RST, to another port of Y's client. */
static void test_lone_rst(void)
{
    for (unsigned same_client = 0; same_client < 2; same_client++) {
        story *s = story_new();
        flow y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");
        flow x = flow_new(s, same_client ? "10.0.0.1:5001" : "10.0.0.2:5001", "10.0.1.9:80");
        open_flow(&y);
        exchange(&y, 100, 200);
        emit(&x, crossed(from_server(&y, RST | ACK, 0), &y, &x));
        if (same_client) {
            EXPECT_ONE(s, FOREIGN_RST, &y, TOA_EV_SEQ | TOA_EV_IP_ID);
        }
        EXPECT_TOTAL(s, FOREIGN_RST, same_client);
        story_free(s);
    }
}

/* ---- earlier connections of one wire tuple ---- */

static void test_stale_session(void)
{
    story *s = story_new();
    flow old = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80"), young = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");
    flow y = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80");
    const toa_finding *finding;
    toa_segment late;

    open_flow(&old);
    exchange(&old, 100, 100);
    open_flow(&y);
    client_sends(&young, SYN, 0);
    late = from_server(&old, ACK, 0);
    toa_server_side(y.conv)->next = late.seq; /* Y, newer, would explain it as well: earlier ones come first */
    toa_client_side(y.conv)->next = late.ack;
    toa_client_side(y.conv)->tsval = late.options.tsecr;
    toa_server_side(y.conv)->ip_id = (uint16_t)(late.ip_id - 1);
    emit(&young, late);
    EXPECT_ONE(s, STALE_SESSION, &old, TOA_EV_SEQ);
    EXPECT_TOTAL(s, FOREIGN_SEGMENT, 0);
    /* R8: the client's RST in answer is the old session's as well */
    emit(&young, (toa_segment){.source = young.client.at, .destination = young.server.at, .seq = old.client.next,
                               .flags = RST, .options.client_item = -1});
    finding = EXPECT_ONE(s, STALE_SESSION, &old, TOA_EV_SEQ);
    g_assert_cmpuint(finding->evidence & TOA_EV_TRIGGER, ==, 0); /* it answers what its own conversation carried */
    story_free(s);
}

static void test_stale_synack(void)
{
    story *s = story_new();
    flow old = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80"), young = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");

    client_sends(&old, SYN, 0);
    client_sends(&young, SYN, 0);
    emit(&young, from_server(&old, SYN | ACK, 0)); /* late: it answers the first SYN */
    EXPECT_ONE(s, STALE_SESSION, &old, TOA_EV_ACK);
    server_sends(&young, SYN | ACK, 0);
    EXPECT_NONE(s);
    story_free(s);
}

/* ---- R6 ---- */

/* Y goes on over X: each crossed segment is known by the one before. */
static void test_credit(void)
{
    stage g = stage_new();
    toa_segment segment;

    for (unsigned i = 0; i < 20; i++) {
        segment = from_server(&g.y, PSH | ACK, 1000);
        segment.options.has_timestamps = false;
        emit(&g.x, crossed(segment, &g.y, &g.x));
        EXPECT_ONE(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_SEQ | TOA_EV_IP_ID);
        g_assert_cmpuint(toa_server_side(g.y.conv)->next, ==, g.y.server.next);
        g_assert_cmpuint(toa_server_side(g.y.conv)->ip_id, ==, segment.ip_id);
    }
    story_free(g.s);
}

/* Behind a Full-NAT load balancer acks are shifted: learnt from a segment that other numbers attribute. */
static void test_ack_shift(void)
{
    stage g = stage_new();
    const uint32_t delta = 0x31415926;
    toa_segment segment = from_server(&g.y, ACK, 0);

    segment.ack += delta;
    emit(&g.x, crossed(segment, &g.y, &g.x));
    EXPECT_ONE(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_SEQ);
    g_assert_cmphex(g.s->fed.findings[0].evidence & TOA_EV_ACK, ==, 0);
    server_sends(&g.y, ACK, 77); /* lost on the way to the client: X cannot know it by seq ... */
    segment = from_server(&g.y, ACK, 10);
    segment.seq += 1000;
    segment.ack += delta;
    emit(&g.x, crossed(segment, &g.y, &g.x));
    EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_ACK | TOA_EV_TSECR); /* ... but by the shifted ack */
    story_free(g.s);
}

/* Behind a SYN proxy the server's numbers are shifted: IP-ID and echo attribute one segment, then the shift does. */
static void test_seq_shift(void)
{
    stage g = stage_new();
    const uint32_t delta = 0x27182818;
    toa_segment segment = from_server(&g.y, ACK, 0), rst;

    segment.seq += delta;
    segment.ack += 5;
    emit(&g.x, crossed(segment, &g.y, &g.x));
    EXPECT_ONE(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_TSECR | TOA_EV_IP_ID);
    rst = from_server(&g.y, RST, 0);
    emit(&g.x, crossed(rst, &g.y, &g.x)); /* unshifted: still Y's number */
    EXPECT_HAS(g.s, FOREIGN_RST, &g.y, TOA_EV_SEQ);
    rst.seq += delta;
    emit(&g.x, crossed(rst, &g.y, &g.x));
    EXPECT_HAS(g.s, FOREIGN_RST, &g.y, TOA_EV_SEQ);
    rst.seq += 1;
    emit(&g.x, crossed(rst, &g.y, &g.x));
    EXPECT_NONE(g.s);
    story_free(g.s);
}

/* ---- R7 ---- */

/* A RST that could be X's own, for its number lies in X's window, is not the answer to Y's segment that it looks like. */
static void test_own_rst_is_no_answer(void)
{
    story *s = story_new();
    flow x = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80"), y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");
    toa_segment challenge, rst;

    y.client.isn = y.client.next = x.client.isn + 1000;
    open_flow(&y);
    open_flow(&x);
    exchange(&y, 100, 200);
    exchange(&x, 100, 200);
    client_sends(&y, PSH | ACK, 100);
    challenge = from_server(&y, ACK, 0);
    emit(&x, crossed(challenge, &y, &x));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &y, TOA_EV_SEQ);
    client_sends(&y, PSH | ACK, 100); /* Y has moved on */
    rst = from_client(&x, RST, 0);
    rst.seq = challenge.ack;
    emit(&x, rst);
    EXPECT_NONE(s);
    story_free(s);
}

/* X's client owes one RST for each segment of Y's server that came to it, and no more. */
static void test_rsts_owed(void)
{
    stage g = stage_new();
    const toa_pair *pair;
    toa_segment rst;

    for (unsigned i = 1; i <= 2; i++) {
        emit(&g.x, crossed(from_server(&g.y, PSH | ACK, 10), &g.y, &g.x));
        pair = toa_state_find_pair(g.s->engine, g.x.conv, g.y.conv);
        g_assert_cmpuint(pair->n_owed, ==, i);
    }
    for (unsigned i = 0; i < 3; i++) {
        rst = from_client(&g.x, RST, 0);
        rst.seq = g.y.client.next;
        rst.ip_id = (uint16_t)(100 + i);
        emit(&g.x, rst);
        EXPECT_ONE(g.s, FOREIGN_RST, &g.y, TOA_EV_SEQ);
        g_assert_cmpuint(pair->n_owed, ==, i == 0 ? 1 : 0);
    }
    emit(&g.x, crossed(from_server(&g.y, RST, 0), &g.y, &g.x)); /* nothing answers a RST */
    g_assert_cmpuint(pair->n_owed, ==, 0);
    story_free(g.s);
}

/* Through a load balancer that shifts the client's numbers, no timestamps: the second SYN-ACK at the same distance. */
static void test_distance(void)
{
    story *s = story_new();
    flow x = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80"), y[3];
    const uint32_t delta = 0x31415926;

    x.timestamps = false;
    client_sends(&x, SYN, 0);
    for (unsigned i = 0; i < 3; i++) {
        char *server = g_strdup_printf("10.0.3.%u:80", i + 1);
        toa_segment synack;
        y[i] = flow_new(s, "10.0.0.1:5000", server);
        y[i].timestamps = false;
        client_sends(&y[i], SYN, 0);
        synack = from_server(&y[i], SYN | ACK, 0);
        synack.ack += i == 2 ? delta + 1 : delta;
        emit(&x, crossed(synack, &y[i], &x));
        if (i == 1) {
            EXPECT_HAS(s, FOREIGN_SEGMENT, &y[1], TOA_EV_TRIGGER);
        } else {
            EXPECT_NONE(s); /* the first has nothing to be compared with, the third another distance */
        }
        g_free(server);
    }
    story_free(s);
}

/* The same SYN-ACK twice is one observation; a SYN that was answered, or is old, asks for nothing. */
static void test_distance_not(void)
{
    story *s = story_new();
    flow x = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80"), y = flow_new(s, "10.0.0.1:5000", "10.0.3.1:80");
    flow z = flow_new(s, "10.0.0.1:5000", "10.0.3.2:80");
    toa_segment synack;

    x.timestamps = y.timestamps = z.timestamps = false;
    client_sends(&x, SYN, 0);
    client_sends(&y, SYN, 0);
    synack = from_server(&y, SYN | ACK, 0);
    synack.ack += 1000;
    for (unsigned i = 0; i < 3; i++) {
        emit(&x, crossed(synack, &y, &x));
        EXPECT_NONE(s);
        story_wait(s, 100 * MS);
    }
    client_sends(&z, SYN, 0);
    story_wait(s, 2 * SEC);
    synack = from_server(&z, SYN | ACK, 0);
    synack.ack += 1000;
    emit(&x, crossed(synack, &z, &x));
    EXPECT_NONE(s);
    story_free(s);
}

/* Asks whose the segment is that x's server seems to send, as the engine does, but applies nothing. */
static toa_match search_only(story *s, flow *x, toa_segment *segment, toa_own own, toa_seen *ret_seen)
{
    toa_state *state = s->engine;
    size_t memory = toa_engine_memory(state);
    toa_extra extra = {0};
    toa_large_party large = {0};
    toa_match match;

    if (x->conv->extra) {
        extra = *x->conv->extra;
    }
    if (x->conv->server_party->large) {
        large = *x->conv->server_party->large;
    }
    segment->time = s->now;
    segment->frame = s->frame + 1;
    state->segment = segment;
    toa_owner_find(state, x->conv, !x->conv->client, own, &match, ret_seen);
    g_assert_cmpuint(toa_engine_memory(state), ==, memory);
    if (x->conv->extra) {
        g_assert_true(memcmp(&extra, x->conv->extra, sizeof extra) == 0);
    }
    if (x->conv->server_party->large) {
        g_assert_true(memcmp(&large, x->conv->server_party->large, sizeof large) == 0);
    }
    return match;
}

/* A search for a SYN-ACK's owner only returns the distance: it is known from toa_credit_distances on. */
static void test_search_keeps_no_synack_distance(void)
{
    for (unsigned learn = 0; learn < 2; learn++) {
        story *s = story_new();
        flow x = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80"), y[2];

        x.timestamps = false;
        client_sends(&x, SYN, 0);
        for (unsigned i = 0; i < 2; i++) {
            toa_segment synack;
            toa_seen seen;
            toa_match match;
            y[i] = flow_new(s, "10.0.0.1:5000", i ? "10.0.3.2:80" : "10.0.3.1:80");
            y[i].timestamps = false;
            client_sends(&y[i], SYN, 0);
            synack = crossed(from_server(&y[i], SYN | ACK, 0), &y[i], &x);
            synack.ack += 0x31415926;
            match = search_only(s, &x, &synack, TOA_OWN_NONE, &seen);
            if (i == 1 && learn) {
                g_assert_true(match.owner == y[1].conv);
                g_assert_false(seen.has_synack_distance);
                g_assert_cmphex(match.shift.ack, ==, 0x31415926);
            } else {
                g_assert_null(match.owner);
                g_assert_true(seen.has_synack_distance);
                g_assert_cmphex(seen.synack_distance, ==, 0x31415926);
                g_assert_false(seen.has_answer_distance);
            }
            if (learn) {
                toa_credit_distances(s->engine, x.conv, &seen);
            }
        }
        s->engine->segment = NULL;
        story_free(s);
    }
}

/* The same for the distance that a load balancer puts on the servers' numbers. */
static void test_search_keeps_no_answer_distance(void)
{
    for (unsigned learn = 0; learn < 2; learn++) {
        story *s = story_new();
        const char *const clients[] = {"10.0.0.1:40000", "10.0.0.1:40001"};

        for (unsigned i = 0; i < 2; i++) {
            flow y = flow_new(s, clients[i], "10.0.2.2:80"), x = flow_new(s, clients[i], "10.0.1.9:8080");
            toa_segment rst;
            toa_seen seen;
            toa_match match;
            client_sends(&x, SYN, 0);
            open_flow(&y);
            rst = crossed(from_server(&y, RST, 0), &y, &x);
            rst.seq += 0x20000000;
            rst.ip_id = 0;
            match = search_only(s, &x, &rst, TOA_OWN_NONE, &seen);
            if (i == 1 && learn) {
                g_assert_true(match.owner == y.conv);
                g_assert_false(seen.has_answer_distance);
            } else {
                g_assert_null(match.owner);
                g_assert_true(seen.has_answer_distance);
                g_assert_cmphex(seen.answer_distance, ==, 0x20000000);
            }
            if (learn) {
                toa_credit_distances(s->engine, x.conv, &seen);
            }
        }
        s->engine->segment = NULL;
        story_free(s);
    }
}

/* ---- R8 ---- */

/* The client answers a crossed segment with a RST that has its ack as number: that kills Y's socket. */
static void test_answer(void)
{
    for (unsigned off = 0; off < 2; off++) {
        stage g = stage_new();
        toa_segment challenge, rst;
        client_sends(&g.y, PSH | ACK, 100);
        challenge = from_server(&g.y, ACK, 0);
        emit(&g.x, crossed(challenge, &g.y, &g.x));
        EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_SEQ);
        client_sends(&g.y, PSH | ACK, 100); /* Y has moved on: its present numbers do not explain the RST */
        rst = from_client(&g.x, RST, 0);
        rst.seq = challenge.ack + off * (1u << 24); /* far from anything that Y's client has sent */
        emit(&g.x, rst);
        if (off == 0) {
            EXPECT_ONE(g.s, FOREIGN_RST, &g.y, TOA_EV_SEQ);
        } else {
            EXPECT_NONE(g.s);
        }
        story_free(g.s);
    }
}

/* R6 "learnt per pair from the first attributed segment": that one had no shift. */
static void test_shift_from_first(void)
{
    story *s = story_new();
    flow y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80"), x = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80");
    toa_segment segment;
    const toa_pair *pair;

    open_flow(&y);
    exchange(&y, 100, 200);
    open_flow(&x);
    emit(&x, crossed(from_server(&y, PSH | ACK, 50), &y, &x));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &y, TOA_EV_SEQ);
    story_wait(s, 200 * MS);
    segment = from_server(&y, PSH | ACK, 0);
    segment.seq -= 250; /* a retransmission: an older number of Y's, no shift */
    segment.length = 200;
    emit(&x, crossed(segment, &y, &x));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &y, TOA_EV_ACK | TOA_EV_TSECR);
    pair = toa_state_find_pair(s->engine, x.conv, y.conv);
    g_assert_cmpuint(pair->has_seq_shift ? pair->seq_shift : 0, ==, 0);
    story_free(s);
}

int main(int argc, char **argv)
{
    static const struct { const char *path; void (*test)(void); } tests[] = {
        {"crossed-data", test_crossed_data}, {"crossed-from-client", test_crossed_from_client},
        {"stateless-rst", test_stateless_rst}, {"live-rst", test_live_rst}, {"crossed-synack", test_crossed_synack},
        {"window", test_window}, {"own-first", test_own_first}, {"best", test_best},
        {"second-look", test_second_look}, {"other-server", test_other_server}, {"lone-rst", test_lone_rst},
        {"stale-session", test_stale_session}, {"stale-synack", test_stale_synack}, {"credit", test_credit},
        {"ack-shift", test_ack_shift}, {"seq-shift", test_seq_shift}, {"distance", test_distance},
        {"distance-not", test_distance_not}, {"search-synack", test_search_keeps_no_synack_distance},
        {"search-answer", test_search_keeps_no_answer_distance}, {"answer", test_answer},
        {"own-rst-is-no-answer", test_own_rst_is_no_answer}, {"rsts-owed", test_rsts_owed},
        {"shift-from-first", test_shift_from_first},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        char *path = g_strdup_printf("/owner/%s", tests[i].path);
        g_test_add_func(path, tests[i].test);
        g_free(path);
    }
    return g_test_run();
}
