/* Rule R4: legs without TOA: what their numbers alone tell, one ISN or twice the same segment.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define CLIENT "10.0.0.1:5000"
#define VIP "10.0.2.2:3306"
#define RS "10.0.1.9:3306"

/* Two wire tuples of one client; the capture has missed how the second began. */
static void open_half(story *s, flow *a, flow *b)
{
    *a = flow_new(s, CLIENT, "10.0.5.1:80");
    *b = flow_new(s, CLIENT, "10.0.5.2:80");
    open_flow(a);
    client_sends(b, SYN, 0);
}

/* No TOA, no common ISN: what both carried is a copy, and twice makes them legs. */
static void test_copies_make_legs(void)
{
    story *s = story_new();
    flow a, b;

    open_half(s, &a, &b);
    for (unsigned i = 0; i < 5; i++) {
        toa_segment data = from_server(&a, PSH | ACK, 100), copy = crossed(data, &a, &b);
        copy.ack = b.client.next;
        emit(&a, data);
        emit(&b, copy);
        EXPECT_NONE(s);
        story_wait(s, 20 * MS);
        g_assert_cmpint(toa_engine_leg(a.conv) != NULL, ==, i >= 1);
    }
    EXPECT_QUIET(s);
    story_free(s);
}

/* One copy is one copy, however many indexes find it. */
static void test_one_copy_no_legs(void)
{
    for (unsigned extra = 0; extra <= 20; extra += 20) {
        story *s = story_new();
        flow y = flow_new(s, CLIENT, RS), x = flow_new(s, CLIENT, VIP);
        toa_segment ack;
        open_flow(&y);
        open_flow(&x);
        open_group(s, CLIENT, extra);
        story_wait(s, SEC);
        ack = from_server(&y, ACK, 0);
        emit(&y, ack);
        emit(&x, crossed(ack, &y, &x));
        EXPECT_NONE(s);
        g_assert_null(toa_engine_leg(x.conv)); /* twice makes legs (R4) */
        story_free(s);
    }
}

/* The two legs of one connection share a key. */
static void test_legs_by_copies_share_key(void)
{
    story *s = story_new();
    flow a, b;

    open_half(s, &a, &b);
    for (unsigned i = 0; i < 3; i++) {
        toa_segment data = from_server(&a, PSH | ACK, 100), copy = crossed(data, &a, &b);
        copy.ack = b.client.next;
        emit(&a, data);
        emit(&b, copy);
        story_wait(s, 20 * MS);
    }
    g_assert_true(toa_engine_leg(a.conv) == b.conv);
    g_assert_true(a.conv->key == b.conv->key);
    story_free(s);
}

/* The stack repeats a segment with a new identification, and only the repetition goes astray: that is no copy. */
static void test_repetition_is_no_copy(void)
{
    story *s = story_new();
    flow a, b;

    open_half(s, &a, &b);
    for (unsigned i = 0; i < 5; i++) {
        toa_segment data = from_server(&a, PSH | ACK, 100), again = crossed(data, &a, &b);
        emit(&a, data);
        again.ip_id = ++a.server.ip_id;
        emit(&b, again);
        EXPECT_HAS(s, FOREIGN_SEGMENT, &a, TOA_EV_SEQ | TOA_EV_IP_ID);
        story_wait(s, 20 * MS);
    }
    g_assert_null(toa_engine_leg(b.conv));
    story_free(s);
}

/* Legs by copies, until the server of the second shows an ISN of its own. */
static void test_contrary_isn_parts_legs(void)
{
    story *s = story_new();
    flow a, b;

    open_half(s, &a, &b);
    for (unsigned i = 0; i < 2; i++) {
        toa_segment data = from_server(&a, PSH | ACK, 100), copy = crossed(data, &a, &b);
        copy.ack = b.client.next;
        emit(&a, data);
        emit(&b, copy);
        story_wait(s, 20 * MS);
    }
    g_assert_true(toa_engine_leg(b.conv) == a.conv);
    EXPECT_KEY(&b, CLIENT " > 10.0.5.1:80");
    server_sends(&b, SYN | ACK, 0);
    client_sends(&b, ACK, 0);
    g_assert_null(toa_engine_leg(b.conv));
    EXPECT_KEY(&b, CLIENT " > 10.0.5.2:80");
    story_wait(s, SEC);
    client_sends(&a, PSH | ACK, 10);
    emit(&b, crossed(from_server(&a, PSH | ACK, 30), &a, &b));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &a, TOA_EV_SEQ | TOA_EV_ACK);
    story_free(s);
}

/* A NAT (VIP > server, client kept), captured on both sides the second time only. A: client > VIP, B: client > server.
 * B is A's leg by its client's ISN (R4; in a group of many only the server's ISN is looked up), so the earlier connection
 * on A's wire tuple is not "other" for B. */
static void test_leg_by_client_isn(void)
{
    story *s = story_new();
    flow old = flow_new(s, CLIENT, VIP), a = flow_new(s, CLIENT, VIP), b;

    open_flow(&old); /* stays open */
    open_group(s, CLIENT, 20); /* with few conversations it is found */
    s->now = old.conv->synack_time + 20 * SEC - 2 * MS;
    b = a;
    b.server.at = endpoint_of("192.168.7.7:3306");
    client_sends(&a, SYN, 0);
    client_sends(&b, SYN, 0);
    b.server.isn = b.server.next = old.server.isn + (uint32_t)(20 * SEC / 64); /* one server, one clock, one tuple */
    server_sends(&b, SYN | ACK, 0); /* passes the inner side first */
    EXPECT_NONE(s);
    story_free(s);
}

/* Behind a SYN proxy the first data make legs of the two, but only the same bytes, and at once. */
static void test_data_of_another(void)
{
    static const struct { int64_t wait; uint32_t skipped, length; bool legs; } cases[] = {
        {0, 0, 300, true}, {200 * MS, 0, 300, false}, {0, 0, 299, false}, {0, 100, 200, false}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        story *s = story_new();
        flow c = flow_new(s, "10.0.0.1:5000", "10.0.2.2:3306"), r = flow_new(s, "172.16.0.1:7000", "10.0.1.9:3306");
        open_flow(&c);
        r.client.isn = r.client.next = c.client.isn + 5000;
        emit(&r, with_toa(from_client(&r, SYN, 0), "10.0.0.1:5000"));
        server_sends(&r, SYN | ACK, 0);
        client_sends(&r, ACK, 0);
        story_wait(s, SEC); /* the handshake is no part of what was sent lately */
        client_sends(&c, PSH | ACK, 300);
        story_wait(s, cases[i].wait);
        from_client(&r, PSH | ACK, cases[i].skipped);
        client_sends(&r, PSH | ACK, cases[i].length);
        g_assert_true(toa_engine_leg(r.conv) == (cases[i].legs ? c.conv : NULL));
        story_free(s);
    }
}

/* The TOA comes late, on a segment without data: the equal ISN of the server alone makes certain legs at once. */
static void test_certain_by_late_toa(void)
{
    story *s = story_new();
    flow c = flow_new(s, "10.0.0.1:5000", "10.0.2.2:3306"), r = flow_new(s, "172.16.0.1:7000", "10.0.1.9:3306");

    r.server.isn = r.server.next = c.server.isn;
    open_flow(&c);
    story_wait(s, SEC);
    open_flow(&r);
    g_assert_null(toa_engine_leg(r.conv));
    story_wait(s, SEC);
    emit(&r, with_toa(from_client(&r, ACK, 0), "10.0.0.1:5000"));
    g_assert_true(toa_engine_leg(r.conv) == c.conv);
    g_assert_true(toa_engine_leg(c.conv) == r.conv);
    EXPECT_QUIET(s);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/legs-numbers/copies-make-legs", test_copies_make_legs);
    g_test_add_func("/legs-numbers/repetition-is-no-copy", test_repetition_is_no_copy);
    g_test_add_func("/legs-numbers/contrary-isn-parts", test_contrary_isn_parts_legs);
    g_test_add_func("/legs-numbers/one-copy-does-not", test_one_copy_no_legs);
    g_test_add_func("/legs-numbers/by-copies-share-key", test_legs_by_copies_share_key);
    g_test_add_func("/legs-numbers/by-client-isn", test_leg_by_client_isn);
    g_test_add_func("/legs-numbers/data-of-another", test_data_of_another);
    g_test_add_func("/legs-numbers/certain-by-late-toa", test_certain_by_late_toa);
    return g_test_run();
}
