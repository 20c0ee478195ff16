/* shim.c: a stand-in for a slb_toa-like module on the real server, between its interface (AF_PACKET) and its TCP
 * stack (a TUN device that has the server's address).
 *
 *   wire -> stack: the TOA option is taken out and the source becomes the client that it names
 *   stack -> wire: what the stack sends to that client goes to the load balancer instead, with TOA
 *
 * The stack cannot tell a client that came through the load balancer from the same client's direct connection.
 * --policy says when a mapping client -> load balancer begins and ends:
 *   sticky       a segment with TOA begins it; a direct one does not end it
 *   last-syn     the last SYN decides, direct or with TOA
 *   last-packet  the last segment decides
 *   none         no rewriting, no mapping: a module that changes getpeername() only
 *
 * --log FILE: every packet in the order in which the stack was handed it or gave it out, one line each:
 *   I time wire-source stack-source server seq ack flags length
 *   O time during stack-destination wire-destination server seq ack flags length written
 * A write to a TUN device runs the receive path to its end. So what is there to read right after a write, with the queue
 * emptied before it, came out during it (during: the number of the I line, counted from 1; 0: of itself).
 */
#include "device.h"
#include "options.h"
#include "program.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum policy { POLICY_STICKY, POLICY_LAST_SYN, POLICY_LAST_PACKET, POLICY_NONE };
enum { MAPPINGS_MAX = 1024, WIRE_MTU = 1500 };

/* The variants this stand-in understands; replies carry the one the mapping was learnt from. */
static const struct toa_variant VARIANTS[] = {{254, 8}, {253, 20}, {254, 20}, {200, 8}};

struct mapping {
    struct endpoint local, client; /* local: the load balancer's */
    struct toa_variant variant;
    bool replies; /* replies to the client go to local; at most one mapping per client */
};

struct shim {
    struct device wire, stack;
    enum policy policy;
    bool overwrite; /* TOA becomes NOPs instead of being removed */
    bool number_resets; /* RSTs that no socket sent get an IP-ID from a counter, as older kernels gave them */
    uint16_t ip_id;
    struct mapping mappings[MAPPINGS_MAX];
    size_t count;
    FILE *log; /* or NULL */
    unsigned long handed; /* packets handed to the stack */
};

static struct mapping *by_local(struct shim *s, const struct endpoint *local)
{
    for (size_t i = 0; i < s->count; i++)
        if (endpoint_equal(&s->mappings[i].local, local))
            return &s->mappings[i];
    return NULL;
}

static struct mapping *by_client(struct shim *s, const struct endpoint *client)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->mappings[i].replies && endpoint_equal(&s->mappings[i].client, client))
            return &s->mappings[i];
    return NULL;
}

/* Takes TOA out of the options and notes whose address it was. NULL if there is none, or of another IP version than
 * the packet (NAT64: a client that the stack's IPv4 socket could not have), or the table is full. */
static struct mapping *learn(struct shim *s, const struct packet *p, struct edit *e)
{
    struct endpoint client;
    struct mapping *m;
    size_t at;

    for (size_t i = 0; i < sizeof VARIANTS / sizeof VARIANTS[0]; i++) {
        if (!toa_find(e, VARIANTS[i], &client, &at) || client.family != p->src.family)
            continue;
        (s->overwrite ? toa_overwrite : toa_remove)(e, VARIANTS[i], at);
        m = by_local(s, &p->src);
        if (!m && s->count < MAPPINGS_MAX)
            m = &s->mappings[s->count++];
        if (m && !endpoint_equal(&m->client, &client))
            *m = (struct mapping){p->src, client, VARIANTS[i], false};
        return m;
    }
    return NULL;
}

static void redirect_replies(struct shim *s, struct mapping *m)
{
    struct mapping *old = by_client(s, &m->client);

    if (old)
        old->replies = false;
    m->replies = true;
}

/* From the wire. A segment without TOA from a load balancer's address that is known belongs to its mapping. */
static void to_stack(struct shim *s, const struct packet *p, struct edit *e)
{
    bool syn = (p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    struct mapping *m, *direct;

    if (s->policy == POLICY_NONE)
        return;
    m = learn(s, p, e);
    if (m && (s->policy != POLICY_LAST_SYN || syn))
        redirect_replies(s, m);
    if (!m && (m = by_local(s, &p->src)) && s->policy == POLICY_LAST_PACKET)
        redirect_replies(s, m);
    if (m)
        e->src = m->client;
    else if ((direct = by_client(s, &p->src)) &&
             (s->policy == POLICY_LAST_PACKET || (s->policy == POLICY_LAST_SYN && syn)))
        direct->replies = false;
}

/* To the wire. No TOA where it would not fit: into the header, or into the MTU. */
static void to_wire(struct shim *s, const struct packet *p, struct edit *e, uint16_t gso_size)
{
    struct mapping *m = by_client(s, &p->dst);
    size_t wire_len;

    if (!m)
        return;
    e->dst = m->local;
    wire_len = gso_size ? p->len - p->payload_len + gso_size : p->len;
    if (wire_len + m->variant.length <= WIRE_MTU)
        toa_insert(e, m->variant, &m->client);
}

static void note_in(struct shim *s, const struct packet *p, const struct edit *e)
{
    char a[3][ENDPOINT_TEXT];

    s->handed++;
    if (s->log)
        fprintf(s->log, "I\t%" PRIu64 "\t%s\t%s\t%s\t%" PRIu32 "\t%" PRIu32 "\t%u\t%zu\n", now_ns(),
                endpoint_format(&p->src, a[0]), endpoint_format(&e->src, a[1]), endpoint_format(&p->dst, a[2]), p->seq,
                p->ack, p->flags, p->payload_len);
}

static void note_out(struct shim *s, const struct packet *p, const struct edit *e, bool during, bool written)
{
    char a[3][ENDPOINT_TEXT];

    if (s->log)
        fprintf(s->log, "O\t%" PRIu64 "\t%lu\t%s\t%s\t%s\t%" PRIu32 "\t%" PRIu32 "\t%u\t%zu\t%d\n", now_ns(),
                during ? s->handed : 0, endpoint_format(&p->dst, a[0]), endpoint_format(&e->dst, a[1]),
                endpoint_format(&p->src, a[2]), p->seq, p->ack, p->flags, p->payload_len, written);
}

/* False: the stack got nothing. */
static bool pass_in(struct shim *s, struct frame *f)
{
    static uint8_t out[PACKET_MAX];
    struct packet p;
    struct edit e;

    if (!packet_parse(f->ip, f->len, &p))
        return false;
    packet_edit_init(&p, &e);
    to_stack(s, &p, &e);
    note_in(s, &p, &e);
    return device_write(&s->stack, out, packet_write(&p, &e, f->gso_size != 0, out), f->gso_size);
}

static void pass_out(struct shim *s, struct frame *f, bool during)
{
    static uint8_t out[PACKET_MAX];
    struct packet p;
    struct edit e;

    if (!packet_parse(f->ip, f->len, &p))
        return;
    if (s->number_resets && p.flags == TCP_RST && p.src.family == 4)
        put16(f->ip + 4, ++s->ip_id);
    packet_edit_init(&p, &e);
    to_wire(s, &p, &e, f->gso_size);
    note_out(s, &p, &e, during,
             device_write(&s->wire, out, packet_write(&p, &e, f->gso_size != 0, out), f->gso_size));
}

static void drain(struct shim *s, bool during)
{
    static struct frame f;

    while (device_read(&s->stack, &f))
        if (f.len)
            pass_out(s, &f, during);
}

static void usage(void)
{
    fputs("usage: shim --interface IF --next-hop MAC --tun NAME [--policy sticky|last-syn|last-packet|none]\n"
          "            [--option remove|nop] [--offload] [--number-resets] [--log FILE] [--first]\n", stderr);
    exit(2);
}

static enum policy parse_policy(const char *text)
{
    static const char *const names[] = {"sticky", "last-syn", "last-packet", "none"};

    for (int i = 0; i < 4; i++)
        if (strcmp(text, names[i]) == 0)
            return (enum policy)i;
    usage();
    return POLICY_NONE;
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"interface", 1, NULL, 'i'}, {"next-hop", 1, NULL, 'n'},
                                          {"tun", 1, NULL, 't'}, {"policy", 1, NULL, 'p'},
                                          {"option", 1, NULL, 'o'}, {"offload", 0, NULL, 'O'},
                                          {"number-resets", 0, NULL, 'N'}, {"log", 1, NULL, 'L'},
                                          {"first", 0, NULL, 'F'}, {NULL, 0, NULL, 0}};
    static struct shim s;
    static struct frame f;
    const char *interface = NULL, *next_hop = NULL, *tun = NULL;
    bool offload = false;
    int c;

    program_start();
    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (c) {
        case 'i': interface = optarg; break;
        case 'n': next_hop = optarg; break;
        case 't': tun = optarg; break;
        case 'p': s.policy = parse_policy(optarg); break;
        case 'o': s.overwrite = strcmp(optarg, "nop") == 0; break;
        case 'O': offload = true; break;
        case 'N': s.number_resets = true; break;
        case 'L': s.log = fopen(optarg, "w"); break;
        case 'F': program_first(); break;
        default: usage();
        }
    }
    if (!interface || !next_hop || !tun)
        usage();
    if (!device_open_ethernet(&s.wire, interface, next_hop) || !device_open_tun(&s.stack, tun, offload))
        return 1;
    s.ip_id = (uint16_t)now_ns();
    program_ready();
    struct pollfd fds[2] = {{s.wire.fd, POLLIN, 0}, {s.stack.fd, POLLIN, 0}};
    while (program_wait(fds, 2, -1)) {
        /* One segment in, then everything it made the stack send: replies stay right behind their cause. */
        drain(&s, false);
        if (device_read(&s.wire, &f) && f.len && pass_in(&s, &f))
            drain(&s, true);
    }
    if (s.log)
        fclose(s.log);
    return 0;
}
