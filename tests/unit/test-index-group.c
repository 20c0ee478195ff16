/* A client or server with many conversations, whose numbers are indexed: the same findings as with few, whose
 * conversations are looked at one by one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"
#include "core/model/group.h"

#define CLIENT "10.0.0.1:5000"
#define SERVER "10.0.1.9:80"

typedef struct stage {
    story *s;
    flow x, y;
} stage;

/* So many that Y is no longer among those that have asked last. */
static void others_ask(stage *g)
{
    for (unsigned i = 0; i < TOA_PENDING_KEPT; i++) {
        char *server = g_strdup_printf("10.0.8.%u:80", i);
        flow other = flow_new(g->s, CLIENT, server);
        open_flow(&other);
        exchange(&other, 10, 20);
        g_free(server);
    }
}

static void group_data(stage *g)
{
    emit(&g->x, crossed(from_server(&g->y, PSH | ACK, 10), &g->y, &g->x));
    EXPECT_HAS(g->s, FOREIGN_SEGMENT, &g->y, TOA_EV_SEQ | TOA_EV_ACK | TOA_EV_TSECR | TOA_EV_IP_ID);
    emit(&g->x, crossed(from_server(&g->y, PSH | ACK, 10), &g->y, &g->x)); /* Y's number has moved by that */
    EXPECT_HAS(g->s, FOREIGN_SEGMENT, &g->y, TOA_EV_SEQ);
}

static void group_data_of_client(stage *g)
{
    emit(&g->x, crossed(from_client(&g->y, RST | ACK, 0), &g->y, &g->x));
    EXPECT_HAS(g->s, FOREIGN_RST, &g->y, TOA_EV_SEQ | TOA_EV_ACK);
}

static void group_rst(stage *g)
{
    client_sends(&g->y, PSH | ACK, 10);
    emit(&g->x, crossed(from_server(&g->y, RST, 0), &g->y, &g->x));
    EXPECT_HAS(g->s, FOREIGN_RST, &g->y, TOA_EV_SEQ | TOA_EV_TRIGGER);
}

/* The server's next has moved: the RST's number is the client's last ack alone. */
static void group_rst_by_ack(stage *g)
{
    server_sends(&g->y, PSH | ACK, 100);
    emit(&g->x, (toa_segment){.source = g->x.server.at, .destination = g->x.client.at, .flags = RST,
                              .seq = g->y.server.next - 100, .options.client_item = -1});
    EXPECT_HAS(g->s, FOREIGN_RST, &g->y, TOA_EV_SEQ);
}

/* Only ack and echo agree; then only echo and IP-ID. */
static void group_shifted(stage *g)
{
    toa_segment segment = from_server(&g->y, PSH | ACK, 10);

    segment.seq += 0x30000000;
    emit(&g->x, crossed(segment, &g->y, &g->x));
    EXPECT_HAS(g->s, FOREIGN_SEGMENT, &g->y, TOA_EV_ACK | TOA_EV_TSECR);
    segment = from_server(&g->y, PSH | ACK, 10);
    segment.seq += 0x50000000;
    segment.ack += 0x12345;
    emit(&g->x, crossed(segment, &g->y, &g->x));
    EXPECT_HAS(g->s, FOREIGN_SEGMENT, &g->y, TOA_EV_TSECR | TOA_EV_IP_ID);
}

/* The client's clock has passed 2^32 since the server took what it echoes. */
static void group_clock_wraps(stage *g)
{
    toa_segment segment;

    g->y.client.ts_base = (uint32_t)-3000 - (uint32_t)(g->s->now / MS);
    exchange(&g->y, 10, 0);
    story_wait(g->s, 2500 * MS);
    exchange(&g->y, 10, 0);
    segment = from_server(&g->y, PSH | ACK, 10);
    segment.seq += 0x50000000;
    segment.ack += 0x12345;
    segment.options.tsecr += 100;
    story_wait(g->s, 1000 * MS);
    exchange(&g->y, 10, 0);
    g_assert_cmpuint(segment.options.tsecr, >, g->y.client.tsval);
    segment.ip_id = (uint16_t)(g->y.server.ip_id + 1);
    others_ask(g);
    emit(&g->x, crossed(segment, &g->y, &g->x));
    EXPECT_HAS(g->s, FOREIGN_SEGMENT, &g->y, TOA_EV_TSECR | TOA_EV_IP_ID);
}

/* Nothing but the number before the next one agrees. */
static void group_keepalive(stage *g)
{
    toa_segment segment = from_server(&g->y, ACK, 0);

    segment.seq--;
    segment.ack -= 50;
    segment.options.has_timestamps = false;
    segment.ip_id = 0;
    emit(&g->x, crossed(segment, &g->y, &g->x));
    EXPECT_HAS(g->s, FOREIGN_SEGMENT, &g->y, TOA_EV_SEQ);
}

/* The server repeats what it has acknowledged last; the client has sent more since, and others have asked after it. */
static void group_old_ack(stage *g)
{
    toa_segment segment;

    client_sends(&g->y, PSH | ACK, 10);
    others_ask(g);
    segment = from_server(&g->y, PSH | ACK, 30);
    segment.seq += 0x30000000;
    segment.ack -= 10;
    segment.options.has_timestamps = false;
    emit(&g->x, crossed(segment, &g->y, &g->x));
    EXPECT_HAS(g->s, FOREIGN_SEGMENT, &g->y, TOA_EV_ACK | TOA_EV_IP_ID);
}

static void group_synack(stage *g)
{
    flow y = flow_new(g->s, CLIENT, "10.0.7.7:80");
    toa_segment synack;

    open_flow(&y);
    story_wait(g->s, 200 * MS);
    synack = from_server(&y, SYN | ACK, 0); /* retransmitted, and crossed */
    synack.options.has_timestamps = false;
    emit(&g->x, crossed(synack, &y, &g->x));
    EXPECT_HAS(g->s, FOREIGN_SEGMENT, &y, TOA_EV_SEQ | TOA_EV_ACK);
}

static void group_clock(stage *g)
{
    flow z = flow_new(g->s, CLIENT, "10.0.7.7:80");

    g->s->now = g->y.conv->synack_time + 20 * SEC - MS;
    client_sends(&z, SYN, 0);
    z.server.isn = z.server.next = g->y.server.isn + (uint32_t)(20 * SEC / 64);
    server_sends(&z, SYN | ACK, 0);
    EXPECT_HAS(g->s, CONFIRMED, &g->y, TOA_EV_ISN_CLOCK);
}

static void group_recycled(stage *g)
{
    flow z = flow_new(g->s, CLIENT, "10.0.7.7:80");

    close_flow(&g->y);
    client_sends(&z, SYN, 0);
    z.server.isn = z.server.next = g->y.server.next + 65537;
    server_sends(&z, SYN | ACK, 0);
    EXPECT_HAS(g->s, REUSE, &g->y, TOA_EV_RECYCLED);
}

/* The capture has not seen it close: the number may have moved since any look-up. */
static void group_recycled_open(stage *g)
{
    flow z = flow_new(g->s, CLIENT, "10.0.7.7:80");

    exchange(&g->y, 10, 20);
    client_sends(&z, SYN, 0);
    z.server.isn = z.server.next = g->y.server.next + 65537;
    server_sends(&z, SYN | ACK, 0);
    EXPECT_HAS(g->s, CONFIRMED, &g->y, TOA_EV_RECYCLED);
}

static void group_dup_ack(stage *g)
{
    for (unsigned i = 0; i < 2; i++) {
        client_sends(&g->y, PSH | ACK, 10);
        server_sends(&g->x, ACK, 0);
    }
    EXPECT_HAS(g->s, FOREIGN_DUP_ACK, &g->y, TOA_EV_TRIGGER);
    client_sends(&g->y, PSH | ACK, 77);
    emit(&g->x, with_sack(from_server(&g->x, ACK, 0), g->y.client.next - 77, g->y.client.next));
    EXPECT_HAS(g->s, FOREIGN_DUP_ACK, &g->y, TOA_EV_SACK);
}

static void test_group(gconstpointer data)
{
    static const unsigned sizes[] = {0, 5, 6, 7, 8, 9, 30, 300}; /* the border lies between */
    void (*act)(stage *) = *(void (*const *)(stage *))data;

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        for (unsigned last = 0; last < 2; last++) { /* Y among the oldest, or the newest */
            stage g = {.s = story_new()};
            g.y = flow_new(g.s, CLIENT, SERVER);
            g.x = flow_new(g.s, CLIENT, "10.0.2.2:80");
            if (last) {
                open_group(g.s, CLIENT, sizes[i]);
            }
            open_flow(&g.y);
            exchange(&g.y, 100, 200);
            open_flow(&g.x);
            exchange(&g.x, 300, 400);
            if (!last) {
                open_group(g.s, CLIENT, sizes[i]);
            }
            EXPECT_QUIET(g.s);
            act(&g);
            story_free(g.s);
        }
    }
}

static void test_served(void)
{
    static const unsigned sizes[] = {0, 6, 7, 8, 30, 300};

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        stage g = {.s = story_new()};
        g.y = flow_new(g.s, CLIENT, SERVER);
        g.x = flow_new(g.s, "172.16.0.1:7000", SERVER);
        open_flow(&g.y);
        exchange(&g.y, 100, 200);
        open_flow(&g.x);
        open_served(g.s, SERVER, sizes[i]);
        for (unsigned round = 0; round < 3; round++) {
            emit(&g.x, crossed(from_server(&g.y, PSH | ACK, 10), &g.y, &g.x));
            EXPECT_ONE(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_SEQ | TOA_EV_ACK);
            client_sends(&g.y, PSH | ACK, 100);
        }
        emit(&g.x, crossed(from_server(&g.y, RST, 0), &g.y, &g.x));
        EXPECT_ONE(g.s, FOREIGN_RST, &g.y, TOA_EV_SEQ | TOA_EV_TRIGGER);
        story_free(g.s);
    }
}

/* R6 shifts, few and many. */
static void test_shift_in_big_group(void)
{
    for (unsigned extra = 0; extra <= 20; extra += 20) {
        story *s = story_new();
        flow y = flow_new(s, CLIENT, SERVER), x = flow_new(s, CLIENT, "10.0.2.2:80");
        toa_segment segment;
        open_flow(&y);
        exchange(&y, 100, 200);
        open_flow(&x);
        exchange(&x, 100, 200);
        open_group(s, CLIENT, extra);
        segment = from_server(&y, ACK, 0); /* SYN proxy: attributed by echo and IP-ID, the shift is learnt */
        segment.seq += 0x27182818;
        segment.ack += 5;
        emit(&x, crossed(segment, &y, &x));
        EXPECT_HAS(s, FOREIGN_SEGMENT, &y, TOA_EV_TSECR | TOA_EV_IP_ID);
        segment = from_server(&y, RST, 0);
        segment.seq += 0x27182818;
        emit(&x, crossed(segment, &y, &x));
        EXPECT_HAS(s, FOREIGN_RST, &y, TOA_EV_SEQ);
        story_free(s);
    }
}

/* "the newest unanswered segment of the group" is Y's, though another one asked later and was answered. */
static void test_asker_in_big_group(void)
{
    for (unsigned extra = 0; extra <= 20; extra += 20) {
        story *s = story_new();
        flow y = flow_new(s, CLIENT, SERVER), x = flow_new(s, CLIENT, "10.0.2.2:80"), z = flow_new(s, CLIENT, "10.0.3.3:80");
        open_flow(&y);
        exchange(&y, 100, 200);
        open_flow(&x);
        open_flow(&z);
        exchange(&x, 100, 200);
        open_group(s, CLIENT, extra);
        for (unsigned i = 0; i < 2; i++) {
            client_sends(&y, PSH | ACK, 10);
            exchange(&z, 10, 0);
            server_sends(&x, ACK, 0);
        }
        EXPECT_HAS(s, FOREIGN_DUP_ACK, &y, TOA_EV_TRIGGER);
        story_free(s);
    }
}

/* One number alone is nothing in a crowd, two are; a recycled ISN needs the key. */
static void test_crowd(void)
{
    for (unsigned crowd = 0; crowd < 2; crowd++) {
        story *s = story_new();
        stage g = {s, flow_new(s, CLIENT, "10.0.9.9:80"), flow_new(s, CLIENT, "10.0.9.8:80")};
        flow z = flow_new(s, CLIENT, "10.0.7.7:80");
        toa_segment rst;

        open_flow(&g.x);
        open_flow(&g.y);
        exchange(&g.y, 10, 20);
        open_group(s, CLIENT, TOA_CROWD - 3 + crowd); /* with x, y and z as many as are no crowd, or one more */
        client_sends(&z, SYN, 0);
        z.server.isn = z.server.next = g.y.server.next + 65537;
        server_sends(&z, SYN | ACK, 0);
        g_assert_cmpuint(s->fed.n_findings > 0, ==, !crowd);
        if (crowd) {
            client_sends(&g.y, PSH | ACK, 10);
            rst = crossed(from_server(&g.y, RST, 0), &g.y, &g.x);
            rst.ip_id = 0;
            emit(&g.x, rst);
            g_assert_cmpuint(s->fed.n_findings, ==, 0);
            g_assert_true(s->fed.unexplained);
            emit(&g.x, crossed(from_server(&g.y, PSH | ACK, 10), &g.y, &g.x));
            EXPECT_HAS(s, FOREIGN_SEGMENT, &g.y, TOA_EV_SEQ | TOA_EV_ACK);
        }
        story_free(s);
    }
}

int main(int argc, char **argv)
{
    static const struct { void (*act)(stage *); const char *path; } acts[] = {
        {group_data, "data"}, {group_data_of_client, "data-of-client"}, {group_rst, "rst"}, {group_rst_by_ack, "rst-by-ack"},
        {group_keepalive, "keepalive"}, {group_old_ack, "old-ack"}, {group_shifted, "shifted"},
        {group_clock_wraps, "clock-wraps"}, {group_synack, "synack"}, {group_clock, "clock"}, {group_recycled, "recycled"},
        {group_recycled_open, "recycled-open"},
        {group_dup_ack, "dup-ack"},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
        char *path = g_strdup_printf("/index-group/%s", acts[i].path);
        g_test_add_data_func(path, &acts[i].act, test_group);
        g_free(path);
    }
    g_test_add_func("/index-group/served", test_served);
    g_test_add_func("/index-group/learnt-shift", test_shift_in_big_group);
    g_test_add_func("/index-group/asker", test_asker_in_big_group);
    g_test_add_func("/index-group/crowd", test_crowd);
    return g_test_run();
}
