/* toa.foreign.unseen: answers whose owner is in no capture, and owners that come later (judge/unseen.h).
 *
 * D is the direct conversation, V the one through the load balancer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define CLIENT "10.0.0.1:5000"
#define RS "10.0.1.9:3306"
#define VIP "10.0.2.2:3306"

/* D is in no capture: its segments are only built. V's SYN is answered by D's socket. */
static toa_segment challenge(flow *d, flow *v)
{
    from_client(d, SYN, 0);
    from_server(d, SYN | ACK, 0);
    from_client(d, PSH | ACK, 100);
    from_server(d, PSH | ACK, 200);
    client_sends(v, SYN, 0);
    return crossed(from_server(d, ACK, 0), d, v);
}

/* The client's RST for what it knows nothing of. */
static toa_segment refusal(flow *v, toa_segment answer)
{
    toa_segment rst = from_client(v, RST, 0);

    rst.seq = answer.ack;
    rst.ack = 0;
    rst.ip_id = 0;
    return rst;
}

static void test_refused(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);
    toa_segment answer = challenge(&d, &v);
    const toa_finding *finding;

    emit(&v, answer);
    EXPECT_NONE(s); /* alone it may be late */
    emit(&v, refusal(&v, answer));
    finding = EXPECT_ONE(s, FOREIGN_UNSEEN, NULL, TOA_EV_SEQ);
    g_assert_cmpuint(finding->other_frame, ==, 2);
    story_free(s);
}

/* The client keeps silent (a firewall), D's server goes on: one run of numbers and of IP-IDs. */
static void test_run(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

    v.timestamps = false;
    emit(&v, challenge(&d, &v));
    emit(&v, crossed(from_server(&d, PSH | ACK, 50), &d, &v));
    EXPECT_ONE(s, FOREIGN_UNSEEN, NULL, TOA_EV_SEQ | TOA_EV_IP_ID);
    emit(&v, crossed(from_server(&d, RST | ACK, 0), &d, &v));
    EXPECT_ONE(s, FOREIGN_UNSEEN, NULL, TOA_EV_SEQ | TOA_EV_IP_ID);
    EXPECT_TOTAL(s, FOREIGN_UNSEEN, 2);
    story_free(s);
}

/* On a conversation that is over, D's server answers a SYN of D's; each time the client refuses. The first time the SYN may have
 * been V's, lost by the capture, and the client have gone. */
static void test_synacks(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);
    toa_segment synack;

    open_flow(&v);
    exchange(&v, 10, 10);
    close_flow(&v);
    story_wait(s, SEC);
    from_client(&d, SYN, 0);
    synack = crossed(from_server(&d, SYN | ACK, 0), &d, &v);
    for (unsigned i = 0; i < 3; i++) {
        synack.time = 0;
        emit(&v, synack);
        EXPECT_NONE(s);
        emit(&v, refusal(&v, synack));
        if (i == 0) {
            EXPECT_NONE(s);
        } else {
            EXPECT_ONE(s, FOREIGN_UNSEEN, NULL, TOA_EV_SEQ);
        }
        story_wait(s, SEC);
    }
    story_free(s);
}

static void test_other_refusal(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);
    toa_segment answer = challenge(&d, &v);

    emit(&v, answer);
    answer.ack += 77; /* the RST answers something else */
    emit(&v, refusal(&v, answer));
    EXPECT_QUIET(s);
    story_free(s);
}

static void test_late_refusal(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);
    toa_segment answer = challenge(&d, &v);

    emit(&v, answer);
    story_wait(s, 2 * SEC);
    emit(&v, refusal(&v, answer));
    EXPECT_QUIET(s);
    story_free(s);
}

/* The client itself goes on with the numbers: a new connection on the tuple of a refused one, its SYN lost by the capture. */
static void test_client_knows(void)
{
    story *s = story_new();
    flow old = flow_new(s, CLIENT, VIP), next = flow_new(s, CLIENT, VIP);

    client_sends(&old, SYN, 0);
    from_client(&next, SYN, 0);
    from_server(&next, SYN | ACK, 0);
    next.conv = old.conv;
    client_sends(&next, ACK, 0);
    server_sends(&next, ACK, 0);
    server_sends(&next, PSH | ACK, 30);
    EXPECT_TOTAL(s, FOREIGN_UNSEEN, 0);
    story_free(s);
}

/* The capture has lost what the client sent behind its SYN. */
static void test_lost_request(void)
{
    story *s = story_new();
    flow v = flow_new(s, CLIENT, VIP);

    client_sends(&v, SYN, 0);
    from_server(&v, SYN | ACK, 0);
    from_client(&v, PSH | ACK, 400);
    server_sends(&v, ACK, 0);
    server_sends(&v, PSH | ACK, 30);
    EXPECT_QUIET(s);
    story_free(s);
}

/* D was silent while V began. Its first segment asks for just the number that V's SYN has drawn. */
static void test_owner_comes(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);
    toa_segment answer = challenge(&d, &v);
    const toa_finding *finding;

    emit(&v, answer);
    emit(&v, refusal(&v, answer));
    story_wait(s, 300 * SEC);
    client_sends(&d, PSH | ACK, 10);
    EXPECT_HAS(s, COLLISION, &v, TOA_EV_SEQ);
    finding = EXPECT_HAS(s, CONFIRMED, &v, TOA_EV_SEQ);
    g_assert_cmpuint(finding->other_frame, ==, v.conv->first_frame);
    g_assert_true(toa_began_before(d.conv, v.conv)); /* it was under way already */
    g_assert_true(v.conv->key == d.conv->key);
    story_free(s);
}

static void test_owner_of_another_client(void)
{
    story *s = story_new();
    flow d = flow_new(s, "10.0.0.2:5000", RS), v = flow_new(s, CLIENT, VIP);
    toa_segment answer = challenge(&d, &v);

    emit(&v, answer);
    client_sends(&d, PSH | ACK, 10);
    EXPECT_QUIET(s);
    story_free(s);
}

/* A connection whose handshake was captured began after the answer. */
static void test_owner_too_young(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP), young = flow_new(s, CLIENT, "10.0.1.7:3306");
    toa_segment answer = challenge(&d, &v), first;

    emit(&v, answer);
    client_sends(&young, SYN, 0);
    first = from_client(&young, ACK, 0);
    first.ack = answer.seq;
    emit(&young, first);
    EXPECT_QUIET(s);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/unseen/refused", test_refused);
    g_test_add_func("/unseen/run", test_run);
    g_test_add_func("/unseen/synacks", test_synacks);
    g_test_add_func("/unseen/not-by-another-refusal", test_other_refusal);
    g_test_add_func("/unseen/not-by-a-late-refusal", test_late_refusal);
    g_test_add_func("/unseen/not-if-the-client-knows", test_client_knows);
    g_test_add_func("/unseen/not-after-a-lost-request", test_lost_request);
    g_test_add_func("/unseen/owner-comes", test_owner_comes);
    g_test_add_func("/unseen/owner-of-another-client", test_owner_of_another_client);
    g_test_add_func("/unseen/owner-too-young", test_owner_too_young);
    return g_test_run();
}
