/* What one connection is (model/identity.h): a wire tuple and the client's initial number, whatever Wireshark numbers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#include "core/model/identity.h"

#define CLIENT "10.0.0.1:5000"
#define RS "10.0.1.9:3306"
#define VIP "10.0.2.2:3306"

/* The incident as it is captured at the client: the SYN through the VIP meets the direct connection's socket, is answered by
 * it, and is sent again. */
static void tell_incident(story *s, flow *direct, flow *vip)
{
    toa_segment answer, reset, syn;

    *direct = flow_new(s, CLIENT, RS);
    *vip = flow_new(s, CLIENT, VIP);
    open_flow(direct);
    exchange(direct, 100, 200);
    story_wait(s, SEC);
    syn = from_client(vip, SYN, 0);
    emit(vip, syn);
    answer = crossed(from_server(direct, ACK, 0), direct, vip);
    emit(vip, answer);
    EXPECT_HAS(s, FOREIGN_SEGMENT, direct, 0);
    reset = from_client(vip, RST, 0);
    reset.seq = answer.ack;
    reset.ip_id = 0;
    emit(vip, reset);
    EXPECT_HAS(s, FOREIGN_RST, direct, 0);
    story_wait(s, SEC);
    syn.time = 0;
    syn.ip_id++;
    emit(vip, syn);
    server_sends(vip, SYN | ACK, 0);
    client_sends(vip, ACK, 0);
    exchange(vip, 50, 60);
    for (unsigned i = 0; i < 2; i++) {
        toa_segment question = from_client(direct, PSH | ACK, 100), rst = from_server(direct, RST, 0);
        emit(direct, question);
        rst.seq = question.ack;
        rst.ip_id = 0;
        emit(vip, crossed(rst, direct, vip));
        EXPECT_HAS(s, FOREIGN_RST, direct, TOA_EV_SEQ | TOA_EV_TRIGGER);
        story_wait(s, SEC);
    }
}

/* The same conversations and findings in every version of Wireshark, in the streams of each. */
static void test_repeated_syn(void)
{
    story *older = story_new(), *newer = story_new();
    flow direct, vip, direct_newer, vip_newer;
    const toa_stream_from *more;
    uint32_t n;

    newer->syn_begins_stream = true;
    tell_incident(older, &direct, &vip);
    tell_incident(newer, &direct_newer, &vip_newer);
    g_assert_cmpuint(older->streams, ==, 2);
    g_assert_cmpuint(newer->streams, ==, 3);
    g_assert_cmpuint(toa_engine_conversations(newer->engine), ==, 2);
    g_assert_cmpint(memcmp(older->count, newer->count, sizeof older->count), ==, 0);
    g_assert_cmpuint(vip.conv->first_frame, ==, vip_newer.conv->first_frame);
    g_assert_null(toa_streams_more(vip.conv, &n));
    g_assert_cmpuint(n, ==, 0);
    more = toa_streams_more(vip_newer.conv, &n);
    g_assert_cmpuint(n, ==, 1);
    g_assert_cmpuint(more[0].stream, ==, 2);
    g_assert_cmpuint(toa_stream_at(vip_newer.conv, vip_newer.conv->first_frame), ==, 1);
    g_assert_cmpuint(toa_stream_at(vip_newer.conv, more[0].frame - 1), ==, 1);
    g_assert_cmpuint(toa_stream_at(vip_newer.conv, more[0].frame), ==, 2);
    g_assert_cmpuint(toa_stream_at(vip_newer.conv, UINT32_MAX), ==, 2);
    story_free(older);
    story_free(newer);
}

/* Another initial number is another connection, even if Wireshark goes on in its stream (its analysis may be off). */
static void test_other_number(void)
{
    story *s = story_new();
    flow first = flow_new(s, CLIENT, RS), second = flow_new(s, CLIENT, RS);

    open_flow(&first);
    exchange(&first, 100, 200);
    close_flow(&first);
    story_wait(s, 2 * SEC);
    s->one_stream = true;
    open_flow(&second);
    exchange(&second, 100, 200);
    g_assert_true(first.conv != second.conv);
    g_assert_cmpuint(second.conv->stream, ==, first.conv->stream);
    g_assert_true(second.conv->shares_stream);
    EXPECT_QUIET(s);
    story_free(s);
}

/* A SYN of the connection before has been on its way for long, or somebody sends it once more. The connection that is under way
 * is not ended by it. */
static void test_late_copy(void)
{
    story *s = story_new();
    flow first = flow_new(s, CLIENT, RS), second = flow_new(s, CLIENT, RS);
    toa_segment syn = from_client(&first, SYN, 0);

    emit(&first, syn);
    server_sends(&first, RST | ACK, 0);
    story_wait(s, SEC);
    open_flow(&second);
    exchange(&second, 100, 200);
    syn.time = 0;
    syn.ttl--;
    story_wait(s, SEC);
    story_feed(s, &syn);
    g_assert_true(s->fed.conversation == first.conv);
    exchange(&second, 100, 200);
    g_assert_true(s->fed.conversation == second.conv && !s->fed.unexplained);
    g_assert_cmpuint(toa_engine_conversations(s->engine), ==, 2);
    EXPECT_QUIET(s);

    story_wait(s, 300 * SEC); /* nobody waits so long for an answer: a client that uses a number again */
    syn.time = s->now;
    story_feed(s, &syn);
    g_assert_true(s->fed.conversation != first.conv && s->fed.conversation != second.conv);
    story_free(s);
}

/* Whoever repeats a SYN makes as many streams as he likes. */
static void test_many_streams(void)
{
    story *s = story_new();
    flow f = flow_new(s, CLIENT, RS);
    toa_segment syn = from_client(&f, SYN, 0);
    uint32_t n;

    s->syn_begins_stream = true;
    for (unsigned i = 0; i < 1000; i++) {
        syn.time = 0;
        syn.ip_id++;
        emit(&f, syn);
        story_wait(s, SEC);
    }
    g_assert_cmpuint(toa_engine_conversations(s->engine), ==, 1);
    g_assert_nonnull(toa_streams_more(f.conv, &n));
    g_assert_cmpuint(n, ==, 999);
    for (uint32_t i = 0; i < 1000; i++) {
        g_assert_cmpuint(toa_stream_at(f.conv, i + 1), ==, i);
    }
    g_assert_cmpuint(toa_stream_last(f.conv), ==, 999);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/identity/repeated-syn", test_repeated_syn);
    g_test_add_func("/identity/other-number", test_other_number);
    g_test_add_func("/identity/late-copy", test_late_copy);
    g_test_add_func("/identity/many-streams", test_many_streams);
    return g_test_run();
}
