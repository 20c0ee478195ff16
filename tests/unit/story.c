/* story.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "story.h"

#include "core/model/index.h"

#include <stdio.h>
#include <string.h>

#define SCALE 7

story *story_new(void)
{
    story *s = g_new0(story, 1);

    toa_config_init(&s->config);
    s->engine = toa_engine_new(&s->config);
    s->now = INT64_C(1700000000) * SEC;
    s->random = 1;
    s->conversations = g_ptr_array_new();
    return s;
}

void story_free(story *s)
{
    story_check(s);
    toa_engine_free(s->engine);
    toa_config_clear(&s->config);
    g_ptr_array_free(s->conversations, TRUE);
    g_free(s);
}

uint32_t story_random(story *s)
{
    s->random = s->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(toa_mix(s->random) >> 16);
}

void story_wait(story *s, int64_t ns)
{
    s->now += ns;
}

/* ---- endpoints and stacks ---- */

toa_endpoint endpoint_of(const char *text)
{
    const char *colon = strrchr(text, ':');
    size_t skip = text[0] == '[', length = (size_t)(colon - text) - 2 * skip;
    char *address = g_strndup(text + skip, length);
    toa_endpoint endpoint;

    g_assert_true(toa_endpoint_parse(address, (uint16_t)g_ascii_strtoull(colon + 1, NULL, 10), &endpoint));
    g_free(address);
    return endpoint;
}

static end end_new(story *s, const char *at)
{
    end e = {.at = endpoint_of(at), .isn = story_random(s), .ts_base = story_random(s), .window = 501, .ttl = 64};

    e.next = e.isn;
    e.ip_id = (uint16_t)(1 + story_random(s) % 65000);
    return e;
}

flow flow_new(story *s, const char *client, const char *server)
{
    flow f = {.story = s, .timestamps = true, .has_scale = true};

    f.client = end_new(s, client);
    f.server = end_new(s, server);
    return f;
}

static void add_options(const flow *f, end *from, const end *to, toa_segment *segment)
{
    toa_options *options = &segment->options;

    options->client_item = -1;
    if (f->has_scale && (segment->flags & SYN)) {
        options->has_scale = true;
        options->scale = SCALE;
    }
    if (f->timestamps && !(segment->flags & RST)) {
        from->tsval = from->ts_base + (uint32_t)(f->story->now / MS);
        options->has_timestamps = true;
        options->tsval = from->tsval;
        options->tsecr = segment->flags & ACK ? to->tsval : 0;
    }
}

/* A Linux stack's segment: IP-ID 0 on SYN-ACKs and bare RSTs, else a counter of the socket's. */
static toa_segment build(flow *f, end *from, const end *to, unsigned flags, uint32_t length)
{
    bool no_id = (flags & (SYN | ACK)) == (SYN | ACK) || (flags & (RST | ACK)) == RST;
    toa_segment segment = {.source = from->at, .destination = to->at, .length = length, .flags = (uint16_t)flags,
                           .window = from->window, .ttl = from->ttl};

    segment.seq = flags & SYN ? from->isn : from->next;
    segment.ack = flags & ACK ? to->next : 0;
    segment.ip_id = no_id ? 0 : ++from->ip_id;
    add_options(f, from, to, &segment);
    if (!(flags & SYN) || from->next == from->isn) {
        from->next = toa_segment_end(&segment);
    }
    return segment;
}

toa_segment from_client(flow *f, unsigned flags, uint32_t length)
{
    return build(f, &f->client, &f->server, flags, length);
}

toa_segment from_server(flow *f, unsigned flags, uint32_t length)
{
    return build(f, &f->server, &f->client, flags, length);
}

toa_segment crossed(toa_segment segment, const flow *from, const flow *to)
{
    bool by_server = toa_endpoint_equal(&segment.source, &from->server.at);

    segment.source = by_server ? to->server.at : to->client.at;
    segment.destination = by_server ? to->client.at : to->server.at;
    return segment;
}

toa_segment with_toa(toa_segment segment, const char *client)
{
    toa_item *item = &segment.options.items[0];

    memset(item, 0, sizeof *item);
    *item = (toa_item){.offset = 20, .kind = 254, .length = 8, .layout = TOA_LAYOUT_PORT_IP4, .decoded = true,
                       .effective = true};
    item->info.client = endpoint_of(client);
    item->info.has_client = item->info.has_client_port = true;
    segment.options.n_items = 1;
    segment.options.client_item = 0;
    return segment;
}

toa_segment with_sack(toa_segment segment, uint32_t left, uint32_t right)
{
    toa_options *options = &segment.options;

    options->sack[options->n_sack][0] = left;
    options->sack[options->n_sack][1] = right;
    options->n_sack++;
    return segment;
}

/* ---- the capture ---- */

/* As Wireshark numbers streams: a SYN with another number than the first one, or after the end, begins a new one. The
 * first number of a side whose SYN has not come is taken to be one before its first segment's. */
static uint32_t stream_of(story *s, const toa_conversation *conv, const toa_segment *segment)
{
    const toa_side *side;
    uint32_t first;

    if (!conv || s->syn_begins_stream) {
        return s->streams++;
    }
    if (s->one_stream) {
        return conv->stream;
    }
    side = &conv->side[toa_endpoint_equal(&conv->wire[0], &segment->source) ? 0 : 1];
    first = side->flags & TOA_SIDE_SYN ? side->isn : side->low - 1;
    if (!(side->flags & TOA_SIDE_SHOWN) || (first == segment->seq && !(conv->flags & TOA_CONV_CLOSED))) {
        return conv->stream;
    }
    return s->streams++;
}

toa_fed story_feed(story *s, toa_segment *segment)
{
    toa_conversation *conv = toa_engine_find(s->engine, &segment->source, &segment->destination);
    uint32_t stream = 0;

    segment->frame = ++s->frame;
    if (toa_engine_wants_stream(conv, segment)) {
        stream = stream_of(s, conv, segment);
    }
    s->fed = toa_engine_feed(s->engine, conv, segment, stream);
    g_assert_nonnull(s->fed.conversation);
    if (s->fed.conversation != conv) {
        g_ptr_array_add(s->conversations, s->fed.conversation);
    }
    for (unsigned i = 0; i < s->fed.n_findings; i++) {
        g_assert_true(s->fed.findings[i].own == s->fed.conversation);
        g_assert_true(i == 0 || s->fed.findings[i - 1].kind <= s->fed.findings[i].kind);
        s->count[s->fed.findings[i].kind]++;
    }
    return s->fed;
}

toa_fed emit(flow *f, toa_segment segment)
{
    story *s = f->story;

    if (segment.time == 0) {
        segment.time = s->now;
    }
    s->now = MAX(s->now, segment.time) + MS;
    story_feed(s, &segment);
    if (!f->conv || (s->fed.conversation != f->conv && s->fed.conversation->stream == f->conv->stream)) {
        f->conv = s->fed.conversation; /* its beginning may have been missed: then an earlier one of its tuple had it */
    }
    g_assert_true(f->conv == s->fed.conversation);
    return s->fed;
}

toa_fed client_sends(flow *f, unsigned flags, uint32_t length)
{
    return emit(f, from_client(f, flags, length));
}

toa_fed server_sends(flow *f, unsigned flags, uint32_t length)
{
    return emit(f, from_server(f, flags, length));
}

void open_flow(flow *f)
{
    client_sends(f, SYN, 0);
    server_sends(f, SYN | ACK, 0);
    client_sends(f, ACK, 0);
}

void open_flow_as(flow *f, const char *toa)
{
    emit(f, with_toa(from_client(f, SYN, 0), toa));
    server_sends(f, SYN | ACK, 0);
    client_sends(f, ACK, 0);
}

static void open_and_talk(story *s, const char *client, const char *server, uint32_t i)
{
    flow f = flow_new(s, client, server);

    open_flow(&f);
    exchange(&f, 10 + i, 20 + i);
}

void open_group(story *s, const char *client, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char *server = g_strdup_printf("10.9.%u.%u:80", i >> 8, i & 255);
        open_and_talk(s, client, server, i);
        g_free(server);
    }
}

void open_served(story *s, const char *server, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char *client = g_strdup_printf("10.8.%u.%u:6000", i >> 8, i & 255);
        open_and_talk(s, client, server, i);
        g_free(client);
    }
}

void exchange(flow *f, uint32_t asked, uint32_t answered)
{
    if (asked) {
        client_sends(f, PSH | ACK, asked);
    }
    if (answered) {
        server_sends(f, PSH | ACK, answered);
        client_sends(f, ACK, 0);
    } else {
        server_sends(f, ACK, 0);
    }
}

void close_flow(flow *f)
{
    client_sends(f, FIN | ACK, 0);
    server_sends(f, FIN | ACK, 0);
    client_sends(f, ACK, 0);
}

/* ---- what is expected ---- */

G_GNUC_PRINTF(2, 3) static void fail(const char *where, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_printerr("%s: %s\n", where, text);
    g_free(text);
    g_assert_not_reached();
}

/* The findings on the last segment as text. */
static char *findings_text(const story *s)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "frame %u has:", s->frame);
    for (unsigned i = 0; i < s->fed.n_findings; i++) {
        const toa_finding *finding = &s->fed.findings[i];
        g_string_append_printf(text, " %s(evidence 0x%x, other %d)", toa_finding_infos[finding->kind].filter,
                               finding->evidence, finding->other ? (int)finding->other->stream : -1);
    }
    return g_string_free(text, FALSE);
}

const toa_finding *story_expect(const story *s, const char *where, toa_finding_kind kind, const flow *other,
                                unsigned evidence, bool only)
{
    const toa_conversation *named = other ? other->conv : NULL;

    for (unsigned i = 0; i < s->fed.n_findings; i++) {
        const toa_finding *finding = &s->fed.findings[i];
        if (finding->kind == kind && finding->other == named && (finding->evidence & evidence) == evidence &&
            (!only || s->fed.n_findings == 1)) {
            return finding;
        }
    }
    fail(where, "expected %s%s (evidence 0x%x, other %d); %s", only ? "only " : "", toa_finding_infos[kind].filter,
         evidence, named ? (int)named->stream : -1, findings_text(s));
    return NULL;
}

void story_expect_none(const story *s, const char *where)
{
    if (s->fed.n_findings) {
        fail(where, "expected nothing; %s", findings_text(s));
    }
}

void story_expect_total(const story *s, const char *where, toa_finding_kind kind, unsigned number)
{
    if (s->count[kind] != number) {
        fail(where, "expected %u %s up to frame %u, not %u", number, toa_finding_infos[kind].filter, s->frame,
             s->count[kind]);
    }
}

void story_expect_quiet(const story *s, const char *where)
{
    for (unsigned kind = 0; kind < TOA_FINDING_MAX; kind++) {
        story_expect_total(s, where, (toa_finding_kind)kind, 0);
    }
}

char *story_key(const flow *f, char text[TOA_KEY_NAME])
{
    return toa_key_name(f->conv->key, text);
}

/* ---- consistency ---- */

/* Each record must be in the lists its fields name, and the lists as long as their counters say. */
static void check_lists(const toa_conversation *conv)
{
    const toa_party *client = conv->key->client;
    unsigned n_group = 0, n_served = 0, n_members = 0, found = 0;

    for (const toa_conversation *c = client->group; c; c = toa_group_next(c), n_group++) {
        g_assert_true(c->key->client == client);
        g_assert_true(toa_group_next(c) == NULL || toa_group_prev(toa_group_next(c)) == c);
        found += c == conv;
    }
    for (const toa_conversation *c = conv->server_party->served; c; c = c->served_next, n_served++) {
        g_assert_true(c->server_party == conv->server_party);
        found += c == conv;
    }
    for (const toa_conversation *c = conv->key->members; c; c = toa_key_next(c), n_members++) {
        g_assert_true(c->key == conv->key);
        found += c == conv;
    }
    g_assert_cmpuint(n_group, ==, client->n_group);
    g_assert_cmpuint(n_served, ==, conv->server_party->n_served);
    g_assert_cmpuint(n_members, ==, conv->key->n_members);
    g_assert_cmpuint(found, ==, conv->flags & TOA_CONV_SELF ? 2 : 3);
    g_assert_true(toa_endpoint_equal(&conv->server_party->endpoint, toa_wire_server(conv)));
    g_assert_true(n_group < 2 || (conv->flags & (TOA_CONV_SHARED | TOA_CONV_SELF)));
}

/* Has the look-up structure the present value of this kind? Asked of the nodes: a look-up may stop before it has seen
 * all of many equal values. */
static void check_node(const toa_index_node *node, bool has, uint32_t value)
{
    g_assert_true(node->linked == has);
    g_assert_true(!has || node->value == value);
}

static void check_index(const story *s, const toa_conversation *conv)
{
    const toa_side *client = &conv->side[conv->client], *server = &conv->side[!conv->client];
    toa_party *group = conv->key->client, *served = conv->server_party;
    toa_conversation *found[TOA_HITS_MAX];

    if (group->large && group->large->group && !(conv->flags & TOA_CONV_SELF)) {
        const toa_index_node *nodes = conv->extra->group_nodes;
        toa_index_find(s->engine, group, TOA_BY_GROUP_CLIENT_NEXT, 0, found); /* takes the latest changes over */
        check_node(&nodes[TOA_BY_GROUP_CLIENT_NEXT], client->flags & TOA_SIDE_ANCHORED, client->next);
        check_node(&nodes[TOA_BY_GROUP_SERVER_NEXT], server->flags & TOA_SIDE_ANCHORED, server->next);
        check_node(&nodes[TOA_BY_GROUP_CLIENT_ACK], client->n_acks, client->acks[0]);
        check_node(&nodes[TOA_BY_GROUP_SERVER_ACK], server->n_acks, server->acks[0]);
        check_node(&nodes[TOA_BY_GROUP_CLIENT_TSVAL], client->flags & TOA_SIDE_TSVAL, toa_index_tsval(client->tsval));
    }
    if (served->large && served->large->served) {
        const toa_index_node *nodes = conv->extra->served_nodes;
        toa_index_find(s->engine, served, TOA_BY_SERVED_CLIENT_NEXT, 0, found);
        check_node(&nodes[TOA_BY_SERVED_CLIENT_NEXT - TOA_BY_SERVED_CLIENT_NEXT], client->flags & TOA_SIDE_ANCHORED,
                   client->next);
        check_node(&nodes[TOA_BY_SERVED_SERVER_NEXT - TOA_BY_SERVED_CLIENT_NEXT], server->flags & TOA_SIDE_ANCHORED,
                   server->next);
        check_node(&nodes[TOA_BY_SERVED_SERVER_ACK - TOA_BY_SERVED_CLIENT_NEXT], server->n_acks, server->acks[0]);
    }
}

void story_check(const story *s)
{
    /* a big capture is quadratic here: look at some of it */
    unsigned step = 1 + s->conversations->len / 200;

    for (unsigned i = 0; i < s->conversations->len; i += step) {
        check_lists(s->conversations->pdata[i]);
        check_index(s, s->conversations->pdata[i]);
    }
}
