/* traffic.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "traffic.h"

#define MSS 1448

/* One connection being made, with the point of capture in the middle. */
typedef struct maker {
    traffic *t;
    flow f;
    flow other;      /* the second leg, if has_leg */
    bool has_leg;
    uint32_t delta;  /* of the client's numbers on the second leg */
    char *toa;       /* on the second leg's SYN; owned */
    int64_t rtt;
    unsigned loss; /* permille */
} maker;

traffic *traffic_new(uint64_t seed)
{
    traffic *t = g_new0(traffic, 1);

    t->stacks = story_new();
    t->stacks->random = toa_mix(seed + 1);
    t->segments = g_array_new(FALSE, FALSE, sizeof(toa_segment));
    return t;
}

void traffic_free(traffic *t)
{
    g_array_free(t->segments, TRUE);
    story_free(t->stacks);
    g_free(t);
}

static void capture(traffic *t, toa_segment segment, int64_t time)
{
    segment.time = time;
    g_array_append_val(t->segments, segment);
}

/* ---- one connection ---- */

/* Passes the point of capture, on both legs if there are two. */
static void pass(maker *m, toa_segment segment)
{
    bool by_client = toa_endpoint_equal(&segment.source, &m->f.client.at);
    toa_segment copy = crossed(segment, &m->f, &m->other);
    int64_t now = m->t->stacks->now, late = (20 + below(m->t, 60)) * US;

    capture(m->t, segment, by_client || !m->has_leg ? now : now + late);
    if (!m->has_leg) {
        return;
    }
    copy.ttl--;
    if (by_client) {
        copy.seq += m->delta;
        copy = segment.flags == SYN && m->toa ? with_toa(copy, m->toa) : copy;
    } else if (copy.flags & ACK) {
        copy.ack += m->delta;
        for (unsigned i = 0; i < copy.options.n_sack; i++) {
            copy.options.sack[i][0] += m->delta;
            copy.options.sack[i][1] += m->delta;
        }
    }
    capture(m->t, copy, by_client ? now + late : now);
}

static toa_segment make(maker *m, bool client, unsigned flags, uint32_t length)
{
    return client ? from_client(&m->f, flags, length) : from_server(&m->f, flags, length);
}

static void wait_some(maker *m)
{
    story_wait(m->t->stacks, m->rtt / 2 + (int64_t)below(m->t, 300) * US);
}

/* The same segment again, as a stack sends it: a new IP-ID, a new TSval. */
static void again(maker *m, bool client, toa_segment segment)
{
    end *sender = client ? &m->f.client : &m->f.server;

    segment.ip_id = ++sender->ip_id;
    if (segment.options.has_timestamps) {
        segment.options.tsval = sender->tsval = sender->ts_base + (uint32_t)(m->t->stacks->now / MS);
    }
    pass(m, segment);
}

/* The receiver's ack, delayed or at once. */
static void acknowledge(maker *m, bool receiver)
{
    wait_some(m);
    pass(m, make(m, receiver, ACK, 0));
}

/* Three segments of which the first is lost: duplicate ACKs with SACK, then the retransmission. before: the loss is
 * between sender and capture, so the first copy is not seen. */
static void lossy_burst(maker *m, bool client, bool before)
{
    toa_segment lost = make(m, client, ACK, MSS);

    if (!before) {
        pass(m, lost);
    }
    for (unsigned i = 0; i < 3; i++) {
        toa_segment data = make(m, client, ACK, MSS), ack;
        pass(m, data);
        wait_some(m);
        ack = make(m, !client, ACK, 0);
        ack.ack = lost.seq;
        pass(m, with_sack(ack, lost.seq + MSS, data.seq + MSS));
    }
    wait_some(m);
    again(m, client, lost);
    acknowledge(m, !client);
}

/* The ack was lost behind the capture: a spurious retransmission, answered with a D-SACK. */
static void spurious(maker *m, bool client)
{
    toa_segment data = make(m, client, PSH | ACK, 100 + below(m->t, 1000)), ack;

    pass(m, data);
    acknowledge(m, !client);
    story_wait(m->t->stacks, 200 * MS);
    again(m, client, data);
    wait_some(m);
    ack = make(m, !client, ACK, 0);
    pass(m, with_sack(ack, data.seq, data.seq + data.length));
}

static void keep_alive(maker *m, bool client)
{
    toa_segment probe = make(m, client, ACK, 0);

    probe.seq--;
    story_wait(m->t->stacks, (int64_t)below(m->t, 2000) * MS);
    pass(m, probe);
    acknowledge(m, !client);
}

static void talk(maker *m)
{
    bool client = chance(m->t, 500);

    if (chance(m->t, m->loss)) {
        lossy_burst(m, client, chance(m->t, 500));
    } else if (chance(m->t, m->loss)) {
        spurious(m, client);
    } else if (chance(m->t, 60)) {
        keep_alive(m, client);
    } else {
        for (unsigned i = 0; i <= below(m->t, 4); i++) {
            pass(m, make(m, client, PSH | ACK, 1 + below(m->t, MSS)));
        }
        acknowledge(m, !client);
    }
    story_wait(m->t->stacks, (int64_t)below(m->t, 300) * MS / 10);
}

static void finish(maker *m)
{
    bool client = chance(m->t, 500);

    switch (below(m->t, 6)) {
    case 0: /* just stops */
        break;
    case 1:
        pass(m, make(m, client, RST | ACK, 0));
        break;
    case 2: /* data into a closed socket: the RST has its ack as number */
        pass(m, make(m, client, FIN | ACK, 0));
        wait_some(m);
        pass(m, make(m, !client, PSH | ACK, 100));
        wait_some(m);
        pass(m, make(m, client, RST, 0));
        break;
    default:
        pass(m, make(m, client, FIN | ACK, 0));
        wait_some(m);
        if (chance(m->t, 300)) {
            pass(m, make(m, !client, ACK, 0));
            pass(m, make(m, !client, PSH | ACK, 50));
            acknowledge(m, client);
        }
        pass(m, make(m, !client, FIN | ACK, 0));
        acknowledge(m, client);
    }
}

static void connection(maker *m, unsigned rounds)
{
    toa_segment syn = make(m, true, SYN, 0), reset;

    pass(m, syn);
    if (chance(m->t, 50)) {
        story_wait(m->t->stacks, SEC);
        again(m, true, syn);
    }
    wait_some(m);
    if (chance(m->t, 60)) { /* refused */
        reset = make(m, false, RST | ACK, 0);
        reset.seq = 0;
        pass(m, reset);
        return;
    }
    pass(m, make(m, false, SYN | ACK, 0));
    acknowledge(m, true);
    while (rounds--) {
        talk(m);
    }
    finish(m);
}

/* A server's ISN: another phase for each tuple, then its clock. Not a random phase: chance fits two in 1 of 100,000. */
static void set_isn(maker *m, uint32_t tuple)
{
    m->f.server.isn = (uint32_t)(uint64_t)((m->t->stacks->now + tuple * 300 * MS) / 64);
    m->f.server.next = m->f.server.isn;
}

/* A client port talks to many servers directly, and to VIPs, whose load balancer gives it always the same local port
 * and server: so a key comes twice only where a wire tuple does. */
static void set_endpoints(maker *m, unsigned who, unsigned port, unsigned which, bool balanced)
{
    char *client = g_strdup_printf("10.0.0.%u:%u", who + 1, 40000 + port);
    char *server = g_strdup_printf(balanced ? "10.1.1.%u:80" : "10.0.1.%u:80", which + 1);
    char *local = g_strdup_printf("172.16.%u.%u:%u", which, who + 1, 40000 + port);
    char *real = g_strdup_printf(balanced ? "10.2.2.%u:8080" : "192.168.7.%u:80", which + 1);

    m->f = flow_new(m->t->stacks, client, server);
    m->other = flow_new(m->t->stacks, balanced ? local : client, real);
    if (balanced) {
        m->delta = story_random(m->t->stacks);
        m->toa = client;
    }
    g_free(server);
    g_free(local);
    g_free(real);
    g_free(balanced ? NULL : client);
}

static void add_one(traffic *t, int64_t start)
{
    unsigned who = below(t, TRAFFIC_CLIENTS), port = below(t, TRAFFIC_PORTS), which = below(t, TRAFFIC_SERVERS);
    bool balanced = chance(t, 400), natted = !balanced && which == 0;
    maker m = {.t = t, .has_leg = balanced || natted, .rtt = (int64_t)(200 + below(t, 20000)) * US};
    int64_t *busy = &t->busy[who][port][which][balanced];

    t->stacks->now = MAX(start, *busy) + below(t, 100000) * US; /* no two ISNs by the same grid */
    set_endpoints(&m, who, port, which, balanced);
    m.f.timestamps = chance(t, 700);
    m.f.has_scale = chance(t, 800);
    m.loss = below(t, 150);
    m.has_leg = m.has_leg && !t->single_legs;
    if (!m.f.has_scale) {
        m.f.client.window = m.f.server.window = 64240;
    }
    set_isn(&m, ((who * TRAFFIC_PORTS + port) * TRAFFIC_SERVERS + which) * 2 + balanced);
    connection(&m, below(t, 12));
    *busy = t->stacks->now + SEC + below(t, 3000) * MS;
    g_free(m.toa);
}

void traffic_add_healthy(traffic *t, unsigned connections, int64_t span)
{
    int64_t begin = t->stacks->now;

    for (unsigned i = 0; i < connections; i++) {
        add_one(t, begin + span / connections * i);
        t->stacks->now = begin;
    }
    t->stacks->now = begin + span;
}

/* ---- the incident ---- */

void traffic_add_incident(traffic *t, bool at_client)
{
    flow d = flow_new(t->stacks, "10.99.0.1:61902", "10.99.1.9:3306");
    flow v = flow_new(t->stacks, at_client ? "10.99.0.1:61902" : "172.31.0.1:7000",
                      at_client ? "10.99.2.2:3306" : "10.99.1.9:3306");
    maker md = {.t = t, .f = d, .rtt = MS}, mv = {.t = t, .f = v, .rtt = MS};
    int64_t began = t->stacks->now;
    toa_segment syn;

    pass(&md, make(&md, true, SYN, 0));
    pass(&md, make(&md, false, SYN | ACK, 0));
    acknowledge(&md, true);
    talk(&md);
    story_wait(t->stacks, SEC);
    mv.f.server.isn = mv.f.server.next = md.f.server.isn + (uint32_t)(uint64_t)((t->stacks->now + MS - began) / 64);
    syn = make(&mv, true, SYN, 0);
    pass(&mv, at_client ? syn : with_toa(syn, "10.99.0.1:61902"));
    story_wait(t->stacks, MS);
    pass(&mv, crossed(make(&md, false, ACK, 0), &md.f, &mv.f)); /* the challenge */
    story_wait(t->stacks, MS);
    pass(&mv, make(&mv, false, SYN | ACK, 0));
    acknowledge(&mv, true);
    for (unsigned i = 0; i < 6; i++) {
        talk(&mv);
        pass(&md, make(&md, true, PSH | ACK, 100 + i));
        story_wait(t->stacks, MS);
        pass(&mv, crossed(make(&md, false, i % 2 ? RST : PSH | ACK, i % 2 ? 0 : 40), &md.f, &mv.f));
    }
}
