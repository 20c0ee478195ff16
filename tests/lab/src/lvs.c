/* lvs.c: a Full-NAT load balancer in userspace, on one interface, as the published LVS and DPVS sources do it.
 *
 *   client:port -> VIP:vport   becomes   local:lport -> RS:rport, and back
 *
 * On the way to the real server: the client's address as a TOA option, a random delta on the client's sequence
 * numbers, the timestamps of a SYN overwritten with NOPs. On the way back: the delta taken off acknowledgement and
 * SACK numbers, TOA removed, the MSS of the SYN-ACK lowered by the option's length. IP-ID and TTL as a router.
 *
 * --packets FILE: one letter a packet in the order of its interface: I what came in, O what went out for the I before it,
 * E what the load balancer made itself. With it a capture of the interface tells which packet became which.
 *
 * Commands on standard input: "expire" (a RST to both sides of every session, then forget them), "forget".
 */
#include "device.h"
#include "options.h"
#include "program.h"
#include "session.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum placement { PLACE_NONE, PLACE_ALI, PLACE_DPVS };
enum { SERVICES_MAX = 8 };

struct service {
    struct endpoint vip, rs;
};

struct lvs {
    struct device device;
    struct service services[SERVICES_MAX];
    size_t service_count;
    struct endpoint local4, local6;
    uint16_t first_port, port_count;
    unsigned next_port;
    struct toa_variant toa;
    enum placement placement;
    bool delta, keep_timestamps;
    bool renew; /* a SYN on a closed session makes a new one, with another local port */
    uint32_t server_shift;
    uint16_t ip_id; /* of the packets the load balancer makes itself */
    struct session_table sessions;
    FILE *log;
    FILE *packets; /* or NULL */
};

static uint32_t random32(void)
{
    uint32_t v = 0;

    if (getrandom(&v, sizeof v, 0) != sizeof v)
        v = (uint32_t)now_ns();
    return v;
}

/* The label program reads this: which conversation of the client is which of the real server, and the two shifts. */
static void log_session(const struct lvs *l, const struct session *s)
{
    char a[4][ENDPOINT_TEXT];

    fprintf(l->log, "%" PRIu64 "\t%s\t%s\t%s\t%s\t%" PRIu32 "\t%" PRIu32 "\n", now_ns(),
            endpoint_format(&s->client, a[0]), endpoint_format(&s->vip, a[1]), endpoint_format(&s->local, a[2]),
            endpoint_format(&s->rs, a[3]), s->client_delta, s->server_shift);
    fflush(l->log);
}

static void send_out(struct lvs *l, const uint8_t *ip, size_t len, uint16_t gso_size, char letter)
{
    if (device_write(&l->device, ip, len, gso_size) && l->packets)
        fputc(letter, l->packets);
}

static const struct service *find_service(const struct lvs *l, const struct endpoint *vip)
{
    for (size_t i = 0; i < l->service_count; i++)
        if (endpoint_equal(&l->services[i].vip, vip))
            return &l->services[i];
    return NULL;
}

/* A local endpoint towards this real server that no open session has. */
static bool free_local(struct lvs *l, const struct endpoint *rs, struct endpoint *ret_local)
{
    struct endpoint local = rs->family == 4 ? l->local4 : l->local6;

    for (unsigned tries = 0; tries < l->port_count; tries++) {
        const struct session *s;

        local.port = (uint16_t)(l->first_port + l->next_port++ % l->port_count);
        s = session_by_local(&l->sessions, &local, rs);
        if (!s || s->closed) {
            *ret_local = local;
            return true;
        }
    }
    return false;
}

static struct session *new_session(struct lvs *l, const struct packet *p)
{
    const struct service *service = find_service(l, &p->dst);
    struct endpoint local;
    struct session *s;

    if (!service || !free_local(l, &service->rs, &local) || !(s = session_add(&l->sessions)))
        return NULL;
    s->client = p->src;
    s->vip = p->dst;
    s->rs = service->rs;
    s->local = local;
    s->server_shift = l->server_shift;
    return s;
}

/* The session of a client's packet. A SYN makes one, or begins the next life of a closed one. A SYN on a session that
 * is still open goes its old way: this is the stale session. A SYN repeated after a RST keeps the delta it had. */
static struct session *session_for(struct lvs *l, const struct packet *p)
{
    struct session *s = session_by_client(&l->sessions, &p->src, &p->dst);
    bool syn = (p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;

    if (!syn || (s && !s->closed))
        return s;
    if (s && p->seq == s->client_isn && !l->renew) {
        s->closed = false;
        return s;
    }
    if ((!s || l->renew) && !(s = new_session(l, p)))
        return NULL;
    session_restart(s, p->seq, l->delta ? random32() : 0);
    log_session(l, s);
    return s;
}

static bool wants_toa(const struct lvs *l, const struct session *s, const struct packet *p, uint32_t ack)
{
    bool first = (p->flags & TCP_ACK) && s->rs_isn_known && ack == s->rs_isn + 1;

    switch (l->placement) {
    case PLACE_ALI:
        return (p->flags & TCP_SYN) || (first && !(p->flags & (TCP_RST | TCP_FIN)));
    case PLACE_DPVS:
        return first && !(p->flags & (TCP_SYN | TCP_RST));
    case PLACE_NONE:
        break;
    }
    return false;
}

static uint32_t segment_next(const struct packet *p, uint32_t seq)
{
    return seq + (uint32_t)p->payload_len + !!(p->flags & TCP_SYN) + !!(p->flags & TCP_FIN);
}

static void to_server(struct lvs *l, struct session *s, const struct packet *p, struct edit *e)
{
    e->src = s->local;
    e->dst = s->rs;
    e->seq = p->seq + s->client_delta;
    if (p->flags & TCP_ACK)
        e->ack = p->ack - s->server_shift;
    options_shift_sack(e, 0u - s->server_shift);
    if (p->flags & TCP_SYN && !l->keep_timestamps)
        options_drop_timestamps(e);
    if (wants_toa(l, s, p, e->ack))
        toa_insert(e, l->toa, &s->client);
    session_track(s, true, p->flags, segment_next(p, e->seq));
}

static void to_client(struct lvs *l, struct session *s, const struct packet *p, struct edit *e)
{
    struct endpoint ignored;
    size_t at;

    if ((p->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK)) {
        s->rs_isn = p->seq;
        s->rs_isn_known = true;
        if (l->placement != PLACE_NONE)
            options_lower_mss(e, l->toa.length);
    }
    session_track(s, false, p->flags, segment_next(p, p->seq));
    if (toa_find(e, l->toa, &ignored, &at))
        toa_remove(e, l->toa, at);
    e->src = s->vip;
    e->dst = s->client;
    e->seq = p->seq + s->server_shift;
    if (p->flags & TCP_ACK)
        e->ack = p->ack - s->client_delta;
    options_shift_sack(e, 0u - s->client_delta);
}

static void forward(struct lvs *l, const struct frame *f)
{
    static uint8_t out[PACKET_MAX];
    struct packet p;
    struct edit e;
    struct session *s;

    if (!packet_parse(f->ip, f->len, &p))
        return;
    if (l->packets)
        fputc('I', l->packets);
    if (p.ttl < 2)
        return;
    packet_edit_init(&p, &e);
    e.ttl = (uint8_t)(p.ttl - 1);
    e.new_ip_id = l->ip_id++;
    if ((s = session_by_local(&l->sessions, &p.dst, &p.src)))
        to_client(l, s, &p, &e);
    else if ((s = session_for(l, &p)))
        to_server(l, s, &p, &e);
    else
        return;
    send_out(l, out, packet_write(&p, &e, f->gso_size != 0, out), f->gso_size, 'O');
}

static void expire_all(struct lvs *l)
{
    static uint8_t out[PACKET_MAX];

    for (size_t i = 0; i < l->sessions.count; i++) {
        const struct session *s = l->sessions.entries[i];

        if (s->closed)
            continue;
        send_out(l, out, packet_reset(&s->local, &s->rs, s->client_next, l->ip_id++, out), 0, 'E');
        send_out(l, out, packet_reset(&s->vip, &s->client, s->server_next + s->server_shift, l->ip_id++, out), 0, 'E');
    }
    session_forget_all(&l->sessions);
}

static void usage(void)
{
    fputs("usage: lvs --interface IF --next-hop MAC --log FILE --service VIP,VPORT,RS,RPORT... --local ADDRESS...\n"
          "           [--ports FIRST,COUNT] [--toa KIND/LENGTH] [--place ali|dpvs|none] [--no-delta]\n"
          "           [--keep-timestamps] [--server-shift N] [--renew] [--packets FILE] [--first]\n", stderr);
    exit(2);
}

static void add_service(struct lvs *l, char *text)
{
    const char *vip = strtok(text, ","), *vport = strtok(NULL, ","), *rs = strtok(NULL, ","), *rport = strtok(NULL, ",");
    struct service *s = &l->services[l->service_count];

    if (l->service_count == SERVICES_MAX || !rport || !endpoint_parse_address(vip, &s->vip) ||
        !endpoint_parse_address(rs, &s->rs))
        usage();
    s->vip.port = (uint16_t)number_or_exit(vport, 1, 65535);
    s->rs.port = (uint16_t)number_or_exit(rport, 1, 65535);
    l->service_count++;
}

static void add_local(struct lvs *l, const char *text)
{
    struct endpoint e;

    if (!endpoint_parse_address(text, &e))
        usage();
    *(e.family == 4 ? &l->local4 : &l->local6) = e;
}

/* "A,B" or "A/B" as two numbers. */
static void two_numbers(char *text, const char *separator, uint32_t ret[2])
{
    const char *a = strtok(text, separator), *b = strtok(NULL, separator);

    if (!a || !b)
        usage();
    ret[0] = number_or_exit(a, 0, 65535);
    ret[1] = number_or_exit(b, 1, 65535);
}

static void parse_arguments(struct lvs *l, int argc, char **argv, const char **interface, const char **next_hop)
{
    static const struct option names[] = {
        {"interface", 1, NULL, 'i'}, {"next-hop", 1, NULL, 'n'}, {"log", 1, NULL, 'L'}, {"service", 1, NULL, 's'},
        {"local", 1, NULL, 'l'}, {"ports", 1, NULL, 'p'}, {"toa", 1, NULL, 't'}, {"place", 1, NULL, 'P'},
        {"no-delta", 0, NULL, 'd'}, {"keep-timestamps", 0, NULL, 'k'}, {"server-shift", 1, NULL, 'S'}, {"renew", 0, NULL, 'r'},
        {"packets", 1, NULL, 'K'}, {"first", 0, NULL, 'F'},
        {NULL, 0, NULL, 0}};
    uint32_t two[2];
    int c;

    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (c) {
        case 'i': *interface = optarg; break;
        case 'n': *next_hop = optarg; break;
        case 'L': l->log = fopen(optarg, "w"); break;
        case 'K': l->packets = fopen(optarg, "w"); break;
        case 'F': program_first(); break;
        case 's': add_service(l, optarg); break;
        case 'l': add_local(l, optarg); break;
        case 'p':
            two_numbers(optarg, ",", two);
            l->first_port = (uint16_t)two[0];
            l->port_count = (uint16_t)two[1];
            break;
        case 't':
            two_numbers(optarg, "/", two);
            l->toa = (struct toa_variant){(uint8_t)two[0], (uint8_t)two[1]};
            break;
        case 'P': l->placement = *optarg == 'a' ? PLACE_ALI : *optarg == 'd' ? PLACE_DPVS : PLACE_NONE; break;
        case 'd': l->delta = false; break;
        case 'k': l->keep_timestamps = true; break;
        case 'r': l->renew = true; break;
        case 'S': l->server_shift = number_or_exit(optarg, 0, UINT32_MAX); break;
        default: usage();
        }
    }
    if (!*interface || !*next_hop || !l->log || !l->service_count || !(l->local4.family || l->local6.family))
        usage();
}

int main(int argc, char **argv)
{
    static struct lvs l = {.first_port = 17001, .port_count = 1000, .toa = {254, 8}, .placement = PLACE_ALI, .delta = true};
    static struct frame f;
    struct pollfd fds[2] = {{-1, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    const char *interface = NULL, *next_hop = NULL;
    char line[COMMAND_MAX];

    program_start();
    parse_arguments(&l, argc, argv, &interface, &next_hop);
    if (!device_open_ethernet(&l.device, interface, next_hop))
        return 1;
    l.ip_id = (uint16_t)random32();
    fds[0].fd = l.device.fd;
    program_ready();
    while (program_wait(fds, 2, -1)) {
        while (device_read(&l.device, &f))
            if (f.len)
                forward(&l, &f);
        while (program_command(line)) {
            if (strcmp(line, "expire") == 0)
                expire_all(&l);
            else if (strcmp(line, "forget") == 0)
                session_forget_all(&l.sessions);
            puts("ok");
            fflush(stdout);
        }
    }
    session_forget_all(&l.sessions);
    fclose(l.log);
    if (l.packets)
        fclose(l.packets);
    return 0;
}
