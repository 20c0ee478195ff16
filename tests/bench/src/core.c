/* core.c
 * Measures the core alone: time per segment and memory per conversation for one load (load.h).
 *
 * usage: bench-core LOAD [--conversations N] [--per-conversation N] [--window N] [--repeat N]
 *        bench-core --list
 *
 * Prints one line of name=value pairs. The time is CPU time of the process, user and system, less that of the same
 * loop without the core; of several repetitions the fastest counts. Instructions are counted from outside:
 * valgrind --tool=callgrind --toggle-collect=bench_feed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct result {
    double ns;
    uint64_t findings, unexplained;
    uint32_t conversations;
    size_t memory;
} result;

void bench_feed(toa_engine *engine, const toa_config *config, load_packet *packet, result *totals);

static double cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* What the glue does with a segment. Not inlined: a profiler finds it by its name. */
__attribute__((noinline)) void bench_feed(toa_engine *engine, const toa_config *config, load_packet *packet,
                                          result *totals)
{
    toa_segment *segment = &packet->segment;
    toa_options_context context = {.table = &config->options,
                                   .kind253 = config->kind253,
                                   .effective = config->effective,
                                   .tcp_flags = segment->flags,
                                   .source = &segment->source,
                                   .destination = &segment->destination};
    toa_conversation *conv;
    toa_fed fed;

    toa_options_scan(packet->header, packet->header_length, packet->header_length, &context, &segment->options);
    if (segment->options.client_item >= 0) {
        context.remembered = toa_engine_remembered(engine, &segment->source, &segment->destination, 254,
                                                   &context.neighbours);
        if (segment->options.context_matters) {
            toa_options_scan(packet->header, packet->header_length, packet->header_length, &context,
                             &segment->options);
        }
    }
    conv = toa_engine_find(engine, &segment->source, &segment->destination);
    fed = toa_engine_feed(engine, conv, segment, packet->stream);
    totals->findings += fed.n_findings;
    totals->unexplained += fed.unexplained;
}

/* One pass over the load; without an engine only the generator. */
static void pass(const load_kind *load, const load_size *size, const toa_config *config, toa_engine *engine,
                 result *totals)
{
    static load_packet packet;
    uint64_t n = size->conversations * size->per_conversation;

    for (uint64_t i = 0; i < n; i++) {
        load->fill(size, i, &packet);
        if (engine) {
            bench_feed(engine, config, &packet, totals);
        } else {
            __asm__ volatile("" : : "r"(&packet) : "memory"); /* the segment must really be made */
        }
    }
}

static result measure(const load_kind *load, const load_size *size, const toa_config *config)
{
    double n = (double)(size->conversations * size->per_conversation), start, empty;
    toa_engine *engine = toa_engine_new(config);
    result totals = {0};

    start = cpu_ns();
    pass(load, size, config, NULL, &totals);
    empty = cpu_ns() - start;
    start = cpu_ns();
    pass(load, size, config, engine, &totals);
    totals.ns = (cpu_ns() - start - empty) / n;
    totals.conversations = toa_engine_conversations(engine);
    totals.memory = toa_engine_memory(engine);
    toa_engine_free(engine);
    return totals;
}

static const load_kind *find_load(const char *name)
{
    for (const load_kind *load = loads; load->name; load++) {
        if (strcmp(load->name, name) == 0) {
            return load;
        }
    }
    fprintf(stderr, "bench-core: no load \"%s\", see --list\n", name);
    exit(2);
}

static int list(void)
{
    for (const load_kind *load = loads; load->name; load++) {
        printf("%s\t%llu\t%llu\t%s\n", load->name, (unsigned long long)load->size.conversations,
               (unsigned long long)load->size.per_conversation, load->text);
    }
    return 0;
}

static uint64_t number_after(int argc, char **argv, int *i)
{
    if (++*i >= argc) {
        fprintf(stderr, "bench-core: %s needs a number\n", argv[*i - 1]);
        exit(2);
    }
    return strtoull(argv[*i], NULL, 10);
}

static void print_result(const load_kind *load, const load_size *size, const result *best)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("load=%s order=%s conversations=%u segments=%llu ns=%.1f bytes=%.0f findings=%llu unexplained=%llu "
           "rss_mb=%ld\n",
           load->name, size->window ? "local" : "robin", best->conversations,
           (unsigned long long)(size->conversations * size->per_conversation), best->ns,
           (double)best->memory / best->conversations, (unsigned long long)best->findings,
           (unsigned long long)best->unexplained, usage.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
    const load_kind *load;
    load_size size;
    uint64_t repeat = 1;
    result best = {0};
    toa_config config;

    if (argc < 2 || strcmp(argv[1], "--list") == 0) {
        return list();
    }
    load = find_load(argv[1]);
    size = load->size;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--conversations") == 0) {
            size.conversations = number_after(argc, argv, &i);
        } else if (strcmp(argv[i], "--per-conversation") == 0) {
            size.per_conversation = number_after(argc, argv, &i);
        } else if (strcmp(argv[i], "--repeat") == 0) {
            repeat = number_after(argc, argv, &i);
        } else if (strcmp(argv[i], "--window") == 0) {
            size.window = number_after(argc, argv, &i);
        } else {
            fprintf(stderr, "bench-core: unknown argument %s\n", argv[i]);
            return 2;
        }
    }
    toa_config_init(&config);
    for (uint64_t i = 0; i < repeat; i++) {
        result now = measure(load, &size, &config);
        if (i == 0 || now.ns < best.ns) {
            best = now;
        }
    }
    print_result(load, &size, &best);
    toa_config_clear(&config);
    return 0;
}
