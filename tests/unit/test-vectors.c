/* The vectors, of which sample-captures/options.pcap has a frame each: bytes as on the wire, what they mean. One test each.
 *
 * Meaning as text: the parts of each item in order, "*" before the client that counts, the notes in brackets.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#include <string.h>

typedef struct vector {
    const char *id, *flags;
    unsigned family;
    const char *hex, *meaning;
} vector;

#define C4 "*client 192.168.10.5:61902"
#define C6 "*client [2001:db8::5]:61902"

static const vector vectors[] = {
    {"V01", "A", 4, "fe08f1cec0a80a05", C4},
    {"V02", "A", 6, "fe14f1ce20010db8000000000000000000000005", C6},
    {"V03", "A", 4, "fe14f1ce20010db8000000000000000000000005", C6},
    {"V04", "A", 6, "fd14f1ce20010db8000000000000000000000005", C6},
    {"V05", "A", 4, "fd14f1ce20010db8000000000000000000000005", C6},
    {"V06", "S", 4, "c808f1cec0a80a05", C4},
    {"V07", "A", 4, "c808f1cec0a80a050101c90640e20100ca080cea0a8d1000", C4 ", vpc 123456/1088553216, vip 10.141.16.0:3306"},
    {"V08", "A", 4, "fe08f1cec0a80a05fa080cea0a8d1000", C4 ", vip 10.141.16.0:3306"},
    {"V09", "A", 4, "fa080cea0a8d1000", "vip 10.141.16.0:3306"},
    {"V10", "S", 4, "fc14f1cec0a80a05e4a70c000a8d10000cea0101", C4 ", vip 10.141.16.0:3306, vpc 829412/3836152832"},
    {"V11", "A", 6, "f928f1ce20010db80000000000000000000000051234560020010db80000000000000000000000aa",
     C6 ", vip 2001:db8::aa, vpc 1193046/5649426"},
    {"V12", "A", 4, "fe08f1cec0a80a05fd080cea0a8d1000", C4 ", vip 10.141.16.0:3306"},
    {"V13", "A", 4, "fd08f1cec0a80a05", C4},
    {"V14", "S", 4, "fd080a8d10000cea", "vip 10.141.16.0:3306"},
    {"V15", "A", 4, "fe10f1cec0a80a0500000cea0a8d1000", C4 ", vip 10.141.16.0:3306"},
    {"V16", "S", 4, "1c0701c0a80a05", "*client 192.168.10.5, version 1 [no-port]"},
    {"V17", "S", 6, "1c130220010db8000000000000000000000005", "*client 2001:db8::5, version 2 [no-port]"},
    {"V18", "A", 4, "1c0d01c0a80a05112233445566", "*client 192.168.10.5, version 1 [no-port]"},
    {"V19", "A", 4, "1d06c0a80a05", "*client 192.168.10.5 [no-port]"},  /* these three by rows of the user's */
    {"V20", "A", 4, "c806c0a80a05", "*client 192.168.10.5 [no-port]"},
    {"V21", "A", 6, "c81220010db8000000000000000000000005", "*client 2001:db8::5 [no-port]"},
    {"V22", "S", 4, "fe08cef1c0a80a05", "*client 192.168.10.5:52977"}, /* the sender forgot htons; see below */
    {"V23", "A", 4, "0101fe08f1cec0a80a050101", C4},
    {"V24", "A", 4, "fe08f1cec0a80a05fe08000109090909fe08000202020202",
     C4 " [conflict], client 9.9.9.9:1 [conflict], client 2.2.2.2:2 [conflict]"},
    {"V25", "A", 4, "00000000c808f1cec0a80a05", "client 192.168.10.5:61902 [after-eol]"},
    {"V26", "A", 4, "fe08f989c0a80a05", "*client 192.168.10.5:63881"}, /* no SYN, first option: certain */
    {"V27", "A", 4, "fe08accec0a80a05", "*client 192.168.10.5:44238"},
    {"V28", "S", 4, "fd080348c0a80a05", ""}, /* HOST_ID, as no TOA of the stream says otherwise */
    {"V29", "S", 4, "fe0cf9891122334455667788", ""},
    {"V30", "S", 4, "fe04f989", ""},
    {"V31", "S", 4, "fe06e2d4c3d9", ""},
    {"V32", "A", 4, "1c048078", ""},
    {"V33", "A", 4, "1d100102000102030405060708090a0b", ""},
    {"V34", "A", 4, "fe07f1cec0a80a", ""}, /* malformed only by a row of the user's, see test-options.c */
    {"V35", "A", 4, "fe08f1ce", " [malformed]"},
    {"V36", "A", 4, "fe00f1cec0a80a05", ""},
    {"V37", "A", 4, "fe01f1cec0a80a05", ""},
    {"V38", "A", 4, "010101fe", ""},
    {"V39", "A", 4, "fe08f1cec0a80a0501fa080cea0a8d1000", C4 ", vip 10.141.16.0:3306"},
    {"V40", "S", 4, "0101530600234567", ""},
    {"V41", "A", 4, "b7060000002a", ""},
    {"V42", "SA", 6, "fe14f98920010db8000000000000000000000005", "*client [2001:db8::5]:63881"},
    {"V43", "A", 4, "fe08e2d4c3d90102", "*client 195.217.1.2:58068"},
    {"C2", "S", 4, "fe086ca43b522f24020405a001010402", "*client 59.82.47.36:27812"},
    {"C3", "A", 4, "fe086ca43b522f24fa0800506a0b209c", "*client 59.82.47.36:27812, vip 106.11.32.156:80"},
    {"C6", "S", 4, "fc14a85e0a0a05384fa82c000a0a08d00cea0101",
     "*client 10.10.5.56:43102, vip 10.10.8.208:3306, vpc 2926671/1336421376"},
    {"C7", "S", 4, "fe08cf882f5e575a", "*client 47.94.87.90:53128"},
};

static const struct { uint16_t flag; const char *name; } notes[] = {
    {TOA_ITEM_MALFORMED, "malformed"}, {TOA_ITEM_AMBIGUOUS, "ambiguous"},   {TOA_ITEM_CONFLICT, "conflict"},
    {TOA_ITEM_AFTER_EOL, "after-eol"}, {TOA_ITEM_SUSPICIOUS, "suspicious"}, {TOA_ITEM_REDUNDANT, "redundant"},
    {TOA_ITEM_NO_PORT, "no-port"},
};

/* Without its port where the option has none. */
static void append_endpoint(GString *text, const char *role, const toa_endpoint *endpoint, bool has_port)
{
    char buffer[TOA_ENDPOINT_TEXT], *shown = toa_endpoint_format(endpoint, buffer);

    if (!has_port) {
        *strrchr(shown, ':') = '\0';
        g_strdelimit(shown, "[]", ' ');
        shown = g_strstrip(shown);
    }
    g_string_append_printf(text, "%s%s %s", text->len && text->str[text->len - 1] != '*' ? ", " : "", role, shown);
}

static void append_item(GString *text, const toa_item *item)
{
    const toa_address_info *info = &item->info;
    unsigned n = 0;

    if (info->has_client) {
        GString *one = g_string_new(item->effective ? "*" : NULL);
        append_endpoint(one, "client", &info->client, info->has_client_port);
        g_string_append_printf(text, "%s%s", text->len ? ", " : "", one->str);
        g_string_free(one, TRUE);
    }
    if (info->has_vip) {
        append_endpoint(text, "vip", &info->vip, info->has_vip_port);
    }
    if (info->has_vpc) {
        g_string_append_printf(text, ", vpc %u/%u", info->vpc, info->vpc_other);
    }
    if (info->has_version) {
        g_string_append_printf(text, ", version %u", info->version);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(notes); i++) {
        if (item->flags & notes[i].flag) {
            g_string_append_printf(text, "%s%s", n++ ? " " : " [", notes[i].name);
        }
    }
    g_string_append(text, n ? "]" : "");
}

static void add_user_rows(toa_option_table *table, const char *id)
{
    static const struct { const char *id; toa_option_row row; } rows[] = {
        {"V19", {29, 6, TOA_LAYOUT_IP4, TOA_ROLE_CLIENT, 0, 0}},
        {"V20", {200, 6, TOA_LAYOUT_IP4, TOA_ROLE_CLIENT, 0, 0}},
        {"V21", {200, 18, TOA_LAYOUT_IP6, TOA_ROLE_CLIENT, 0, 0}},
        {"little-endian", {254, 8, TOA_LAYOUT_PORT_IP4, TOA_ROLE_CLIENT, 1, 0}},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].id, id) == 0) {
            g_assert_null(toa_option_table_add(table, &rows[i].row));
        }
    }
}

static unsigned header_of(const char *hex, uint8_t header[60])
{
    unsigned length = 20;

    for (const char *at = hex; at[0]; at += 2) {
        header[length++] = (uint8_t)(g_ascii_xdigit_value(at[0]) * 16 + g_ascii_xdigit_value(at[1]));
    }
    while (length % 4) {
        header[length++] = 1;
    }
    return length;
}

static char *meaning_of(const vector *v)
{
    static toa_option_table table;
    const char *v6 = "[2001:db8::9]:1025", *v4 = "172.16.0.9:1025";
    toa_endpoint source = endpoint_of(v->family == 6 ? v6 : v4), destination = endpoint_of("172.16.0.20:80");
    toa_options_context context = {.table = &table, .source = &source, .destination = &destination};
    uint8_t header[64] = {0};
    unsigned length = header_of(v->hex, header);
    GString *text = g_string_new(NULL);
    toa_options options;

    context.tcp_flags = (uint16_t)((strchr(v->flags, 'S') ? SYN : 0) | (strchr(v->flags, 'A') ? ACK : 0));
    toa_option_table_init(&table);
    add_user_rows(&table, v->id);
    toa_options_scan(header, length, length, &context, &options);
    for (unsigned i = 0; i < options.n_items; i++) {
        append_item(text, &options.items[i]);
    }
    return g_string_free(text, FALSE);
}

static void test_vector(gconstpointer data)
{
    const vector *v = data;
    char *meaning = meaning_of(v);

    g_assert_cmpstr(meaning, ==, v->meaning);
    g_free(meaning);
}

/* V22 with the row that its sender needs. */
static void test_little_endian(void)
{
    const vector v = {"little-endian", "S", 4, "fe08cef1c0a80a05", C4};

    test_vector(&v);
}

/* Kinds that belong to others are addresses only by a row of the user's. */
static void test_only_by_user(void)
{
    vector v = {"V19 without its row", "A", 4, "1d06c0a80a05", ""};

    test_vector(&v);
    v.hex = "c806c0a80a05";
    test_vector(&v);
    v.hex = "c81220010db8000000000000000000000005";
    test_vector(&v);
}

#ifdef VECTORS_CSV /* not where the tests run on another system than the one that built them */
/* No vector of the published table is missing here, and none differs. */
static void test_complete(void)
{
    char *text, **lines;
    unsigned n = 0;

    if (!g_file_get_contents(VECTORS_CSV, &text, NULL, NULL)) {
        g_error("cannot read %s", VECTORS_CSV);
    }
    lines = g_strsplit(g_strstrip(text), "\n", -1);
    for (char **line = lines + 1; *line; line++, n++) {
        char **cells = g_strsplit(*line, ",", 6);
        const vector *v = NULL;
        for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
            v = strcmp(vectors[i].id, cells[1]) == 0 ? &vectors[i] : v;
        }
        g_assert_nonnull(v);
        g_assert_cmpstr(v->flags, ==, cells[2]);
        g_assert_cmpuint(v->family, ==, g_ascii_strtoull(cells[3], NULL, 10));
        g_assert_cmpstr(v->hex, ==, cells[4]);
        g_strfreev(cells);
    }
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(vectors));
    g_strfreev(lines);
    g_free(text);
}
#endif

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        char *path = g_strdup_printf("/vectors/%s", vectors[i].id);
        g_test_add_data_func(path, &vectors[i], test_vector);
        g_free(path);
    }
    g_test_add_func("/vectors/little-endian", test_little_endian);
    g_test_add_func("/vectors/only-by-user", test_only_by_user);
#ifdef VECTORS_CSV
    g_test_add_func("/vectors/complete", test_complete);
#endif
    return g_test_run();
}
