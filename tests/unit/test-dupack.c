/* Rule R9: duplicate ACKs on X whose cause is Y's. By a D-SACK block, and silent ones; never on an ordinary lossy
 * connection.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

typedef struct stage {
    story *s;
    flow x, y;
} stage;

static stage stage_new(void)
{
    stage g = {.s = story_new()};

    g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
    g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
    open_flow(&g.y);
    exchange(&g.y, 100, 100);
    open_flow(&g.x);
    exchange(&g.x, 100, 100);
    return g;
}

/* X's server repeats its last ACK, with a D-SACK block of a foreign range. */
static void dsack(stage *g, uint32_t left, uint32_t right)
{
    emit(&g->x, with_sack(from_server(&g->x, ACK, 0), left, right));
}

/* ---- D-SACK ---- */

static void test_dsack_exact(void)
{
    stage g = stage_new();
    toa_segment data = from_client(&g.y, PSH | ACK, 333);
    const toa_finding *finding;

    emit(&g.y, data);
    dsack(&g, data.seq, data.seq + 333);
    finding = EXPECT_ONE(g.s, FOREIGN_DUP_ACK, &g.y, TOA_EV_SACK | TOA_EV_TRIGGER);
    g_assert_cmpuint(finding->other_frame, ==, g.s->frame - 1);
    g_assert_cmpuint(finding->count, ==, 1);
    g_assert_cmphex(finding->evidence & TOA_EV_KEY, ==, 0);
    story_wait(g.s, 20 * MS);
    dsack(&g, data.seq, data.seq + 333);
    g_assert_cmpuint(EXPECT_ONE(g.s, FOREIGN_DUP_ACK, &g.y, TOA_EV_SACK)->count, ==, 2);
    story_free(g.s);
}

/* The block must lie within what Y has sent, to the byte, and be a block. */
static void test_dsack_near(void)
{
    stage g = stage_new();
    toa_segment data = from_client(&g.y, PSH | ACK, 333);

    emit(&g.y, data);
    dsack(&g, data.seq, data.seq + 334);
    EXPECT_NONE(g.s);
    dsack(&g, g.y.client.isn - 1, g.y.client.isn + 100);
    EXPECT_NONE(g.s);
    dsack(&g, data.seq + 333, data.seq); /* the wrong way round */
    EXPECT_NONE(g.s);
    dsack(&g, data.seq, data.seq); /* empty */
    EXPECT_NONE(g.s);
    story_free(g.s);
}

/* A burst of Y's, answered segment by segment after all of it. */
static void test_dsack_burst(void)
{
    stage g = stage_new();
    toa_segment data[3];

    for (unsigned i = 0; i < 3; i++) {
        data[i] = from_client(&g.y, PSH | ACK, 1000 + i);
        emit(&g.y, data[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        dsack(&g, data[i].seq, data[i].seq + data[i].length);
        EXPECT_ONE(g.s, FOREIGN_DUP_ACK, &g.y, TOA_EV_SACK);
    }
    story_free(g.s);
}

/* Through a load balancer: the same length, shifted. The second time the distance occurs. */
static void test_dsack_shifted(void)
{
    stage g = stage_new();
    const uint32_t delta = 0x31415926;

    for (unsigned i = 0; i < 4; i++) {
        toa_segment data = from_client(&g.y, PSH | ACK, 100 + i);
        emit(&g.y, data);
        dsack(&g, data.seq + delta, data.seq + delta + 100 + i);
        if (i == 0) {
            EXPECT_NONE(g.s);
        } else {
            EXPECT_ONE(g.s, FOREIGN_DUP_ACK, &g.y, TOA_EV_SACK);
        }
    }
    story_free(g.s);
}

/* ... or the first time, if the two are known to be crossed; unless it is more than a second old. */
static void test_dsack_shifted_related(void)
{
    for (unsigned late = 0; late < 2; late++) {
        story *s = story_new();
        stage g = {.s = s};
        toa_segment data;
        g.y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");
        g.x = flow_new(s, "172.16.0.1:7000", "10.0.1.9:80");
        open_flow(&g.y);
        open_flow_as(&g.x, "10.0.0.1:5000");
        exchange(&g.x, 100, 100);
        data = from_client(&g.y, PSH | ACK, 100);
        emit(&g.y, data);
        s->now += late ? SEC : 0;
        dsack(&g, data.seq + 0x31415926, data.seq + 0x31415926 + 100);
        EXPECT_TOTAL(s, FOREIGN_DUP_ACK, !late);
        story_free(s);
    }
}

/* A D-SACK of X's own data: the network delivered a segment twice. */
static void test_dsack_own(void)
{
    stage g = stage_new();
    toa_segment data = from_client(&g.x, PSH | ACK, 500);

    emit(&g.x, data);
    server_sends(&g.x, ACK, 0);
    client_sends(&g.y, PSH | ACK, 500); /* Y sends as much at the same time */
    story_wait(g.s, 200 * MS);
    data.ip_id++;
    emit(&g.x, data);
    dsack(&g, data.seq, data.seq + 500);
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* Selective acks of X's data ahead of the ACK: a lost segment. */
static void test_sack_own(void)
{
    stage g = stage_new();

    client_sends(&g.y, PSH | ACK, 1000);
    from_client(&g.x, PSH | ACK, 1000); /* lost */
    for (unsigned i = 0; i < 5; i++) {
        toa_segment ack, data = from_client(&g.x, PSH | ACK, 1000);
        emit(&g.x, data);
        ack = from_server(&g.x, ACK, 0);
        ack.ack = g.x.client.next - 1000 * (i + 2);
        emit(&g.x, with_sack(ack, ack.ack + 1000, data.seq + 1000));
    }
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* ---- silent ---- */

static void silent_round(stage *g)
{
    client_sends(&g->y, PSH | ACK, 100); /* a (re)transmission that nothing on Y answers */
    server_sends(&g->x, ACK, 0);
}

static void test_silent(void)
{
    stage g = stage_new();

    silent_round(&g);
    EXPECT_NONE(g.s);
    for (unsigned i = 2; i < 5; i++) {
        const toa_finding *finding;
        story_wait(g.s, 200 * MS);
        silent_round(&g);
        finding = EXPECT_ONE(g.s, FOREIGN_DUP_ACK, &g.y, TOA_EV_TRIGGER);
        g_assert_cmpuint(finding->count, ==, i); /* counted from the first, which was silent */
        g_assert_cmpuint(finding->other_frame, ==, g.s->frame - 1);
    }
    story_free(g.s);
}

/* A shared key: the first one already. */
static void test_silent_related(void)
{
    story *s = story_new();
    stage g = {.s = s};

    g.y = flow_new(s, "10.0.0.1:5000", "10.0.1.9:80");
    g.x = flow_new(s, "172.16.0.1:7000", "10.0.1.9:80");
    open_flow(&g.y);
    open_flow_as(&g.x, "10.0.0.1:5000");
    exchange(&g.x, 100, 100);
    silent_round(&g);
    EXPECT_ONE(s, FOREIGN_DUP_ACK, &g.y, TOA_EV_TRIGGER | TOA_EV_KEY);
    story_free(s);
}

/* A burst that is answered much later than a round trip, as by a machine that was busy: each segment has its own answer,
 * and there is none too many. */
static void test_silent_burst(void)
{
    stage g = stage_new();

    for (unsigned i = 0; i < 3; i++) {
        client_sends(&g.y, PSH | ACK, 100);
    }
    story_wait(g.s, 200 * MS);
    for (unsigned i = 0; i < 5; i++) {
        server_sends(&g.x, ACK, 0);
        g_assert_cmpuint(g.s->fed.n_findings, ==, i == 1 || i == 2);
    }
    story_free(g.s);
}

/* One demand explains one duplicate ACK. */
static void test_used_once(void)
{
    stage g = stage_new();

    silent_round(&g);
    silent_round(&g);
    EXPECT_TOTAL(g.s, FOREIGN_DUP_ACK, 1);
    for (unsigned i = 0; i < 5; i++) {
        server_sends(&g.x, ACK, 0);
        EXPECT_NONE(g.s);
    }
    story_free(g.s);
}

typedef void change(stage *g, toa_segment *ack);

static void has_data(stage *g, toa_segment *ack) { (void)g; ack->length = 1; }
static void larger_window(stage *g, toa_segment *ack) { (void)g; ack->window++; }
static void has_sack(stage *g, toa_segment *ack) { *ack = with_sack(*ack, g->x.client.next + 10, g->x.client.next + 20); }
static void older_ack(stage *g, toa_segment *ack) { (void)g; ack->ack--; }
static void older_seq(stage *g, toa_segment *ack) { (void)g; ack->seq--; }
static void has_fin(stage *g, toa_segment *ack) { (void)g; ack->flags |= FIN; }
static void too_late(stage *g, toa_segment *ack) { (void)ack; story_wait(g->s, 1100 * MS); }
static void x_asked(stage *g, toa_segment *ack)
{
    toa_segment keep_alive = from_client(&g->x, ACK, 0);

    (void)ack;
    keep_alive.seq--;
    emit(&g->x, keep_alive);
}
static void y_answered(stage *g, toa_segment *ack) { (void)ack; server_sends(&g->y, ACK, 0); }
static void x_spoke_between(stage *g, toa_segment *ack)
{
    toa_segment earlier = *ack;

    earlier.window = ++g->x.server.window; /* a window update: X's server has spoken since Y asked */
    emit(&g->x, earlier);
    ack->window = earlier.window;
    ack->ip_id++;
}

/* Each condition of the rule: without it a duplicate ACK says nothing, however often. */
static void test_silent_not(void)
{
    static change *const changes[] = {has_data, larger_window, has_sack, older_ack, older_seq, has_fin, too_late, x_asked,
                                      y_answered, x_spoke_between};

    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        stage g = stage_new();
        for (unsigned round = 0; round < 2; round++) {
            toa_segment ack;
            client_sends(&g.y, PSH | ACK, 100);
            ack = from_server(&g.x, ACK, 0);
            changes[i](&g, &ack);
            ack.time = g.s->now;
            emit(&g.x, ack);
            if (ack.flags & FIN || ack.length) {
                break; /* the next one would be another stack's */
            }
        }
        if (g.s->count[TOA_FINDING_FOREIGN_DUP_ACK]) {
            g_error("condition %u of the silent rule is not looked at", (unsigned)i);
        }
        story_free(g.s);
    }
}

/* X's server still waits for a lost segment of X's own: its repeated ACKs are about that. */
static void test_silent_owes(void)
{
    stage g = stage_new();

    from_client(&g.x, PSH | ACK, 1000); /* lost before the server, and not captured */
    client_sends(&g.x, PSH | ACK, 1000);
    for (unsigned i = 0; i < 4; i++) {
        toa_segment ack = from_server(&g.x, ACK, 0);
        ack.ack -= 2000;
        emit(&g.x, ack);
        client_sends(&g.y, PSH | ACK, 10);
    }
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* All at one time, as coarse clocks stamp it: one demand still explains one duplicate ACK. */
static void test_used_once_coarse(void)
{
    stage g = stage_new();
    int64_t now = g.s->now;

    for (unsigned i = 0; i < 6; i++) {
        toa_segment segment = i == 0 ? from_client(&g.y, PSH | ACK, 10) : from_server(&g.x, ACK, 0);
        segment.time = now;
        emit(i == 0 ? &g.y : &g.x, segment);
    }
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* ---- silent, told by the time ---- */

/* X and Y of one client; a round trip takes 20 ms. */
static stage slow_stage(const char *x_client)
{
    stage g = {.s = story_new()};

    g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
    g.x = flow_new(g.s, x_client, "10.0.1.9:80");
    if (g_str_equal(x_client, "10.0.0.1:5000")) {
        g.x.server.at = endpoint_of("10.0.2.2:80");
    }
    emit(&g.x, with_toa(from_client(&g.x, SYN, 0), "10.0.0.1:5000"));
    story_wait(g.s, 19 * MS);
    server_sends(&g.x, SYN | ACK, 0);
    client_sends(&g.x, ACK, 0);
    exchange(&g.x, 100, 100);
    return g;
}

/* X has been silent for long when Y's client sends a SYN: the first duplicate ACK tells, if it comes in time. */
static void test_silent_syn(void)
{
    enum { FOUND, PENDING_TOO, ACTIVE, LATE, EARLY, NO_SYN, N };

    for (unsigned what = 0; what < N; what++) {
        stage g = slow_stage("10.0.0.1:5000");
        toa_segment ack;

        if (what == NO_SYN) {
            open_flow(&g.y);
        }
        story_wait(g.s, what == ACTIVE ? 10 * MS : SEC);
        client_sends(&g.y, what == NO_SYN ? PSH | ACK : SYN, what == NO_SYN ? 10 : 0);
        ack = from_server(&g.x, ACK, 0);
        if (what == PENDING_TOO) { /* X's client has just asked: the answer would acknowledge that */
            client_sends(&g.x, PSH | ACK, 10);
        }
        story_wait(g.s, what == LATE ? 60 * MS : what == EARLY ? 0 : 18 * MS);
        emit(&g.x, ack);
        if (what == FOUND || what == PENDING_TOO) {
            g_assert_cmpuint(EXPECT_ONE(g.s, FOREIGN_DUP_ACK, &g.y, TOA_EV_TRIGGER)->count, ==, 1);
        } else {
            EXPECT_QUIET(g.s);
        }
        story_free(g.s);
    }
}

/* X's server has not even seen the end of its handshake: without identification it answers a strange SYN. A second SYN-ACK would
 * answer its own. */
static void test_silent_opening(void)
{
    for (unsigned has_id = 0; has_id < 2; has_id++) {
        stage g = {.s = story_new()};
        toa_segment ack;

        g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
        g.x = flow_new(g.s, "10.0.0.1:5000", "10.0.2.2:80");
        client_sends(&g.x, SYN, 0);
        client_sends(&g.y, SYN, 0);
        server_sends(&g.x, SYN | ACK, 0);
        ack = from_server(&g.x, ACK, 0);
        ack.ip_id = (uint16_t)(has_id ? ack.ip_id : 0);
        ack.time = g.s->now + MS;
        client_sends(&g.x, ACK, 0);
        client_sends(&g.x, PSH | ACK, 100);
        emit(&g.x, ack);
        EXPECT_TOTAL(g.s, FOREIGN_DUP_ACK, !has_id);
        story_free(g.s);
    }
}

/* X's own question is unanswered, and what comes does not acknowledge it: it left before, for Y. If there was no room for the
 * question, X's server repeats itself for that. */
static void test_silent_before_answer(void)
{
    for (unsigned full = 0; full < 2; full++) {
        stage g = slow_stage("172.16.0.1:7000");
        toa_segment ack;

        open_flow(&g.y);
        client_sends(&g.y, PSH | ACK, 100);
        ack = from_server(&g.x, ACK, 0);
        ack.window = (uint16_t)(full ? 0 : ack.window);
        client_sends(&g.x, PSH | ACK, 100);
        emit(&g.x, ack);
        EXPECT_TOTAL(g.s, FOREIGN_DUP_ACK, !full);
        story_free(g.s);
    }
}

/* Between two that have been crossed, a plain ACK of Y's client is enough of a cause; and it is one for one. */
static void test_silent_plain_cause(void)
{
    for (unsigned crossed_before = 0; crossed_before < 2; crossed_before++) {
        stage g = {.s = story_new()};

        g.y = flow_new(g.s, "10.0.0.1:5000", "10.0.1.9:80");
        g.x = flow_new(g.s, "172.16.0.1:7000", "10.0.1.9:80");
        open_flow(&g.y);
        exchange(&g.y, 100, 100);
        emit(&g.x, with_toa(from_client(&g.x, SYN, 0), "10.0.0.1:5000"));
        if (crossed_before) {
            emit(&g.x, crossed(from_server(&g.y, ACK, 0), &g.y, &g.x));
            EXPECT_HAS(g.s, FOREIGN_SEGMENT, &g.y, TOA_EV_SEQ);
        }
        server_sends(&g.x, SYN | ACK, 0);
        client_sends(&g.x, ACK, 0);
        exchange(&g.x, 100, 100);
        story_wait(g.s, SEC);
        client_sends(&g.y, ACK, 0);
        server_sends(&g.x, ACK, 0);
        EXPECT_TOTAL(g.s, FOREIGN_DUP_ACK, crossed_before);
        story_wait(g.s, MS);
        server_sends(&g.x, ACK, 0);
        EXPECT_TOTAL(g.s, FOREIGN_DUP_ACK, crossed_before);
        story_free(g.s);
    }
}

/* X's handshake took long because its server was busy. An answer that comes as fast as Y's did is not too soon. */
static void test_silent_least_trip(void)
{
    for (unsigned both = 0; both < 2; both++) {
        stage g = slow_stage("172.16.0.1:7000");

        if (both) {
            client_sends(&g.y, SYN, 0);
            story_wait(g.s, 19 * MS);
            server_sends(&g.y, SYN | ACK, 0);
            client_sends(&g.y, ACK, 0);
        } else {
            open_flow(&g.y);
        }
        silent_round(&g); /* after 1 ms */
        EXPECT_TOTAL(g.s, FOREIGN_DUP_ACK, !both);
        story_free(g.s);
    }
}

/* ---- ordinary connections ---- */

/* Losses, retransmissions and duplicate ACKs on X, while Y of the same client works (or hangs) beside it. */
static void lossy_round(stage *g, flow *f, bool y_hangs)
{
    toa_segment lost = from_client(f, PSH | ACK, 1000), data;

    if (y_hangs) {
        client_sends(&g->y, PSH | ACK, 100);
    } else {
        exchange(&g->y, 100, 100);
    }
    for (unsigned i = 0; i < 3; i++) { /* three behind the gap, three duplicate ACKs */
        toa_segment ack;
        data = from_client(f, PSH | ACK, 1000);
        emit(f, data);
        ack = from_server(f, ACK, 0);
        ack.ack = lost.seq;
        emit(f, ack);
    }
    story_wait(g->s, 50 * MS);
    lost.ip_id = ++f->client.ip_id;
    emit(f, lost);
    server_sends(f, ACK, 0);
}

static void test_lossy(void)
{
    for (unsigned hangs = 0; hangs < 2; hangs++) {
        stage g = stage_new();
        for (unsigned i = 0; i < 10; i++) {
            lossy_round(&g, &g.x, hangs);
            story_wait(g.s, 100 * MS);
        }
        EXPECT_QUIET(g.s);
        story_free(g.s);
    }
}

/* A client retransmits what the server had: each time an ACK again. Twice, and Y asks in between. */
static void test_spurious_retransmission(void)
{
    stage g = stage_new();

    for (unsigned i = 0; i < 5; i++) {
        toa_segment data = from_client(&g.x, PSH | ACK, 1000);
        emit(&g.x, data);
        server_sends(&g.x, ACK, 0);
        client_sends(&g.y, PSH | ACK, 100);
        story_wait(g.s, 200 * MS);
        data.ip_id = ++g.x.client.ip_id;
        emit(&g.x, data);
        server_sends(&g.x, ACK, 0);
        EXPECT_NONE(g.s);
        server_sends(&g.y, ACK, 0);
    }
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

/* Delayed ACKs, window updates and the server's keep-alives of an idle X while Y waits. */
static void test_idle(void)
{
    stage g = stage_new();

    for (unsigned i = 0; i < 5; i++) {
        toa_segment keep_alive;
        client_sends(&g.y, PSH | ACK, 100);
        keep_alive = from_server(&g.x, ACK, 0);
        keep_alive.seq--;
        emit(&g.x, keep_alive);
        client_sends(&g.x, ACK, 0);
        g.x.server.window++;
        server_sends(&g.x, ACK, 0);
        story_wait(g.s, SEC / 2);
    }
    EXPECT_QUIET(g.s);
    story_free(g.s);
}

int main(int argc, char **argv)
{
    static const struct { const char *path; void (*test)(void); } tests[] = {
        {"dsack/exact", test_dsack_exact}, {"dsack/near", test_dsack_near},
        {"dsack/burst", test_dsack_burst}, {"dsack/shifted", test_dsack_shifted},
        {"dsack/shifted-related", test_dsack_shifted_related}, {"dsack/own", test_dsack_own},
        {"sack/own", test_sack_own}, {"silent/repeated", test_silent}, {"silent/related", test_silent_related},
        {"silent/syn", test_silent_syn}, {"silent/opening", test_silent_opening},
        {"silent/before-answer", test_silent_before_answer}, {"silent/plain-cause", test_silent_plain_cause},
        {"silent/least-trip", test_silent_least_trip},
        {"silent/burst", test_silent_burst},
        {"silent/used-once", test_used_once}, {"silent/not", test_silent_not}, {"lossy", test_lossy},
        {"spurious-retransmission", test_spurious_retransmission}, {"idle", test_idle},
        {"silent/owes", test_silent_owes},
        {"silent/used-once-coarse", test_used_once_coarse},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        char *path = g_strdup_printf("/dupack/%s", tests[i].path);
        g_test_add_func(path, tests[i].test);
        g_free(path);
    }
    return g_test_run();
}
