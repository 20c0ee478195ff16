/* Endpoints as values: equal, order, hash, text, and which addresses no client can have.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

static void test_parse(void)
{
    toa_endpoint endpoint = endpoint_of("1.2.3.4:5"), before = endpoint;
    const char *const bad[] = {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "::g", "[::1]", "10.0.0.1:80", "host", "1.2.3.4 "};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(toa_endpoint_parse(bad[i], 7, &endpoint));
        g_assert_true(toa_endpoint_equal(&endpoint, &before)); /* untouched */
    }
    g_assert_true(toa_endpoint_parse("fd00::1", 80, &endpoint));
    g_assert_cmpuint(endpoint.family, ==, TOA_FAMILY_IPV6);
    g_assert_cmpuint(endpoint.address[0], ==, 0xfd);
    g_assert_cmpuint(endpoint.address[15], ==, 1);
    g_assert_cmpuint(endpoint.port, ==, 80);
}

static void test_format(void)
{
    const char *const texts[] = {"10.112.61.163:3269", "0.0.0.0:0", "255.255.255.255:65535", "[fd00:8::41]:61902",
                                 "[::]:0", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"};
    toa_endpoint client = endpoint_of("10.112.8.41:61902"), server = endpoint_of("[fd00::1]:3269");
    char text[TOA_ENDPOINT_TEXT], key[TOA_KEY_TEXT];

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        toa_endpoint endpoint = endpoint_of(texts[i]);
        g_assert_cmpstr(toa_endpoint_format(&endpoint, text), ==, texts[i]);
    }
    g_assert_cmpstr(toa_key_format(&client, &server, key), ==, "10.112.8.41:61902 > [fd00::1]:3269");
}

/* Every byte in every place. */
static void test_addresses(void)
{
    toa_endpoint longest = endpoint_of("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1");
    char text[TOA_ADDRESS_TEXT], expected[TOA_ADDRESS_TEXT];

    for (unsigned byte = 0; byte < 256; byte++) {
        const uint8_t bytes[4] = {(uint8_t)byte, (uint8_t)(byte + 1), (uint8_t)(byte + 99), (uint8_t)(255 - byte)};
        toa_endpoint endpoint = toa_endpoint_ipv4(bytes, 80);
        g_snprintf(expected, sizeof expected, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
        g_assert_cmpstr(toa_address_format(&endpoint, text), ==, expected);
    }
    g_assert_cmpstr(toa_address_format(&longest, text), ==, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void test_longest_key(void)
{
    toa_endpoint longest = endpoint_of("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
    toa_endpoint mapped = endpoint_of("[::ffff:255.255.255.255]:65535");
    char key[TOA_KEY_TEXT];

    g_assert_cmpstr(toa_key_format(&longest, &mapped, key), ==,
                    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 > [::ffff:255.255.255.255]:65535");
}

static void test_equal(void)
{
    toa_endpoint a = endpoint_of("10.0.0.1:80"), same = endpoint_of("10.0.0.1:80");
    toa_endpoint port = endpoint_of("10.0.0.1:81"), address = endpoint_of("10.0.0.2:80");
    toa_endpoint mapped = endpoint_of("[::ffff:10.0.0.1]:80");

    g_assert_true(toa_endpoint_equal(&a, &same));
    g_assert_false(toa_endpoint_equal(&a, &port));
    g_assert_false(toa_endpoint_equal(&a, &address));
    g_assert_false(toa_endpoint_equal(&a, &mapped)); /* a mixed-family key never equals an IPv4 key */
    g_assert_true(toa_endpoint_same_address(&a, &port));
    g_assert_false(toa_endpoint_same_address(&a, &address));
    g_assert_false(toa_endpoint_same_address(&a, &mapped));
    g_assert_cmpint(toa_endpoint_compare(&a, &same), ==, 0);
    g_assert_cmpint(toa_endpoint_compare(&a, &address), <, 0);
    g_assert_cmpint(toa_endpoint_compare(&address, &a), >, 0);
    g_assert_cmpint(toa_endpoint_compare(&a, &mapped), !=, 0);
}

/* An IPv4 address whose bytes begin an IPv6 one: only the family differs. */
static void test_family_counts(void)
{
    const uint8_t bytes[16] = {10, 0, 0, 1};
    toa_endpoint v4 = toa_endpoint_ipv4(bytes, 80), v6 = toa_endpoint_ipv6(bytes, 80);

    g_assert_false(toa_endpoint_equal(&v4, &v6));
    g_assert_false(toa_endpoint_same_address(&v4, &v6));
    g_assert_cmpuint(toa_endpoint_hash(&v4, 1), !=, toa_endpoint_hash(&v6, 1));
}

static void test_hash(void)
{
    GHashTable *seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    uint64_t *hashes = g_new(uint64_t, 4096);
    toa_endpoint v6 = endpoint_of("[fd00::1]:1");

    for (unsigned i = 0; i < 4096; i++) {
        const uint8_t address[4] = {10, 0, (uint8_t)(i >> 4), (uint8_t)(i & 15)};
        toa_endpoint endpoint = toa_endpoint_ipv4(address, (uint16_t)(i * 7));
        hashes[i] = toa_endpoint_hash(&endpoint, 1);
        g_assert_cmpuint(hashes[i], !=, toa_endpoint_hash(&endpoint, 2)); /* the seed counts */
        g_hash_table_add(seen, &hashes[i]);
    }
    g_assert_cmpuint(g_hash_table_size(seen), ==, 4096);
    for (unsigned i = 0; i < 16; i++) { /* every byte counts */
        toa_endpoint other = v6;
        other.address[i] ^= 0x40;
        g_assert_cmpuint(toa_endpoint_hash(&v6, 1), !=, toa_endpoint_hash(&other, 1));
    }
    g_hash_table_destroy(seen);
    g_free(hashes);
}

/* Both directions are one tuple; the sender tells them apart. */
static void test_tuple(void)
{
    toa_endpoint a = endpoint_of("10.0.0.1:5000"), b = endpoint_of("10.0.0.2:80");
    toa_tuple there = toa_tuple_make(&a, &b, 7), back = toa_tuple_make(&b, &a, 7), self = toa_tuple_make(&a, &a, 7);

    g_assert_cmpuint(there.hash, ==, back.hash);
    g_assert_true(toa_endpoint_equal(&there.wire[0], &back.wire[0]));
    g_assert_true(toa_endpoint_equal(&there.wire[1], &back.wire[1]));
    g_assert_cmpuint(there.sender + back.sender, ==, 1);
    g_assert_true(toa_endpoint_equal(&there.wire[there.sender], &a));
    g_assert_true(toa_endpoint_equal(&back.wire[back.sender], &b));
    g_assert_true(toa_endpoint_equal(&self.wire[0], &self.wire[1]));
}

static int compare_hashes(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return left < right ? -1 : left > right;
}

/* Neighbouring addresses and ports, as captures have them, spread like chance over the whole hash and over its low bits. */
static void test_tuple_hash(void)
{
    enum { SERVERS = 64, CLIENTS = 4096, N = SERVERS * CLIENTS, SLOTS = 4096 };
    static const uint64_t seeds[] = {1, UINT64_C(0x123456789abcdef0), UINT64_C(0xfedcba9876543210)};
    uint32_t *hashes = g_new(uint32_t, N), *filled = g_new(uint32_t, SLOTS);

    for (size_t seed = 0; seed < G_N_ELEMENTS(seeds); seed++) {
        unsigned equal = 0;
        memset(filled, 0, SLOTS * sizeof *filled);
        for (unsigned i = 0; i < N; i++) {
            const uint8_t from[4] = {10, 0, (uint8_t)(i % CLIENTS >> 8), (uint8_t)(i % CLIENTS)};
            const uint8_t to[4] = {172, 16, 0, (uint8_t)(i / CLIENTS)};
            toa_endpoint client = toa_endpoint_ipv4(from, (uint16_t)(40000 + i % 500)), server = toa_endpoint_ipv4(to, 80);
            hashes[i] = toa_tuple_hash(&client, &server, seeds[seed]);
            filled[hashes[i] % SLOTS]++;
        }
        qsort(hashes, N, sizeof *hashes, compare_hashes);
        for (unsigned i = 1; i < N; i++) {
            equal += hashes[i] == hashes[i - 1];
        }
        g_assert_cmpuint(equal, <, 40); /* by chance 8 */
        for (unsigned i = 0; i < SLOTS; i++) {
            g_assert_cmpuint(filled[i], >, 64 - 56); /* by chance 64, standard deviation 8 */
            g_assert_cmpuint(filled[i], <, 64 + 56);
        }
    }
    g_free(hashes);
    g_free(filled);
}

static void test_suspicious(void)
{
    const char *const bad[] = {"0.0.0.0:1", "255.255.255.255:1", "224.0.0.1:1", "239.255.255.255:1", "[::]:1", "[ff02::1]:1"};
    const char *const good[] = {"10.0.0.1:1", "223.255.255.255:1", "240.0.0.1:1", "[fd00::1]:65535", "[::1]:1",
                                "[fe80::1]:1"};
    toa_endpoint no_port = endpoint_of("10.0.0.1:0");

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        toa_endpoint endpoint = endpoint_of(bad[i]);
        g_assert_true(toa_endpoint_suspicious(&endpoint, true));
        g_assert_true(toa_endpoint_suspicious(&endpoint, false));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        toa_endpoint endpoint = endpoint_of(good[i]);
        g_assert_false(toa_endpoint_suspicious(&endpoint, true));
    }
    g_assert_true(toa_endpoint_suspicious(&no_port, true));
    g_assert_false(toa_endpoint_suspicious(&no_port, false));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/parse", test_parse);
    g_test_add_func("/endpoint/format", test_format);
    g_test_add_func("/endpoint/addresses", test_addresses);
    g_test_add_func("/endpoint/longest-key", test_longest_key);
    g_test_add_func("/endpoint/equal", test_equal);
    g_test_add_func("/endpoint/family-counts", test_family_counts);
    g_test_add_func("/endpoint/hash", test_hash);
    g_test_add_func("/endpoint/tuple", test_tuple);
    g_test_add_func("/endpoint/tuple-hash", test_tuple_hash);
    g_test_add_func("/endpoint/suspicious", test_suspicious);
    return g_test_run();
}
