/* What one segment changes in a conversation (core/model/accept.h), number by number, and who began where.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"
#include "core/model/accept.h"

enum { C, S }; /* sides */

static toa_segment seg(unsigned flags, uint32_t seq, uint32_t ack, uint32_t length)
{
    toa_segment segment = {.time = SEC, .frame = 1, .flags = (uint16_t)flags, .seq = seq, .ack = ack, .length = length,
                           .window = 1000};

    segment.options.client_item = -1;
    return segment;
}

static void take(toa_conversation *conv, unsigned side, toa_segment segment)
{
    toa_conversation_accept(conv, side, &segment);
}

/* Client's next is 1001, server's 5001. */
static toa_conversation established(void)
{
    toa_conversation conv = {0};

    take(&conv, C, seg(SYN, 1000, 0, 0));
    take(&conv, S, seg(SYN | ACK, 5000, 1001, 0));
    take(&conv, C, seg(ACK, 1001, 5001, 0));
    return conv;
}

/* A SYN with another number begins anew: what the older one offered, and its FIN, are gone. */
static void test_other_syn(void)
{
    const uint16_t offers = TOA_SIDE_TIMESTAMPS | TOA_SIDE_SCALE;
    toa_conversation conv = {0};
    toa_segment syn = seg(SYN, 1000, 0, 0);

    syn.options.has_timestamps = syn.options.has_scale = true;
    syn.options.scale = 7;
    take(&conv, C, syn);
    g_assert_cmphex(conv.side[C].flags & offers, ==, offers);
    take(&conv, C, seg(FIN | ACK, 1001, 0, 0));
    g_assert_true(conv.side[C].flags & TOA_SIDE_FIN);
    take(&conv, C, seg(SYN, 2000, 0, 0));
    g_assert_cmpuint(conv.side[C].isn, ==, 2000);
    g_assert_cmpuint(conv.side[C].next, ==, 2001);
    g_assert_cmphex(conv.side[C].flags & (offers | TOA_SIDE_FIN), ==, 0);
    take(&conv, C, syn); /* the same again keeps them */
    take(&conv, C, syn);
    g_assert_cmphex(conv.side[C].flags & offers, ==, offers);
}

/* The peer has answered the first SYN: a second one does not move it. */
static void test_answered_syn(void)
{
    toa_conversation conv = established();

    take(&conv, C, seg(SYN, 2000, 0, 0));
    g_assert_cmpuint(conv.side[C].isn, ==, 1000);
}

/* Without timestamps means that a SYN or SYN-ACK without them was seen: one that was not captured says nothing. */
static void test_without_timestamps(void)
{
    toa_conversation conv = {0};
    toa_segment synack = seg(SYN | ACK, 5000, 1001, 0);

    g_assert_false(toa_conversation_without_timestamps(&conv));
    synack.options.has_timestamps = true;
    take(&conv, S, synack); /* conv.client is 0, whose SYN the capture has lost */
    g_assert_false(toa_conversation_without_timestamps(&conv));
    take(&conv, C, seg(SYN, 1000, 0, 0));
    g_assert_true(toa_conversation_without_timestamps(&conv));
    conv = (toa_conversation){0};
    take(&conv, S, seg(SYN | ACK, 5000, 1001, 0));
    g_assert_true(toa_conversation_without_timestamps(&conv));
}

static void test_began_with(void)
{
    toa_conversation conv = established();

    g_assert_true(toa_conversation_began_with(&conv, C, 1000));
    g_assert_false(toa_conversation_began_with(&conv, C, 1001));
    conv = (toa_conversation){0};
    take(&conv, C, seg(ACK, 1001, 5001, 100)); /* the handshake was lost */
    g_assert_true(toa_conversation_began_with(&conv, C, 1000));
    g_assert_false(toa_conversation_began_with(&conv, C, 999));
    g_assert_true(toa_conversation_began_with(&conv, S, 5000)); /* by the client's first ack */
    g_assert_false(toa_conversation_began_with(&conv, S, 5001));
    conv = (toa_conversation){0};
    g_assert_true(toa_conversation_began_with(&conv, S, 77)); /* nothing speaks against it */
}

/* The range that a side has sent lately: it grows in both directions, a pause or a SYN begins a new one. */
static void test_burst(void)
{
    toa_conversation conv = established();
    const toa_side *a = &conv.side[C];
    toa_segment segment = seg(ACK, 1101, 5001, 100);

    segment.time += 200 * MS;
    take(&conv, C, segment);
    g_assert_cmpuint(a->burst_seq, ==, 1101);
    g_assert_cmpuint(a->burst_end, ==, 1201);
    segment.seq = 1001; /* overtaken */
    segment.time += TOA_COPY_NS;
    take(&conv, C, segment);
    g_assert_cmpuint(a->burst_seq, ==, 1001);
    g_assert_cmpuint(a->burst_end, ==, 1201);
    segment.seq = 1201;
    segment.time += TOA_COPY_NS + 1;
    take(&conv, C, segment);
    g_assert_cmpuint(a->burst_seq, ==, 1201);
    g_assert_cmpuint(a->burst_end, ==, 1301);
}

/* ---- segments of this conversation that another one carried ---- */

static toa_conversation crossed_with(toa_segment segment, uint32_t seq_shift, uint32_t ack_shift)
{
    toa_conversation conv = established();

    take(&conv, C, seg(PSH | ACK, 1001, 5001, 100)); /* it waits for an answer */
    conv.side[S].flags |= TOA_SIDE_TSVAL;
    conv.side[S].tsval = 70;
    conv.side[S].ip_id = 9;
    toa_conversation_credit(&conv, S, &segment, seq_shift, ack_shift);
    g_assert_cmpuint(conv.side[C].next, ==, 1101); /* of the receiver nothing moves */
    g_assert_cmpuint(conv.side[C].n_acks, ==, 1);
    return conv;
}

static void test_credit(void)
{
    toa_segment data = seg(PSH | ACK, 5001, 1101, 50);
    toa_conversation conv;

    data.ip_id = 10;
    data.options.has_timestamps = true;
    data.options.tsval = 71;
    conv = crossed_with(data, 0, 0);
    g_assert_cmpuint(conv.side[S].next, ==, 5051);
    g_assert_cmpuint(conv.side[S].low, ==, 5000);
    g_assert_cmpuint(conv.side[S].ip_id, ==, 10);
    g_assert_cmpuint(conv.side[S].tsval, ==, 71);
    g_assert_true(conv.side[C].flags & TOA_SIDE_ANSWERED);
    data.ip_id = 0;
    data.ack = 1100; /* not all of the demand */
    data.options.has_timestamps = false;
    conv = crossed_with(data, 0, 0);
    g_assert_cmpuint(conv.side[S].ip_id, ==, 9);
    g_assert_cmpuint(conv.side[S].tsval, ==, 70);
    g_assert_false(conv.side[C].flags & TOA_SIDE_ANSWERED);
}

static void test_credit_shifted(void)
{
    toa_conversation conv = crossed_with(seg(PSH | ACK, 5001 + 7000, 1101 - 300, 50), 7000, (uint32_t)-300);

    g_assert_cmpuint(conv.side[S].next, ==, 5051);
    g_assert_true(conv.side[C].flags & TOA_SIDE_ANSWERED);
}

/* A number that the sender cannot use moves nothing; neither does an old one. */
static void test_credit_range(void)
{
    const uint32_t last = 5001 + 65535; /* the least window that is assumed */
    toa_conversation conv = crossed_with(seg(ACK, last, 1101, 0), 0, 0);

    g_assert_cmpuint(conv.side[S].next, ==, last);
    conv = crossed_with(seg(ACK, last + 1, 1101, 0), 0, 0);
    g_assert_cmpuint(conv.side[S].next, ==, 5001);
    conv = crossed_with(seg(ACK, 5000, 1101, 0), 0, 0);
    g_assert_cmpuint(conv.side[S].next, ==, 5001);
    conv = crossed_with(seg(ACK, 4999, 1101, 0), 0, 0);
    g_assert_cmpuint(conv.side[S].next, ==, 5001);
}

/* A SYN or RST answers, whatever its ack; it never sets numbers. */
static void test_credit_rst(void)
{
    const unsigned flags[] = {RST, RST | ACK, SYN | ACK};

    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        toa_segment segment = seg(flags[i], 5101, 0, 0);
        toa_conversation conv;
        segment.options.has_timestamps = true;
        segment.options.tsval = 99;
        conv = crossed_with(segment, 0, 0);
        g_assert_cmpuint(conv.side[S].next, ==, 5001);
        g_assert_cmpuint(conv.side[S].isn, ==, 5000);
        g_assert_cmpuint(conv.side[S].tsval, ==, 70);
        g_assert_true(conv.side[C].flags & TOA_SIDE_ANSWERED);
    }
}

/* low stays within reach of next. */
static void test_credit_low(void)
{
    toa_conversation conv = established();
    toa_segment segment = seg(ACK, 0, 1001, 1000);

    for (unsigned i = 0; i < 3; i++) {
        conv.side[S].next += 1u << 29;
        segment.seq = conv.side[S].next;
        toa_conversation_credit(&conv, S, &segment, 0, 0);
        g_assert_cmpuint(conv.side[S].next - conv.side[S].low, <=, 1u << 30);
    }
    g_assert_cmpuint(conv.side[S].next - conv.side[S].low, ==, 1u << 30);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/accept/other-syn", test_other_syn);
    g_test_add_func("/accept/answered-syn", test_answered_syn);
    g_test_add_func("/accept/without-timestamps", test_without_timestamps);
    g_test_add_func("/accept/began-with", test_began_with);
    g_test_add_func("/accept/burst", test_burst);
    g_test_add_func("/accept/credit", test_credit);
    g_test_add_func("/accept/credit-shifted", test_credit_shifted);
    g_test_add_func("/accept/credit-range", test_credit_range);
    g_test_add_func("/accept/credit-rst", test_credit_rst);
    g_test_add_func("/accept/credit-low", test_credit_low);
    return g_test_run();
}
