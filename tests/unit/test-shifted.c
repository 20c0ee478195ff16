/* Numbers that a load balancer has shifted, so that none agrees (core/judge/shifted.h): whose they are by the time at which they
 * come, and by who alone waits; each with what must not count.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#define SHIFT_SEQ 0x23456789u
#define SHIFT_ACK 0x31415926u

typedef struct stage {
    story *s;
    flow x, y;
} stage;

/* Y is open, X has just sent its SYN; a round trip is 20 ms. used: Y has had an answer, too. */
static stage stage_new(bool used)
{
    stage g = {.s = story_new()};

    g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
    g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
    g.y.timestamps = g.x.timestamps = false;
    client_sends(&g.y, SYN, 0);
    story_wait(g.s, 20 * MS);
    server_sends(&g.y, SYN | ACK, 0);
    client_sends(&g.y, ACK, 0);
    if (used) {
        exchange(&g.y, 100, 100);
    }
    client_sends(&g.x, SYN, 0);
    story_wait(g.s, 20 * MS);
    return g;
}

static void cross(stage *g, toa_segment segment)
{
    segment.ip_id = 0;
    segment.seq += SHIFT_SEQ;
    segment.ack += segment.flags & ACK ? SHIFT_ACK : 0;
    emit(&g->x, crossed(segment, &g->y, &g->x));
}

/* X's client knows nothing of what it got. */
static void refuse(stage *g, uint32_t ack)
{
    toa_segment rst = from_client(&g->x, RST, 0);

    rst.seq = ack;
    emit(&g->x, rst);
}

/* ---- runs of strange numbers ---- */

/* The challenge ACK is nobody's, and so is the RST that it draws. Y asks, and the run goes on with just so much more acknowledged:
 * so little that its length alone says nothing. Not if Y is answered itself, or another one waits as well, or nothing was
 * asked of that length. */
static void test_run_by_ack(void)
{
    enum { FOUND, Y_ANSWERED, ANOTHER_WAITS, OTHER_LENGTH, TOO_SOON, N };

    for (unsigned what = 0; what < N; what++) {
        stage g = stage_new(true);
        toa_segment challenge = from_server(&g.y, ACK, 0), answer;
        flow z = flow_new(g.s, "10.0.0.1:5000", "10.0.3.3:80");

        if (what == ANOTHER_WAITS) {
            open_flow(&z);
        }
        cross(&g, challenge);
        EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, 0);
        refuse(&g, challenge.ack + SHIFT_ACK);
        EXPECT_ONE(g.s, FOREIGN_UNSEEN, NULL, TOA_EV_SEQ);
        if (what == Y_ANSWERED) {
            server_sends(&g.y, ACK, 0);
        }
        client_sends(&g.y, PSH | ACK, 5);
        answer = from_server(&g.y, ACK, 0);
        if (what == ANOTHER_WAITS) {
            client_sends(&z, PSH | ACK, 5);
        }
        answer.ack += what == OTHER_LENGTH ? 1 : 0;
        story_wait(g.s, what == TOO_SOON ? 0 : 20 * MS);
        cross(&g, answer);
        if (what == FOUND) {
            EXPECT_ONE(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_ACK | TOA_EV_TRIGGER);
        } else {
            EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, 0);
        }
        story_free(g.s);
    }
}

/* Y's socket is gone, RSTs with the number of the run answer what Y's client asks: the first is nobody's, the second one for
 * another question is Y's. */
static void test_run_of_resets(void)
{
    enum { FOUND, SAME_QUESTION, FOUND_OTHERWISE, N };

    for (unsigned what = 0; what < N; what++) {
        stage g = stage_new(true);
        toa_segment challenge = from_server(&g.y, ACK, 0), rst;

        cross(&g, challenge);
        refuse(&g, challenge.ack + SHIFT_ACK);
        for (unsigned i = 0; i < 3; i++) {
            if (i == 0 || what != SAME_QUESTION) {
                client_sends(&g.y, PSH | ACK, 10);
            }
            story_wait(g.s, 20 * MS);
            cross(&g, from_server(&g.y, RST, 0));
            if (i == 0 || what != FOUND) {
                EXPECT_ONE(g.s, FOREIGN_UNSEEN, NULL, TOA_EV_SEQ);
            } else {
                EXPECT_ONE(g.s, FOREIGN_RST, &g.y, TOA_EV_TRIGGER);
            }
            if (what == FOUND_OTHERWISE) { /* Y's own answers have Y's numbers: the run is of one who was not captured */
                rst = from_server(&g.y, RST, 0);
                rst.ip_id = 0;
                emit(&g.x, crossed(rst, &g.y, &g.x));
                EXPECT_HAS(g.s, FOREIGN_RST, &g.y, TOA_EV_SEQ | TOA_EV_TRIGGER);
            }
        }
        story_free(g.s);
    }
}

/* The same strange number comes on two conversations: it is neither's, and a third one waits. */
static void test_run_on_two(void)
{
    for (unsigned other = 0; other < 2; other++) {
        stage g = stage_new(true);
        flow z = flow_new(g.s, "10.0.0.1:5000", "10.0.3.3:80");
        toa_segment challenge = from_server(&g.y, ACK, 0), again;

        cross(&g, challenge);
        refuse(&g, challenge.ack + SHIFT_ACK);
        z.timestamps = false;
        client_sends(&g.y, PSH | ACK, 10);
        client_sends(&z, SYN, 0);
        story_wait(g.s, 20 * MS);
        again = challenge;
        again.time = 0;
        again.seq += SHIFT_SEQ + other;
        again.ack += 77; /* each session has a distance of its own */
        again.ip_id = 0;
        emit(&z, crossed(again, &g.y, &z));
        if (other) {
            EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, 0);
        } else {
            EXPECT_ONE(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_TRIGGER);
        }
        story_free(g.s);
    }
}

/* ---- distances ---- */

/* The distance that two numbers had is the load balancer's: from then on one of them is enough, and what does not fit it does not
 * replace it. */
static void test_distance_stays(void)
{
    story *s = story_new();
    const char *const clients[] = {"10.0.0.1:5000", "10.0.0.1:5001", "10.0.0.1:5002"};

    for (unsigned i = 0; i < G_N_ELEMENTS(clients); i++) {
        stage g = {.s = s};
        toa_segment rst;
        g.y = flow_new(s, clients[i], "10.0.1.9:80");
        g.x = flow_new(s, clients[i], "10.0.2.2:80");
        open_flow(&g.y);
        for (unsigned round = 0; round < 2; round++) { /* the same number */
            client_sends(&g.y, PSH | ACK, 10);
            rst = from_server(&g.y, RST, 0);
            rst.time = s->now + 300 * MS; /* so late that it says nothing by itself */
            cross(&g, rst);
            EXPECT_TOTAL(s, FOREIGN_RST, i == 0 ? 0 : 2 * i - 1 + round);
        }
        story_wait(s, 2 * SEC);
    }
    story_free(s);
}

/* RSTs on a conversation that shows nothing else: each comes one round trip after a question of Y, at one distance. */
static void test_in_vain(void)
{
    enum { FOUND, SAME_QUESTION, LATE, Y_ANSWERED, OTHER_NUMBER, N };

    for (unsigned what = 0; what < N; what++) {
        stage g = {.s = story_new()};
        unsigned found = 0;

        g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
        g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
        open_flow(&g.y);
        for (unsigned i = 0; i < 4; i++) {
            toa_segment rst;
            if (i == 0 || what != SAME_QUESTION) {
                client_sends(&g.y, PSH | ACK, 10);
            }
            rst = from_server(&g.y, RST, 0);
            rst.seq += what == OTHER_NUMBER ? i : 0;
            story_wait(g.s, what == LATE ? 100 * MS : 1 * MS);
            cross(&g, rst);
            found += g.s->fed.n_findings;
            if (what == Y_ANSWERED) {
                server_sends(&g.y, ACK, 0);
            }
        }
        g_assert_cmpuint(found, ==, what == FOUND ? 3 : 0);
        story_free(g.s);
    }
}

/* ---- SYN-ACKs ---- */

static void shifted_synack(stage *g)
{
    cross(g, from_server(&g->y, SYN | ACK, 0));
}

/* X is open, and its client has just used it: this SYN-ACK answers no SYN that the capture could have lost. Y's is the only one
 * that waits. */
static void test_synack_on_open(void)
{
    enum { FOUND, IDLE, TWO_WAIT, LATE, N };

    for (unsigned what = 0; what < N; what++) {
        stage g = {.s = story_new()};
        flow z = flow_new(g.s, "10.0.0.1:5000", "10.0.3.3:80");

        g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
        g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
        g.y.timestamps = g.x.timestamps = z.timestamps = false;
        client_sends(&g.x, SYN, 0);
        story_wait(g.s, 20 * MS);
        server_sends(&g.x, SYN | ACK, 0);
        client_sends(&g.x, ACK, 0);
        exchange(&g.x, 100, 100);
        story_wait(g.s, SEC);
        if (what == TWO_WAIT) {
            client_sends(&z, SYN, 0);
        }
        client_sends(&g.y, SYN, 0);
        if (what != IDLE) {
            exchange(&g.x, 100, 100);
        }
        story_wait(g.s, what == LATE ? 60 * MS : 15 * MS);
        shifted_synack(&g);
        EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, what == FOUND);
        story_free(g.s);
    }
}

/* X is closed, and its client has no use for the SYN-ACK: the RST says so, and once more the SYN-ACK. */
static void test_synack_refused(void)
{
    for (unsigned late = 0; late < 2; late++) {
        stage g = {.s = story_new()};
        toa_segment synack;

        g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
        g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
        g.y.timestamps = g.x.timestamps = false;
        open_flow(&g.x);
        exchange(&g.x, 10, 10);
        close_flow(&g.x);
        story_wait(g.s, SEC);
        client_sends(&g.y, SYN, 0);
        story_wait(g.s, late ? 50 * MS : 0);
        synack = from_server(&g.y, SYN | ACK, 0);
        cross(&g, synack);
        EXPECT_NONE(g.s);
        refuse(&g, synack.ack + SHIFT_ACK);
        if (late) { /* not one round trip after Y's SYN */
            EXPECT_TOTAL(g.s, FOREIGN_RST, 0);
        } else {
            EXPECT_ONE(g.s, FOREIGN_RST, &g.y, TOA_EV_SEQ);
        }
        story_free(g.s);
    }
}

/* The server repeats its SYN-ACK, though Y has not asked again since. */
static void test_synack_repeated(void)
{
    for (unsigned late = 0; late < 2; late++) {
        stage g = {.s = story_new()};
        toa_segment synack;

        g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
        g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
        g.x.timestamps = false;
        open_flow(&g.x);
        exchange(&g.x, 10, 10);
        client_sends(&g.y, SYN, 0);
        synack = from_server(&g.y, SYN | ACK, 0);
        cross(&g, synack);
        EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_TSECR | TOA_EV_TRIGGER);
        story_wait(g.s, late ? 20 * SEC : 3 * SEC);
        synack.options.has_timestamps = false;
        synack.time = 0;
        cross(&g, synack);
        EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, late ? 1 : 2);
        story_free(g.s);
    }
}

/* ---- other sockets ---- */

/* X is open and uses timestamps, its server does not: that segment comes from another socket, and Y's run says from which, if
 * the two are known to have one key. */
static void test_unstamped(void)
{
    enum { FOUND, STAMPED, NO_RUN, NO_KEY, N };

    for (unsigned what = 0; what < N; what++) {
        const toa_map_row row = {.vip = endpoint_of("10.0.2.2:80"), .server = endpoint_of("10.0.1.9:80")};
        stage g = {.s = story_new()};
        toa_segment answer;

        toa_config_set_map(&g.s->config, &row, what == NO_KEY ? 0 : 1);
        g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
        g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
        g.y.timestamps = false;
        open_flow(&g.x);
        exchange(&g.x, 100, 100);
        open_flow(&g.y);
        exchange(&g.y, 100, 100);
        client_sends(&g.x, PSH | ACK, 10);
        answer = from_server(&g.y, ACK, 0);
        answer.seq += SHIFT_SEQ;
        answer.ack += SHIFT_ACK;
        answer.ip_id = (uint16_t)(answer.ip_id + (what == NO_RUN ? 1000 : 0));
        answer.options.has_timestamps = what == STAMPED;
        emit(&g.x, crossed(answer, &g.y, &g.x));
        EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, what == FOUND);
        story_free(g.s);
    }
}

/* The same, where Y's server has shown no run and nothing tells that the two have one key: Y alone waits for an answer. Not if
 * another one waits as well, Y has agreed on timestamps, its server numbers what it sends otherwise, or it is too soon. */
static void test_unstamped_alone(void)
{
    enum { FOUND, STAMPED, ANOTHER_WAITS, Y_STAMPED, OTHER_RUN, TOO_SOON, Y_ANSWERED, N };

    for (unsigned what = 0; what < N; what++) {
        stage g = {.s = story_new()};
        flow z = flow_new(g.s, "10.0.0.1:5000", "10.0.3.3:80");
        toa_segment answer, synack;

        g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
        g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
        g.y.timestamps = what == Y_STAMPED;
        z.timestamps = false;
        open_flow(&g.x);
        exchange(&g.x, 100, 100);
        if (what == ANOTHER_WAITS) {
            open_flow(&z);
            client_sends(&z, PSH | ACK, 10);
        }
        client_sends(&g.y, SYN, 0);
        story_wait(g.s, 20 * MS);
        synack = from_server(&g.y, SYN | ACK, 0);
        synack.ip_id = what == OTHER_RUN ? 5000 : 0;
        emit(&g.y, synack);
        client_sends(&g.y, ACK, 0);
        client_sends(&g.y, PSH | ACK, 10);
        story_wait(g.s, what == TOO_SOON ? 0 : 20 * MS);
        answer = from_server(&g.y, ACK, 0);
        if (what == Y_ANSWERED) {
            emit(&g.y, answer);
        }
        answer.seq += SHIFT_SEQ;
        answer.ack += SHIFT_ACK;
        answer.ip_id = 20000;
        answer.options.has_timestamps = what == STAMPED;
        emit(&g.x, crossed(answer, &g.y, &g.x));
        EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, what == FOUND);
        story_free(g.s);
    }
}

/* Y's server repeats what Y's client has not got, on X, which has only just sent its SYN: without IP-IDs it looks like a copy, and
 * two of those would make them legs. */
static void test_repetition_is_no_copy(void)
{
    for (unsigned together = 0; together < 2; together++) {
        stage g = {.s = story_new()};
        toa_segment data[3];

        g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
        g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
        if (together) {
            client_sends(&g.x, SYN, 0);
        }
        open_flow(&g.y);
        client_sends(&g.y, PSH | ACK, 100);
        if (!together) {
            client_sends(&g.x, SYN, 0);
        }
        for (unsigned i = 0; i < 3; i++) {
            data[i] = from_server(&g.y, ACK, 1400);
            data[i].ip_id = 0;
            emit(&g.y, data[i]);
        }
        for (unsigned i = 0; i < 3; i++) {
            data[i].time = 0;
            emit(&g.x, crossed(data[i], &g.y, &g.x));
            if (!together) {
                EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_SEQ);
            }
        }
        EXPECT_TOTAL(g.s, FOREIGN_SEGMENT, together ? 0 : 3);
        story_free(g.s);
    }
}

/* ---- connections of one host ---- */

/* A load balancer mixes up two connections of one host with different ports, to different services: an exact number and the
 * TSecr tell, or the question that a RST answers. Not between hosts, and not by a number alone. */
static void test_one_host(void)
{
    enum { FOUND, RESET, OTHER_HOST, NO_TSECR, OTHER_NUMBER, N };

    for (unsigned what = 0; what < N; what++) {
        story *s = story_new();
        flow y = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80"),
             x = flow_new(s, what == OTHER_HOST ? "10.0.0.2:6000" : "10.0.0.1:6000", "10.0.2.2:90");
        toa_segment answer;

        open_flow(&y);
        exchange(&y, 100, 100);
        client_sends(&x, SYN, 0);
        client_sends(&y, PSH | ACK, 10);
        answer = from_server(&y, what == RESET ? RST : ACK, 0);
        answer.ack += answer.flags & ACK ? SHIFT_ACK : 0;
        answer.seq += what == OTHER_NUMBER ? 100000 : 0;
        answer.ip_id = 0;
        answer.options.has_timestamps = answer.options.has_timestamps && what != NO_TSECR;
        emit(&x, crossed(answer, &y, &x));
        if (what == FOUND || what == RESET) {
            EXPECT_TOTAL(s, FOREIGN_SEGMENT, what == FOUND);
            EXPECT_TOTAL(s, FOREIGN_RST, what == RESET);
            g_assert_true(s->fed.findings[0].other == y.conv);
        } else {
            EXPECT_QUIET(s);
        }
        EXPECT_TOTAL(s, CONFIRMED, 0);
        story_free(s);
    }
}

/* Segments that nobody explains do not make the search go on for ever. */
static void test_one_host_flood(void)
{
    story *s = story_new();
    flow y = flow_new(s, "10.0.0.1:5000", "10.0.2.2:80"), x = flow_new(s, "10.0.0.1:6000", "10.0.2.2:90");
    toa_segment stray;

    open_flow(&y);
    exchange(&y, 100, 100);
    open_flow(&x);
    for (unsigned i = 0; i < 4000; i++) {
        stray = from_server(&x, RST, 0);
        stray.seq = x.server.next + 0x20000000 + i * 7919;
        emit(&x, stray);
    }
    g_assert_cmpuint(s->engine->n_host_searches, <=, 1024 + s->frame / 64 + 1);
    EXPECT_QUIET(s);
    story_free(s);
}

/* ---- the end of a session ---- */

/* A load balancer ends its sessions by RSTs of its own, with the number that went by last: long after Y's client has said
 * anything, and with an IP-ID that is of no run. A closed port answers at once, whatever IP-ID it uses. */
static void test_end_of_session(void)
{
    enum { AT_ONCE, LATE, LATE_NO_ID, N };

    for (unsigned what = 0; what < N; what++) {
        stage g = stage_new(true);
        toa_segment rst;

        client_sends(&g.y, PSH | ACK, 10);
        story_wait(g.s, what == AT_ONCE ? 20 * MS : 700 * MS);
        rst = from_server(&g.y, RST, 0);
        rst.ip_id = (uint16_t)(what == LATE_NO_ID ? 0 : g.y.server.ip_id + 5000);
        emit(&g.x, crossed(rst, &g.y, &g.x));
        EXPECT_TOTAL(g.s, FOREIGN_RST, what != LATE);
        story_free(g.s);
    }
}

/* A client whose older connection still is open answers the new one's SYN-ACK with its old numbers, and the server that with a RST:
 * so both know, and nothing is stale. What asks for something is another matter. */
static void test_half_open(void)
{
    for (unsigned asks = 0; asks < 2; asks++) {
        story *s = story_new();
        flow old = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80"), young = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");
        toa_segment rst;

        open_flow(&old);
        exchange(&old, 100, 100);
        client_sends(&young, SYN, 0);
        server_sends(&young, SYN | ACK, 0);
        emit(&young, from_client(&old, asks ? PSH | ACK : ACK, asks ? 10 : 0));
        rst = from_server(&old, RST, 0);
        rst.ip_id = 0;
        emit(&young, rst);
        EXPECT_TOTAL(s, STALE_SESSION, asks);
        story_free(s);
    }
}

/* The same towards the server, where all sessions have one tuple: the number is of the one before. */
static void test_end_towards_server(void)
{
    for (unsigned has_id = 0; has_id < 2; has_id++) {
        story *s = story_new();
        flow old = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80"), young = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");
        toa_segment rst;

        open_flow(&old);
        exchange(&old, 100, 100);
        open_flow(&young);
        exchange(&young, 10, 10);
        story_wait(s, 2 * SEC);
        rst = from_client(&old, RST, 0);
        rst.ip_id = (uint16_t)(has_id ? old.client.ip_id + 5000 : 0);
        emit(&young, rst);
        EXPECT_TOTAL(s, STALE_SESSION, !has_id);
        story_free(s);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(void);
    } tests[] = {
        {"run/by-ack", test_run_by_ack},
        {"run/resets", test_run_of_resets},
        {"run/on-two", test_run_on_two},
        {"distance/stays", test_distance_stays},
        {"in-vain", test_in_vain},
        {"synack/on-open", test_synack_on_open},
        {"synack/refused", test_synack_refused},
        {"synack/repeated", test_synack_repeated},
        {"unstamped", test_unstamped},
        {"unstamped-alone", test_unstamped_alone},
        {"repetition-is-no-copy", test_repetition_is_no_copy},
        {"one-host", test_one_host},
        {"one-host/flood", test_one_host_flood},
        {"end-of-session", test_end_of_session},
        {"end-towards-server", test_end_towards_server},
        {"half-open", test_half_open},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        char *path = g_strdup_printf("/shifted/%s", tests[i].path);
        g_test_add_func(path, tests[i].test);
        g_free(path);
    }
    return g_test_run();
}
