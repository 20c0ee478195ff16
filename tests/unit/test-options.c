/* The walk over a header's options: what it reads, where it stops, and what an option means beside others.
 * test-vectors.c has the published examples.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#include <string.h>

typedef struct scan {
    toa_option_table table;
    toa_options_context context;
    toa_endpoint source, destination, remembered;
    uint8_t header[60];
    unsigned length;
    toa_options out;
} scan;

static scan *scan_new(uint16_t flags)
{
    scan *s = g_new0(scan, 1);

    toa_option_table_init(&s->table);
    s->source = endpoint_of("172.16.0.9:1025");
    s->destination = endpoint_of("172.16.0.20:80");
    s->context = (toa_options_context){.table = &s->table, .tcp_flags = flags, .source = &s->source,
                                       .destination = &s->destination};
    return s;
}

/* Hex digits, padded with NOP to a multiple of 4 as on the wire. */
static const toa_options *run(scan *s, const char *hex)
{
    s->length = 20;
    for (const char *at = hex; at[0]; at += 2) {
        s->header[s->length++] = (uint8_t)(g_ascii_xdigit_value(at[0]) * 16 + g_ascii_xdigit_value(at[1]));
    }
    while (s->length % 4) {
        s->header[s->length++] = 1;
    }
    g_assert_cmpuint(s->length, <=, 60);
    toa_options_scan(s->header, s->length, s->length, &s->context, &s->out);
    return &s->out;
}

static void assert_client(const toa_options *options, const char *text)
{
    char buffer[TOA_ENDPOINT_TEXT];

    if (!text) {
        g_assert_cmpint(options->client_item, ==, -1);
        return;
    }
    g_assert_cmpint(options->client_item, >=, 0);
    g_assert_true(options->items[options->client_item].effective);
    g_assert_cmpstr(toa_endpoint_format(&options->items[options->client_item].info.client, buffer), ==, text);
}

static void test_standard(void)
{
    scan *s = scan_new(ACK);
    const toa_options *o = run(s, "0101080a0102030405060708");

    g_assert_true(o->has_timestamps && o->tsval == 0x01020304 && o->tsecr == 0x05060708); /* the usual 12 bytes */
    o = run(s, "080a01020304050607080101050a0000000100000009");
    g_assert_true(o->has_timestamps && o->tsval == 0x01020304 && o->tsecr == 0x05060708);
    g_assert_cmpuint(o->n_sack, ==, 1);
    g_assert_true(o->sack[0][0] == 1 && o->sack[0][1] == 9);
    o = run(s, "0522000000010000000200000003000000040000000500000006fffffff000000010");
    g_assert_cmpuint(o->n_sack, ==, 4);
    g_assert_true(o->sack[3][0] == 0xfffffff0u && o->sack[3][1] == 0x10);
    o = run(s, "020405b40103030701010402");
    g_assert_true(o->has_scale && o->scale == 7 && !o->has_timestamps);
    o = run(s, "03030f");
    g_assert_cmpuint(o->scale, ==, 14);
    o = run(s, "08080102030405060304ff00"); /* wrong lengths tell nothing */
    g_assert_true(!o->has_timestamps && !o->has_scale);
    o = run(s, "");
    g_assert_true(!o->has_timestamps && !o->has_scale && o->n_sack == 0 && o->n_items == 0 && o->client_item == -1);
    g_free(s);
}

/* Behind End of Option List receivers see nothing: no timestamps, and no client. */
static void test_eol(void)
{
    scan *s = scan_new(ACK);
    const toa_options *o = run(s, "00080a010203040506070803030754fe08f1cec0a80a05");

    g_assert_true(!o->has_timestamps && !o->has_scale);
    o = run(s, "0000c808f1cec0a80a05");
    g_assert_cmpuint(o->n_items, ==, 1);
    g_assert_true(o->items[0].flags & TOA_ITEM_AFTER_EOL);
    assert_client(o, NULL);
    o = run(s, "fe08f1cec0a80a0500fe08000109090909");
    g_assert_cmpuint(o->n_items, ==, 2);
    assert_client(o, "192.168.10.5:61902");
    g_assert_false(o->items[0].flags & (TOA_ITEM_CONFLICT | TOA_ITEM_AFTER_EOL));
    g_free(s);
}

/* Cut at every byte, by the snapshot length and by the header itself: no byte behind the end is looked at. */
static void test_cut(void)
{
    static const char *const hex[] = {"0101080a0102030405060708fe08f1cec0a80a05c908", "fe14f1ce20010db8000000000000000000000005",
                                      "f928f1ce20010db80000000000000000000000051234560020010db80000000000000000000000aa",
                                      "050a0000000100000002c806f1ce030307", "fcfefdfcfb"};

    for (size_t i = 0; i < G_N_ELEMENTS(hex); i++) {
        scan *s = scan_new(ACK);
        run(s, hex[i]);
        for (unsigned cut = 0; cut <= s->length; cut++) {
            uint8_t *exact = g_memdup2(s->header, cut ? cut : 1); /* a sanitizer sees any byte too many */
            toa_options_scan(exact, cut, s->length, &s->context, &s->out);
            toa_options_scan(exact, cut, cut, &s->context, &s->out);
            g_assert_cmpuint(s->out.n_items, <=, TOA_ITEMS_MAX);
            g_free(exact);
        }
        g_free(s);
    }
}

/* Cut by the snapshot length is not the sender's fault, cut by the header is. */
static void test_cut_is_not_malformed(void)
{
    scan *s = scan_new(ACK);

    run(s, "fe08f1cec0a80a05");
    toa_options_scan(s->header, 24, 28, &s->context, &s->out);
    g_assert_cmpuint(s->out.n_items, ==, 0);
    toa_options_scan(s->header, 24, 24, &s->context, &s->out);
    g_assert_cmpuint(s->out.n_items, ==, 1);
    g_assert_true((s->out.items[0].flags & TOA_ITEM_MALFORMED) && !s->out.items[0].decoded);
    assert_client(&s->out, NULL);
    toa_options_scan(s->header, 27, 27, &s->context, &s->out); /* one byte short */
    g_assert_true((s->out.items[0].flags & TOA_ITEM_MALFORMED) && !s->out.items[0].decoded);
    g_free(s);
}

/* Random bytes: ends, stays within its arrays, and says the same twice. */
static void test_random(void)
{
    scan *s = scan_new(SYN);
    GRand *random = g_rand_new_with_seed(7);
    static const uint8_t kinds[] = {0, 1, 5, 8, 28, 200, 201, 202, 249, 250, 252, 253, 254, 254};

    for (unsigned round = 0; round < 20000; round++) {
        unsigned length = 20 + 4 * (unsigned)g_rand_int_range(random, 0, 11);
        toa_options again;
        for (unsigned i = 20; i < length; i++) {
            s->header[i] = g_rand_int_range(random, 0, 3) ? kinds[g_rand_int_range(random, 0, G_N_ELEMENTS(kinds))]
                                                          : (uint8_t)g_rand_int_range(random, 0, 256);
        }
        toa_options_scan(s->header, length, length, &s->context, &s->out);
        toa_options_scan(s->header, length, length, &s->context, &again);
        g_assert_cmpuint(s->out.n_items, <=, TOA_ITEMS_MAX);
        g_assert_cmpuint(s->out.n_sack, <=, TOA_SACK_MAX);
        g_assert_cmpint(s->out.client_item, <, s->out.n_items);
        g_assert_cmpint(s->out.client_item, ==, again.client_item);
        for (unsigned i = 0; i < s->out.n_items; i++) {
            g_assert_true(memcmp(&s->out.items[i], &again.items[i], sizeof again.items[i]) == 0);
            g_assert_cmpuint(s->out.items[i].offset, <, length);
        }
    }
    g_rand_free(random);
    g_free(s);
}

static void test_many(void)
{
    scan *s = scan_new(ACK);
    const toa_option_row row = {77, 6, TOA_LAYOUT_IP4, TOA_ROLE_CLIENT, 0, 0};
    GString *hex = g_string_new(NULL);

    g_assert_null(toa_option_table_add(&s->table, &row));
    for (unsigned i = 0; i < 20; i++) {
        g_string_append(hex, "4d02"); /* wrong length for a kind that the user named */
    }
    g_assert_cmpuint(run(s, hex->str)->n_items, ==, TOA_ITEMS_MAX);
    g_assert_true(s->out.items[0].flags & TOA_ITEM_MALFORMED);
    g_string_free(hex, TRUE);
    g_free(s);
}

/* A wrong length is malformed only if the user named the kind. */
static void test_wrong_length(void)
{
    scan *s = scan_new(ACK);
    const toa_option_row row = {254, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT, 0, 0};

    g_assert_cmpuint(run(s, "fe07f1cec0a80a")->n_items, ==, 0);
    g_assert_null(toa_option_table_add(&s->table, &row));
    g_assert_cmpuint(run(s, "fe07f1cec0a80a")->n_items, ==, 1);
    g_assert_true(s->out.items[0].flags & TOA_ITEM_MALFORMED);
    g_assert_cmpint(s->out.client_item, ==, -1);
    g_free(s);
}

/* When an address that could be an ExID option is certain after all. */
static void test_exid(void)
{
    scan *s = scan_new(ACK);
    const char *tfo = "020405b4fe08f989c0a80a05", *other = "020405b4fe080ed0c0a80a05";

    g_assert_false(run(s, tfo)->items[0].flags & TOA_ITEM_AMBIGUOUS); /* (a) no Fast Open cookie without SYN */
    g_assert_true(s->out.context_matters);
    g_assert_true(run(s, other)->items[0].flags & TOA_ITEM_AMBIGUOUS);
    assert_client(&s->out, "192.168.10.5:3792"); /* annotated, never dropped */
    s->context.tcp_flags = SYN;
    g_assert_true(run(s, tfo)->items[0].flags & TOA_ITEM_AMBIGUOUS);
    g_assert_false(run(s, "fe08f989c0a80a05020405b4")->items[0].flags & TOA_ITEM_AMBIGUOUS); /* (c) first */
    g_assert_false(run(s, "0101fe08f989c0a80a05")->items[0].flags & TOA_ITEM_AMBIGUOUS);
    s->context.neighbours = true; /* (d) */
    g_assert_false(run(s, tfo)->items[0].flags & TOA_ITEM_AMBIGUOUS);
    s->context.neighbours = false;
    s->remembered = endpoint_of("192.168.10.5:63881"); /* (b) the same value before */
    s->context.remembered = &s->remembered;
    g_assert_false(run(s, tfo)->items[0].flags & TOA_ITEM_AMBIGUOUS);
    s->remembered = endpoint_of("192.168.10.6:63881");
    g_assert_true(run(s, tfo)->items[0].flags & TOA_ITEM_AMBIGUOUS);
    g_assert_false(run(s, "020405b4fe08e2d4c0a80a05")->items[0].flags & TOA_ITEM_AMBIGUOUS); /* SMC-R: length 6 */
    g_assert_false(run(s, "020405b4fe08accec0a80a05")->items[0].flags & TOA_ITEM_AMBIGUOUS); /* AccECN: 4 + 3n */
    g_assert_false(run(s, "020405b4fe08f1cec0a80a05")->context_matters);
    g_free(s);
}

/* The four meanings of 253/8, by neighbours and by preference. */
static void test_253(void)
{
    scan *s = scan_new(ACK);

    g_assert_cmpuint(run(s, "fd080348c0a80a05")->n_items, ==, 0); /* (i) HOST_ID */
    s->remembered = endpoint_of("192.168.10.5:840");
    s->context.remembered = &s->remembered; /* ... unless the stream's TOA says so */
    assert_client(run(s, "fd080348c0a80a05"), "192.168.10.5:840");
    s->context.remembered = NULL;
    run(s, "fe08f1cec0a80a05fd080cea0a8d1000"); /* (ii) */
    g_assert_cmpuint(s->out.items[1].role, ==, TOA_ROLE_VIP);
    assert_client(&s->out, "192.168.10.5:61902");
    assert_client(run(s, "fd08f1cec0a80a05"), "192.168.10.5:61902"); /* (iv) */
    s->context.tcp_flags = SYN | ACK;
    run(s, "fd080a8d10000cea"); /* (iii) last option of a SYN or SYN-ACK */
    g_assert_cmpuint(s->out.items[0].role, ==, TOA_ROLE_VIP);
    g_assert_cmpuint(s->out.items[0].layout, ==, TOA_LAYOUT_IP4_PORT);
    assert_client(&s->out, NULL);
    assert_client(run(s, "fd08f1cec0a80a05020405b4"), "192.168.10.5:61902"); /* not last */
    s->context.kind253 = TOA_KIND253_PORT_FIRST;
    assert_client(run(s, "fd08f1cec0a80a05"), "192.168.10.5:61902");
    s->context.kind253 = TOA_KIND253_ADDRESS_FIRST;
    s->context.tcp_flags = ACK;
    assert_client(run(s, "fd08c0a80a05f1ce"), "192.168.10.5:61902");
    g_free(s);
}

/* Meanings by neighbour, version byte and length. */
static void test_neighbours(void)
{
    scan *s = scan_new(ACK);

    run(s, "fe08f1cec0a80a05fd14f1ce20010db8000000000000000000000005");
    g_assert_cmpuint(s->out.items[1].role, ==, TOA_ROLE_VIP);
    assert_client(run(s, "fd14f1ce20010db8000000000000000000000005"), "[2001:db8::5]:61902");
    g_assert_cmpuint(run(s, "c90640e20100ca080cea0a8d1000")->n_items, ==, 0); /* 201, 202 without 200 */
    run(s, "c808f1cec0a80a05c90640e20100ca080cea0a8d1000");
    g_assert_cmpuint(s->out.n_items, ==, 3);
    g_assert_cmpuint(s->out.items[1].info.vpc, ==, 123456);
    g_assert_cmpuint(s->out.items[2].role, ==, TOA_ROLE_VIP);
    assert_client(run(s, "fa080cea0a8d1000"), NULL); /* a VIP alone is no client */
    g_assert_cmpuint(run(s, "1c0702c0a80a05")->n_items, ==, 0); /* version 2 */
    g_assert_cmpuint(run(s, "1d06c0a80a05")->n_items, ==, 0);   /* only by preference */
    g_assert_cmpuint(run(s, "c806c0a80a05")->n_items, ==, 0);
    assert_client(run(s, "fc08f1cec0a80a05"), "192.168.10.5:61902");
    g_free(s);
}

/* Which of several addresses counts, and the notes on addresses. */
static void test_effective(void)
{
    scan *s = scan_new(ACK);
    const char *three = "fe08f1cec0a80a05fe08000109090909fe08000202020202";

    assert_client(run(s, three), "192.168.10.5:61902");
    for (unsigned i = 0; i < 3; i++) {
        g_assert_true(s->out.items[i].flags & TOA_ITEM_CONFLICT);
        g_assert_cmpint(s->out.items[i].effective, ==, i == 0);
    }
    s->context.effective = TOA_EFFECTIVE_LAST;
    assert_client(run(s, three), "2.2.2.2:2");
    g_assert_false(run(s, "fe08f1cec0a80a05c808f1cec0a80a05")->items[0].flags & TOA_ITEM_CONFLICT);
    g_assert_false(run(s, "fe08f1cec0a80a051c0701c0a80a05")->items[0].flags & TOA_ITEM_CONFLICT); /* no port: no other */
    g_assert_true(run(s, "fe08f1cec0a80a051c0701c0a80a06")->items[0].flags & TOA_ITEM_CONFLICT);
    s->context.effective = TOA_EFFECTIVE_FIRST;
    g_assert_true(run(s, "fe080000c0a80a05")->items[0].flags & TOA_ITEM_SUSPICIOUS);
    g_assert_true(run(s, "fe08f1cee0000001")->items[0].flags & TOA_ITEM_SUSPICIOUS);
    g_assert_true(run(s, "1c070100000000")->items[0].flags & TOA_ITEM_SUSPICIOUS);
    g_assert_false(run(s, "1c0701c0a80a05")->items[0].flags & TOA_ITEM_SUSPICIOUS);
    g_assert_true(s->out.items[0].flags & TOA_ITEM_NO_PORT);
    g_assert_true(run(s, "fe080401ac100009")->items[0].flags & TOA_ITEM_REDUNDANT);
    g_assert_false(run(s, "fe080402ac100009")->items[0].flags & TOA_ITEM_REDUNDANT);
    g_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options/standard", test_standard);
    g_test_add_func("/options/eol", test_eol);
    g_test_add_func("/options/cut", test_cut);
    g_test_add_func("/options/cut-is-not-malformed", test_cut_is_not_malformed);
    g_test_add_func("/options/random", test_random);
    g_test_add_func("/options/many", test_many);
    g_test_add_func("/options/wrong-length", test_wrong_length);
    g_test_add_func("/options/exid", test_exid);
    g_test_add_func("/options/253", test_253);
    g_test_add_func("/options/neighbours", test_neighbours);
    g_test_add_func("/options/effective", test_effective);
    return g_test_run();
}
