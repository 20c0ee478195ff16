/* watch.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "watch/watch.h"

#include "native/segment.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* For what is not counted: the program, windows of input, what is written, lists while something is forgotten. */
#define ASIDE ((gsize)24 << 20)
/* Segments between two looks at the memory: one may make an index of a server's thousands of conversations. */
#define LOOK 64u

bool toa_watch_init(toa_watch *self, const toa_config *config, const toa_watch_limits *limits, const toa_reporter *reporter,
                    const char **ret_error)
{
    *self = (toa_watch){.config = config};
    if (limits->memory < TOA_WATCH_MEMORY_MIN || limits->ring > limits->memory / 2) {
        *ret_error = "the memory must be 64 MiB or more, and twice the ring or more";
        return false;
    }
    if (!toa_ring_init(&self->ring, limits->ring)) {
        *ret_error = "no memory for the ring";
        return false;
    }
    /* memory of conversations is used again for conversations, that of what hangs on them for such: as much as the limit of the
     * one and two fifths of the other are held at worst, where first all is the one and then the other */
    self->engine_limit = (limits->memory - limits->ring - ASIDE) / 10 * 7;
    self->engine = toa_engine_new(config);
    toa_events_init(&self->events, config, reporter, &self->ring);
    return true;
}

void toa_watch_finish(toa_watch *self)
{
    toa_events_finish(&self->events, &self->place);
}

void toa_watch_clear(toa_watch *self)
{
    toa_events_clear(&self->events);
    toa_engine_free(self->engine);
    toa_ring_clear(&self->ring);
    g_free(self->file);
}

/* ---- forgetting ---- */

typedef struct forgetting {
    const toa_watch *watch;
    GHashTable *named, *gone; /* conversations that pairs know; those of them that go */
} forgetting;

static bool keeps(void *context, const toa_conversation *conv)
{
    return toa_events_needs(&((const forgetting *)context)->watch->events, conv);
}

static void reported(void *context, const toa_conversation *conv)
{
    forgetting *self = context;

    if (g_hash_table_contains(self->named, conv)) {
        g_hash_table_add(self->gone, (gpointer)conv);
    }
}

static void forget(toa_watch *self, guint32 n)
{
    forgetting context = {self, toa_events_named(&self->events), g_hash_table_new(NULL, NULL)};
    const toa_forget request = {
        .n = n, .now = self->now, .frame = self->place.frame, .keeps = keeps, .on_forget = reported, .context = &context};
    toa_forgotten forgotten = toa_engine_forget(self->engine, &request);

    if (g_hash_table_size(context.gone)) {
        toa_incidents_forget(&self->events.records.incidents, context.gone);
    }
    self->counts.forgotten_closed += forgotten.closed;
    self->counts.forgotten_idle += forgotten.idle;
    g_hash_table_destroy(context.named);
    g_hash_table_destroy(context.gone);
}

/* Memory that was given back is used again, so as much may be held as the limit, and a little less used. Where more is held all the
 * same, because other things are needed now than were given back, so much less is used. */
static bool is_tight(const toa_watch *self, gsize sixteenths)
{
    gsize pairs = g_hash_table_size(self->events.records.incidents.by_pair) * (sizeof(toa_incident) + 64);
    gsize limit = self->engine_limit, held = toa_engine_memory(self->engine) + pairs;
    gsize used = held - toa_engine_spare(self->engine);
    gsize over = held > limit / 16 * 17 ? held - limit / 16 * 17 : 0;

    return held > limit && used > limit / 16 * sixteenths - MIN(over, limit / 2);
}

static void look_at_memory(toa_watch *self)
{
    guint32 remembered = 0;
    gint64 begun;

    if (!is_tight(self, 15)) {
        return;
    }
    begun = g_get_monotonic_time();
    do {
        remembered = toa_engine_remembers(self->engine);
        forget(self, remembered / 8 + 1);
    } while (is_tight(self, 14) && toa_engine_remembers(self->engine) != remembered);
#ifdef __GLIBC__
    malloc_trim(0); /* what was given back lies between what was not */
#endif
    self->counts.longest_pause = MAX(self->counts.longest_pause, g_get_monotonic_time() - begun);
}

/* ---- one frame ---- */

/* As TCP numbers streams (frames/streams.h), from what the engine remembers: a SYN with another number begins a new one. */
static bool begins(const toa_conversation *conv, const toa_segment *segment)
{
    unsigned sender = toa_endpoint_equal(&conv->wire[0], &segment->source) ? 0 : 1;
    const toa_side *side = &conv->side[sender], *peer = &conv->side[!sender];

    if (side->flags & TOA_SIDE_SYN) {
        return side->isn != segment->seq;
    }
    if (side->flags & TOA_SIDE_SHOWN) {
        return side->low != segment->seq + 1;
    }
    return peer->n_acks > 0 && peer->acks[peer->n_acks - 1] != segment->seq + 1;
}

static void feed(toa_watch *self, const toa_frame_bytes *frame, toa_segment *segment, uint32_t header_length)
{
    toa_conversation *conv = toa_engine_find(self->engine, &segment->source, &segment->destination);
    uint32_t stream = conv ? conv->stream : 0;
    toa_layer layer = {.segment = segment, .header_length = header_length, .first_pass = true};
    toa_fed fed;

    if (toa_engine_wants_stream(conv, segment) && (!conv || begins(conv, segment))) {
        stream = self->streams++;
    }
    fed = toa_engine_feed(self->engine, conv, segment, stream);
    layer.conversation = fed.conversation;
    layer.findings = fed.findings;
    layer.n_findings = fed.n_findings;
    layer.unexplained = fed.unexplained;
    if (self->ring.bytes) {
        toa_ring_put(&self->ring, frame, fed.conversation->hash);
    }
    toa_events_take(&self->events, &layer, frame, &self->place);
}

void toa_watch_take(toa_watch *self, toa_frame_bytes *frame, const char *file)
{
    toa_segment_rest rest;
    toa_segment segment;
    toa_tcp_layer layer;
    toa_found found = toa_find_tcp(frame, &layer);

    self->counts.frames++;
    self->counts.bytes += frame->captured;
    self->counts.unread += found == TOA_FOUND_FRAGMENT || found == TOA_FOUND_UNKNOWN;
    if (g_strcmp0(self->file, file) != 0) {
        g_free(self->file);
        self->file = g_strdup(file);
    }
    self->place =
        (toa_report_place){self->file, frame->number, self->place.frame + 1 ? self->place.frame + 1 : 1}; /* 0: no frame */
    frame->number = self->place.frame;
    if (found != TOA_FOUND_TCP || !toa_segment_read(frame, &layer, self->place.frame, &segment, &rest) || !rest.whole) {
        return;
    }
    toa_segment_read_options(self->config, self->engine, &layer, &rest, &segment);
    self->now = segment.time;
    feed(self, frame, &segment, rest.length);
    if (++self->counts.segments % LOOK == 0) {
        look_at_memory(self);
    }
}

void toa_watch_tick(toa_watch *self)
{
    toa_events_tick(&self->events, self->now, &self->place);
}
