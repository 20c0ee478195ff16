/* router.c: forwards IP packets between its ports by destination address, and can spoil the path on purpose.
 *
 * Impairments are drawn from a generator with a fixed seed, so that a scenario loses the same share of packets in
 * every run (not the same packets: their order depends on the stacks). Commands on standard input: "drop-rst on|off"
 * (a firewall in front of the client: RSTs from the first port are not forwarded) and "drop-ack on|off" (all
 * segments that are an acknowledgement and nothing else are lost).
 */
#include "device.h"
#include "program.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PORTS_MAX = 8, ADDRESSES_MAX = 8, QUEUE_MAX = 4096 };

struct port {
    struct device device;
    struct endpoint addresses[ADDRESSES_MAX];
    size_t address_count;
    uint64_t last_due; /* packets of one port keep their order unless reordering is wanted */
};

/* A packet that waits for its time. Owned by the queue until it is sent. */
struct waiting {
    uint64_t due;
    struct port *port;
    uint8_t *ip;
    size_t len;
    uint16_t gso_size;
};

struct router {
    struct port ports[PORTS_MAX];
    size_t port_count;
    uint32_t loss, reorder; /* in 1/1000 */
    uint32_t delay, jitter, late; /* in microseconds; late: how long a reordered packet is held back */
    bool client_only; /* the link of the first port is bad, those between the others are good */
    uint32_t random;
    bool drop_rst, drop_ack;
    struct waiting queue[QUEUE_MAX];
    size_t queued;
};

/* Numerical Recipes' linear congruential generator: enough for loss and jitter. */
static uint32_t draw(struct router *r, uint32_t below)
{
    r->random = r->random * 1664525u + 1013904223u;
    return below ? (r->random >> 8) % below : 0;
}

static struct port *port_of(struct router *r, const struct endpoint *address)
{
    for (size_t i = 0; i < r->port_count; i++)
        for (size_t k = 0; k < r->ports[i].address_count; k++)
            if (r->ports[i].addresses[k].family == address->family &&
                memcmp(r->ports[i].addresses[k].addr, address->addr, sizeof address->addr) == 0)
                return &r->ports[i];
    return NULL;
}

static void enqueue(struct router *r, struct port *out, const uint8_t *ip, size_t len, uint16_t gso_size)
{
    struct waiting *w = &r->queue[r->queued];
    bool overtaking = draw(r, 1000) < r->reorder;
    uint64_t due = now_ns() + (r->delay + draw(r, r->jitter)) * 1000ull;

    if (overtaking)
        due += r->late * 1000ull; /* some later packets pass it */
    else if (due < out->last_due)
        due = out->last_due;
    if (!overtaking)
        out->last_due = due;
    if (r->queued == QUEUE_MAX || !(w->ip = malloc(len)))
        return;
    memcpy(w->ip, ip, len);
    w->due = due;
    w->port = out;
    w->len = len;
    w->gso_size = gso_size;
    r->queued++;
}

/* Sends what is due, in order; returns the microseconds until the next one, -1 if there is none. */
static int64_t send_due(struct router *r)
{
    while (r->queued) {
        size_t first = 0;
        uint64_t now = now_ns();

        for (size_t i = 1; i < r->queued; i++)
            if (r->queue[i].due < r->queue[first].due)
                first = i;
        if (r->queue[first].due > now)
            return (int64_t)((r->queue[first].due - now) / 1000 + 1);
        device_write(&r->queue[first].port->device, r->queue[first].ip, r->queue[first].len, r->queue[first].gso_size);
        free(r->queue[first].ip);
        memmove(&r->queue[first], &r->queue[first + 1], (r->queued - first - 1) * sizeof r->queue[0]);
        r->queued--;
    }
    return -1;
}

static void forward(struct router *r, const struct port *in, const struct frame *f)
{
    static uint8_t out[PACKET_MAX];
    struct packet p;
    struct edit e;
    struct port *to;
    size_t len;
    bool bad;

    if (!packet_parse(f->ip, f->len, &p) || p.ttl < 2 || !(to = port_of(r, &p.dst)) || to == in)
        return;
    if ((r->drop_rst && in == &r->ports[0] && p.flags & TCP_RST) ||
        (r->drop_ack && p.flags == TCP_ACK && !p.payload_len))
        return;
    bad = !r->client_only || in == &r->ports[0] || to == &r->ports[0];
    if (bad && draw(r, 1000) < r->loss)
        return;
    packet_edit_init(&p, &e);
    e.ttl = (uint8_t)(p.ttl - 1);
    len = packet_write(&p, &e, f->gso_size != 0, out);
    if (bad && (r->delay || r->jitter || r->reorder))
        enqueue(r, to, out, len, f->gso_size);
    else
        device_write(&to->device, out, len, f->gso_size);
}

static void usage(void)
{
    fputs("usage: router --port IF=MAC=ADDRESS[,ADDRESS]... [--loss 1/1000] [--reorder 1/1000] [--delay us]\n"
          "              [--jitter us] [--late us] [--client-only] [--seed N]\n", stderr);
    exit(2);
}

static void add_port(struct router *r, char *text)
{
    const char *interface = strtok(text, "="), *mac = strtok(NULL, "="), *address;
    struct port *p = &r->ports[r->port_count];

    if (r->port_count == PORTS_MAX || !mac || !device_open_ethernet(&p->device, interface, mac))
        usage();
    while ((address = strtok(NULL, ",="))) {
        if (p->address_count == ADDRESSES_MAX || !endpoint_parse_address(address, &p->addresses[p->address_count]))
            usage();
        p->address_count++;
    }
    r->port_count++;
}

static void obey(struct router *r, const char *line)
{
    if (strncmp(line, "drop-rst ", 9) == 0)
        r->drop_rst = strcmp(line + 9, "on") == 0;
    if (strncmp(line, "drop-ack ", 9) == 0)
        r->drop_ack = strcmp(line + 9, "on") == 0;
    puts("ok");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"port", 1, NULL, 'p'}, {"loss", 1, NULL, 'l'}, {"reorder", 1, NULL, 'r'},
                                          {"delay", 1, NULL, 'd'}, {"jitter", 1, NULL, 'j'}, {"late", 1, NULL, 'L'},
                                          {"client-only", 0, NULL, 'c'}, {"seed", 1, NULL, 's'},
                                          {NULL, 0, NULL, 0}};
    static struct router r = {.random = 1, .late = 3000};
    static struct frame f;
    struct pollfd fds[PORTS_MAX + 1];
    char line[COMMAND_MAX];
    int64_t timeout = -1;
    int c;

    program_start();
    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (c) {
        case 'p': add_port(&r, optarg); break;
        case 'l': r.loss = number_or_exit(optarg, 0, 1000); break;
        case 'r': r.reorder = number_or_exit(optarg, 0, 1000); break;
        case 'd': r.delay = number_or_exit(optarg, 0, 1000000); break;
        case 'j': r.jitter = number_or_exit(optarg, 0, 1000000); break;
        case 'L': r.late = number_or_exit(optarg, 0, 1000000); break;
        case 'c': r.client_only = true; break;
        case 's': r.random = number_or_exit(optarg, 0, UINT32_MAX); break;
        default: usage();
        }
    }
    if (r.port_count < 2)
        usage();
    for (size_t i = 0; i < r.port_count; i++)
        fds[i] = (struct pollfd){r.ports[i].device.fd, POLLIN, 0};
    fds[r.port_count] = (struct pollfd){STDIN_FILENO, POLLIN, 0};
    program_ready();
    while (program_wait_us(fds, r.port_count + 1, timeout)) {
        for (size_t i = 0; i < r.port_count; i++)
            while (device_read(&r.ports[i].device, &f))
                if (f.len)
                    forward(&r, &r.ports[i], &f);
        while (program_command(line))
            obey(&r, line);
        timeout = send_due(&r);
    }
    return 0;
}
