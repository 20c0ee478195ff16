/* churn.c
 * Writes an endless capture to standard output: connections that begin, talk a little and end, so many alive at a time, in no
 * order; and incidents among them, evenly spread. What was planted goes to a file, one client endpoint a line.
 *
 * usage: churn SEGMENTS ALIVE PLANTED FILE [PAYLOAD]
 *
 * A segment each 10 us of the capture's time. Every third connection just stops, a few are reset, most are closed. Packets are
 * cut behind TCP's header unless there is to be a payload (bytes captured of each data segment).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16, PSH = 8 };

typedef struct end {
    uint32_t address, next;
    uint16_t port, id;
} end;

typedef struct flow {
    end client, server;
    uint8_t step, steps, how; /* how it ends */
} flow;

/* An incident: a direct connection, one through a load balancer with the same client endpoint, and an answer that goes astray. */
typedef struct planted {
    flow direct, balanced;
    unsigned step; /* 0: none is under way */
} planted;

#define PLANTED_STEPS 15
#define HEAD 54u

static uint64_t state = 88172645463325252u, now = 1700000000000000000u;
static uint32_t next_client;
static uint64_t emitted;
static unsigned payload;

static uint32_t below(uint32_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * limit >> 32);
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

/* On the wire between from and to; seq and ack may be those of others. */
static void emit(end *from, const end *to, unsigned flags, unsigned length, uint32_t seq, uint32_t ack)
{
    static uint8_t packet[16 + HEAD + 65536] = {[16 + 12] = 8, [16 + 14] = 0x45, [16 + 22] = 64, [16 + 23] = 6};
    uint8_t *ip = packet + 16 + 14, *tcp = ip + 20;
    unsigned kept = length < payload ? length : payload;
    uint32_t head[4] = {(uint32_t)(now / 1000000000), (uint32_t)(now % 1000000000), HEAD + kept, HEAD + length};

    now += 10000;
    emitted++;
    memcpy(packet, head, sizeof head);
    put16(ip + 2, 40 + length);
    put16(ip + 4, ++from->id);
    put32(ip + 12, from->address);
    put32(ip + 16, to->address);
    put16(tcp, from->port);
    put16(tcp + 2, to->port);
    put32(tcp + 4, seq);
    put32(tcp + 8, flags & ACK ? ack : 0);
    tcp[12] = 0x50;
    tcp[13] = (uint8_t)flags;
    put16(tcp + 14, 500);
    fwrite(packet, 1, 16 + HEAD + kept, stdout);
}

static void send(end *from, end *to, unsigned flags, unsigned length)
{
    emit(from, to, flags, length, from->next, to->next);
    from->next += length + !!(flags & SYN) + !!(flags & FIN);
}

static end new_end(uint32_t address, unsigned port)
{
    return (end){address, below(UINT32_MAX), (uint16_t)port, (uint16_t)below(60000)};
}

/* No two connections have the same client endpoint within hours. */
static flow new_flow(void)
{
    uint32_t n = next_client++;
    flow f = {new_end(0x0a000001 + n % 4000000, 1024 + n / 4000000), new_end(0xc0a80001 + below(200), 80), 0, 0, 0};

    f.steps = (uint8_t)(4 + below(10));
    f.how = (uint8_t)below(9);
    return f;
}

/* False: it is over. */
static int talk(flow *f)
{
    static const uint8_t opening[3][2] = {{1, SYN}, {0, SYN | ACK}, {1, ACK}};
    unsigned step = f->step++, by_client = step < 3 ? opening[step][0] : step & 1;
    end *from = by_client ? &f->client : &f->server, *to = by_client ? &f->server : &f->client;

    if (step < 3) {
        send(from, to, opening[step][1], 0);
    } else if (step < f->steps) {
        send(from, to, PSH | ACK, 1 + below(1000));
    } else if (f->how < 3) {
        return 0; /* nobody says that it is over */
    } else if (f->how == 3) {
        send(from, to, RST | ACK, 0);
        return 0;
    } else {
        send(from, to, step < f->steps + 2u ? FIN | ACK : ACK, 0);
        return step < f->steps + 2u;
    }
    return 1;
}

static void plant(planted *p, FILE *list)
{
    end client = new_end(0xac100000 + next_client % 1000000, 20000 + next_client % 40000);

    next_client++;
    p->direct = (flow){client, new_end(0xc0a90001, 3306), 0, 0, 0};
    p->balanced = (flow){client, new_end(0xc0a90102, 3306), 0, 0, 0};
    p->balanced.client.next = below(UINT32_MAX);
    p->step = 1;
    fprintf(list, "%u.%u.%u.%u:%u\n", client.address >> 24, client.address >> 16 & 255, client.address >> 8 & 255,
            client.address & 255, client.port);
}

static void go_on(planted *p)
{
    flow *d = &p->direct, *v = &p->balanced, *f = p->step <= 5 ? d : v;
    unsigned step = p->step++;

    switch (step <= 10 ? (step - 1) % 5 : step) {
    case 0:
        send(&f->client, &f->server, SYN, 0);
        break;
    case 1:
        send(&f->server, &f->client, SYN | ACK, 0);
        break;
    case 2:
        send(&f->client, &f->server, ACK, 0);
        break;
    case 3:
        send(&f->client, &f->server, PSH | ACK, 100);
        break;
    case 4:
        send(&f->server, &f->client, PSH | ACK, 200);
        break;
    case 11: /* what the direct one asks is answered on the other */
        send(&d->client, &d->server, PSH | ACK, 70);
        break;
    case 12:
        emit(&v->server, &v->client, RST, 0, d->server.next, 0);
        break;
    case 13:
        emit(&d->client, &d->server, PSH | ACK, 70, d->client.next - 70, d->server.next);
        break;
    case 14:
        emit(&v->server, &v->client, RST, 0, d->server.next, 0);
        break;
    default:
        p->step = 0;
        break;
    }
}

int main(int argc, char **argv)
{
    static const uint32_t header[6] = {0xa1b23c4d, 4u << 16 | 2, 0, 0, 65535, 1};
    static char buffer[1 << 20];
    uint64_t segments, every, wanted, n_planted = 0;
    uint32_t alive;
    planted now_planted = {.step = 0};
    flow *flows;
    FILE *list;

    if (argc < 5 || !(list = fopen(argv[4], "w"))) {
        fprintf(stderr, "usage: churn SEGMENTS ALIVE PLANTED FILE [PAYLOAD]\n");
        return 2;
    }
    segments = strtoull(argv[1], NULL, 10);
    alive = (uint32_t)strtoul(argv[2], NULL, 10);
    wanted = strtoull(argv[3], NULL, 10);
    every = segments / (wanted + 1);
    payload = argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : 0;
    payload = payload > 1000 ? 1000 : payload;
    flows = calloc(alive ? alive : 1, sizeof *flows);
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    fwrite(header, sizeof header, 1, stdout);
    for (uint32_t i = 0; i < alive; i++) {
        flows[i] = new_flow();
    }
    while (emitted < segments && alive) {
        flow *f = &flows[below(alive)];
        if (emitted / every > n_planted && n_planted < wanted) {
            plant(&now_planted, list);
            n_planted++;
        }
        if (now_planted.step && emitted % 20 == 0) {
            go_on(&now_planted);
        } else if (!talk(f)) {
            *f = new_flow();
        }
    }
    free(flows);
    return fclose(list) != 0 || fflush(stdout) != 0 || ferror(stdout) ? 1 : 0;
}
