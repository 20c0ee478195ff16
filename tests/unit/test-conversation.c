/* Rules R3 (own first) and R13 (resynchronise), case by case, on a bare conversation: client is side 0.
 * Every case runs with numbers that wrap at different places.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"
#include "core/model/accept.h"

enum { C, S }; /* sides */
#define MIB (1u << 20)

static uint32_t client_isn, server_isn; /* of the present round */

static toa_segment seg(unsigned flags, uint32_t seq, uint32_t ack, uint32_t length)
{
    toa_segment segment = {.time = SEC, .frame = 1, .flags = (uint16_t)flags, .seq = seq, .ack = ack, .length = length,
                           .window = 100};

    segment.options.client_item = -1;
    return segment;
}

static toa_own judge(const toa_conversation *conv, unsigned side, unsigned flags, uint32_t seq, uint32_t ack,
                     uint32_t length)
{
    toa_segment segment = seg(flags, seq, ack, length);

    return toa_conversation_classify(conv, side, &segment);
}

static void take(toa_conversation *conv, unsigned side, unsigned flags, uint32_t seq, uint32_t ack, uint32_t length)
{
    toa_segment segment = seg(flags, seq, ack, length);

    toa_conversation_accept(conv, side, &segment);
}

#define EXACT TOA_OWN_EXACT
#define WINDOW TOA_OWN_WINDOW
#define NONE TOA_OWN_NONE
#define UNKNOWN TOA_OWN_UNKNOWN
#define ASSERT_OWN(verdict, ...) g_assert_cmpint(judge(&conv, __VA_ARGS__), ==, verdict)

/* Handshake; each side's next is its isn + 1. */
static toa_conversation established(void)
{
    toa_conversation conv = {0};

    take(&conv, C, SYN, client_isn, 0, 0);
    take(&conv, S, SYN | ACK, server_isn, client_isn + 1, 0);
    take(&conv, C, ACK, client_isn + 1, server_isn + 1, 0);
    return conv;
}

/* The same connection, captured from its middle: the client's data, the server's ack, 100 bytes each so far. */
static toa_conversation midway(void)
{
    toa_conversation conv = {0};

    take(&conv, C, ACK, client_isn, server_isn, 100);
    take(&conv, S, ACK, server_isn, client_isn + 100, 100);
    take(&conv, C, ACK, client_isn + 100, server_isn + 100, 0);
    return conv;
}

static void test_syn(void)
{
    toa_conversation conv = {0};

    ASSERT_OWN(EXACT, C, SYN, client_isn, 0, 0);
    conv = established();
    ASSERT_OWN(EXACT, C, SYN, client_isn + 12345678, 0, 0);
    ASSERT_OWN(EXACT, S, SYN, server_isn + 12345678, 0, 0);
}

static void test_synack(void)
{
    toa_conversation conv = {0};

    ASSERT_OWN(EXACT, S, SYN | ACK, server_isn, client_isn + 1, 0); /* nothing known */
    take(&conv, C, SYN, client_isn, 0, 0);
    ASSERT_OWN(EXACT, S, SYN | ACK, server_isn, client_isn + 1, 0);
    ASSERT_OWN(NONE, S, SYN | ACK, server_isn, client_isn, 0);
    ASSERT_OWN(NONE, S, SYN | ACK, server_isn, client_isn + 2, 0);
    ASSERT_OWN(NONE, S, SYN | ACK, server_isn, client_isn - 1, 0);
    take(&conv, C, SYN, client_isn, 0, 100); /* data on the SYN: Fast Open */
    take(&conv, C, ACK, client_isn + 1, 0, 100);
    ASSERT_OWN(EXACT, S, SYN | ACK, server_isn, client_isn + 101, 0);
    ASSERT_OWN(EXACT, S, SYN | ACK, server_isn, client_isn + 1, 0); /* ... that the server did not take */
    ASSERT_OWN(NONE, S, SYN | ACK, server_isn, client_isn + 102, 0);
}

static void test_rst_own(void)
{
    toa_conversation conv = {0};

    ASSERT_OWN(UNKNOWN, S, RST, 77, 0, 0); /* the peer has sent neither SYN nor ACK */
    ASSERT_OWN(UNKNOWN, S, RST | ACK, 77, 99, 0);
    take(&conv, C, SYN, client_isn, 0, 0);
    ASSERT_OWN(EXACT, S, RST | ACK, 0, client_isn + 1, 0); /* connection refused */
    ASSERT_OWN(NONE, S, RST, client_isn + 1, 0, 0);        /* bare, and answers nothing but a SYN */
    ASSERT_OWN(NONE, S, RST, server_isn, 0, 0);
    ASSERT_OWN(EXACT, S, RST | ACK, server_isn + 9, client_isn + 1, 0); /* its ack is of the SYN */
    ASSERT_OWN(NONE, S, RST | ACK, server_isn + 9, client_isn + 2, 0);
    conv = established();
    ASSERT_OWN(EXACT, S, RST, server_isn + 1, 0, 0);
    ASSERT_OWN(EXACT, S, RST | ACK, server_isn + 1, client_isn + 1, 0);
    ASSERT_OWN(EXACT, C, RST, client_isn + 1, 0, 0);
    ASSERT_OWN(EXACT, C, RST | ACK, 0, 0, 0);
    ASSERT_OWN(NONE, S, RST, server_isn - 20000000, 0, 0);
    ASSERT_OWN(NONE, S, RST, server_isn + 20000000, 0, 0);
    ASSERT_OWN(WINDOW, S, RST, server_isn + 2, 0, 0);
}

/* A RST may have any of the last four different acks of its peer as its number, not the fifth. */
static void test_rst_acked(void)
{
    toa_conversation conv = established();
    const uint32_t far = server_isn - 0x20000000u;

    for (uint32_t i = 0; i < 6; i++) {
        take(&conv, C, ACK, client_isn + 1, far + i * 1000, 0);
        take(&conv, C, ACK, client_isn + 1, far + i * 1000, 0); /* the same again takes no place */
    }
    for (uint32_t i = 0; i < 6; i++) {
        ASSERT_OWN(i < 2 ? NONE : EXACT, S, RST, far + i * 1000, 0, 0);
        ASSERT_OWN(NONE, S, ACK, far + i * 1000, client_isn + 1, 0); /* only a RST */
    }
    ASSERT_OWN(NONE, S, RST, far + 1, 0, 0);
}

static void test_range(void)
{
    toa_conversation conv = established();

    take(&conv, C, ACK, client_isn + 1, server_isn + 1, 1000);
    for (uint32_t at = 0; at <= 1001; at += 7) {
        ASSERT_OWN(EXACT, C, ACK, client_isn + at, server_isn + 1, 1);
    }
    ASSERT_OWN(EXACT, C, ACK, client_isn + 1001, server_isn, 10);
    ASSERT_OWN(WINDOW, C, ACK, client_isn + 1002, server_isn + 1, 10);
    ASSERT_OWN(NONE, C, ACK, client_isn - 1, server_isn + 1, 10);
    ASSERT_OWN(NONE, C, ACK, client_isn - 2, server_isn + 1, 0);
    ASSERT_OWN(WINDOW, C, ACK, client_isn + 1, server_isn + 2, 10); /* acknowledges what was never sent */
    ASSERT_OWN(WINDOW, C, ACK, client_isn + 1, server_isn - 1, 10);
    ASSERT_OWN(EXACT, C, FIN, client_isn + 1001, 0, 0); /* no ACK flag: the ack field says nothing */
}

static void test_first_of_sender(void)
{
    toa_conversation conv = {0};

    take(&conv, C, SYN, client_isn, 0, 0);
    ASSERT_OWN(EXACT, S, ACK, server_isn, client_isn + 1, 0); /* the SYN-ACK was lost */
    ASSERT_OWN(NONE, S, ACK, server_isn, client_isn, 0);      /* acknowledges nothing: a challenge ACK */
    ASSERT_OWN(NONE, S, ACK, server_isn, client_isn + 2, 0);
    take(&conv, C, ACK, client_isn + 1, server_isn + 1, 500);
    ASSERT_OWN(EXACT, S, ACK, server_isn, client_isn + 501, 0);
    ASSERT_OWN(NONE, S, ACK, server_isn, client_isn + 502, 0);
}

static void test_nothing_known(void)
{
    toa_conversation conv = {0};

    ASSERT_OWN(UNKNOWN, C, ACK, client_isn, server_isn, 0);
    ASSERT_OWN(UNKNOWN, S, ACK, server_isn, client_isn, 10);
    ASSERT_OWN(UNKNOWN, S, FIN | ACK, server_isn, client_isn, 0);
    take(&conv, C, ACK, client_isn, server_isn, 100);
    ASSERT_OWN(EXACT, C, ACK, client_isn + 900000, server_isn, 10); /* one segment is no anchor */
    ASSERT_OWN(EXACT, S, ACK, server_isn, client_isn + 900000, 10);
    take(&conv, C, ACK, client_isn + 100, server_isn, 100); /* two in a row are */
    ASSERT_OWN(NONE, C, ACK, client_isn - 2 * MIB, server_isn, 10);
    ASSERT_OWN(NONE, S, ACK, server_isn, client_isn + 2 * MIB, 10);
    ASSERT_OWN(EXACT, S, ACK, server_isn, client_isn + 200, 10);
}

/* The peer's ack anchors a lone segment. */
static void test_anchor_by_ack(void)
{
    toa_conversation conv = {0};

    take(&conv, C, ACK, client_isn, server_isn, 100);
    g_assert_false(conv.side[C].flags & TOA_SIDE_ANCHORED);
    take(&conv, S, ACK, server_isn, client_isn + 101, 0);
    g_assert_false(conv.side[C].flags & TOA_SIDE_ANCHORED);
    take(&conv, S, ACK, server_isn, client_isn + 100, 0);
    g_assert_true(conv.side[C].flags & TOA_SIDE_ANCHORED);
}

static void test_window(void)
{
    toa_conversation conv = established(); /* no scale: 65535 at least */

    ASSERT_OWN(WINDOW, S, ACK, server_isn + 1 + 65535, client_isn + 1, 10);
    ASSERT_OWN(NONE, S, ACK, server_isn + 2 + 65535, client_isn + 1, 10);
    conv.side[C].scale = 10;
    conv.side[C].flags |= TOA_SIDE_SCALE;
    ASSERT_OWN(NONE, S, ACK, server_isn + 2 + 65535, client_isn + 1, 10); /* the server did not agree to scaling */
    conv.side[S].flags |= TOA_SIDE_SCALE;
    ASSERT_OWN(WINDOW, S, ACK, server_isn + 1 + (100u << 10), client_isn + 1, 10);
    ASSERT_OWN(NONE, S, ACK, server_isn + 2 + (100u << 10), client_isn + 1, 10);
    take(&conv, S, ACK, server_isn + 1, client_isn + 1, 5000);
    ASSERT_OWN(NONE, S, ACK, server_isn + 5002 + (100u << 10), client_isn + 1, 10); /* counted from the ack, */
    take(&conv, C, ACK, client_isn + 1, server_isn + 5001, 0);
    ASSERT_OWN(WINDOW, S, ACK, server_isn + 5001 + (100u << 10), client_isn + 1, 10); /* ... which has moved */
    conv.side[C].window = 65535;
    conv.side[C].scale = 14; /* the largest there is */
    ASSERT_OWN(WINDOW, S, ACK, server_isn + 5001 + (65535u << 14), client_isn + 1, 10);
    ASSERT_OWN(NONE, S, ACK, server_isn + 5002 + (65535u << 14), client_isn + 1, 10);
}

static void test_window_midway(void)
{
    toa_conversation conv = midway();

    ASSERT_OWN(EXACT, C, ACK, client_isn + 50, server_isn + 100, 10);
    ASSERT_OWN(WINDOW, C, ACK, client_isn + 100 + MIB, server_isn + 100, 10); /* 1 MiB: no SYN told the scale */
    ASSERT_OWN(NONE, C, ACK, client_isn + 101 + MIB, server_isn + 100, 10);
    ASSERT_OWN(WINDOW, C, ACK, client_isn - MIB, server_isn + 100, 10); /* retransmission from before the start */
    ASSERT_OWN(NONE, C, ACK, client_isn - MIB - 1, server_isn + 100, 10);
    ASSERT_OWN(EXACT, C, ACK, client_isn - 1, server_isn + 100, 0); /* keep-alive */
    conv = established();
    ASSERT_OWN(NONE, C, ACK, client_isn - 1000, server_isn + 1, 10); /* with a SYN there is no "before" */
}

static void test_keep_alive(void)
{
    toa_conversation conv = established();

    take(&conv, C, ACK, client_isn + 1, server_isn + 1, 100);
    take(&conv, S, ACK, server_isn + 1, client_isn + 101, 0);
    g_assert_true(conv.side[C].flags & TOA_SIDE_ANSWERED);
    ASSERT_OWN(EXACT, C, ACK, client_isn + 100, server_isn + 1, 0);
    take(&conv, C, ACK, client_isn + 100, server_isn + 1, 0);
    g_assert_false(conv.side[C].flags & TOA_SIDE_ANSWERED); /* a keep-alive demands an answer */
    take(&conv, S, ACK, server_isn + 1, client_isn + 101, 0);
    g_assert_true(conv.side[C].flags & TOA_SIDE_ANSWERED);
    g_assert_cmpuint(conv.side[C].next, ==, client_isn + 101);
}

static void test_demand(void)
{
    toa_conversation conv = established();

    take(&conv, C, ACK, client_isn + 1, server_isn + 1, 0);
    g_assert_true(conv.side[C].flags & TOA_SIDE_ANSWERED); /* the SYN was; a plain ACK demands nothing */
    take(&conv, C, PSH | ACK, client_isn + 1, server_isn + 1, 100);
    g_assert_false(conv.side[C].flags & TOA_SIDE_ANSWERED);
    g_assert_cmpuint(conv.side[C].demand_seq, ==, client_isn + 1);
    g_assert_cmpuint(conv.side[C].demand_end, ==, client_isn + 101);
    take(&conv, S, ACK, server_isn + 1, client_isn + 100, 0);
    g_assert_false(conv.side[C].flags & TOA_SIDE_ANSWERED); /* one byte short */
    take(&conv, S, ACK, server_isn + 1, client_isn + 101, 0);
    g_assert_true(conv.side[C].flags & TOA_SIDE_ANSWERED);
    take(&conv, C, FIN | ACK, client_isn + 101, server_isn + 1, 0);
    g_assert_false(conv.side[C].flags & TOA_SIDE_ANSWERED);
    take(&conv, S, RST, server_isn + 1, 0, 0);
    g_assert_true(conv.side[C].flags & TOA_SIDE_ANSWERED);
}

static void test_close_fin(void)
{
    toa_conversation conv = established();

    take(&conv, C, FIN | ACK, client_isn + 1, server_isn + 1, 0);
    take(&conv, S, ACK, server_isn + 1, client_isn + 2, 0);
    take(&conv, S, ACK, server_isn + 1, client_isn + 2, 1000); /* half closed: the server still talks */
    take(&conv, C, ACK, client_isn + 2, server_isn + 1001, 0);
    g_assert_false(conv.flags & TOA_CONV_CLOSED);
    take(&conv, S, FIN | ACK, server_isn + 1001, client_isn + 2, 0);
    g_assert_false(conv.flags & TOA_CONV_CLOSED);
    take(&conv, C, ACK, client_isn + 2, server_isn + 1001, 0);
    g_assert_false(conv.flags & TOA_CONV_CLOSED); /* acknowledges the data, not the FIN */
    take(&conv, C, ACK, client_isn + 2, server_isn + 1002, 0);
    g_assert_true(conv.flags & TOA_CONV_CLOSED);
    g_assert_cmpint(conv.close_time, ==, SEC);
}

static void test_close_rst(void)
{
    toa_conversation conv = established();

    take(&conv, S, RST, server_isn + 1, 0, 0);
    g_assert_true(conv.flags & TOA_CONV_CLOSED);
}

/* A RST takes no room in the sequence space and moves no number. */
static void test_rst_moves_nothing(void)
{
    toa_conversation conv = established();

    take(&conv, S, RST | ACK, server_isn + 1, client_isn + 1, 0);
    g_assert_cmpuint(conv.side[S].next, ==, server_isn + 1);
    g_assert_cmpuint(conv.side[S].low, ==, server_isn);
}

/* R13: two unexplained data segments in a row, or the peer's ack of one. */
static void test_stray(void)
{
    toa_conversation conv = established();
    const uint32_t far = client_isn + 0x10000000u;
    toa_segment first = seg(ACK, far, server_isn + 1, 100), second = seg(ACK, far + 100, server_isn + 1, 100);
    toa_segment gap = seg(ACK, far + 500, server_isn + 1, 100), empty = seg(ACK, far, server_isn + 1, 0);
    toa_segment rst = seg(RST, far + 100, 0, 0);

    g_assert_false(toa_conversation_stray(&conv, C, &empty));
    g_assert_false(toa_conversation_stray(&conv, C, &first));
    g_assert_false(toa_conversation_stray(&conv, C, &rst));
    g_assert_false(toa_conversation_stray(&conv, C, &gap)); /* not in a row */
    g_assert_cmpuint(conv.side[C].next, ==, client_isn + 1);
    g_assert_false(toa_conversation_stray(&conv, C, &first));
    g_assert_true(toa_conversation_stray(&conv, C, &second));
    g_assert_cmpuint(conv.side[C].next, ==, far + 200);
    ASSERT_OWN(EXACT, C, ACK, far + 200, server_isn + 1, 1);
    ASSERT_OWN(NONE, C, ACK, client_isn + 1, server_isn + 1, 1);
}

static void test_stray_acked(void)
{
    toa_conversation conv = established();
    const uint32_t far = client_isn + 0x60000000u;
    toa_segment first = seg(ACK, far, server_isn + 1, 100);

    g_assert_false(toa_conversation_stray(&conv, C, &first));
    take(&conv, S, ACK, server_isn + 1, far + 99, 0);
    g_assert_cmpuint(conv.side[C].next, ==, client_isn + 1);
    take(&conv, S, ACK, server_isn + 1, far + 100, 0);
    ASSERT_OWN(NONE, C, ACK, client_isn + 0x30000000u, server_isn + 1, 1); /* what lies between is nobody's */
    g_assert_cmpuint(conv.side[C].next - conv.side[C].low, <=, 1u << 30);
    ASSERT_OWN(EXACT, C, ACK, far + 100, server_isn + 1, 1);
}

/* A transfer of more than 2^32 bytes: numbers stay comparable. */
static void test_long_transfer(void)
{
    toa_conversation conv = established();
    uint32_t at = server_isn + 1;

    for (unsigned i = 0; i < 6000; i++, at += MIB) {
        ASSERT_OWN(EXACT, S, ACK, at, client_isn + 1, MIB);
        take(&conv, S, ACK, at, client_isn + 1, MIB);
        take(&conv, C, ACK, client_isn + 1, at + MIB, 0);
        g_assert_cmpuint(conv.side[S].next, ==, at + MIB);
        g_assert_cmpuint(conv.side[S].next - conv.side[S].low, <=, 1u << 30);
    }
    ASSERT_OWN(EXACT, S, RST, at, 0, 0);
    ASSERT_OWN(NONE, S, ACK, at + 0x40000000u, client_isn + 1, 10);
}

static void test_timestamps(void)
{
    toa_conversation conv = {0};
    toa_segment syn = seg(SYN, client_isn, 0, 0), synack = seg(SYN | ACK, server_isn, client_isn + 1, 0);

    syn.options.has_timestamps = true;
    toa_conversation_accept(&conv, C, &syn);
    g_assert_false(toa_conversation_without_timestamps(&conv)); /* not answered yet */
    toa_conversation_accept(&conv, S, &synack);
    g_assert_true(toa_conversation_without_timestamps(&conv));
    synack.options.has_timestamps = true;
    toa_conversation_accept(&conv, S, &synack);
    g_assert_false(toa_conversation_without_timestamps(&conv));
}

/* A capture of one direction: a RST with any number while the peer has sent neither SYN nor ACK. */
static void test_rst_one_direction(void)
{
    toa_conversation conv = {0};

    take(&conv, S, ACK, server_isn, client_isn, 100);
    take(&conv, S, ACK, server_isn + 100, client_isn, 100);
    ASSERT_OWN(UNKNOWN, S, RST, server_isn + 0x50000000u, 0, 0);
}

/* From the middle of a connection: data of the peer that was lost may be acknowledged. */
static void test_ack_isn_unknown(void)
{
    toa_conversation conv = midway();

    ASSERT_OWN(EXACT, C, ACK, client_isn + 100, server_isn + 300, 10);
    conv = established();
    ASSERT_OWN(WINDOW, C, ACK, client_isn + 1, server_isn + 300, 10); /* with its SYN all of it is known */
}

static void round_with(gconstpointer data)
{
    static const uint32_t isns[] = {1000, 0, 1, UINT32_MAX, 0xfffffff0u, 0x7ffffff0u, 0x80000000u, 0xffffff9cu};
    void (*test)(void) = *(void (*const *)(void))data;

    for (size_t i = 0; i < G_N_ELEMENTS(isns); i++) {
        client_isn = isns[i];
        server_isn = isns[(i * 3 + 5) % G_N_ELEMENTS(isns)] + 3;
        test();
    }
}

int main(int argc, char **argv)
{
    static const struct { void (*test)(void); const char *path; } tests[] = {
        {test_syn, "syn"}, {test_synack, "synack"}, {test_rst_own, "rst-own"}, {test_rst_acked, "rst-acked"},
        {test_range, "range"}, {test_first_of_sender, "first-of-sender"}, {test_nothing_known, "nothing-known"},
        {test_anchor_by_ack, "anchor-by-ack"}, {test_window, "window"}, {test_window_midway, "window-midway"},
        {test_keep_alive, "keep-alive"}, {test_demand, "demand"}, {test_close_fin, "close-fin"},
        {test_close_rst, "close-rst"}, {test_rst_moves_nothing, "rst-moves-nothing"}, {test_stray, "stray"},
        {test_stray_acked, "stray-acked"}, {test_long_transfer, "long-transfer"}, {test_timestamps, "timestamps"},
        {test_rst_one_direction, "rst-one-direction"}, {test_ack_isn_unknown, "ack-isn-unknown"},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        char *path = g_strdup_printf("/conversation/%s", tests[i].path);
        g_test_add_data_func(path, &tests[i].test, round_with);
        g_free(path);
    }
    return g_test_run();
}
