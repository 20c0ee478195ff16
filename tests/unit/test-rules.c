/* Rule R5: the table of what is enough, row by row, and each piece of evidence by itself.
 *
 * The rows are written here a second time, from the design: a row that is changed, added or lost in the core fails.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"
#include "core/judge/rules.h"

#define KEY TOA_EV_KEY
#define SEQ TOA_EV_SEQ
#define ACKN TOA_EV_ACK
#define IP_ID TOA_EV_IP_ID
#define TSECR TOA_EV_TSECR
#define TRIGGER TOA_EV_TRIGGER
#define NEAR TOA_HINT_NEAR
#define AGAIN (TRIGGER | TOA_HINT_WAITING | TOA_HINT_AGAIN)
#define CHALLENGE TOA_HINT_CHALLENGE
#define CROSSED TOA_HINT_CROSSED
#define APART TOA_HINT_APART
#define UNSTAMPED TOA_HINT_UNSTAMPED
#define REPEATED TOA_HINT_REPEATED
#define NUMBERS (APART | UNSTAMPED | REPEATED | NEAR | CHALLENGE | CROSSED | AGAIN | KEY | SEQ | ACKN | IP_ID | TSECR | TRIGGER | TOA_EV_TIMESTAMPS)

typedef struct row {
    const char *name;
    toa_rule rule;
} row;

static const row rows[] = {
    {"group/none/seq", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ}},
    {"group/none/ack+tsecr", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, ACKN | TSECR}},
    {"group/none/ack+ip_id", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, ACKN | IP_ID}},
    {"group/none/tsecr+ip_id", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, TSECR | IP_ID}},
    {"group/none/tsecr+trigger", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_ANY, TSECR | TRIGGER}},
    {"group/none/synack/ack+trigger", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_SYNACK, ACKN | TRIGGER}},
    {"group/none/synack/ack+repeated", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_SYNACK, ACKN | REPEATED}},
    {"group/none/near+tsecr", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, NEAR | TSECR}},
    {"group/none/near+ip_id", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, NEAR | IP_ID}},
    {"group/none/near+ack", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, NEAR | ACKN}},
    {"group/none/challenge/ack", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, ACKN | CHALLENGE}},
    {"group/none/challenge/key+ip_id", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, KEY | IP_ID | CHALLENGE}},
    {"group/none/challenge/ip_id+apart", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, IP_ID | CHALLENGE | APART}},
    {"group/none/key+ip_id+unstamped", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_REPLY, KEY | IP_ID | UNSTAMPED}},
    {"group/none/rst/near+crossed", {TOA_WHERE_GROUP, TOA_OWN_NONE, TOA_ONLY_RST, NEAR | CROSSED}},
    {"group/window/seq+ack", {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_REPLY, SEQ | ACKN}},
    {"group/window/seq+tsecr", {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_REPLY, SEQ | TSECR}},
    {"group/window/seq+ip_id", {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_REPLY, SEQ | IP_ID}},
    {"group/window/near+tsecr+ip_id", {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_REPLY, NEAR | TSECR | IP_ID}},
    {"group/window/rst/seq+trigger", {TOA_WHERE_GROUP, TOA_OWN_WINDOW, TOA_ONLY_RST, SEQ | TRIGGER}},
    {"server/none/seq+ack", {TOA_WHERE_SERVER, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ | ACKN}},
    {"server/none/seq+tsecr", {TOA_WHERE_SERVER, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ | TSECR}},
    {"server/none/seq+ip_id", {TOA_WHERE_SERVER, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ | IP_ID}},
    {"server/none/rst/seq+trigger", {TOA_WHERE_SERVER, TOA_OWN_NONE, TOA_ONLY_RST, SEQ | TRIGGER}},
    {"group/unknown/key+seq+ack", {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_ANY, KEY | SEQ | ACKN}},
    {"group/unknown/key+seq+tsecr", {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_ANY, KEY | SEQ | TSECR}},
    {"group/unknown/key+seq+ip_id", {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_ANY, KEY | SEQ | IP_ID}},
    {"group/unknown/rst/key+seq+trigger", {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_RST, KEY | SEQ | TRIGGER}},
    {"group/unknown/rst/seq+again", {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_RST, SEQ | AGAIN}},
    {"group/unknown/near+again", {TOA_WHERE_GROUP, TOA_OWN_UNKNOWN, TOA_ONLY_REPLY, NEAR | TOA_HINT_WAITING | TOA_HINT_AGAIN}},
    {"server/unknown/rst/seq+again", {TOA_WHERE_SERVER, TOA_OWN_UNKNOWN, TOA_ONLY_RST, SEQ | AGAIN}},
    {"server/unknown/lone-rst/seq+ip_id", {TOA_WHERE_SERVER, TOA_OWN_UNKNOWN, TOA_ONLY_LONE_RST, SEQ | IP_ID}},
    {"host/none/seq+ack", {TOA_WHERE_HOST, TOA_OWN_NONE, TOA_ONLY_REPLY, SEQ | ACKN}},
    {"host/none/seq+tsecr", {TOA_WHERE_HOST, TOA_OWN_NONE, TOA_ONLY_REPLY, SEQ | TSECR}},
    {"host/none/seq+ip_id", {TOA_WHERE_HOST, TOA_OWN_NONE, TOA_ONLY_REPLY, SEQ | IP_ID}},
    {"host/none/rst/seq+trigger", {TOA_WHERE_HOST, TOA_OWN_NONE, TOA_ONLY_RST, SEQ | TRIGGER}},
    {"earlier/none/seq", {TOA_WHERE_EARLIER, TOA_OWN_NONE, TOA_ONLY_ANY, SEQ}},
    {"earlier/none/ack+tsecr", {TOA_WHERE_EARLIER, TOA_OWN_NONE, TOA_ONLY_ANY, ACKN | TSECR}},
    {"earlier/none/synack/ack", {TOA_WHERE_EARLIER, TOA_OWN_NONE, TOA_ONLY_SYNACK, ACKN}},
};

#define SERVER "10.0.0.9:80"

/* x and y from one client address, and y2 from another. */
typedef struct stage {
    story *story;
    flow x, y, y2;
} stage;

static stage stage_new(void)
{
    stage g = {.story = story_new()};

    g.y = flow_new(g.story, "10.0.0.1:5000", SERVER);
    g.x = flow_new(g.story, "10.0.0.1:5001", SERVER);
    g.y2 = flow_new(g.story, "10.0.0.2:5001", SERVER);
    open_flow(&g.y);
    open_flow(&g.y2);
    open_flow(&g.x);
    return g;
}

static toa_segment segment_for(unsigned only)
{
    toa_segment segment = {.flags = ACK};

    if (only == TOA_ONLY_REPLY) {
        segment.source = endpoint_of(SERVER);
    } else if (only == TOA_ONLY_RST || only == TOA_ONLY_LONE_RST) {
        segment.flags = RST;
    } else if (only == TOA_ONLY_SYNACK) {
        segment.flags = SYN | ACK;
    }
    return segment;
}

static bool enough(const stage *g, const flow *y, const toa_rule *rule, unsigned evidence, const toa_segment *segment)
{
    toa_match match = {.owner = y->conv, .evidence = evidence, .where = rule->where};

    return toa_rules_enough(&match, g->x.conv, (toa_own)rule->own, segment);
}

/* Exactly the row's evidence is enough; any bit less is not; nor is it for another kind of segment. */
static void test_row(gconstpointer data)
{
    const toa_rule *rule = &((const row *)data)->rule;
    stage g = stage_new();
    toa_segment segment = segment_for(rule->only), plain = segment_for(TOA_ONLY_ANY), rst = segment_for(TOA_ONLY_RST);

    g_assert_true(enough(&g, &g.y, rule, rule->evidence, &segment));
    g_assert_true(enough(&g, &g.y, rule, NUMBERS, &segment));
    for (unsigned bit = 1; bit < 1u << 24; bit <<= 1) {
        if (rule->evidence & bit) {
            g_assert_false(enough(&g, &g.y, rule, rule->evidence & ~bit, &segment));
            if (!(rule->evidence & (TOA_HINT_AGAIN | APART))) { /* with a key it would do, by another row */
                g_assert_false(enough(&g, &g.y, rule, (rule->evidence | KEY | TOA_EV_TIMESTAMPS) & ~bit, &segment));
            }
        }
    }
    if (rule->only != TOA_ONLY_ANY) {
        g_assert_false(enough(&g, &g.y, rule, rule->evidence, &plain));
        g_assert_cmpint(enough(&g, &g.y, rule, rule->evidence, &rst), ==, rule->only != TOA_ONLY_SYNACK);
    }
    story_free(g.story);
}

/* A segment of whom only the address of the client is known counts for that address alone. */
static void test_lone_rst_address(void)
{
    const toa_rule rule = {TOA_WHERE_SERVER, TOA_OWN_UNKNOWN, TOA_ONLY_LONE_RST, SEQ | IP_ID};
    toa_segment rst = segment_for(TOA_ONLY_RST);
    stage g = stage_new();

    g_assert_true(enough(&g, &g.y, &rule, SEQ | IP_ID, &rst));
    g_assert_false(enough(&g, &g.y2, &rule, SEQ | IP_ID, &rst));
    g_assert_false(enough(&g, &g.y2, &rule, NUMBERS & ~TOA_HINT_AGAIN, &rst));
    story_free(g.story);
}

/* The core has these rows and no other. */
static void test_same_table(void)
{
    g_assert_cmpuint(toa_n_rules, ==, G_N_ELEMENTS(rows));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const toa_rule *wanted = &rows[i].rule;
        unsigned found = 0;
        for (unsigned j = 0; j < toa_n_rules; j++) {
            const toa_rule *rule = &toa_rules[j];
            found += rule->where == wanted->where && rule->own == wanted->own && rule->only == wanted->only &&
                     rule->evidence == wanted->evidence;
        }
        g_assert_cmpuint(found, ==, 1);
    }
}

/* What the segment's own numbers explain is never anybody else's, and IP-ID, key, ack or a cause alone say nothing. */
static void test_never(void)
{
    const unsigned single[] = {ACKN, IP_ID, TSECR, TRIGGER, KEY, TOA_EV_TIMESTAMPS, IP_ID | TRIGGER | KEY};
    stage g = stage_new();

    for (unsigned where = 0; where < TOA_WHERE_MAX; where++) {
        for (unsigned only = 0; only <= TOA_ONLY_LONE_RST; only++) {
            toa_segment segment = segment_for(only);
            toa_rule rule = {(uint8_t)where, TOA_OWN_EXACT, 0, 0};
            g_assert_false(enough(&g, &g.y, &rule, NUMBERS, &segment));
            rule.own = TOA_OWN_WINDOW;
            g_assert_false(enough(&g, &g.y, &rule, SEQ, &segment));
            for (size_t i = 0; i < G_N_ELEMENTS(single); i++) {
                g_assert_false(enough(&g, &g.y, &rule, single[i], &segment));
                rule.own = TOA_OWN_NONE;
                if (only != TOA_ONLY_SYNACK || where != TOA_WHERE_EARLIER) {
                    g_assert_false(enough(&g, &g.y, &rule, single[i], &segment));
                }
                rule.own = TOA_OWN_WINDOW;
            }
        }
    }
    story_free(g.story);
}

/* ---- each piece of evidence ---- */

static toa_match evidence_of(stage *g, bool from_server, toa_segment segment)
{
    toa_match match = {0};

    segment.time = g->story->now;
    toa_rules_evidence(g->x.conv, g->y.conv, from_server, &segment, NULL, &match);
    return match;
}

#define ASSERT_EVIDENCE(bits, segment, wanted) \
    g_assert_cmphex(evidence_of(&g, true, segment).evidence & (bits), ==, wanted)

static void test_seq(void)
{
    stage g = stage_new();
    toa_segment segment;

    exchange(&g.y, 100, 200);
    segment = from_server(&g.y, ACK, 0);
    ASSERT_EVIDENCE(SEQ, segment, SEQ); /* y's next */
    segment.seq++;
    ASSERT_EVIDENCE(SEQ, segment, 0);
    server_sends(&g.y, ACK, 50); /* next moves on; the client has asked for what came before */
    segment.seq--;
    ASSERT_EVIDENCE(SEQ, segment, SEQ);
    segment.seq = g.y.server.next;
    ASSERT_EVIDENCE(SEQ, segment, SEQ);
    segment.seq = g.y.server.isn;
    ASSERT_EVIDENCE(SEQ, segment, 0);
    segment.flags = SYN | ACK; /* a SYN-ACK has the ISN, not the next number */
    ASSERT_EVIDENCE(SEQ, segment, SEQ);
    segment.seq = g.y.server.next;
    ASSERT_EVIDENCE(SEQ, segment, 0);
    story_free(g.story);
}

/* 0 is the seq of any RST,ACK to a SYN. */
static void test_seq_zero(void)
{
    stage g = stage_new();
    toa_segment segment = from_server(&g.y, RST, 0);

    toa_server_side(g.y.conv)->next = 0;
    segment.seq = 0;
    ASSERT_EVIDENCE(SEQ, segment, 0);
    toa_server_side(g.y.conv)->next = 1;
    segment.seq = 1;
    ASSERT_EVIDENCE(SEQ, segment, SEQ);
    story_free(g.story);
}

static void test_ack(void)
{
    stage g = stage_new();
    toa_segment segment;

    exchange(&g.y, 100, 0);
    segment = from_server(&g.y, ACK, 0);
    ASSERT_EVIDENCE(ACKN, segment, ACKN);
    segment.ack--;
    ASSERT_EVIDENCE(ACKN, segment, 0);
    segment.ack++;
    segment.flags = RST; /* no ACK flag: the field says nothing */
    ASSERT_EVIDENCE(ACKN, segment, 0);
    segment.flags = SYN | ACK;
    ASSERT_EVIDENCE(ACKN, segment, 0);
    segment.ack = g.y.client.isn + 1;
    ASSERT_EVIDENCE(ACKN, segment, ACKN);
    story_free(g.story);
}

static void test_ip_id(void)
{
    stage g = stage_new();
    toa_segment segment = from_server(&g.y, ACK, 0);
    toa_side *y = toa_server_side(g.y.conv), *x = toa_server_side(g.x.conv);

    segment.seq += 1u << 30; /* nowhere near: then the identification must follow closely */
    y->ip_id = 0xfffd;
    x->ip_id = 0x5000;
    for (unsigned ahead = 0; ahead < 12; ahead++) {
        bool near = ahead >= 1 && ahead <= 8;
        segment.ip_id = (uint16_t)(0xfffd + ahead); /* wraps; 0 itself is no evidence */
        near = near && segment.ip_id != 0;
        ASSERT_EVIDENCE(IP_ID, segment, near ? IP_ID : 0);
        g_assert_cmpuint(evidence_of(&g, true, segment).ip_id_delta, ==, near ? ahead : 0);
    }
    segment.ip_id = 0xfffe;
    x->ip_id = 0xfff6; /* also 8 ahead of x's own run */
    ASSERT_EVIDENCE(IP_ID, segment, 0);
    x->ip_id = 0xfff5;
    ASSERT_EVIDENCE(IP_ID, segment, IP_ID);
    y->ip_id = 0; /* no run */
    segment.ip_id = 3;
    ASSERT_EVIDENCE(IP_ID, segment, 0);
    segment.seq -= 1u << 30; /* near: segments have overtaken each other */
    y->ip_id = 0x3000;
    for (int ahead = -40; ahead <= 70; ahead++) {
        segment.ip_id = (uint16_t)(0x3000 + ahead);
        ASSERT_EVIDENCE(IP_ID, segment, ahead != 0 && ahead >= -32 && ahead <= 64 ? IP_ID : 0);
    }
    story_free(g.story);
}

static void test_tsecr(void)
{
    stage g = stage_new();
    toa_segment segment = from_server(&g.y, ACK, 0);
    toa_side *y = toa_client_side(g.y.conv), *x = toa_client_side(g.x.conv);

    ASSERT_EVIDENCE(TSECR, segment, TSECR);
    segment.options.tsecr -= 100; /* one of a moment ago: a round trip can be longer than the time between two segments */
    ASSERT_EVIDENCE(TSECR, segment, TSECR);
    segment.options.tsecr -= 10000;
    ASSERT_EVIDENCE(TSECR, segment, 0);
    segment.options.tsecr += 10101;
    ASSERT_EVIDENCE(TSECR, segment, 0);
    segment.options.tsecr--;
    x->tsval = y->tsval; /* one clock for both: the echo tells nothing */
    ASSERT_EVIDENCE(TSECR, segment, 0);
    x->tsval++;
    segment.options.has_timestamps = false;
    ASSERT_EVIDENCE(TSECR, segment, 0);
    segment.options.has_timestamps = true;
    segment.options.tsecr = y->tsval = 0;
    ASSERT_EVIDENCE(TSECR, segment, 0);
    story_free(g.story);
}

/* A bare RST is caused by the segment that acknowledged its number, for a second. */
static void test_trigger_rst(void)
{
    stage g = stage_new();
    toa_segment rst = from_server(&g.y, RST, 0);
    toa_match match = evidence_of(&g, true, rst);

    g_assert_true(match.evidence & TRIGGER);
    g_assert_cmpuint(match.other_frame, ==, toa_client_side(g.y.conv)->last_frame);
    g.story->now = toa_client_side(g.y.conv)->last_time + SEC;
    ASSERT_EVIDENCE(TRIGGER, rst, TRIGGER);
    g.story->now++;
    ASSERT_EVIDENCE(TRIGGER, rst, 0);
    g.story->now -= 2;
    rst.seq++;
    ASSERT_EVIDENCE(TRIGGER, rst, 0);
    story_free(g.story);
}

/* Anything else is caused by an unanswered demand, of y or of x itself. */
static void test_trigger_demand(void)
{
    stage g = stage_new();
    toa_segment segment = from_server(&g.y, ACK, 0);
    toa_match match;

    ASSERT_EVIDENCE(TRIGGER, segment, 0); /* nothing is open */
    client_sends(&g.y, PSH | ACK, 10);
    match = evidence_of(&g, true, segment);
    g_assert_true(match.evidence & TRIGGER);
    g_assert_cmpuint(match.other_frame, ==, g.story->frame);
    g.story->now = toa_client_side(g.y.conv)->demand_time + SEC + 1;
    ASSERT_EVIDENCE(TRIGGER, segment, 0);
    client_sends(&g.x, PSH | ACK, 10);
    ASSERT_EVIDENCE(TRIGGER, segment, TRIGGER);
    server_sends(&g.x, ACK, 0);
    ASSERT_EVIDENCE(TRIGGER, segment, 0);
    story_free(g.story);
}

static void test_timestamps_and_key(void)
{
    stage g = stage_new();
    toa_segment segment = from_server(&g.y, ACK, 0);

    ASSERT_EVIDENCE(TOA_EV_TIMESTAMPS | KEY, segment, 0);
    toa_server_side(g.x.conv)->flags &= (uint16_t)~TOA_SIDE_TIMESTAMPS;
    ASSERT_EVIDENCE(TOA_EV_TIMESTAMPS, segment, TOA_EV_TIMESTAMPS);
    segment.options.has_timestamps = false;
    ASSERT_EVIDENCE(TOA_EV_TIMESTAMPS, segment, 0);
    story_free(g.story);
}

/* From the client: the same evidence in the other direction. */
static void test_from_client(void)
{
    stage g = stage_new();
    toa_segment segment;

    exchange(&g.y, 100, 100);
    segment = from_client(&g.y, ACK, 0);
    g_assert_cmphex(evidence_of(&g, false, segment).evidence & (SEQ | ACKN | TSECR | IP_ID), ==, SEQ | ACKN | TSECR | IP_ID);
    g_assert_cmphex(evidence_of(&g, true, segment).evidence & (SEQ | ACKN | TSECR | IP_ID), ==, 0);
    story_free(g.story);
}

/* "It has happened before" takes a first time, y's server silent on y since, and its client saying the same again; a RST needs no
 * look at y. */
static void test_again(void)
{
    stage g = stage_new();
    toa_pair pair = {.y = g.y.conv};
    toa_segment data = from_server(&g.y, ACK, 0), rst = from_server(&g.y, RST, 0);
    toa_side *client = toa_client_side(g.y.conv);
    int64_t last = toa_server_side(g.y.conv)->last_time;
    const struct { const toa_segment *segment; int64_t noted, asked; uint32_t new_data, new_ack; bool again; } cases[] = {
        {&data, 0, last + 1, 0, 0, false},       {&rst, 0, last + 1, 0, 0, false},     {&data, last, last + 1, 0, 0, true},
        {&data, last - 1, last + 1, 0, 0, false}, {&rst, last - 1, last, 1, 1, true},  {&data, last, last, 0, 0, false},
        {&data, last, last + 1, 1, 0, false},    {&data, last, last + 1, 0, 1, false}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        toa_segment segment = *cases[i].segment;
        toa_match match = {0};
        segment.time = g.story->now;
        pair.noted_time = cases[i].noted;
        pair.noted_next = client->next - cases[i].new_data;
        pair.noted_ack = client->acks[0] - cases[i].new_ack;
        client->last_time = cases[i].asked;
        toa_rules_evidence(g.x.conv, g.y.conv, true, &segment, &pair, &match);
        g_assert_cmpint((match.evidence & TOA_HINT_AGAIN) != 0, ==, cases[i].again);
    }
    story_free(g.story);
}

/* What was noted once is not noted again: the next time is the time to find it. */
static void test_worth_noting_once(void)
{
    stage g = stage_new();
    toa_pair pair = {.noted_time = 0};
    toa_match match = {.owner = g.y.conv, .pair = &pair, .evidence = SEQ | TRIGGER | TOA_HINT_WAITING, .where = TOA_WHERE_GROUP};
    toa_segment rst = from_server(&g.y, RST, 0);

    g_assert_true(toa_rules_worth_noting(&match, TOA_OWN_UNKNOWN, true, &rst));
    pair.noted_time = 1;
    g_assert_false(toa_rules_worth_noting(&match, TOA_OWN_UNKNOWN, true, &rst));
    match.pair = NULL;
    g_assert_true(toa_rules_worth_noting(&match, TOA_OWN_UNKNOWN, true, &rst));
    g_assert_false(toa_rules_worth_noting(&match, TOA_OWN_NONE, true, &rst));
    match.evidence = SEQ | TRIGGER;
    g_assert_false(toa_rules_worth_noting(&match, TOA_OWN_UNKNOWN, true, &rst));
    story_free(g.story);
}

/* A number that agrees only after a learnt shift is evidence, but not an exact number. */
static void test_shift(void)
{
    stage g = stage_new();
    toa_pair pair = {.has_ack_shift = true, .ack_shift = 5000, .has_seq_shift = true, .seq_shift = (uint32_t)-7000};
    toa_segment segment = from_server(&g.y, ACK, 0);
    toa_match match = {0};

    segment.time = g.story->now;
    segment.seq -= 7000;
    segment.ack += 5000;
    toa_rules_evidence(g.x.conv, g.y.conv, true, &segment, NULL, &match);
    g_assert_cmphex(match.evidence & (SEQ | ACKN), ==, 0);
    toa_rules_evidence(g.x.conv, g.y.conv, true, &segment, &pair, &match);
    g_assert_cmphex(match.evidence & (SEQ | ACKN | TSECR), ==, SEQ | ACKN | TSECR);
    g_assert_cmpuint(match.n_exact, ==, 1); /* the echo */
    segment = from_client(&g.y, ACK, 0); /* client to server the two change places */
    segment.time = g.story->now;
    segment.seq += 5000;
    segment.ack -= 7000;
    toa_rules_evidence(g.x.conv, g.y.conv, false, &segment, &pair, &match);
    g_assert_cmphex(match.evidence & (SEQ | ACKN), ==, SEQ | ACKN);
    story_free(g.story);
}

/* Most exact numbers, then most evidence, then newest. */
static void test_better(void)
{
    stage g = stage_new(); /* y began before y2 */
    toa_match none = {0}, few = {.owner = g.y.conv, .n_exact = 1, .evidence = SEQ}, many = few, exact = few, newer = few;

    many.evidence = SEQ | TRIGGER;
    exact.n_exact = 2;
    newer.owner = g.y2.conv;
    g_assert_true(toa_rules_better(&few, &none));
    g_assert_true(toa_rules_better(&many, &few));
    g_assert_false(toa_rules_better(&few, &many));
    g_assert_true(toa_rules_better(&exact, &many));
    g_assert_false(toa_rules_better(&many, &exact));
    g_assert_true(toa_rules_better(&newer, &few));
    g_assert_false(toa_rules_better(&few, &newer));
    g_assert_true(toa_rules_better(&many, &newer));
    story_free(g.story);
}

int main(int argc, char **argv)
{
    static const struct { const char *path; void (*test)(void); } tests[] = {
        {"/rules/lone-rst-address", test_lone_rst_address}, {"/rules/same-table", test_same_table},
        {"/rules/never", test_never}, {"/rules/better", test_better}, {"/rules/shift", test_shift},
        {"/rules/again", test_again}, {"/rules/worth-noting-once", test_worth_noting_once},
        {"/rules/evidence/seq", test_seq}, {"/rules/evidence/seq-zero", test_seq_zero},
        {"/rules/evidence/ack", test_ack}, {"/rules/evidence/ip-id", test_ip_id}, {"/rules/evidence/tsecr", test_tsecr},
        {"/rules/evidence/trigger-rst", test_trigger_rst}, {"/rules/evidence/trigger-demand", test_trigger_demand},
        {"/rules/evidence/timestamps-and-key", test_timestamps_and_key}, {"/rules/evidence/from-client", test_from_client},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *path = g_strdup_printf("/rules/row/%s", rows[i].name);
        g_test_add_data_func(path, &rows[i], test_row);
        g_free(path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add_func(tests[i].path, tests[i].test);
    }
    return g_test_run();
}
