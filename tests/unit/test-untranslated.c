/* Answers from another address than the one that was asked (judge/untranslated.h).
 *
 * Y goes to the VIP; its answers come from the server's own address, on the wire tuple X.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#include "core/judge/credit.h"

#define CLIENT "10.0.0.1:5000"
#define VIP "10.0.2.2:80"
#define RS "10.0.1.9:80"

static toa_segment refusal(flow *x, uint32_t number)
{
    toa_segment rst = from_client(x, RST, 0);

    rst.seq = number;
    rst.ack = 0;
    rst.ip_id = 0;
    return rst;
}

/* The first SYN-ACK could be the second leg of a NAT; the client's RST says that it is not. From then on it is known. */
static void test_synack(void)
{
    story *s = story_new();
    flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);
    const toa_finding *finding;
    toa_segment syn = from_client(&y, SYN, 0);

    emit(&y, syn);
    emit(&x, crossed(from_server(&y, SYN | ACK, 0), &y, &x));
    EXPECT_NONE(s);
    emit(&x, refusal(&x, y.client.next));
    finding = EXPECT_ONE(s, FOREIGN_RST, &y, TOA_EV_SEQ);
    g_assert_true(finding->untranslated);
    for (unsigned i = 0; i < 3; i++) {
        story_wait(s, SEC);
        syn.options.tsval += 1000;
        emit(&y, syn);
        y.client.tsval = syn.options.tsval;
        y.server.next = y.server.isn += 0x01234567; /* the server has forgotten, and begins anew */
        y.server.next = y.server.isn;
        emit(&x, crossed(from_server(&y, SYN | ACK, 0), &y, &x));
        finding = EXPECT_ONE(s, FOREIGN_SEGMENT, &y, TOA_EV_ACK | TOA_EV_TSECR | TOA_EV_TRIGGER);
        g_assert_true(finding->untranslated);
        emit(&x, refusal(&x, y.client.next));
        EXPECT_ONE(s, FOREIGN_RST, &y, TOA_EV_SEQ);
    }
    EXPECT_TOTAL(s, COLLISION, 0);
    EXPECT_TOTAL(s, CONFIRMED, 0);
    story_free(s);
}

/* The second leg of a NAT, its SYN lost by the capture: the connection goes on. */
static void test_second_leg(void)
{
    story *s = story_new();
    flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);
    toa_segment segment;

    client_sends(&y, SYN, 0);
    segment = from_server(&y, SYN | ACK, 0);
    emit(&x, crossed(segment, &y, &x));
    emit(&y, segment);
    for (unsigned i = 0; i < 4; i++) {
        segment = from_client(&y, PSH | ACK, 50);
        emit(&y, segment);
        emit(&x, crossed(segment, &y, &x));
        segment = from_server(&y, PSH | ACK, 80);
        emit(&x, crossed(segment, &y, &x));
        emit(&y, segment);
    }
    segment = from_client(&y, RST | ACK, 0);
    emit(&y, segment);
    emit(&x, crossed(segment, &y, &x));
    EXPECT_QUIET(s);
    story_free(s);
}

/* A scanner: one number for all its targets, no timestamps, one of its SYNs lost. */
static void test_scan(void)
{
    story *s = story_new();
    flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);

    y.timestamps = false;
    client_sends(&y, SYN, 0);
    emit(&x, crossed(from_server(&y, SYN | ACK, 0), &y, &x));
    emit(&x, refusal(&x, y.client.next));
    EXPECT_QUIET(s);
    story_free(s);
}

/* A client that uses one ISN for several targets, timestamps or not: its number tells nobody apart. */
static void test_common_isn(void)
{
    for (unsigned common = 0; common < 2; common++) {
        story *s = story_new();
        flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS), other = flow_new(s, CLIENT, "10.0.3.3:80");
        if (common) {
            other.client.isn = other.client.next = y.client.isn;
        }
        client_sends(&other, SYN, 0);
        client_sends(&y, SYN, 0);
        emit(&x, crossed(from_server(&y, SYN | ACK, 0), &y, &x));
        emit(&x, refusal(&x, y.client.next));
        EXPECT_TOTAL(s, FOREIGN_RST, common ? 0 : 1);
        story_free(s);
    }
}

/* The client has given Y up before it refuses X: then the RST may be about Y. */
static void test_refusal_after_close(void)
{
    story *s = story_new();
    flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);

    client_sends(&y, SYN, 0);
    emit(&x, crossed(from_server(&y, SYN | ACK, 0), &y, &x));
    client_sends(&y, RST, 0);
    g_assert_true(y.conv->flags & TOA_CONV_CLOSED);
    emit(&x, refusal(&x, y.client.next));
    EXPECT_TOTAL(s, FOREIGN_RST, 0);
    story_free(s);
}

/* A RST long after, or with another number, refuses something else. */
static void test_other_refusal(void)
{
    for (unsigned late = 0; late < 2; late++) {
        story *s = story_new();
        flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);
        client_sends(&y, SYN, 0);
        emit(&x, crossed(from_server(&y, SYN | ACK, 0), &y, &x));
        story_wait(s, late ? 2 * SEC : 0);
        emit(&x, refusal(&x, y.client.next + (late ? 0 : 5)));
        EXPECT_QUIET(s);
        story_free(s);
    }
}

/* In the middle of a download the server's segments come from its own address; the client's RST kills the download. */
static void test_data(void)
{
    story *s = story_new();
    flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);
    const toa_finding *finding;

    open_flow(&y);
    for (unsigned i = 0; i < 4; i++) {
        exchange(&y, 20, 1000);
    }
    emit(&x, crossed(from_server(&y, ACK, 1400), &y, &x));
    finding = EXPECT_ONE(s, FOREIGN_SEGMENT, &y, TOA_EV_SEQ | TOA_EV_ACK | TOA_EV_TSECR);
    g_assert_true(finding->untranslated);
    emit(&x, refusal(&x, y.client.next));
    finding = EXPECT_ONE(s, FOREIGN_RST, &y, TOA_EV_SEQ);
    g_assert_true(finding->untranslated);
    EXPECT_TOTAL(s, CONFIRMED, 0);
    story_free(s);
}

/* Of a connection that has hardly begun, the same may be a leg whose first segments were lost. */
static void test_data_early(void)
{
    story *s = story_new();
    flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);
    toa_segment segment;

    open_flow(&y);
    client_sends(&y, PSH | ACK, 20);
    segment = from_server(&y, PSH | ACK, 100);
    emit(&x, crossed(segment, &y, &x));
    emit(&y, segment);
    EXPECT_QUIET(s);
    story_free(s);
}

/* A server that has an open connection X and answers Y's SYN on it has two sockets. */
static void test_on_open_connection(void)
{
    story *s = story_new();
    flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);
    const toa_finding *finding;

    open_flow(&x);
    exchange(&x, 10, 10);
    client_sends(&y, SYN, 0);
    emit(&x, crossed(from_server(&y, SYN | ACK, 0), &y, &x));
    finding = EXPECT_ONE(s, FOREIGN_SEGMENT, &y, TOA_EV_ACK | TOA_EV_TSECR);
    g_assert_true(finding->untranslated);
    story_free(s);
}

/* Another server gets a segment of an open connection, knows nothing of it, and resets it from its own address. */
static void test_reset(void)
{
    story *s = story_new();
    flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);
    const toa_finding *finding;
    toa_segment rst;

    open_flow(&y);
    for (unsigned i = 0; i < 4; i++) {
        exchange(&y, 20, 1000);
    }
    story_wait(s, SEC);
    client_sends(&y, PSH | ACK, 20);
    rst = crossed(from_server(&y, RST, 0), &y, &x);
    rst.seq = y.server.next;
    rst.ip_id = 0;
    emit(&x, rst);
    finding = EXPECT_ONE(s, FOREIGN_RST, &y, TOA_EV_SEQ | TOA_EV_TRIGGER);
    g_assert_true(finding->untranslated);
    EXPECT_TOTAL(s, CONFIRMED, 0);
    story_free(s);
}

/* The same for the first segment after the handshake, which the capture has seen on its own way. */
static void test_reset_at_once(void)
{
    for (unsigned complete = 0; complete < 2; complete++) {
        story *s = story_new();
        flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);
        toa_segment rst, synack;

        client_sends(&y, SYN, 0);
        synack = from_server(&y, SYN | ACK, 0);
        if (complete) {
            emit(&y, synack);
        }
        client_sends(&y, ACK, 0);
        rst = crossed(from_server(&y, RST, 0), &y, &x);
        rst.seq = y.server.next;
        rst.ip_id = 0;
        emit(&x, rst);
        EXPECT_TOTAL(s, FOREIGN_RST, complete);
        story_free(s);
    }
}

/* Whose beginning was not captured may have had an older connection beside it, through which it is answered now. */
static void test_reset_of_late_capture(void)
{
    story *s = story_new();
    flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);
    toa_segment rst;

    for (unsigned i = 0; i < 2; i++) {
        client_sends(&y, PSH | ACK, 20);
        rst = crossed(from_server(&y, RST, 0), &y, &x);
        rst.seq = y.server.next;
        rst.ip_id = 0;
        emit(&x, rst);
        story_wait(s, SEC);
    }
    g_assert_false(EXPECT_ONE(s, FOREIGN_RST, &y, TOA_EV_SEQ | TOA_EV_TRIGGER)->untranslated);
    story_free(s);
}

/* A search for whose SYN a SYN-ACK answers only returns it: toa_credit_untranslated remembers it. */
static void test_search_keeps_nothing(void)
{
    story *s = story_new();
    flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);
    toa_state *state = s->engine;
    const toa_pair *pair;
    toa_segment synack;
    toa_untranslated found;
    size_t memory;

    server_sends(&x, SYN | ACK, 0);
    client_sends(&y, SYN, 0);
    synack = crossed(from_server(&y, SYN | ACK, 0), &y, &x);
    synack.time = s->now;
    memory = toa_engine_memory(state);
    state->segment = &synack;
    toa_untranslated_find(state, x.conv, !x.conv->client, &found);
    g_assert_null(found.match.owner);
    g_assert_cmpuint(found.n_asked, ==, 1);
    g_assert_true(found.asked[0] == y.conv);
    g_assert_cmpuint(toa_engine_memory(state), ==, memory);
    g_assert_null(toa_state_find_pair(state, x.conv, y.conv));
    toa_credit_untranslated(state, x.conv, !x.conv->client, &found);
    state->segment = NULL;
    pair = toa_state_find_pair(state, x.conv, y.conv);
    g_assert_nonnull(pair);
    g_assert_cmpuint(pair->synack_ack, ==, synack.ack);
    g_assert_cmpint(pair->synack_time, ==, synack.time);
    story_free(s);
}

/* Nor does a search for what the client refuses change the pair. */
static void test_search_keeps_no_proof(void)
{
    story *s = story_new();
    flow y = flow_new(s, CLIENT, VIP), x = flow_new(s, CLIENT, RS);
    toa_state *state = s->engine;
    toa_segment rst;
    toa_untranslated found;

    client_sends(&y, SYN, 0);
    emit(&x, crossed(from_server(&y, SYN | ACK, 0), &y, &x));
    rst = refusal(&x, y.client.next);
    rst.time = s->now;
    rst.frame = s->frame + 1;
    state->segment = &rst;
    toa_untranslated_find(state, x.conv, x.conv->client, &found);
    state->segment = NULL;
    g_assert_true(found.match.owner == y.conv && found.is_shown);
    g_assert_false(toa_state_find_pair(state, x.conv, y.conv)->untranslated);
    emit(&x, rst);
    EXPECT_ONE(s, FOREIGN_RST, &y, TOA_EV_SEQ);
    g_assert_true(toa_state_find_pair(state, x.conv, y.conv)->untranslated);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/untranslated/synack", test_synack);
    g_test_add_func("/untranslated/not-a-second-leg", test_second_leg);
    g_test_add_func("/untranslated/not-a-scan", test_scan);
    g_test_add_func("/untranslated/not-another-refusal", test_other_refusal);
    g_test_add_func("/untranslated/not-a-common-isn", test_common_isn);
    g_test_add_func("/untranslated/not-after-close", test_refusal_after_close);
    g_test_add_func("/untranslated/data", test_data);
    g_test_add_func("/untranslated/not-early-data", test_data_early);
    g_test_add_func("/untranslated/reset", test_reset);
    g_test_add_func("/untranslated/reset-at-once", test_reset_at_once);
    g_test_add_func("/untranslated/not-of-a-late-capture", test_reset_of_late_capture);
    g_test_add_func("/untranslated/search-keeps-nothing", test_search_keeps_nothing);
    g_test_add_func("/untranslated/search-keeps-no-proof", test_search_keeps_no_proof);
    g_test_add_func("/untranslated/on-open-connection", test_on_open_connection);
    return g_test_run();
}
