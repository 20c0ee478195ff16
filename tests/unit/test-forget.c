/* An engine that forgets: who goes first, that nothing is left of them, that the others do not notice, and that the memory
 * is used again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "traffic.h"
#include "whole.h"

#define CLIENT "10.0.0.1:5000"
#define RS "10.0.1.9:3306"
#define VIP "10.0.2.2:3306"

static void reported(void *context, const toa_conversation *conv)
{
    g_assert_true(g_ptr_array_remove(context, (gpointer)conv));
    while (g_ptr_array_remove(context, (gpointer)conv)) {
        /* with networks, the story has it more than once */
    }
}

/* Also takes them out of what the story checks at its end. */
static toa_forgotten forget(story *s, uint32_t n)
{
    const toa_forget request = {.n = n, .now = s->now, .frame = s->frame, .on_forget = reported, .context = s->conversations};
    uint32_t so_far = toa_engine_conversations(s->engine), held = toa_engine_remembers(s->engine);
    toa_forgotten forgotten = toa_engine_forget(s->engine, &request);

    g_assert_cmpuint(forgotten.closed + forgotten.idle, ==, MIN(n, held));
    g_assert_cmpuint(toa_engine_conversations(s->engine), ==, so_far);
    g_assert_cmpuint(toa_engine_remembers(s->engine), ==, held - MIN(n, held));
    g_assert_cmpuint(toa_engine_remembers(s->engine), <=, s->conversations->len);
    whole_check(s->engine);
    return forgotten;
}

static bool is_known(const flow *f)
{
    return toa_engine_find(f->story->engine, &f->client.at, &f->server.at) != NULL;
}

/* Closed ones go first, but not before TIME_WAIT is over; then who was silent for the longest. */
static void test_order(void)
{
    story *s = story_new();
    flow busy = flow_new(s, "10.0.0.1:1001", RS), idle = flow_new(s, "10.0.0.1:1002", RS);
    flow closed = flow_new(s, "10.0.0.1:1003", RS), recent = flow_new(s, "10.0.0.1:1004", RS);
    toa_forgotten forgotten;

    open_flow(&idle);
    open_flow(&busy);
    open_flow(&closed);
    close_flow(&closed);
    story_wait(s, s->config.time_wait);
    exchange(&busy, 10, 10);
    open_flow(&recent);
    close_flow(&recent);
    forgotten = forget(s, 1);
    g_assert_cmpuint(forgotten.closed, ==, 1);
    g_assert_false(is_known(&closed));
    forgotten = forget(s, 1);
    g_assert_cmpuint(forgotten.idle, ==, 1);
    g_assert_false(is_known(&idle));
    g_assert_true(is_known(&busy) && is_known(&recent));
    forgotten = forget(s, 10);
    g_assert_cmpuint(forgotten.closed + forgotten.idle, ==, 2);
    g_assert_cmpuint(forget(s, 10).idle, ==, 0);
    EXPECT_QUIET(s);
    story_free(s);
}

static bool keeps(void *context, const toa_conversation *conv)
{
    return conv == ((flow *)context)->conv;
}

/* Whoever is still looked at is passed over, though it is its turn. */
static void test_kept(void)
{
    story *s = story_new();
    flow kept = flow_new(s, "10.0.0.1:1001", RS), other = flow_new(s, "10.0.0.1:1002", RS);
    const toa_forget request = {.n = 2, .frame = 100, .keeps = keeps, .context = &kept};
    toa_forgotten forgotten;

    open_flow(&kept);
    open_flow(&other);
    g_ptr_array_remove(s->conversations, other.conv);
    forgotten = toa_engine_forget(s->engine, &request);
    g_assert_cmpuint(forgotten.idle, ==, 1);
    g_assert_cmpuint(forgotten.closed, ==, 0);
    g_assert_true(is_known(&kept) && !is_known(&other));
    exchange(&kept, 10, 10);
    whole_check(s->engine);
    story_free(s);
}

/* Numbers of frames come round in an engine that reads for ever. */
static void test_wrap(void)
{
    story *s = story_new();
    flow old = flow_new(s, "10.0.0.1:1001", RS), new = flow_new(s, "10.0.0.1:1002", RS);

    s->frame = UINT32_MAX - 4;
    open_flow(&old);
    s->frame = 10;
    open_flow(&new);
    forget(s, 1);
    g_assert_false(is_known(&old));
    g_assert_true(is_known(&new));
    story_free(s);
}

/* The two of an incident, and one of them is forgotten in the middle of it: its segments are nobody's then. */
static void half_an_incident(bool forget_direct)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP), *first = forget_direct ? &d : &v;

    open_flow(first);
    open_flow(forget_direct ? &v : &d);
    exchange(&v, 50, 60);
    exchange(&d, 50, 60);
    emit(&v, crossed(from_server(&d, PSH | ACK, 30), &d, &v));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &d, TOA_EV_SEQ);
    exchange(forget_direct ? &v : &d, 10, 0);
    forget(s, 1);
    g_assert_false(is_known(first));
    emit(&v, crossed(from_server(&d, PSH | ACK, 30), &d, &v));
    exchange(&d, 50, 60);
    exchange(&v, 50, 60);
    whole_check(s->engine);
    story_free(s);
}

static void test_half_an_incident(void)
{
    half_an_incident(true);
    half_an_incident(false);
}

/* Whoever stays finds its incident as if nothing had been. */
static void test_others_stay(void)
{
    story *s = story_new();
    flow d = flow_new(s, CLIENT, RS), v = flow_new(s, CLIENT, VIP);

    open_group(s, CLIENT, 30); /* with indexes */
    open_flow(&d);
    open_flow(&v);
    exchange(&d, 50, 60);
    exchange(&v, 50, 60);
    emit(&v, crossed(from_server(&d, PSH | ACK, 30), &d, &v));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &d, TOA_EV_SEQ);
    forget(s, 25);
    emit(&v, crossed(from_server(&d, PSH | ACK, 30), &d, &v));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &d, TOA_EV_SEQ);
    forget(s, 3); /* now it is a small group */
    emit(&v, crossed(from_server(&d, PSH | ACK, 30), &d, &v));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &d, TOA_EV_SEQ);
    open_group(s, CLIENT, 30); /* and a large one again */
    emit(&v, crossed(from_server(&d, PSH | ACK, 30), &d, &v));
    EXPECT_HAS(s, FOREIGN_SEGMENT, &d, TOA_EV_SEQ);
    whole_check(s->engine);
    story_free(s);
}

/* Connections of one tuple, one after the other: those in the middle go, and the tuple is counted once all the same. */
static void test_reused_tuple(void)
{
    story *s = story_new();
    flow others = flow_new(s, CLIENT, "10.0.1.8:3306");

    open_flow(&others);
    for (unsigned i = 0; i < 20; i++) {
        flow f = flow_new(s, CLIENT, RS);
        open_flow(&f);
        exchange(&f, 10, 10);
        if (i % 3) {
            close_flow(&f);
        }
        story_wait(s, 100 * SEC);
        exchange(&others, 1, 1);
        if (i % 5 == 4) {
            forget(s, 3);
        }
    }
    g_assert_cmpuint(toa_engine_remembers(s->engine), ==, 9);
    story_free(s);
}

/* Everybody with everything: legs, proofs, several networks; at any time anybody may go. */
static void churn(uint64_t seed, bool networks)
{
    traffic *t = traffic_new(seed);
    story *s = story_new();

    s->config.time_wait = SEC;
    traffic_add_healthy(t, 150, 20 * SEC);
    for (unsigned i = 0; i < 6; i++) {
        traffic_add_incident(t, i % 2);
    }
    traffic_sort(t);
    for (guint i = 0; i < t->segments->len; i++) {
        toa_segment segment = g_array_index(t->segments, toa_segment, i);
        if (networks) {
            segment.network = (uint16_t)(below(t, 8) ? segment.source.address[3] % 2 : 1 + below(t, 3));
        }
        story_feed(s, &segment);
        if (chance(t, 20)) {
            forget(s, 1 + below(t, 10));
        }
    }
    forget(s, UINT32_MAX);
    g_assert_cmpuint(toa_table_count(&s->engine->parties) + toa_table_count(&s->engine->keys), ==, 0);
    g_assert_cmpuint(toa_table_count(&s->engine->pairs) + toa_table_count(&s->engine->strangers), ==, 0);
    g_assert_cmpuint(toa_table_count(&s->engine->paths) + s->engine->index.n_nodes, ==, 0);
    g_assert_cmpuint(s->engine->conversations.n_used + s->engine->parties.n_used + s->engine->keys.n_used, ==, 0);
    story_free(s);
    traffic_free(t);
}

static void test_churn(void)
{
    for (uint64_t seed = 0; seed < 40; seed++) {
        churn(seed, seed % 4 == 3);
    }
}

/* Ever new conversations, of which so many are kept: after the first tenth hardly more memory is held. */
static void test_memory(void)
{
    enum { ROUNDS = 100, EACH = 1000, KEPT = 5000 };
    story *s = story_new();
    size_t before = 0, most = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < EACH; i++) {
            char *client = g_strdup_printf("10.%u.%u.%u:%u", round % 7, i / 250, i % 250, 2000 + round);
            flow direct = flow_new(s, client, RS), balanced = flow_new(s, client, VIP);
            client_sends(&direct, SYN, 0);
            server_sends(&direct, SYN | ACK, 0);
            if (i % 10 == 0) { /* in two groups, with pairs */
                client_sends(&balanced, SYN, 0);
                emit(&direct, crossed(from_server(&balanced, SYN | ACK, 0), &balanced, &direct));
            }
            g_free(client);
        }
        if (toa_engine_remembers(s->engine) > KEPT) {
            const toa_forget request = {
                .n = KEPT / 4, .now = s->now, .frame = s->frame, .on_forget = reported, .context = s->conversations};
            toa_engine_forget(s->engine, &request);
        }
        most = MAX(most, toa_engine_memory(s->engine));
        if (round == ROUNDS / 10) {
            before = most;
        }
    }
    whole_check(s->engine);
    g_test_message("%zu bytes after a tenth, %zu after all, %zu of them spare", before, most, toa_engine_spare(s->engine));
    g_assert_cmpuint(most, <=, before + before / 10);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/forget/order", test_order);
    g_test_add_func("/forget/kept", test_kept);
    g_test_add_func("/forget/wrap", test_wrap);
    g_test_add_func("/forget/half-an-incident", test_half_an_incident);
    g_test_add_func("/forget/others-stay", test_others_stay);
    g_test_add_func("/forget/reused-tuple", test_reused_tuple);
    g_test_add_func("/forget/churn", test_churn);
    g_test_add_func("/forget/memory", test_memory);
    return g_test_run();
}
