/* toa.collision.refuted: one key, and two connections that both work (judge/refuted.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define CLIENT "10.0.0.1:5000"
#define RS "10.0.1.9:3306"
#define LVS "172.16.0.1:7000"

static void test_both_work(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);

    open_flow(&d);
    exchange(&d, 10, 10);
    open_flow_as(&v, CLIENT);
    EXPECT_TOTAL(s, COLLISION, 1);
    exchange(&v, 10, 10);
    EXPECT_TOTAL(s, REFUTED, 0); /* D has been answered before V began */
    client_sends(&d, PSH | ACK, 20);
    server_sends(&d, PSH | ACK, 20);
    EXPECT_ONE(s, REFUTED, &v, TOA_EV_KEY);
    exchange(&v, 10, 10);
    exchange(&d, 10, 10);
    EXPECT_TOTAL(s, REFUTED, 1);
    story_free(s);
}

static void test_one_waits(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);

    open_flow(&d);
    open_flow_as(&v, CLIENT);
    exchange(&v, 10, 10);
    client_sends(&d, PSH | ACK, 20);
    exchange(&v, 10, 10);
    EXPECT_TOTAL(s, REFUTED, 0);
    story_free(s);
}

/* A keepalive is answered by whatever is there. */
static void test_keepalive_alone(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);
    toa_segment probe;

    open_flow(&d);
    open_flow_as(&v, CLIENT);
    exchange(&v, 10, 10);
    probe = from_client(&d, ACK, 0);
    probe.seq--;
    emit(&d, probe);
    server_sends(&d, ACK, 0);
    EXPECT_TOTAL(s, REFUTED, 0);
    story_free(s);
}

/* Only what acknowledges the newest demand, and all that was sent, is an answer that works: not that of an older demand while
 * more is under way, nor one to an old segment that was sent again. */
static void test_part_answered(void)
{
    for (unsigned again = 0; again < 2; again++) {
        story *s = story_new();
        flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);
        toa_segment first, answer;

        open_flow(&d);
        open_flow_as(&v, CLIENT);
        exchange(&v, 10, 10);
        first = from_client(&d, PSH | ACK, 20);
        emit(&d, first);
        client_sends(&d, PSH | ACK, 30);
        answer = from_server(&d, ACK, 0);
        if (again) {
            story_wait(s, 300 * MS);
            first.ip_id = (uint16_t)(d.client.ip_id + 1);
            emit(&d, first); /* the newest demand is an old segment */
        } else {
            answer.ack -= 30;
        }
        emit(&d, answer);
        EXPECT_TOTAL(s, REFUTED, 0);
        client_sends(&d, PSH | ACK, 5);
        server_sends(&d, ACK, 0);
        EXPECT_TOTAL(s, REFUTED, 1);
        story_free(s);
    }
}

/* Something has crossed: then it is not refuted, whatever else works. */
static void test_crossed_before(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, LVS, RS);

    open_flow(&d);
    open_flow_as(&v, CLIENT);
    client_sends(&d, PSH | ACK, 10);
    emit(&v, crossed(from_server(&d, PSH | ACK, 30), &d, &v));
    EXPECT_TOTAL(s, FOREIGN_SEGMENT, 1);
    exchange(&v, 10, 10);
    exchange(&d, 10, 10);
    EXPECT_TOTAL(s, REFUTED, 0);
    story_free(s);
}

/* Many with one key: each pair once. */
static void test_many(void)
{
    story *s = story_new();
    flow flows[6];

    for (unsigned i = 0; i < G_N_ELEMENTS(flows); i++) {
        char *from = g_strdup_printf("172.16.0.%u:7000", i + 1);
        flows[i] = flow_new(s, from, RS);
        open_flow_as(&flows[i], CLIENT);
        g_free(from);
    }
    EXPECT_TOTAL(s, COLLISION, 15);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(flows); i++) {
            exchange(&flows[i], 10, 10);
        }
    }
    EXPECT_TOTAL(s, REFUTED, 15);
    for (unsigned i = 0; i < G_N_ELEMENTS(flows); i++) {
        g_assert_false(flows[i].conv->disputed);
    }
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/refuted/both-work", test_both_work);
    g_test_add_func("/refuted/not-if-one-waits", test_one_waits);
    g_test_add_func("/refuted/not-by-keepalive", test_keepalive_alone);
    g_test_add_func("/refuted/not-by-a-part", test_part_answered);
    g_test_add_func("/refuted/not-if-crossed", test_crossed_before);
    g_test_add_func("/refuted/many", test_many);
    return g_test_run();
}
