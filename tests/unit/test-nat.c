/* Client addresses that change on the way (issue of the two NATed clients): what a capture before the NAT, behind it, or at both
 * places can tell (plugin/doc/rules.md, "Behind a NAT").
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define CLIENT "192.168.0.1:5000"
#define NEIGHBOUR "192.168.0.2:5000" /* another client of the same NAT, with the same port */
#define NATTED "203.0.113.7:5000"    /* what the NAT makes of either, for different destinations */
#define RS "10.0.1.9:80"
#define VIP "10.0.2.2:80"

/* The same packets on another tuple: the connection as it is captured behind the NAT. */
static flow seen_as(const flow *f, const char *client)
{
    flow inner = *f;

    inner.client.at = endpoint_of(client);
    inner.conv = NULL;
    return inner;
}

/* A question on d, and the server's RST for it, which carries v's addresses. */
static toa_segment stray_rst(flow *d, flow *v)
{
    toa_segment question = from_client(d, PSH | ACK, 100), rst;

    emit(d, question);
    rst = from_server(d, RST, 0);
    rst.seq = question.ack;
    rst.ip_id = 0;
    return crossed(rst, d, v);
}

/* One client, captured before a NAT that keeps its port or chooses one for both connections: all numbers are the server's, so
 * nothing is lost. The key names the client as captured; what the NAT has made of it is not in the capture. */
static void test_before_nat(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);
    toa_segment answer;

    open_flow(&d);
    exchange(&d, 100, 200);
    emit(&v, from_client(&v, SYN, 0));
    answer = crossed(from_server(&d, ACK, 0), &d, &v);
    emit(&v, answer);
    EXPECT_HAS(s, FOREIGN_SEGMENT, &d, TOA_EV_SEQ);
    server_sends(&v, SYN | ACK, 0);
    client_sends(&v, ACK, 0);
    exchange(&v, 100, 200);
    emit(&v, stray_rst(&d, &v));
    EXPECT_HAS(s, FOREIGN_RST, &d, TOA_EV_SEQ | TOA_EV_TRIGGER);
    EXPECT_TOTAL(s, CONFIRMED, 1);
    g_assert_true(toa_endpoint_equal(&v.conv->key->client->endpoint, &d.client.at));
    story_free(s);
}

/* Two clients with one port, captured behind the NAT: to everybody there they are one client. */
static void test_behind_nat(void)
{
    story *s = story_new();
    flow d = flow_new(s, NATTED, RS), v = flow_new(s, NATTED, VIP);

    open_flow(&d);
    exchange(&d, 100, 200);
    open_flow(&v);
    exchange(&v, 100, 200);
    emit(&v, stray_rst(&d, &v));
    EXPECT_HAS(s, FOREIGN_RST, &d, TOA_EV_SEQ | TOA_EV_TRIGGER);
    story_free(s);
}

/* The same captured before the NAT: neither client nor server endpoint is the same, so the two have nothing to do with each
 * other. The RST fits nothing on its conversation, which is all that is said. */
static void test_neighbours_before_nat(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, NEIGHBOUR, VIP);

    open_flow(&d);
    exchange(&d, 100, 200);
    open_flow(&v);
    exchange(&v, 100, 200);
    g_assert_true(emit(&v, stray_rst(&d, &v)).unexplained);
    EXPECT_QUIET(s);
    story_free(s);
}

/* Two clients of one NAT that reach one service by one address: the NAT gives them two ports, or it is broken. Nobody is accused,
 * whatever numbers are close. */
static void test_neighbours_with_one_service(void)
{
    story *s = story_new();
    flow one = flow_new(s, CLIENT, VIP), other = flow_new(s, NEIGHBOUR, VIP);

    open_flow(&one);
    open_flow(&other);
    for (unsigned i = 0; i < 20; i++) {
        exchange(&one, 100 + i, 200);
        exchange(&other, 100 + i, 200);
    }
    close_flow(&one);
    exchange(&other, 10, 20);
    EXPECT_QUIET(s);
    story_free(s);
}

static void on_both(flow *first, flow *second, toa_segment segment)
{
    toa_segment copy = crossed(segment, first, second);

    segment.time = first->story->now;
    copy.ttl--;
    copy.time = segment.time + 50 * US;
    emit(first, segment);
    emit(second, copy);
}

static void open_both(flow *outer, flow *inner)
{
    on_both(outer, inner, from_client(outer, SYN, 0));
    on_both(inner, outer, crossed(from_server(outer, SYN | ACK, 0), outer, inner));
    on_both(outer, inner, from_client(outer, ACK, 0));
    for (unsigned i = 0; i < 3; i++) {
        on_both(outer, inner, from_client(outer, PSH | ACK, 100));
        on_both(inner, outer, crossed(from_server(outer, PSH | ACK, 200), outer, inner));
        on_both(outer, inner, from_client(outer, ACK, 0));
    }
}

/* Captured at both places (the NAT itself, or merged): the legs behind it are of one client endpoint, and tell whose it is. */
static void test_at_the_nat(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, NEIGHBOUR, VIP);
    flow d_inner = seen_as(&d, NATTED), v_inner = seen_as(&v, NATTED);
    toa_segment question, rst;

    open_both(&d, &d_inner);
    open_both(&v, &v_inner);
    EXPECT_QUIET(s);
    question = from_client(&d, PSH | ACK, 100);
    on_both(&d, &d_inner, question);
    rst = from_server(&d, RST, 0);
    rst.seq = question.ack;
    rst.ip_id = 0;
    emit(&v_inner, crossed(rst, &d, &v_inner));
    EXPECT_HAS(s, FOREIGN_RST, &d_inner, TOA_EV_SEQ | TOA_EV_TRIGGER);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nat/before", test_before_nat);
    g_test_add_func("/nat/behind", test_behind_nat);
    g_test_add_func("/nat/neighbours-before", test_neighbours_before_nat);
    g_test_add_func("/nat/neighbours-with-one-service", test_neighbours_with_one_service);
    g_test_add_func("/nat/at-the-nat", test_at_the_nat);
    return g_test_run();
}
