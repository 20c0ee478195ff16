/* test.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "glib.h"

#include <ctype.h>

typedef struct test {
    const char *path;
    void (*plain)(void);
    void (*with_data)(gconstpointer data);
    gconstpointer data;
} test;

static test tests[512];
static unsigned n_tests, running;

void g_test_init(int *argc, char ***argv, ...)
{
    (void)argc;
    (void)argv;
    setvbuf(stdout, NULL, _IONBF, 0);
}

static void add(test new)
{
    if (n_tests == G_N_ELEMENTS(tests)) {
        toa_test_fail(__FILE__, __LINE__, "more tests than room", n_tests, 0);
    }
    tests[n_tests++] = new;
}

void g_test_add_func(const char *path, void (*plain)(void))
{
    add((test){.path = path, .plain = plain});
}

void g_test_add_data_func(const char *path, gconstpointer data, void (*with_data)(gconstpointer data))
{
    add((test){.path = path, .with_data = with_data, .data = data});
}

int g_test_run(void)
{
    printf("1..%u\n", n_tests);
    for (unsigned i = 0; i < n_tests; i++) {
        running = i;
        if (tests[i].plain) {
            tests[i].plain();
        } else {
            tests[i].with_data(tests[i].data);
        }
        printf("ok %u %s\n", i + 1, tests[i].path);
    }
    return 0;
}

const char *g_test_get_path(void)
{
    return tests[running].path;
}

void g_test_skip(const char *why)
{
    printf("# skipped: %s\n", why);
}

void g_test_message(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void toa_test_fail(const char *file, int line, const char *what, gint64 a, gint64 b)
{
    fprintf(stderr, "%s:%d: %s (%" PRId64 ", %" PRId64 ")\n", file, line, what, a, b);
    exit(1);
}

/* ---- chance: not GLib's numbers, which no test depends on ---- */

struct GRand {
    guint64 state;
};

GRand *g_rand_new_with_seed(guint32 seed)
{
    GRand *rand = g_new0(GRand, 1);

    rand->state = seed * UINT64_C(2654435761) + 1;
    return rand;
}

void g_rand_free(GRand *rand)
{
    g_free(rand);
}

guint32 g_rand_int(GRand *rand)
{
    rand->state = rand->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (guint32)(rand->state >> 32);
}

gint32 g_rand_int_range(GRand *rand, gint32 begin, gint32 end)
{
    return begin + (gint32)(g_rand_int(rand) % (guint32)(end - begin));
}

double g_rand_double(GRand *rand)
{
    return g_rand_int(rand) / 4294967296.0;
}

/* ---- texts ---- */

guint64 g_ascii_strtoull(const char *text, char **end, guint base)
{
    return strtoull(text, end, (int)base);
}

char *g_strstrip(char *text)
{
    char *start = text, *end = text + strlen(text);

    while (isspace((guchar)*start)) {
        start++;
    }
    while (end > start && isspace((guchar)end[-1])) {
        end--;
    }
    memmove(text, start, (gsize)(end - start));
    text[end - start] = 0;
    return text;
}

char *g_strdelimit(char *text, const char *delimiters, char by)
{
    for (char *c = text; *c; c++) {
        if (strchr(delimiters, *c)) {
            *c = by;
        }
    }
    return text;
}

gboolean g_ptr_array_remove(GPtrArray *array, gpointer element)
{
    guint at;

    if (!g_ptr_array_find(array, element, &at)) {
        return FALSE;
    }
    memmove(array->pdata + at, array->pdata + at + 1, (array->len - at - 1) * sizeof *array->pdata);
    array->len--;
    return TRUE;
}

void g_array_remove_range(GArray *array, guint index, guint count)
{
    while (count--) {
        g_array_remove_index(array, index);
    }
}

gboolean g_file_get_contents(const char *path, char **ret_text, gsize *ret_length, GError **error)
{
    (void)path;
    (void)ret_text;
    (void)ret_length;
    (void)error;
    return FALSE;
}

/* ---- what core/base/host.c asks of the system ---- */

int getentropy(void *into, size_t count)
{
    unsigned char *bytes = into;

    for (size_t i = 0; i < count; i++) {
        unsigned int number;
        if (rand_s(&number) != 0) {
            return -1;
        }
        bytes[i] = (unsigned char)number;
    }
    return 0;
}
