/* watch.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "watch/watch.h"

#include "native/segment.h"

/* ---- forgetting ---- */

static size_t beside(const void *data, size_t *ret_spare)
{
    const toa_watch *self = data;

    *ret_spare = 0; /* of conversations that are followed there are few */
    return toa_incidents_memory(&self->events.records.incidents);
}

static GHashTable *needs(void *data)
{
    return g_hash_table_ref(((toa_watch *)data)->events.followed);
}

static void forget(void *data, GHashTable *conversations)
{
    toa_incidents_forget(&((toa_watch *)data)->events.records.incidents, conversations);
}

static const toa_limit_user limit_user = {beside, needs, forget, NULL};

static void make_room(toa_watch *self)
{
    gint64 begun = g_get_monotonic_time();

    toa_limit_make_room(&self->limit, self->now, self->place.frame);
    self->counts.longest_pause = MAX(self->counts.longest_pause, g_get_monotonic_time() - begun);
}

/* ---- the whole ---- */

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
    self->engine = toa_engine_new(config);
    toa_limit_init(&self->limit, limits->memory - limits->ring, self->engine, &limit_user, self);
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
    self->counts.segments++;
    if (toa_limit_is_reached(&self->limit)) {
        make_room(self);
    }
}

void toa_watch_tick(toa_watch *self)
{
    toa_events_tick(&self->events, self->now, &self->place);
}
