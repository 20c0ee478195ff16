/* Two connections with one wire tuple in two networks, and one connection that is seen in several (model/network.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/network.h"
#include "story.h"

#define CLIENT "10.0.0.5:40000"
#define SERVER "10.0.0.9:3306"

/* The networks of questions and of answers. */
typedef struct ways {
    uint16_t out, back;
} ways;

static toa_segment in(uint16_t network, toa_segment segment)
{
    segment.network = network;
    return segment;
}

static void ask(flow *f, ways w)
{
    emit(f, in(w.out, from_client(f, ACK | PSH, 20)));
}

static void answer(flow *f, ways w)
{
    emit(f, in(w.back, from_server(f, ACK | PSH, 20)));
}

static void open_in(flow *f, ways w)
{
    emit(f, in(w.out, from_client(f, SYN, 0)));
    emit(f, in(w.back, from_server(f, SYN | ACK, 0)));
    emit(f, in(w.out, from_client(f, ACK, 0)));
}

static void close_in(flow *f, ways w)
{
    emit(f, in(w.out, from_client(f, FIN | ACK, 0)));
    emit(f, in(w.back, from_server(f, FIN | ACK, 0)));
    emit(f, in(w.out, from_client(f, ACK, 0)));
}

/* Both under way at one time; emit() checks that each has a conversation of its own all the time. */
static void talk_by_turns(flow *a, ways as, flow *b, ways bs)
{
    for (unsigned i = 0; i < 5; i++) {
        ask(a, as);
        ask(b, bs);
        answer(a, as);
        answer(b, bs);
    }
}

static void expect_apart(story *s, const flow *a, const flow *b)
{
    g_assert_true(a->conv != b->conv);
    g_assert_true(toa_network_apart(a->conv, b->conv));
    g_assert_true(!b->conv->extra || b->conv->extra->earlier != a->conv);
    g_assert_cmpuint(toa_engine_conversations(s->engine), ==, 2);
    EXPECT_QUIET(s);
}

static void test_two_networks(void)
{
    story *s = story_new();
    flow a = flow_new(s, CLIENT, SERVER), b = flow_new(s, CLIENT, SERVER);
    ways as = {7, 7}, bs = {9, 9};

    open_in(&a, as);
    ask(&a, as);
    open_in(&b, bs);
    talk_by_turns(&a, as, &b, bs);
    expect_apart(s, &a, &b);
    story_free(s);
}

/* The same without labels around one of them. */
static void test_beside_plain(void)
{
    story *s = story_new();
    flow a = flow_new(s, CLIENT, SERVER), b = flow_new(s, CLIENT, SERVER);
    ways as = {0, 0}, bs = {9, 9};

    open_in(&a, as);
    open_in(&b, bs);
    talk_by_turns(&a, as, &b, bs);
    expect_apart(s, &a, &b);
    story_free(s);
}

static void test_begun_together(void)
{
    story *s = story_new();
    flow a = flow_new(s, CLIENT, SERVER), b = flow_new(s, CLIENT, SERVER);
    ways as = {7, 7}, bs = {9, 9};

    emit(&a, in(7, from_client(&a, SYN, 0)));
    emit(&b, in(9, from_client(&b, SYN, 0)));
    emit(&a, in(7, from_server(&a, SYN | ACK, 0)));
    emit(&b, in(9, from_server(&b, SYN | ACK, 0)));
    talk_by_turns(&a, as, &b, bs);
    expect_apart(s, &a, &b);
    story_free(s);
}

/* Begun before the capture. */
static void test_midstream(void)
{
    story *s = story_new();
    flow a = flow_new(s, CLIENT, SERVER), b = flow_new(s, CLIENT, SERVER);
    ways as = {7, 7}, bs = {9, 9};

    talk_by_turns(&a, as, &a, as);
    talk_by_turns(&a, as, &b, bs);
    expect_apart(s, &a, &b);
    story_free(s);
}

/* Labels that are others in each direction: they tell when both directions have been seen. */
static void test_one_way_labels(void)
{
    story *s = story_new();
    flow a = flow_new(s, CLIENT, SERVER), b = flow_new(s, CLIENT, SERVER);
    ways as = {1, 2}, bs = {3, 4};

    open_in(&a, as);
    talk_by_turns(&a, as, &a, as);
    open_in(&b, bs);
    talk_by_turns(&a, as, &b, bs);
    expect_apart(s, &a, &b);
    story_free(s);
}

/* The port is used again in one of the networks, and the server's end of the first connection still answers there. */
static void test_used_again(void)
{
    story *s = story_new();
    flow a = flow_new(s, CLIENT, SERVER), b = flow_new(s, CLIENT, SERVER), next = flow_new(s, CLIENT, SERVER);
    ways as = {7, 7}, bs = {9, 9};

    open_in(&a, as);
    open_in(&b, bs);
    talk_by_turns(&a, as, &b, bs);
    EXPECT_QUIET(s);
    emit(&next, in(7, from_client(&next, SYN, 0)));
    emit(&next, in(7, from_server(&a, ACK, 0)));
    EXPECT_HAS(s, STALE_SESSION, &a, 0);
    answer(&b, bs);
    EXPECT_NONE(s);
    g_assert_true(next.conv->extra->earlier == a.conv);
    story_free(s);
}

/* A direct server answers without the tunnel in which it was asked; the next connection goes to another server. */
static void test_direct_server(void)
{
    story *s = story_new();
    flow a = flow_new(s, CLIENT, SERVER), b = flow_new(s, CLIENT, SERVER);

    open_in(&a, (ways){5, 0});
    ask(&a, (ways){5, 0});
    answer(&a, (ways){5, 0});
    emit(&b, in(6, from_client(&b, SYN, 0)));
    emit(&b, in(0, from_server(&a, ACK, 0)));
    EXPECT_HAS(s, STALE_SESSION, &a, 0);
    emit(&b, in(0, from_server(&b, SYN | ACK, 0)));
    EXPECT_NONE(s);
    story_free(s);
}

/* A mirror shows each packet before and behind a router: one connection, whose packets come twice. */
static void test_mirror(void)
{
    story *s = story_new();
    flow f = flow_new(s, CLIENT, SERVER);

    for (unsigned i = 0; i < 12; i++) {
        bool out = i != 1 && i % 3 != 2;
        toa_segment segment = out ? from_client(&f, i ? ACK : SYN, i > 2 ? 20 : 0)
                                  : from_server(&f, i == 1 ? SYN | ACK : ACK, i > 1 ? 30 : 0);
        emit(&f, in(out ? 10 : 20, segment));
        g_assert_false(s->fed.copy);
        segment.ttl--;
        segment.time = s->now;
        emit(&f, in(out ? 20 : 10, segment));
        g_assert_true(s->fed.copy);
    }
    close_in(&f, (ways){20, 10});
    g_assert_cmpuint(toa_engine_conversations(s->engine), ==, 1);
    EXPECT_QUIET(s);
    story_free(s);
}

/* Many networks with one tuple: each has its conversation, and looking for it does not grow with them. */
static void test_many(void)
{
    enum { MANY = 2000 };
    story *s = story_new();
    flow *flows = g_new(flow, MANY);

    for (uint16_t i = 0; i < MANY; i++) {
        flows[i] = flow_new(s, CLIENT, SERVER);
        open_in(&flows[i], (ways){(uint16_t)(i + 1), (uint16_t)(i + 1)});
    }
    for (uint16_t i = 0; i < MANY; i++) {
        ask(&flows[i], (ways){(uint16_t)(i + 1), (uint16_t)(i + 1)});
        answer(&flows[i], (ways){(uint16_t)(i + 1), (uint16_t)(i + 1)});
    }
    g_assert_cmpuint(toa_engine_conversations(s->engine), ==, MANY);
    EXPECT_QUIET(s);
    g_free(flows);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/network/two", test_two_networks);
    g_test_add_func("/network/beside-plain", test_beside_plain);
    g_test_add_func("/network/begun-together", test_begun_together);
    g_test_add_func("/network/midstream", test_midstream);
    g_test_add_func("/network/one-way-labels", test_one_way_labels);
    g_test_add_func("/network/used-again", test_used_again);
    g_test_add_func("/network/direct-server", test_direct_server);
    g_test_add_func("/network/mirror", test_mirror);
    g_test_add_func("/network/many", test_many);
    return g_test_run();
}
