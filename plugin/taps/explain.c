/* explain.c
 * "-z toa,explain": gathers what the stories of story.h are made of, and prints them in the order in which
 * the incidents were found.
 *
 * Memory: one record a conversation, 16 bytes a frame, and a few findings of each kind for each incident.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/parts.h"
#include "tell/story.h"

#include <stdio.h>

/* Findings of one kind that an incident tells one by one; the last of all is told besides. */
#define TOLD_MAX 3

/* Where and when a frame was seen, for the causes of findings. */
typedef struct frame_seen {
    int64_t time;
    uint32_t stream;
    bool known;
    bool from_client;
} frame_seen;

/* An incident's user. */
typedef struct details {
    GArray *witnesses; /* toa_witness */
    toa_witness last;
    bool last_told;    /* it is the last of witnesses as well */
    uint32_t told[TOA_FINDING_MAX];
    uint32_t data_segments, data_frame;
    uint32_t foreign_frame, foreign_ack; /* last foreign segment of a server; the client's RST in answer has this seq */
} details;

typedef struct explain {
    toa_incidents incidents;
    toa_talks talks;
    GPtrArray *details;  /* owns */
    GArray *frames;      /* frame_seen by frame number */
    uint32_t n_segments, n_unexplained;
    int64_t start, end;
} explain;

static void free_details(void *data)
{
    details *self = data;

    g_array_free(self->witnesses, TRUE);
    g_free(self);
}

static void *create(void)
{
    explain *self = g_new0(explain, 1);

    toa_incidents_init(&self->incidents, toa_glue_config());
    toa_talks_init(&self->talks);
    self->details = g_ptr_array_new_with_free_func(free_details);
    self->frames = g_array_new(FALSE, TRUE, sizeof(frame_seen));
    return self;
}

static void reset(void *data)
{
    explain *self = data;

    toa_incidents_reset(&self->incidents);
    toa_talks_reset(&self->talks);
    g_ptr_array_set_size(self->details, 0);
    g_array_set_size(self->frames, 0);
    self->n_segments = self->n_unexplained = 0;
}

static void destroy(void *data)
{
    explain *self = data;

    toa_incidents_free(&self->incidents);
    toa_talks_free(&self->talks);
    g_ptr_array_free(self->details, TRUE);
    g_array_free(self->frames, TRUE);
    g_free(self);
}

/* ---- gathering ---- */

/* The layer that is told of a tunnelled frame is the first one tapped, the innermost. */
static void remember_frame(explain *self, const toa_layer *layer)
{
    uint32_t frame = layer->segment->frame;
    frame_seen *seen;

    if (frame >= self->frames->len) {
        g_array_set_size(self->frames, frame + 1);
    }
    seen = &g_array_index(self->frames, frame_seen, frame);
    if (!seen->known) {
        *seen = (frame_seen){layer->segment->time, layer->conversation->stream, true, toa_tap_from_client(layer)};
    }
}

static details *details_of(explain *self, toa_incident *incident)
{
    details *found = incident->user;

    if (!found) {
        found = g_new0(details, 1);
        found->witnesses = g_array_new(FALSE, FALSE, sizeof(toa_witness));
        g_ptr_array_add(self->details, found);
        incident->user = found;
    }
    return found;
}

/* Is the other frame the cause, and how long before was it? */
static void find_cause(const explain *self, toa_witness *witness)
{
    const toa_finding *finding = &witness->finding;
    const frame_seen *seen;

    if (!finding->other_frame || finding->other_frame >= self->frames->len) {
        return;
    }
    seen = &g_array_index(self->frames, frame_seen, finding->other_frame);
    if (seen->known && seen->stream == finding->other->stream) {
        witness->is_cause = seen->from_client != witness->from_client;
        witness->has_before = true;
        witness->before = witness->time - seen->time;
    }
}

/* The client's RST to a foreign segment takes its number from there. */
static void find_answered(details *gathered, toa_witness *witness)
{
    if (!toa_tap_kind_is_foreign(witness->finding.kind)) {
        return;
    }
    if (!witness->from_client && (witness->flags & TOA_FLAG_ACK)) {
        gathered->foreign_frame = witness->frame;
        gathered->foreign_ack = witness->ack;
    } else if (witness->from_client && (witness->flags & TOA_FLAG_RST) && gathered->foreign_frame &&
               gathered->foreign_ack == witness->seq) {
        witness->answers = gathered->foreign_frame;
    }
}

static void take_finding(explain *self, const toa_layer *layer, const toa_finding *finding)
{
    bool is_new;
    toa_incident *incident = toa_incidents_add(&self->incidents, layer, finding, &is_new);
    details *gathered;

    if (!incident) {
        return;
    }
    gathered = details_of(self, incident);
    toa_witness_take(&gathered->last, layer, finding);
    find_cause(self, &gathered->last);
    find_answered(gathered, &gathered->last);
    gathered->last_told = gathered->told[finding->kind]++ < TOLD_MAX;
    if (gathered->last_told) {
        g_array_append_val(gathered->witnesses, gathered->last);
    }
    if (layer->segment->length && toa_tap_kind_is_foreign(finding->kind)) {
        gathered->data_segments++;
        if (!gathered->data_frame) {
            gathered->data_frame = layer->segment->frame;
        }
    }
}

static tap_packet_status packet(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *tapped,
                                tap_flags_t flags _U_)
{
    explain *self = data;
    const toa_layer *layer = tapped;

    if (self->n_segments++ == 0) {
        self->start = toa_tap_start(pinfo);
        self->end = layer->segment->time;
    }
    self->end = MAX(self->end, layer->segment->time);
    self->n_unexplained += layer->unexplained;
    remember_frame(self, layer);
    toa_talks_add(&self->talks, layer);
    for (unsigned i = 0; i < layer->n_findings; i++) {
        take_finding(self, layer, &layer->findings[i]);
    }
    return TAP_PACKET_REDRAW;
}

/* ---- telling ---- */

static void tell_incident(const explain *self, guint index, GString *out)
{
    const toa_incident *incident = self->incidents.list->pdata[index];
    const details *gathered = incident->user;
    toa_story story = {.incident = incident,
                       .talk = {toa_talks_find(&self->talks, incident->early),
                                toa_talks_find(&self->talks, incident->late)},
                       .witnesses = (const toa_witness *)(const void *)gathered->witnesses->data,
                       .n_witnesses = gathered->witnesses->len,
                       .last = gathered->last_told ? NULL : &gathered->last,
                       .data_segments = gathered->data_segments,
                       .data_frame = gathered->data_frame,
                       .start = self->start,
                       .end = self->end};

    toa_story_tell(&story, index + 1, self->incidents.list->len, out);
}

static void tell_quiet(const explain *self, GString *out)
{
    toa_quiet quiet = {.n_segments = self->n_segments,
                       .n_unexplained = self->n_unexplained,
                       .mapped = toa_glue_config()->n_map > 0};
    GHashTableIter at;
    gpointer key;

    toa_incidents_count_others(&self->incidents, &quiet.n_reused, &quiet.n_shared);
    g_hash_table_iter_init(&at, self->talks.by_conv);
    while (g_hash_table_iter_next(&at, &key, NULL)) {
        const toa_conversation *conv = key;
        quiet.n_conversations++;
        quiet.n_toa += toa_engine_named(conv) != NULL;
        quiet.n_synack += (conv->flags & TOA_CONV_SYNACK_SEEN) != 0;
    }
    toa_story_quiet(&quiet, out);
}

static void draw(void *data)
{
    const explain *self = data;
    GString *out = g_string_new("\nTOA: crossed TCP connections\n");

    if (!self->incidents.list->len) {
        tell_quiet(self, out);
    }
    for (guint i = 0; i < self->incidents.list->len; i++) {
        tell_incident(self, i, out);
    }
    fputs(out->str, stdout);
    fflush(stdout);
    g_string_free(out, TRUE);
}

void toa_tap_explain_register(void)
{
    static const toa_tap_text text = {"toa,explain", create, reset, packet, draw, destroy};

    toa_tap_text_register(&text);
}
