/* The members of a line of JSON (batch/reduce/members.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/members.h"

#include <string.h>

static gboolean parse(scan_members *members, const char *line, GString *texts)
{
    char *copy = g_memdup2(line, strlen(line)); /* without a NUL: nothing behind the line is read */
    gboolean fine;

    g_string_truncate(texts, 0);
    fine = scan_members_parse(members, copy, strlen(line), texts);
    g_free(copy);
    return fine;
}

static const scan_member *found(const scan_members *members, const char *name)
{
    gboolean twice = FALSE;
    const scan_member *member = scan_members_find(members, name, &twice);

    g_assert_false(twice);
    g_assert_nonnull(member);
    return member;
}

static void test_values(void)
{
    static const char *const others[] = {"half", "over", "deep", "mixed"};
    GString *texts = g_string_new(NULL);
    scan_members m;
    gboolean twice = FALSE;

    g_assert_true(parse(&m,
                        " { \"n\" : -12 , \"big\":9223372036854775807,\"t\":\"a\\\"b\\u00e9\\ud83d\\ude00\", \"yes\":true,"
                        "\"no\":false,\"w\":[\"x\", \"y\"],\"none\":[],\"z\":null,\"half\":1.5,\"over\":9223372036854775808,"
                        "\"deep\":{\"n\":[1,{\"]\":\"}\"}]},\"mixed\":[\"x\",1]}\n",
                        texts));
    g_assert_cmpint(found(&m, "n")->type, ==, MEMBER_NUMBER);
    g_assert_cmpint(found(&m, "n")->number, ==, -12);
    g_assert_cmpint(found(&m, "big")->number, ==, G_MAXINT64);
    g_assert_cmpstr(scan_members_text(&m, found(&m, "t")->text), ==, "a\"b\xc3\xa9\xf0\x9f\x98\x80");
    g_assert_cmpint(found(&m, "yes")->type, ==, MEMBER_BOOL);
    g_assert_cmpint(found(&m, "yes")->number, ==, 1);
    g_assert_cmpint(found(&m, "no")->number, ==, 0);
    g_assert_cmpint(found(&m, "w")->type, ==, MEMBER_WORDS);
    g_assert_cmpstr(scan_members_text(&m, found(&m, "w")->text), ==, "x,y");
    g_assert_cmpstr(scan_members_text(&m, found(&m, "none")->text), ==, "");
    g_assert_null(scan_members_find(&m, "z", &twice));
    g_assert_null(scan_members_find(&m, "absent", &twice));
    g_assert_false(twice);
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        g_assert_cmpint(found(&m, others[i])->type, ==, MEMBER_OTHER);
    }
    g_string_free(texts, TRUE);
}

static void test_twice(void)
{
    GString *texts = g_string_new(NULL);
    scan_members m;
    gboolean twice = FALSE;

    g_assert_true(parse(&m, "{\"a\":1,\"\\u0061\":2}", texts));
    g_assert_nonnull(scan_members_find(&m, "a", &twice));
    g_assert_true(twice);
    g_string_free(texts, TRUE);
}

/* Each is refused; and so is each beginning of a good line. */
static void test_refused(void)
{
    static const char *const lines[] = {"",
                                        "[]",
                                        "1",
                                        "{}x",
                                        "{} {}",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{a:1}",
                                        "{\"a\":tru}",
                                        "{\"a\":\"\x01\"}",
                                        "{\"a\":\"\xff\"}",
                                        "{\"a\":\"\\ud800\"}",
                                        "{\"a\":\"\\u0000\"}",
                                        "{\"a\":\"\\x\"}",
                                        "{\"a\":-}",
                                        "{\"a\":{\"b\":1}",
                                        "{\"a\":[1"};
    static const char good[] = "{\"a\":[\"x\",\"y\"],\"b\":{\"c\":[\"d\"]},\"e\":\"\\u00e9\",\"f\":true,\"g\":null}";
    GString *texts = g_string_new(NULL);
    scan_members m;

    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_assert_false(parse(&m, lines[i], texts));
    }
    g_assert_true(parse(&m, good, texts));
    for (size_t length = 0; length < strlen(good); length++) {
        char *part = g_strndup(good, length);
        g_assert_false(parse(&m, part, texts));
        g_free(part);
    }
    g_string_free(texts, TRUE);
}

/* So many members, and so deep: one more is refused. */
static void test_limits(void)
{
    GString *texts = g_string_new(NULL);
    scan_members m;

    for (unsigned more = 0; more < 2; more++) {
        GString *line = g_string_new("{"), *deep = g_string_new("{\"a\":");
        for (unsigned i = 0; i < SCAN_MEMBERS_MAX + more; i++) {
            g_string_append_printf(line, "%s\"m%u\":%u", i ? "," : "", i, i);
        }
        for (unsigned i = 0; i < 16 + more; i++) {
            g_string_append_c(deep, '[');
        }
        for (unsigned i = 0; i < 16 + more; i++) {
            g_string_append_c(deep, ']');
        }
        g_string_append_c(line, '}');
        g_string_append_c(deep, '}');
        g_assert_cmpint(parse(&m, line->str, texts), ==, !more);
        g_assert_cmpint(parse(&m, deep->str, texts), ==, !more);
        g_string_free(line, TRUE);
        g_string_free(deep, TRUE);
    }
    g_string_free(texts, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan-members/values", test_values);
    g_test_add_func("/scan-members/twice", test_twice);
    g_test_add_func("/scan-members/refused", test_refused);
    g_test_add_func("/scan-members/limits", test_limits);
    return g_test_run();
}
