/* Rule R0: what is a second capture of one packet, and what is a packet of its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

static toa_copies *copies;
static toa_conversation conv; /* hash and wire stand for the endpoints */
static toa_segment base;

static void setup(void)
{
    copies = g_new0(toa_copies, 1);
    base = (toa_segment){.time = 1000 * SEC, .frame = 1, .seq = 100, .ack = 200, .length = 300, .flags = PSH | ACK,
                         .window = 400, .ip_id = 500, .ttl = 64};
    base.source = endpoint_of("10.0.0.1:5000");
    base.destination = endpoint_of("10.0.0.2:80");
    base.options.client_item = -1;
    base.options.has_timestamps = true;
    base.options.tsval = 600;
    base.options.tsecr = 700;
    conv = (toa_conversation){.wire = {base.source, base.destination}, .hash = 0x12345678};
    g_assert_false(toa_copies_seen(copies, &conv, 0, &base));
}

static void teardown(void)
{
    g_free(copies);
}

static bool seen_after(toa_segment segment, int64_t ns)
{
    segment.time += ns;
    return toa_copies_seen(copies, &conv, 0, &segment);
}

static void test_copy(void)
{
    setup();
    g_assert_true(seen_after(base, 0));
    g_assert_true(seen_after(base, MS));
    g_assert_true(seen_after(base, 10 * MS));
    teardown();
}

/* Later it is a retransmission, though Linux would number it anew. */
static void test_too_late(void)
{
    setup();
    g_assert_false(seen_after(base, 10 * MS + 1));
    g_assert_true(seen_after(base, 20 * MS)); /* of that one */
    teardown();
}

/* Ten copies in a row, each within 10 ms of the first, not of the one before alone. */
static void test_counted_from_first(void)
{
    setup();
    g_assert_true(seen_after(base, 6 * MS));
    g_assert_false(seen_after(base, 12 * MS));
    teardown();
}

typedef void change(toa_segment *segment);

static void change_seq(toa_segment *s) { s->seq++; }
static void change_ack(toa_segment *s) { s->ack++; }
static void change_flags(toa_segment *s) { s->flags = ACK; }
static void change_length(toa_segment *s) { s->length++; }
static void change_window(toa_segment *s) { s->window++; }
static void change_ip_id(toa_segment *s) { s->ip_id++; }
static void change_tsval(toa_segment *s) { s->options.tsval++; }
static void change_tsecr(toa_segment *s) { s->options.tsecr++; }
static void change_no_timestamps(toa_segment *s) { s->options.has_timestamps = false; }
static void change_sack(toa_segment *s) { *s = with_sack(*s, 1, 2); }
static void change_toa(toa_segment *s) { *s = with_toa(*s, "1.2.3.4:5"); }

/* Every number that tells two packets apart. */
static void test_other_packet(void)
{
    static change *const changes[] = {change_seq, change_ack, change_flags, change_length, change_window, change_ip_id,
                                      change_tsval, change_tsecr, change_no_timestamps, change_sack, change_toa};

    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        toa_segment other;
        setup();
        other = base;
        changes[i](&other);
        g_assert_false(seen_after(other, MS));
        g_assert_true(seen_after(base, 2 * MS)); /* and does not push the first one out */
        teardown();
    }
}

/* The other direction, or other endpoints. */
static void test_other_endpoints(void)
{
    toa_conversation other;

    setup();
    other = conv;
    other.hash++;
    g_assert_false(toa_copies_seen(copies, &conv, 1, &base));
    g_assert_false(toa_copies_seen(copies, &other, 0, &base));
    g_assert_true(toa_copies_seen(copies, &conv, 1, &base));
    g_assert_true(toa_copies_seen(copies, &other, 0, &base));
    g_assert_true(seen_after(base, MS));
    teardown();
}

static void test_sack_edges(void)
{
    toa_segment one, two;

    setup();
    one = with_sack(base, 1, 2);
    two = with_sack(base, 1, 3);
    g_assert_false(seen_after(one, 0));
    g_assert_false(seen_after(two, 0));
    g_assert_true(seen_after(one, MS));
    teardown();
}

/* Without IP-ID (IPv6) nobody sends data, SYN or FIN again within half a millisecond. Two equal ACKs may be just two; but not
 * where everything is captured twice. */
static void test_mirror_without_ip_id(void)
{
    toa_segment data, ack, rst;

    setup();
    data = ack = rst = base;
    data.ip_id = ack.ip_id = rst.ip_id = 0;
    data.length = 100;
    ack.length = rst.length = 0;
    ack.flags = ACK;
    rst.flags = RST;
    ack.seq = data.seq + 100;
    g_assert_false(seen_after(ack, 0));
    g_assert_false(seen_after(ack, 100 * US));
    g_assert_false(seen_after(data, 1 * MS));
    g_assert_false(seen_after(data, 1 * MS + 600 * US));
    g_assert_true(seen_after(data, 1 * MS + 800 * US));
    ack.seq++;
    g_assert_false(seen_after(ack, 2 * MS));
    g_assert_true(seen_after(ack, 2 * MS + 100 * US));
    g_assert_false(seen_after(rst, 3 * MS));
    g_assert_false(seen_after(rst, 3 * MS + 100 * US)); /* its cause decides (judge/credit.h) */
    ack.seq++;
    g_assert_false(seen_after(ack, 2 * SEC));
    g_assert_false(seen_after(ack, 2 * SEC + 100 * US));
    ack.flags = SYN | ACK; /* the SYN has come again; but not where its copy came, too */
    g_assert_false(seen_after(ack, 3 * SEC));
    g_assert_false(seen_after(ack, 3 * SEC + 100 * US));
    data.flags = SYN;
    data.length = 0;
    g_assert_false(seen_after(data, 4 * SEC));
    g_assert_true(seen_after(data, 4 * SEC + 100 * US));
    ack.ack++;
    g_assert_false(seen_after(ack, 4 * SEC + MS));
    g_assert_true(seen_after(ack, 4 * SEC + MS + 100 * US));
    teardown();
}

/* One event is one finding where everything is captured twice, stateless RSTs included; and two are two. */
static void test_mirrored_rsts(void)
{
    story *s = story_new();
    flow d = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80"), v = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80");
    toa_segment question, rst;

    open_flow(&d);
    exchange(&d, 100, 200);
    open_flow(&v);
    exchange(&v, 100, 200);
    for (unsigned i = 0; i < 2; i++) {
        story_wait(s, SEC);
        question = from_client(&d, PSH | ACK, 100);
        rst = from_server(&d, RST, 0);
        rst.seq = question.ack;
        rst.ip_id = 0;
        rst = crossed(rst, &d, &v);
        question.time = s->now;
        g_assert_false(emit(&d, question).copy);
        question.time += 20 * US;
        g_assert_true(emit(&d, question).copy);
        rst.time = s->now;
        emit(&v, rst);
        EXPECT_HAS(s, FOREIGN_RST, &d, TOA_EV_SEQ | TOA_EV_TRIGGER);
        rst.time += 20 * US;
        g_assert_true(emit(&v, rst).copy);
        EXPECT_NONE(s);
    }
    EXPECT_TOTAL(s, FOREIGN_RST, 2);
    question = from_client(&d, PSH | ACK, 100); /* the next question draws an equal RST, however soon */
    emit(&d, question);
    rst.time = s->now;
    emit(&v, rst);
    EXPECT_TOTAL(s, FOREIGN_RST, 3);
    story_free(s);
}

/* IP-ID 0 tells nothing: two real duplicate ACKs look just so. Only another interface or TTL makes a copy of it. */
static void test_without_ip_id(void)
{
    toa_segment same, ttl, interface;

    setup();
    base.ip_id = 0;
    base.seq++;
    g_assert_false(seen_after(base, 0));
    same = ttl = interface = base;
    ttl.ttl--;
    interface.interface++;
    g_assert_false(seen_after(same, MS));
    g_assert_true(seen_after(ttl, 2 * MS));
    g_assert_true(seen_after(interface, 3 * MS));
    teardown();
}

/* Two numbers that differ together. */
static void test_two_changes(void)
{
    setup();
    for (size_t i = 0; i < 16; i++) {
        for (size_t j = 0; j < 32; j++) {
            toa_segment other = base;
            other.ip_id ^= (uint16_t)(1u << i);
            other.options.tsecr ^= 1u << j;
            g_assert_false(seen_after(other, MS));
            other = base;
            other.length ^= 1u << i;
            other.options.tsval ^= 1u << j;
            g_assert_false(seen_after(other, MS));
        }
    }
    teardown();
}

/* The address in the option counts, not only that there is one. */
static void test_other_toa(void)
{
    setup();
    g_assert_false(seen_after(with_toa(base, "10.0.0.1:5000"), 0));
    g_assert_false(seen_after(with_toa(base, "10.0.0.2:5000"), 0));
    g_assert_true(seen_after(with_toa(base, "10.0.0.1:5000"), MS));
    teardown();
}

/* Others captured between the two do not push the first one out, not even hundreds. */
static void test_busy(void)
{
    unsigned missed = 0;

    for (uint32_t round = 0; round < 100; round++) {
        setup();
        base.seq = round * 7919;
        g_assert_false(seen_after(base, 0));
        for (uint32_t i = 0; i < 300; i++) {
            toa_segment other = base;
            other.seq = 0x40000000 + round * 1000 + i;
            g_assert_false(seen_after(other, 10 * US * i));
        }
        missed += !seen_after(base, 5 * MS);
        teardown();
    }
    g_assert_cmpuint(missed, <=, 2);
}

/* The engine learns nothing from a copy and finds nothing on it. */
static void test_engine(void)
{
    story *s = story_new();
    flow f = flow_new(s, "10.0.0.1:5000", "10.0.0.2:80");
    toa_segment data;

    open_flow(&f);
    data = from_client(&f, PSH | ACK, 100);
    g_assert_false(emit(&f, data).copy);
    g_assert_true(emit(&f, data).copy);
    EXPECT_NONE(s);
    server_sends(&f, ACK, 0);
    data.time = s->now; /* 1 ms later: a copy still; its demand must not be open again */
    g_assert_true(emit(&f, data).copy);
    g_assert_true(f.conv->side[f.conv->client].flags & TOA_SIDE_ANSWERED);
    data.time = s->now + 20 * MS;
    data.ip_id++;
    g_assert_false(emit(&f, data).copy);
    g_assert_false(f.conv->side[f.conv->client].flags & TOA_SIDE_ANSWERED);
    story_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/copies/copy", test_copy);
    g_test_add_func("/copies/too-late", test_too_late);
    g_test_add_func("/copies/counted-from-first", test_counted_from_first);
    g_test_add_func("/copies/other-packet", test_other_packet);
    g_test_add_func("/copies/other-endpoints", test_other_endpoints);
    g_test_add_func("/copies/two-changes", test_two_changes);
    g_test_add_func("/copies/other-toa", test_other_toa);
    g_test_add_func("/copies/busy", test_busy);
    g_test_add_func("/copies/sack-edges", test_sack_edges);
    g_test_add_func("/copies/without-ip-id", test_without_ip_id);
    g_test_add_func("/copies/mirror-without-ip-id", test_mirror_without_ip_id);
    g_test_add_func("/copies/mirrored-rsts", test_mirrored_rsts);
    g_test_add_func("/copies/engine", test_engine);
    return g_test_run();
}
