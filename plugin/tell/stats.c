/* stats.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/stats.h"

#include "core/base/serial.h"

void toa_stats_init(toa_stats_table *stats_table)
{
    stats_table->by_stream = g_ptr_array_new();
    stats_table->few = NULL;
    stats_table->n = 0;
    stats_table->part = 0;
    stats_table->part_stats = g_ptr_array_new();
}

void toa_stats_init_few(toa_stats_table *stats_table)
{
    toa_stats_init(stats_table);
    stats_table->few = g_hash_table_new_full(NULL, NULL, NULL, g_free);
}

#ifndef TOA_NO_GLIB /* the page drops no single one */
void toa_stats_drop(toa_stats_table *stats_table, const toa_conversation *conv)
{
    stats_table->n -= g_hash_table_remove(stats_table->few, conv) ? 1 : 0;
}
#endif

/* Streams count all that have ever been: an array of them would grow for ever. */
static void become_few(toa_stats_table *stats_table)
{
    stats_table->few = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    for (guint i = 0; i < stats_table->by_stream->len; i++) {
        for (toa_stats *stats = stats_table->by_stream->pdata[i], *next; stats; stats = next) {
            next = stats->next;
            stats->next = NULL;
            g_hash_table_insert(stats_table->few, (gpointer)stats->conv, stats);
        }
    }
    g_ptr_array_free(stats_table->by_stream, TRUE);
    stats_table->by_stream = g_ptr_array_new();
}

static gboolean is_among(gpointer conv, gpointer stats, gpointer conversations)
{
    (void)stats;
    return g_hash_table_contains(conversations, conv);
}

void toa_stats_forget(toa_stats_table *stats_table, GHashTable *conversations)
{
    guint kept = 0;

    if (!stats_table->few) {
        become_few(stats_table);
    }
    for (guint i = 0; i < stats_table->part_stats->len; i++) {
        toa_stats *stats = stats_table->part_stats->pdata[i];
        if (!g_hash_table_contains(conversations, stats->conv)) {
            stats_table->part_stats->pdata[kept++] = stats;
        }
    }
    g_ptr_array_set_size(stats_table->part_stats, (gint)kept);
    stats_table->n -= g_hash_table_foreach_remove(stats_table->few, is_among, conversations);
}

size_t toa_stats_memory(const toa_stats_table *stats_table)
{
    size_t entry = 2 * (2 * sizeof(gpointer) + sizeof(guint)); /* of few: twice as many places as there are statistics */

    return stats_table->n * (sizeof(toa_stats) + sizeof(gpointer)) + stats_table->by_stream->len * sizeof(gpointer) +
           (stats_table->few ? stats_table->n * entry : 0) + stats_table->part_stats->len * sizeof(gpointer);
}

void toa_stats_reset(toa_stats_table *stats_table)
{
    if (stats_table->few) {
        g_hash_table_remove_all(stats_table->few);
    }
    for (guint i = 0; i < stats_table->by_stream->len; i++) {
        for (toa_stats *stats = stats_table->by_stream->pdata[i], *next; stats; stats = next) {
            next = stats->next;
            g_free(stats);
        }
    }
    g_ptr_array_set_size(stats_table->by_stream, 0);
    g_ptr_array_set_size(stats_table->part_stats, 0);
    stats_table->n = 0;
    stats_table->part = 0;
}

void toa_stats_free(toa_stats_table *stats_table)
{
    toa_stats_reset(stats_table);
    g_ptr_array_free(stats_table->by_stream, TRUE);
    g_clear_pointer(&stats_table->few, g_hash_table_destroy);
    g_ptr_array_free(stats_table->part_stats, TRUE);
}

static toa_stats *find(const toa_stats_table *stats_table, const toa_conversation *conv)
{
    toa_stats *stats = conv->stream < stats_table->by_stream->len ? stats_table->by_stream->pdata[conv->stream] : NULL;

    if (stats_table->few) {
        return g_hash_table_lookup(stats_table->few, conv);
    }
    while (stats && stats->conv != conv) {
        stats = stats->next;
    }
    return stats;
}

const toa_stats *toa_stats_find(const toa_stats_table *stats_table, const toa_conversation *conv)
{
    return find(stats_table, conv);
}

unsigned toa_stats_siblings(const toa_stats_table *stats_table, const toa_conversation *conv)
{
    unsigned n = 0;

    for (const toa_stats *stats = conv->stream < stats_table->by_stream->len ? stats_table->by_stream->pdata[conv->stream] : NULL;
         stats; stats = stats->next) {
        n++;
    }
    return n;
}

static toa_stats *add_stats(toa_stats_table *stats_table, const toa_conversation *conv, const toa_segment *segment)
{
    toa_stats *stats = g_new0(toa_stats, 1);

    stats->conv = conv;
    stats->first_frame = segment->frame;
    stats->first_time = segment->time;
    stats_table->n++;
    if (stats_table->few) {
        g_hash_table_insert(stats_table->few, (gpointer)conv, stats);
        return stats;
    }
    if (conv->stream >= stats_table->by_stream->len) { /* Wireshark counts streams: it grows with the capture */
        g_ptr_array_set_size(stats_table->by_stream, (gint)conv->stream + 1);
    }
    stats->next = stats_table->by_stream->pdata[conv->stream];
    stats_table->by_stream->pdata[conv->stream] = stats;
    return stats;
}

/* ---- parts ---- */

void toa_stats_next_part(toa_stats_table *stats_table)
{
    stats_table->part++;
    g_ptr_array_set_size(stats_table->part_stats, 0);
}

static void join_part(toa_stats_table *stats_table, toa_stats *stats)
{
    if (stats->part != stats_table->part) {
        stats->part = stats_table->part;
        stats->part_frames = 0;
        g_ptr_array_add(stats_table->part_stats, stats);
    }
}

void toa_stats_name(toa_stats_table *stats_table, const toa_conversation *conv)
{
    toa_stats *stats = stats_table->part && conv ? find(stats_table, conv) : NULL;

    if (stats) {
        join_part(stats_table, stats);
    }
}

static void count_in_part(toa_stats_table *stats_table, toa_stats *stats, const toa_layer *layer)
{
    join_part(stats_table, stats);
    if (stats->part_frames++ == 0) {
        stats->part_first_frame = layer->segment->frame;
        stats->part_first_time = layer->segment->time;
        stats->part_stream = layer->file_stream;
    }
}

/* ---- counting ---- */

/* The segment was captured twice. A retransmission has a new identification, or comes later. */
static bool is_copy_of_pending(const toa_stats *stats, const toa_segment *segment)
{
    return stats->n_waiting > 0 && segment->seq == stats->pending_seq && segment->ip_id == stats->pending_id &&
           segment->time - stats->pending_time <= TOA_COPY_NS / 10;
}

static void wait_for_answer(toa_stats *stats, const toa_conversation *carrier, const toa_segment *segment)
{
    uint32_t end = toa_segment_end(segment);
    /* a keepalive or a window probe asks, too: it has the last number again, and any segment of the server answers it */
    bool probe = stats->has_client_end && segment->length == 0 && segment->seq == stats->client_end - 1;

    if ((segment->flags & TOA_FLAG_RST) || (end == segment->seq && !probe) || is_copy_of_pending(stats, segment)) {
        return;
    }
    stats->pending_time = segment->time;
    stats->pending_seq = segment->seq;
    stats->pending_id = segment->ip_id;
    end = probe ? stats->client_end : end;
    stats->client_end = stats->has_client_end ? toa_seq_max(stats->client_end, end) : end;
    stats->has_client_end = true;
    if (stats->n_waiting++ == 0) {
        stats->pending_on = carrier;
        stats->wait_frame = segment->frame;
        stats->wait_time = segment->time;
        stats->wait_end = stats->wait_last_end = end;
        stats->n_again = 0;
    } else {
        stats->n_again += toa_seq_le(end, stats->wait_last_end);
        stats->wait_last_end = toa_seq_max(stats->wait_last_end, end);
    }
}

static void take_acknowledgment(toa_stats *stats, const toa_segment *segment)
{
    if (stats->n_waiting == 0) {
        return;
    }
    if ((segment->flags & TOA_FLAG_RST) || toa_seq_le(stats->wait_last_end, segment->ack)) {
        stats->n_waiting = 0;
    } else if (toa_seq_le(stats->wait_end, segment->ack)) {
        /* only a part was answered; the rest counts from here, which is rather too late than too early */
        stats->n_waiting = 1;
        stats->wait_frame = segment->frame;
        stats->wait_time = segment->time;
        stats->wait_end = stats->wait_last_end;
    }
}

/* What is an earlier connection's of the same addresses: its client may still ask there, when the later one is answered. A RST
 * in answer may go to the later one's client: who asks again after it has not got it. */
static void take_earlier(toa_stats_table *stats_table, const toa_conversation *owner, const toa_layer *layer)
{
    const toa_segment *segment = layer->segment;
    toa_stats *stats = find(stats_table, owner);

    if (!stats && stats_table->few) { /* followed from now on; it may never carry a segment itself */
        stats = add_stats(stats_table, owner, segment);
        stats->first_frame = stats->last_frame = owner->first_frame;
        stats->first_time = stats->last_time = owner->first_time;
        stats->n_frames = 1;
    }
    if (!stats) {
        return;
    }
    if (!toa_tap_from_client(layer)) {
        if (!(segment->flags & TOA_FLAG_RST)) {
            take_acknowledgment(stats, segment);
        }
    } else if (segment->length > 0) {
        wait_for_answer(stats, layer->conversation, segment);
    }
}

static void take_answer(toa_stats *stats, const toa_segment *segment)
{
    stats->answer_frame = segment->frame;
    stats->answer_time = segment->time;
    take_acknowledgment(stats, segment);
}

/* With direct server return the answers come in on another tuple: those of the leg that has the questions. */
static void answer_leg(toa_stats_table *stats_table, const toa_layer *layer)
{
    const toa_conversation *leg = toa_engine_leg(layer->conversation);
    toa_stats *stats = leg && !(leg->side[!leg->client].flags & TOA_SIDE_SHOWN) ? find(stats_table, leg) : NULL;

    if (stats && stats->has_client_end && toa_seq_le(layer->segment->ack, stats->client_end)) {
        take_answer(stats, layer->segment);
    }
}

static void remember_foreign(toa_stats *stats, const toa_segment *segment)
{
    stats->foreign_time = segment->time;
    stats->foreign_seq = segment->seq;
    stats->foreign_ack = segment->ack;
    stats->foreign_flags = segment->flags;
    stats->foreign_id = segment->ip_id;
}

static bool is_copy_of_foreign(const toa_stats *stats, const toa_segment *segment)
{
    return stats->foreign_time && segment->time - stats->foreign_time <= TOA_COPY_NS && segment->seq == stats->foreign_seq &&
           segment->ack == stats->foreign_ack && segment->flags == stats->foreign_flags && segment->ip_id == stats->foreign_id;
}

static bool is_unseen(const toa_layer *layer)
{
    bool found = false;

    for (unsigned i = 0; i < layer->n_findings && !found; i++) {
        found = layer->findings[i].kind == TOA_FINDING_FOREIGN_UNSEEN;
    }
    return found;
}

/* The engine calls it closed when all of the end was captured; this is for what is said of one of which a part was lost. */
static void take_end(toa_stats *stats, const toa_segment *segment, bool from_client)
{
    if (segment->flags & TOA_FLAG_FIN) {
        stats->fins |= from_client ? 1 : 2;
    }
    if (!stats->ending_time && (stats->fins == 3 || (segment->flags & TOA_FLAG_RST))) {
        stats->ending_time = segment->time;
    }
}

void toa_stats_add(toa_stats_table *stats_table, const toa_layer *layer)
{
    const toa_segment *segment = layer->segment;
    toa_stats *stats = find(stats_table, layer->conversation);
    const toa_conversation *owner;

    if (!stats) {
        stats = add_stats(stats_table, layer->conversation, segment);
    }
    stats->n_frames++;
    stats->last_frame = segment->frame;
    stats->last_time = segment->time;
    if (stats_table->part) {
        count_in_part(stats_table, stats, layer);
    }
    if (toa_tap_is_foreign(layer, &owner)) {
        remember_foreign(stats, segment);
        if (owner && toa_same_wire(owner, layer->conversation)) {
            take_earlier(stats_table, owner, layer);
        }
        return;
    }
    if (layer->unexplained || is_copy_of_foreign(stats, segment)) {
        return;
    }
    if (!is_unseen(layer)) {
        take_end(stats, segment, toa_tap_from_client(layer));
    }
    if (toa_tap_from_client(layer)) {
        wait_for_answer(stats, layer->conversation, segment);
    } else {
        if (segment->flags & TOA_FLAG_SYN) {
            stats->synack_ttl = segment->ttl;
        }
        take_answer(stats, segment);
        answer_leg(stats_table, layer);
    }
}

static gint compare_streams(gconstpointer a, gconstpointer b)
{
    const toa_stats *const *x = a, *const *y = b;
    const toa_conversation *left = (*x)->conv, *right = (*y)->conv;

    return left->stream < right->stream ? -1 : left->stream > right->stream ? 1 : toa_began_before(left, right) ? -1 : 1;
}

GPtrArray *toa_stats_sorted(const toa_stats_table *stats_table)
{
    GPtrArray *sorted = g_ptr_array_sized_new(stats_table->n);
    gpointer stats_of_few;
    GHashTableIter iter;

    if (stats_table->part) {
        g_ptr_array_extend(sorted, stats_table->part_stats, NULL, NULL);
        g_ptr_array_sort(sorted, compare_streams);
        return sorted;
    }
    for (guint i = 0; i < stats_table->by_stream->len; i++) {
        for (toa_stats *stats = stats_table->by_stream->pdata[i]; stats; stats = stats->next) {
            g_ptr_array_add(sorted, stats);
        }
    }
    if (stats_table->few) {
        g_hash_table_iter_init(&iter, stats_table->few);
        while (g_hash_table_iter_next(&iter, NULL, &stats_of_few)) {
            g_ptr_array_add(sorted, stats_of_few);
        }
        g_ptr_array_sort(sorted, compare_streams);
    }
    return sorted;
}

GPtrArray *toa_stats_of(const toa_stats_table *stats_table, GHashTable *conversations)
{
    GPtrArray *sorted = g_ptr_array_new();
    GHashTableIter iter;
    gpointer conv;

    g_hash_table_iter_init(&iter, conversations);
    while (g_hash_table_iter_next(&iter, &conv, NULL)) {
        toa_stats *stats = find(stats_table, conv);
        if (stats && stats->part == stats_table->part) {
            g_ptr_array_add(sorted, stats);
        }
    }
    g_ptr_array_sort(sorted, compare_streams);
    return sorted;
}
