/* test-streams.c
 * tcp.stream without Wireshark: the numbers of 4.0 and those of 4.4. That they are Wireshark's is tests/native's to say.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/option/segment.h"
#include "frames/streams.h"

#include <glib.h>

enum { CLIENT, SERVER };

typedef struct step {
    unsigned sender;
    uint16_t flags;
    uint32_t seq, ack;
    uint32_t of_4_0, of_4_4; /* expected */
    bool broken;             /* its numbers do not count */
} step;

#define SYN TOA_FLAG_SYN
#define ACK TOA_FLAG_ACK
#define FIN TOA_FLAG_FIN
#define RST TOA_FLAG_RST

static void check(const step *steps, size_t n, toa_streams_rule rule)
{
    toa_endpoint ends[2] = {{.family = TOA_FAMILY_IPV4, .address = {10, 0, 0, 1}, .port = 40000},
                            {.family = TOA_FAMILY_IPV4, .address = {10, 0, 0, 2}, .port = 80}};
    toa_streams streams;

    toa_streams_init(&streams, rule, 1);
    for (size_t i = 0; i < n; i++) {
        const step *at = &steps[i];
        toa_stream_segment segment = {.source = &ends[at->sender],
                                      .destination = &ends[!at->sender],
                                      .seq = at->seq,
                                      .ack = at->ack,
                                      .flags = at->flags,
                                      .counts = !at->broken};
        uint32_t stream;
        g_assert_true(toa_streams_take(&streams, &segment, &stream));
        g_assert_cmpuint(stream, ==, rule == TOA_STREAMS_4_4 ? at->of_4_4 : at->of_4_0);
    }
    toa_streams_clear(&streams);
}

static void check_both(const step *steps, size_t n)
{
    check(steps, n, TOA_STREAMS_4_0);
    check(steps, n, TOA_STREAMS_4_4);
}

/* The incident: a RST that is another connection's answers each SYN. */
static void test_again_after_rst(void)
{
    static const step steps[] = {
        {CLIENT, SYN, 1000, 0, 0, 0, false},      {SERVER, RST, 77, 0, 0, 0, false},
        {CLIENT, SYN, 1000, 0, 0, 1, false},      {SERVER, RST, 78, 0, 0, 1, false},
        {CLIENT, SYN, 1000, 0, 0, 2, false},      {SERVER, SYN | ACK, 500, 1001, 0, 2, false},
        {CLIENT, ACK, 1001, 501, 0, 2, false},
    };

    check_both(steps, G_N_ELEMENTS(steps));
}

static void test_again_after_fin(void)
{
    static const step steps[] = {
        {CLIENT, SYN, 1000, 0, 0, 0, false},       {SERVER, SYN | ACK, 500, 1001, 0, 0, false},
        {CLIENT, FIN | ACK, 1001, 501, 0, 0, false}, {CLIENT, SYN, 1000, 0, 0, 1, false},
        {CLIENT, SYN, 1000, 0, 0, 1, false},
    };

    check_both(steps, G_N_ELEMENTS(steps));
}

static void test_again_without_end(void)
{
    static const step steps[] = {
        {CLIENT, SYN, 1000, 0, 0, 0, false},
        {CLIENT, SYN, 1000, 0, 0, 0, false},
        {SERVER, SYN | ACK, 500, 1001, 0, 0, false},
        {SERVER, SYN | ACK, 500, 1001, 0, 0, false},
    };

    check_both(steps, G_N_ELEMENTS(steps));
}

static void test_another_number(void)
{
    static const step steps[] = {
        {CLIENT, SYN, 1000, 0, 0, 0, false}, {CLIENT, SYN, 2000, 0, 1, 1, false}, {CLIENT, RST, 2001, 0, 1, 1, false},
        {CLIENT, SYN, 3000, 0, 2, 2, false}, {CLIENT, SYN, 3000, 0, 2, 2, false},
    };

    check_both(steps, G_N_ELEMENTS(steps));
}

/* A RST in the header of a segment that is broken has not been read. */
static void test_broken(void)
{
    static const step steps[] = {
        {CLIENT, SYN, 1000, 0, 0, 0, false},
        {SERVER, RST, 77, 0, 0, 0, true},
        {CLIENT, SYN, 1000, 0, 0, 0, false},
    };

    check_both(steps, G_N_ELEMENTS(steps));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/streams/again-after-rst", test_again_after_rst);
    g_test_add_func("/streams/again-after-fin", test_again_after_fin);
    g_test_add_func("/streams/again-without-end", test_again_without_end);
    g_test_add_func("/streams/another-number", test_another_number);
    g_test_add_func("/streams/broken", test_broken);
    return g_test_run();
}
