/* Direct server return (frames/dsr.h, judge/legs.h): an option beside the SYN to the pod names the VIP that the client has sent
 * it to. D is the leg client > VIP, P the leg client > pod.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define CLIENT "10.0.0.1:5000"
#define VIP "10.0.2.2:80"
#define OTHER_VIP "10.0.2.3:80"
#define POD "10.0.1.9:8080"

static toa_segment with_vip(toa_segment segment, const char *vip)
{
    segment.vip = endpoint_of(vip);
    return segment;
}

/* What the client sends, on both legs, 50 us apart; the SYN with the option. */
static void forward(flow *d, flow *p, unsigned flags, uint32_t length, const char *vip)
{
    toa_segment segment = from_client(d, flags, length), copy = crossed(segment, d, p);

    copy.ttl--;
    emit(d, segment);
    copy.time = d->story->now - MS + 50 * US;
    emit(p, flags & SYN ? with_vip(copy, vip) : copy);
}

static void expect_legs(const flow *d, const flow *p)
{
    g_assert_true(toa_engine_leg(d->conv) == p->conv);
    g_assert_true(toa_engine_leg(p->conv) == d->conv);
    g_assert_true(d->conv->key == p->conv->key);
    g_assert_cmpint(d->conv->source, ==, TOA_KEY_LEG);
    g_assert_cmpint(p->conv->source, ==, TOA_KEY_WIRE);
    g_assert_true(toa_endpoint_equal(toa_engine_dialled(p->conv), toa_wire_server(d->conv)));
}

/* At the balancer's node: both legs of what the client sends, and no answer at all. */
static void test_balancer(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, VIP), p = flow_new(s, CLIENT, POD);

    forward(&d, &p, SYN, 0, VIP);
    expect_legs(&d, &p);
    from_server(&d, SYN | ACK, 0);
    for (unsigned i = 0; i < 5; i++) {
        forward(&d, &p, ACK, i ? 100 : 0, VIP);
        from_server(&d, PSH | ACK, 300);
    }
    EXPECT_QUIET(s);
    story_free(s);
}

/* At the pod's node: the answers leave with the VIP, which nobody asked there. Not an answer that nobody translated back. */
static void test_pod_node(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, VIP), p = flow_new(s, CLIENT, POD);

    emit(&p, with_vip(from_client(&p, SYN, 0), VIP));
    emit(&d, crossed(from_server(&p, SYN | ACK, 0), &p, &d));
    expect_legs(&d, &p);
    for (unsigned i = 0; i < 5; i++) {
        emit(&p, from_client(&p, PSH | ACK, 100));
        emit(&d, crossed(from_server(&p, PSH | ACK, 300), &p, &d));
    }
    EXPECT_QUIET(s);
    story_free(s);
}

/* The same, begun in the middle: all that the client asks is on one conversation, all that it gets on another. It goes on, so
 * nothing has crossed. */
static void test_begun_late(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, VIP), p = flow_new(s, CLIENT, POD);

    from_client(&p, SYN, 0);
    from_server(&p, SYN | ACK, 0);
    for (unsigned i = 0; i < 8; i++) {
        emit(&p, from_client(&p, PSH | ACK, 100));
        if (i & 1) {
            emit(&d, crossed(from_server(&p, ACK, 0), &p, &d));
        }
        emit(&d, crossed(from_server(&p, PSH | ACK, 300), &p, &d));
        emit(&p, from_client(&p, ACK, 0));
    }
    EXPECT_QUIET(s);
    story_free(s);
}

/* At the pod's node, the second VIP's first answer is one to the first connection: which SYN-ACK the option's SYN gets tells. */
static void test_challenge_first(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, OTHER_VIP), p = flow_new(s, CLIENT, POD), p2 = flow_new(s, CLIENT, POD);

    open_flow(&p);
    exchange(&p, 10, 10);
    emit(&p2, with_vip(from_client(&p2, SYN, 0), OTHER_VIP));
    emit(&d, crossed(from_server(&p, ACK, 0), &p, &d));
    story_wait(s, SEC);
    p2.client.next = p2.client.isn;
    emit(&p2, with_vip(from_client(&p2, SYN, 0), OTHER_VIP));
    emit(&d, crossed(from_server(&p2, SYN | ACK, 0), &p2, &d));
    expect_legs(&d, &p2);
    story_free(s);
}

/* One client port through two VIPs: to the pod it is one connection. */
static void test_two_vips(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, VIP), p = flow_new(s, CLIENT, POD);
    flow d2 = flow_new(s, CLIENT, OTHER_VIP), p2 = flow_new(s, CLIENT, POD);

    forward(&d, &p, SYN, 0, VIP);
    forward(&d2, &p2, SYN, 0, OTHER_VIP);
    g_assert_true(d2.conv->key == d.conv->key);
    g_assert_true(toa_engine_leg(d2.conv) == p2.conv);
    EXPECT_TOTAL(s, COLLISION, 0); /* it is said on a segment of its own */
    story_wait(s, SEC);
    d2.client.next = d2.client.isn; /* the SYN again */
    emit(&d2, from_client(&d2, SYN, 0));
    EXPECT_ONE(s, COLLISION, &d, TOA_EV_KEY);
    EXPECT_TOTAL(s, CONFIRMED, 0);
    story_free(s);
}

/* An option whose SYN is not the one that the VIP got joins nothing: anybody can write one. */
static void test_stranger(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, VIP), p = flow_new(s, CLIENT, POD);

    open_flow(&d);
    emit(&p, with_vip(from_client(&p, SYN, 0), VIP));
    g_assert_null(toa_engine_leg(d.conv));
    g_assert_cmpint(d.conv->source, ==, TOA_KEY_WIRE);
    EXPECT_QUIET(s);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dsr/balancer", test_balancer);
    g_test_add_func("/dsr/pod-node", test_pod_node);
    g_test_add_func("/dsr/begun-late", test_begun_late);
    g_test_add_func("/dsr/challenge-first", test_challenge_first);
    g_test_add_func("/dsr/two-vips", test_two_vips);
    g_test_add_func("/dsr/stranger", test_stranger);
    return g_test_run();
}
