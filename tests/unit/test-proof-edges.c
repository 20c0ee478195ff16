/* Where the proof by the clock of ISNs (rule R10) ends: what looks like one, and what does not but is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define CLIENT "10.0.0.1:5000"
#define RS "10.0.1.9:3306"

/* V's SYN-ACK comes now; its ISN is what a clock shows that stood at `isn` at that time. */
static void answer(story *s, flow *v, uint32_t isn, int64_t then)
{
    client_sends(v, SYN, 0);
    v->server.isn = v->server.next = isn + (uint32_t)(uint64_t)((s->now - then) / 64);
    server_sends(v, SYN | ACK, 0);
}

/* The load balancer's address may have another port than the server's: only two ports of one address are two services. */
static void test_other_port(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, "10.0.2.2:8080");

    open_flow(&d);
    story_wait(s, 20 * SEC);
    answer(s, &v, d.server.isn, d.conv->synack_time);
    EXPECT_HAS(s, CONFIRMED, &d, TOA_EV_ISN_CLOCK);
    story_free(s);
}

/* A conversation whose SYN-ACK was not captured has no ISN to compare: not 0, at the beginning of time. */
static void test_without_synack(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, "10.0.2.2:3306");

    client_sends(&d, ACK, 100);
    server_sends(&d, ACK, 100);
    client_sends(&d, ACK, 0);
    story_wait(s, 20 * SEC);
    answer(s, &v, 0, 0);
    EXPECT_QUIET(s);
    story_free(s);
}

/* The clock runs for each client: the same ISNs for another port of the client prove nothing. */
static void test_other_client_port(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, "10.0.0.1:5001", "10.0.2.2:3306");

    open_flow(&d);
    story_wait(s, 20 * SEC);
    answer(s, &v, d.server.isn, d.conv->synack_time);
    EXPECT_QUIET(s);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/proof-edges/other-port", test_other_port);
    g_test_add_func("/proof-edges/without-synack", test_without_synack);
    g_test_add_func("/proof-edges/other-client-port", test_other_client_port);
    return g_test_run();
}
