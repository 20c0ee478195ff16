/* Connections that the capture has not seen begin, on a wire tuple that had another before (judge/missed.h), and what must not
 * be taken for one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define CLIENT "10.0.0.1:5000"
#define NATTED "10.77.0.1:5000"
#define VIP "10.0.2.2:3306"
#define LVS "172.16.0.1:7000"
#define RS "10.0.1.9:3306"

/* The same connection behind a NAT that gives the client another address. */
static flow behind_nat(const flow *f)
{
    flow inner = *f;

    inner.client.at = endpoint_of(NATTED);
    inner.conv = NULL;
    return inner;
}

/* An earlier connection on the tuple of f, closed. */
static void earlier_on(flow *f)
{
    flow old = *f;

    old.client.isn = old.client.next = story_random(f->story);
    old.server.isn = old.server.next = story_random(f->story);
    open_flow(&old);
    exchange(&old, 100, 200);
    close_flow(&old);
    story_wait(f->story, SEC);
    f->conv = old.conv;
}

/* Both legs of one segment; each may be missing. */
static void on_both(flow *first, flow *second, toa_segment segment, bool lost)
{
    toa_segment copy = crossed(segment, first, second);

    copy.ttl--;
    copy.time = first->story->now + 50 * US;
    emit(first, segment);
    if (!lost) {
        emit(second, copy);
    }
}

/* One connection before and behind a NAT, on whose inner tuple there was another. Lost are the first so many segments of the
 * inner leg. */
static void nat_leg_without_beginning(unsigned n_lost)
{
    story *s = story_new();
    flow outer = flow_new(s, CLIENT, RS), inner = behind_nat(&outer);
    toa_conversation *old;

    earlier_on(&inner);
    old = inner.conv;
    on_both(&outer, &inner, from_client(&outer, SYN, 0), n_lost > 0);
    on_both(&inner, &outer, crossed(from_server(&outer, SYN | ACK, 0), &outer, &inner), false);
    EXPECT_QUIET(s);
    on_both(&outer, &inner, from_client(&outer, ACK, 0), n_lost > 1);
    for (unsigned i = 0; i < 4; i++) {
        on_both(&outer, &inner, from_client(&outer, PSH | ACK, 100 + i), false);
        on_both(&inner, &outer, crossed(from_server(&outer, PSH | ACK, 300 + i), &outer, &inner), false);
        on_both(&outer, &inner, from_client(&outer, ACK, 0), false);
        story_wait(s, 200 * MS);
    }
    EXPECT_QUIET(s);
    g_assert_true(inner.conv != old);
    g_assert_cmpuint(inner.conv->stream, ==, n_lost ? old->stream : inner.conv->stream);
    g_assert_true(toa_engine_leg(inner.conv) == NULL || toa_engine_leg(inner.conv) == outer.conv);
    g_assert_true(inner.conv->extra->earlier == old);
    story_free(s);
}

/* Most of the inner leg is lost, on a tuple that had another connection. That its client goes on with the numbers shows that it
 * is a leg: what its server sends there is nobody's crossed segment. */
static void test_client_goes_on(void)
{
    story *s = story_new();
    flow outer = flow_new(s, CLIENT, RS), inner = behind_nat(&outer);
    toa_segment ack, rst;

    earlier_on(&inner);
    client_sends(&outer, SYN, 0);
    server_sends(&outer, SYN | ACK, 0);
    ack = crossed(from_client(&outer, ACK, 0), &outer, &inner);
    ack.ip_id ^= 0x4000;
    emit(&inner, ack);
    client_sends(&outer, PSH | ACK, 486);
    server_sends(&outer, PSH | ACK, 285);
    ack = from_client(&outer, ACK, 0);
    on_both(&outer, &inner, ack, false);
    rst = from_server(&outer, RST | ACK, 0);
    emit(&outer, rst);
    rst.time = 0;
    rst.ip_id++;
    emit(&inner, crossed(rst, &outer, &inner));
    EXPECT_NONE(s);
    EXPECT_QUIET(s);
    story_free(s);
}

static void test_syn_lost(void)
{
    nat_leg_without_beginning(1);
}

static void test_syn_and_ack_lost(void)
{
    nat_leg_without_beginning(2);
}

/* The SYN-ACK, too: the client speaks first, and is believed when the server goes on with its numbers. */
static void test_handshake_lost(void)
{
    story *s = story_new();
    flow f = flow_new(s, CLIENT, RS);
    toa_conversation *old;

    earlier_on(&f);
    old = f.conv;
    from_client(&f, SYN, 0);
    from_server(&f, SYN | ACK, 0);
    client_sends(&f, ACK, 0);
    client_sends(&f, PSH | ACK, 100);
    g_assert_true(f.conv == old);
    server_sends(&f, PSH | ACK, 300);
    g_assert_true(f.conv != old);
    g_assert_cmpuint(f.conv->first_frame, ==, s->frame - 2);
    exchange(&f, 10, 20);
    g_assert_false(s->fed.unexplained);
    EXPECT_QUIET(s);
    story_free(s);
}

/* Of the client nothing is captured: the server is believed when it goes on after its own SYN-ACK, with the same ack. */
static void test_server_goes_on(void)
{
    for (unsigned other = 0; other < 2; other++) {
        story *s = story_new();
        flow f = flow_new(s, CLIENT, RS);
        toa_conversation *old;
        toa_segment data;

        earlier_on(&f);
        old = f.conv;
        from_client(&f, SYN, 0);
        server_sends(&f, SYN | ACK, 0);
        g_assert_true(f.conv == old);
        data = from_server(&f, PSH | ACK, 50);
        data.ack += other; /* of a byte that the client has not sent: another's */
        emit(&f, data);
        g_assert_true((f.conv == old) == other);
        EXPECT_QUIET(s);
        story_free(s);
    }
}

/* A load balancer's port that serves another client now: the TOA counts. */
static void test_other_client_named(void)
{
    story *s = story_new();
    flow f = flow_new(s, LVS, RS), old = flow_new(s, LVS, RS);

    open_flow_as(&old, CLIENT);
    exchange(&old, 100, 200);
    close_flow(&old);
    from_client(&f, SYN, 0);
    f.conv = old.conv;
    server_sends(&f, SYN | ACK, 0);
    emit(&f, with_toa(from_client(&f, ACK, 0), "10.0.0.7:8000"));
    EXPECT_KEY(&f, "10.0.0.7:8000 > " RS);
    EXPECT_KEY(&old, CLIENT " > " RS);
    story_free(s);
}

/* V is closed, but the load balancer's mapping is not: the SYN-ACK to D goes to V, the client resets it. */
static void test_crossed_synack(void)
{
    story *s = story_new();
    flow v = flow_new(s, CLIENT, VIP), d = flow_new(s, CLIENT, RS);
    toa_conversation *before;
    toa_segment synack;

    open_flow(&v);
    exchange(&v, 100, 200);
    close_flow(&v);
    before = v.conv;
    story_wait(s, SEC);
    client_sends(&d, SYN, 0);
    for (unsigned i = 0; i < 3; i++) {
        synack = crossed(from_server(&d, SYN | ACK, 0), &d, &v);
        emit(&v, synack);
        EXPECT_HAS(s, FOREIGN_SEGMENT, &d, TOA_EV_ACK | TOA_EV_TSECR);
        emit(&v, (toa_segment){.source = v.client.at, .destination = v.server.at, .flags = RST, .seq = synack.ack,
                               .options.client_item = -1});
        EXPECT_HAS(s, FOREIGN_RST, &d, TOA_EV_SEQ);
        story_wait(s, SEC);
    }
    g_assert_true(v.conv == before);
    story_free(s);
}

/* The capture has a hole that is wider than the window, the connection goes on behind it. */
static void test_hole(void)
{
    story *s = story_new();
    flow x = flow_new(s, CLIENT, VIP), y = flow_new(s, CLIENT, RS);
    toa_conversation *before;

    open_flow(&y);
    open_flow(&x);
    exchange(&x, 100, 200);
    before = x.conv;
    x.client.next += 50000000;
    x.server.next += 90000000;
    client_sends(&x, PSH | ACK, 100);
    server_sends(&x, PSH | ACK, 100);
    client_sends(&x, ACK, 0);
    g_assert_true(x.conv == before);
    g_assert_false(s->fed.unexplained);
    EXPECT_QUIET(s);
    story_wait(s, SEC);
    emit(&x, crossed(from_server(&y, PSH | ACK, 30), &y, &x));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &y, TOA_EV_SEQ | TOA_EV_ACK);
    story_free(s);
}

/* One forged segment of the client makes nothing begin: its server does not answer it. */
static void test_forged(void)
{
    story *s = story_new();
    flow x = flow_new(s, CLIENT, VIP), y = flow_new(s, CLIENT, RS);
    toa_conversation *before;
    toa_segment forged;

    open_flow(&y);
    open_flow(&x);
    exchange(&x, 100, 200);
    before = x.conv;
    forged = from_client(&x, PSH | ACK, 0);
    forged.seq = story_random(s);
    forged.ack = story_random(s);
    emit(&x, forged);
    exchange(&x, 100, 200);
    g_assert_true(x.conv == before);
    EXPECT_QUIET(s);
    emit(&x, crossed(from_server(&y, PSH | ACK, 30), &y, &x));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &y, TOA_EV_SEQ | TOA_EV_ACK);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/missed/client-goes-on", test_client_goes_on);
    g_test_add_func("/missed/syn-lost", test_syn_lost);
    g_test_add_func("/missed/syn-and-ack-lost", test_syn_and_ack_lost);
    g_test_add_func("/missed/handshake-lost", test_handshake_lost);
    g_test_add_func("/missed/server-goes-on", test_server_goes_on);
    g_test_add_func("/missed/other-client-named", test_other_client_named);
    g_test_add_func("/missed/crossed-synack", test_crossed_synack);
    g_test_add_func("/missed/hole", test_hole);
    g_test_add_func("/missed/forged", test_forged);
    return g_test_run();
}
