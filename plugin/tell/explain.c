/* explain.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/explain.h"

#include "tell/advice.h"
#include "tell/settle.h"
#include "tell/story.h"
#include "tell/summary.h"
#include "tell/text.h"

#include <string.h>

/* Findings of one kind that an incident tells one by one; the last of all is told besides. */
#define TOLD_MAX 3
/* Frames that are remembered, for the causes of findings: the newest. */
#define RING (1u << 17)
/* Lines of one kind in front of the incidents. */
#define UNSEEN_MAX 5

/* What a picture needs of a frame. */
typedef struct frame_seen {
    const toa_conversation *conv; /* NULL: none */
    int64_t time;
    uint32_t frame, length;
    uint16_t flags;
    bool from_client;
} frame_seen;

/* An incident's user. */
typedef struct details {
    GArray *records; /* toa_evidence_record */
    toa_evidence_record last;
    bool last_reported; /* it is the last of records as well */
    uint32_t reported[TOA_FINDING_MAX];
    uint32_t ack_shift;                  /* the last that was seen of a server's segments; 0: none */
    uint32_t foreign_frame, foreign_ack; /* last foreign segment of a server; the client's RST in answer has this seq */
    toa_scene scenes[TOA_SCENES_MAX];    /* the first ones; the last two places belong to the last finding */
    unsigned n_scenes, n_last_scenes;
    toa_scene last_scenes[2];
} details;

/* Segments of a connection that was not captured. */
typedef struct unseen {
    const toa_conversation *conv;
    uint32_t n, first_frame, last_frame;
} unseen;

struct toa_explain {
    const toa_config *config;
    toa_incidents incidents;
    toa_stats_table stats_table;
    GPtrArray *details;     /* owns */
    GArray *unseen;         /* unseen, in the order in which they were found; n is 0 if the owner came later */
    GHashTable *unseen_of;  /* toa_conversation to its place in unseen, plus one */
    GArray *self;           /* const toa_conversation * with a self-connect */
    frame_seen *ring;
    uint32_t n_segments, n_unexplained;
    int64_t start, end;
};

static void free_details(void *data)
{
    details *self = data;

    g_array_free(self->records, TRUE);
    g_free(self);
}

toa_explain *toa_explain_new(const toa_config *config)
{
    toa_explain *self = g_new0(toa_explain, 1);

    self->config = config;
    toa_incidents_init(&self->incidents, config);
    toa_stats_init(&self->stats_table);
    self->details = g_ptr_array_new_with_free_func(free_details);
    self->unseen = g_array_new(FALSE, FALSE, sizeof(unseen));
    self->unseen_of = g_hash_table_new(NULL, NULL);
    self->self = g_array_new(FALSE, FALSE, sizeof(const toa_conversation *));
    self->ring = g_new0(frame_seen, RING);
    return self;
}

void toa_explain_reset(toa_explain *self)
{
    toa_incidents_reset(&self->incidents);
    toa_stats_reset(&self->stats_table);
    g_ptr_array_set_size(self->details, 0);
    g_array_set_size(self->unseen, 0);
    g_hash_table_remove_all(self->unseen_of);
    g_array_set_size(self->self, 0);
    memset(self->ring, 0, RING * sizeof *self->ring);
    self->n_segments = self->n_unexplained = 0;
}

void toa_explain_free(toa_explain *self)
{
    toa_incidents_free(&self->incidents);
    toa_stats_free(&self->stats_table);
    g_ptr_array_free(self->details, TRUE);
    g_array_free(self->unseen, TRUE);
    g_hash_table_destroy(self->unseen_of);
    g_array_free(self->self, TRUE);
    g_free(self->ring);
    g_free(self);
}

/* ---- gathering ---- */

/* Of a tunnelled frame only the layer that is tapped first is told: the innermost. */
static void remember_frame(toa_explain *self, const toa_layer *layer)
{
    const toa_segment *segment = layer->segment;
    frame_seen *seen = &self->ring[segment->frame % RING];

    if (seen->frame != segment->frame) {
        *seen = (frame_seen){layer->conversation, segment->time,  segment->frame,
                             segment->length,     segment->flags, toa_tap_from_client(layer)};
    }
}

static const frame_seen *frame_of(const toa_explain *self, uint32_t frame)
{
    const frame_seen *seen = &self->ring[frame % RING];

    return frame && seen->frame == frame ? seen : NULL;
}

static details *details_of(toa_explain *self, toa_incident *incident)
{
    details *found = incident->user;

    if (!found) {
        found = g_new0(details, 1);
        found->records = g_array_new(FALSE, FALSE, sizeof(toa_evidence_record));
        g_ptr_array_add(self->details, found);
        incident->user = found;
    }
    return found;
}

/* Is the other frame the cause, and how long before was it? */
static const frame_seen *find_cause(const toa_explain *self, toa_evidence_record *record)
{
    const toa_finding *finding = &record->finding;
    const frame_seen *seen = frame_of(self, finding->other_frame);

    if (!seen || seen->conv != finding->other || seen->from_client == record->from_client) {
        return NULL;
    }
    record->is_cause = true;
    record->before = record->time - seen->time;
    return seen;
}

/* The client's RST to a foreign segment takes its number from there. */
static void find_answered(details *gathered, toa_evidence_record *record)
{
    if (!toa_tap_kind_is_foreign(record->finding.kind)) {
        return;
    }
    if (!record->from_client && (record->flags & TOA_FLAG_ACK)) {
        gathered->foreign_frame = record->frame;
        gathered->foreign_ack = record->ack;
    } else if (record->from_client && (record->flags & TOA_FLAG_RST) && gathered->foreign_frame &&
               gathered->foreign_ack == record->seq) {
        record->answers = gathered->foreign_frame;
    }
}

/* A distance counts once two segments have shown it; one alone may be an accident. */
static void compare_shifts(details *gathered, toa_evidence_record *record)
{
    uint32_t shift = record->from_client ? record->finding.seq_shift : record->finding.ack_shift;

    record->shift_known = shift && shift == gathered->ack_shift;
    gathered->ack_shift = shift ? shift : gathered->ack_shift;
}

static toa_scene scene_of(const frame_seen *seen, const toa_conversation *owner)
{
    return (toa_scene){seen->conv, seen->time, seen->frame, seen->length, owner->stream, seen->flags, seen->from_client};
}

static void add_scene(details *gathered, toa_scene scene)
{
    if (gathered->n_scenes < TOA_SCENES_MAX - 2) {
        gathered->scenes[gathered->n_scenes++] = scene;
    }
}

/* The beginning of the later connection, then each finding behind its cause. */
static void take_scenes(const toa_explain *self, const toa_incident *incident, details *gathered,
                        const toa_evidence_record *record, const frame_seen *cause)
{
    const frame_seen *begin = frame_of(self, incident->late->first_frame);
    const frame_seen *here = frame_of(self, record->frame);
    const toa_finding *finding = &record->finding;
    bool foreign = toa_tap_kind_is_foreign(finding->kind);

    if (!gathered->n_scenes && begin && begin->conv == incident->late) {
        add_scene(gathered, scene_of(begin, begin->conv));
    }
    if (!here || here->conv != finding->own || (!foreign && finding->kind != TOA_FINDING_FOREIGN_DUP_ACK)) {
        return;
    }
    gathered->n_last_scenes = 0;
    if (cause) {
        add_scene(gathered, scene_of(cause, cause->conv));
        gathered->last_scenes[gathered->n_last_scenes++] = scene_of(cause, cause->conv);
    }
    add_scene(gathered, scene_of(here, foreign ? finding->other : finding->own));
    gathered->last_scenes[gathered->n_last_scenes++] = scene_of(here, foreign ? finding->other : finding->own);
}

/* The owner of segments that were unexplained on conv was captured after all. */
static void settle_unseen(toa_explain *self, const toa_conversation *conv)
{
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(self->unseen_of, conv));

    if (place) {
        g_array_index(self->unseen, unseen, place - 1).n = 0;
        g_hash_table_insert(self->unseen_of, (gpointer)conv, NULL); /* no place */
    }
}

static void take_finding(toa_explain *self, const toa_layer *layer, const toa_finding *finding)
{
    bool is_new;
    toa_incident *incident = toa_incidents_add(&self->incidents, layer, finding, &is_new);
    const frame_seen *cause;
    details *gathered;

    if (!incident) {
        return;
    }
    gathered = details_of(self, incident);
    toa_evidence_record_take(&gathered->last, layer, finding);
    cause = find_cause(self, &gathered->last);
    find_answered(gathered, &gathered->last);
    compare_shifts(gathered, &gathered->last);
    if (toa_evidence_record_is_late(&gathered->last)) {
        settle_unseen(self, finding->other);
    }
    gathered->last_reported = gathered->reported[finding->kind]++ < TOLD_MAX;
    if (gathered->last_reported) {
        g_array_append_val(gathered->records, gathered->last);
    }
    take_scenes(self, incident, gathered, &gathered->last, cause);
}

static void take_unseen(toa_explain *self, const toa_layer *layer)
{
    const toa_conversation *conv = layer->conversation;
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(self->unseen_of, conv));
    unseen *found;

    if (!place) {
        unseen first = {conv, 0, layer->segment->frame, 0};
        g_array_append_val(self->unseen, first);
        place = self->unseen->len;
        g_hash_table_insert(self->unseen_of, (gpointer)conv, GUINT_TO_POINTER(place));
    }
    found = &g_array_index(self->unseen, unseen, place - 1);
    found->n++;
    found->last_frame = layer->segment->frame;
}

void toa_explain_add(toa_explain *self, const toa_layer *layer, int64_t start)
{
    if (self->n_segments++ == 0) {
        self->start = start;
        self->end = layer->segment->time;
    }
    self->end = MAX(self->end, layer->segment->time);
    self->n_unexplained += layer->unexplained;
    remember_frame(self, layer);
    toa_stats_add(&self->stats_table, layer);
    for (unsigned i = 0; i < layer->n_findings; i++) {
        const toa_finding *finding = &layer->findings[i];
        if (finding->kind == TOA_FINDING_FOREIGN_UNSEEN) {
            take_unseen(self, layer);
        } else if (finding->kind == TOA_FINDING_SELF_CONNECT) {
            g_array_append_val(self->self, layer->conversation);
        } else {
            take_finding(self, layer, finding);
        }
    }
}

/* ---- telling ---- */

static void tell_incident(const toa_explain *self, const toa_incident *incident, unsigned number, unsigned total,
                          toa_teller *teller)
{
    const details *gathered = incident->user;
    toa_scene scenes[TOA_SCENES_MAX];
    toa_story story = {.incident = incident,
                       .stats_table = &self->stats_table,
                       .records = (const toa_evidence_record *)(const void *)gathered->records->data,
                       .n_records = gathered->records->len,
                       .last = gathered->last_reported ? NULL : &gathered->last,
                       .scenes = scenes,
                       .start = self->start,
                       .end = self->end};

    for (unsigned i = 0; i < gathered->n_scenes; i++) {
        scenes[story.n_scenes++] = gathered->scenes[i];
    }
    for (unsigned i = 0; i < gathered->n_last_scenes; i++) {
        scenes[story.n_scenes++] = gathered->last_scenes[i];
    }
    toa_story_tell(&story, number, total, teller);
}

/* The same segments, captured on the other leg as well, are told once. */
static bool is_reported_by_leg(const toa_explain *self, const unseen *found)
{
    const toa_conversation *leg = toa_engine_leg(found->conv);
    guint place = leg ? GPOINTER_TO_UINT(g_hash_table_lookup(self->unseen_of, leg)) : 0;

    return place && &g_array_index(self->unseen, unseen, place - 1) < found;
}

static unsigned count_unseen(const toa_explain *self)
{
    unsigned n = 0;

    for (guint i = 0; i < self->unseen->len; i++) {
        const unseen *found = &g_array_index(self->unseen, unseen, i);
        n += found->n && !is_reported_by_leg(self, found);
    }
    return n;
}

static void tell_quiet(const toa_explain *self, toa_teller *teller)
{
    toa_quiet quiet = {.n_segments = self->n_segments,
                       .n_unexplained = self->n_unexplained,
                       .n_unseen = count_unseen(self),
                       .others = toa_incidents_others(&self->incidents),
                       .mapped = self->config->n_map > 0,
                       .analysed = self->config->analysis};
    GPtrArray *all = toa_stats_sorted(&self->stats_table);

    for (guint i = 0; i < all->len; i++) {
        const toa_conversation *conv = ((const toa_stats *)all->pdata[i])->conv;
        quiet.n_conversations++;
        quiet.n_toa += toa_engine_named(conv) != NULL;
        quiet.n_synack += (conv->flags & TOA_CONV_SYNACK_SEEN) != 0;
    }
    g_ptr_array_free(all, TRUE);
    toa_advice_quiet(&quiet, teller);
}

/* Told before everything else: a capture with half of an incident must not pass for a clean one. */
static void tell_unseen(const toa_explain *self, toa_teller *teller)
{
    unsigned reported = 0;

    for (guint i = 0; i < self->unseen->len && reported < UNSEEN_MAX; i++) {
        const unseen *found = &g_array_index(self->unseen, unseen, i);
        toa_claim claim = {.kind = found->n == 1 ? TOA_CLAIM_UNSEEN_ONE : TOA_CLAIM_UNSEEN, .stream = found->conv->stream,
                           .count = found->n, .frame = found->first_frame, .other_frame = found->last_frame};
        if (!found->n || is_reported_by_leg(self, found)) {
            continue;
        }
        reported++;
        toa_say(teller, &claim);
        toa_add(teller, ": capture at the client or at the real server, where both pass.");
        toa_end(teller, "");
    }
    if (count_unseen(self) > UNSEEN_MAX) {
        toa_add(teller, "More conversations have such segments: the filter toa.foreign.unseen shows all.");
        toa_end(teller, "");
    }
}

static void tell_self_connects(const toa_explain *self, toa_teller *teller)
{
    for (guint i = 0; i < MIN(self->self->len, UNSEEN_MAX); i++) {
        const toa_conversation *conv = g_array_index(self->self, const toa_conversation *, i);
        toa_claim claim = {.kind = TOA_CLAIM_SELF_CONNECT, .stream = conv->stream, .frame = conv->first_frame,
                           .from = toa_wire_client(conv)};
        toa_add(teller, "No crossing, but rarely meant: ");
        toa_say(teller, &claim);
        toa_add(teller, ".");
        toa_end(teller, "");
    }
}

char *toa_explain_tell(const toa_explain *self, unsigned limit, FILE *claims)
{
    GPtrArray *standing = toa_incidents_settled(&self->incidents, false, NULL);
    guint reported = limit && limit < standing->len ? limit : standing->len;
    toa_teller teller;
    char *text;

    toa_teller_init(&teller, self->start, claims);
    tell_unseen(self, &teller);
    if (!standing->len) {
        tell_quiet(self, &teller);
    } else if (standing->len > 1) {
        toa_summary_tell(standing, &self->stats_table, &teller);
    }
    tell_self_connects(self, &teller);
    for (guint i = 0; i < reported; i++) {
        tell_incident(self, standing->pdata[i], i + 1, standing->len, &teller);
    }
    if (reported < standing->len) {
        toa_add(&teller, "\n");
        toa_end_line(&teller);
        toa_text_paragraph(teller.out, "", "The other incidents are not told here: -z toa,explain,0 tells all.");
    }
    text = g_strdup(teller.out->str);
    toa_teller_clear(&teller);
    g_ptr_array_free(standing, TRUE);
    return text;
}
