/* glib.h
 * What the unit tests use of GLib, for Windows, where the build has none: the page's words (batch/web/glib), and of GLib's
 * tests as much as is needed here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TEST_GLIB_H
#define TOA_TEST_GLIB_H

#include "../../../batch/web/glib/glib.h"

void g_test_init(int *argc, char ***argv, ...);
void g_test_add_func(const char *path, void (*test)(void));
void g_test_add_data_func(const char *path, gconstpointer data, void (*test)(gconstpointer data));
int g_test_run(void);
const char *g_test_get_path(void); /* of the test that runs */
void g_test_skip(const char *why);
void g_test_message(const char *format, ...) G_GNUC_PRINTF(1, 2);
_Noreturn void toa_test_fail(const char *file, int line, const char *what, gint64 a, gint64 b);

#define TOA_TEST(condition, what, a, b) \
    do {                                \
        if (!(condition)) {             \
            toa_test_fail(__FILE__, __LINE__, what, (gint64)(a), (gint64)(b)); \
        }                               \
    } while (0)
#define g_assert_true(value) TOA_TEST((value), #value, 0, 1)
#define g_assert_false(value) TOA_TEST(!(value), #value, 1, 0)
#define g_assert_null(value) TOA_TEST((value) == NULL, #value, 1, 0)
#define g_assert_nonnull(value) TOA_TEST((value) != NULL, #value, 0, 1)
#define g_assert_not_reached() toa_test_fail(__FILE__, __LINE__, "reached", 0, 0)
#define g_assert_cmpint(a, op, b) TOA_TEST((gint64)(a) op (gint64)(b), #a " " #op " " #b, a, b)
#define g_assert_cmpuint(a, op, b) TOA_TEST((guint64)(a) op (guint64)(b), #a " " #op " " #b, a, b)
#define g_assert_cmphex g_assert_cmpuint
#define g_assert_cmpfloat(a, op, b) TOA_TEST((a) op (b), #a " " #op " " #b, a, b)
#define g_assert_cmpstr(a, op, b) TOA_TEST(g_strcmp0((a), (b)) op 0, #a " " #op " " #b, 0, 0)
#define g_assert_cmpmem(a, n, b, m) TOA_TEST((gsize)(n) == (gsize)(m) && memcmp((a), (b), (n)) == 0, #a " == " #b, n, m)
#define G_STRLOC __FILE__ ":" G_STRINGIFY(__LINE__)
#define g_error(...) (fprintf(stderr, __VA_ARGS__), exit(1))
#define g_printerr(...) fprintf(stderr, __VA_ARGS__)
#define g_getenv getenv
#define g_print printf
#define g_message(...) fprintf(stderr, __VA_ARGS__)

typedef struct GRand GRand;
GRand *g_rand_new_with_seed(guint32 seed);
void g_rand_free(GRand *rand);
guint32 g_rand_int(GRand *rand);
gint32 g_rand_int_range(GRand *rand, gint32 begin, gint32 end);
double g_rand_double(GRand *rand);

guint64 g_ascii_strtoull(const char *text, char **end, guint base);
char *g_strstrip(char *text);
char *g_strdelimit(char *text, const char *delimiters, char by);
gboolean g_ptr_array_remove(GPtrArray *array, gpointer element);
void g_array_remove_range(GArray *array, guint index, guint count);
gboolean g_file_get_contents(const char *path, char **ret_text, gsize *ret_length, GError **error);
#define g_ptr_array_index(array, i) ((array)->pdata[i])
#define g_autofree
#define GSIZE_TO_POINTER(number) ((gpointer)(uintptr_t)(number))
#define GINT_TO_POINTER(number) ((gpointer)(intptr_t)(number))

#endif
