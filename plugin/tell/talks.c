/* talks.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/talks.h"

#include "core/base/serial.h"

void toa_talks_init(toa_talks *talks)
{
    talks->by_conv = g_hash_table_new_full(NULL, NULL, NULL, g_free);
}

void toa_talks_reset(toa_talks *talks)
{
    g_hash_table_remove_all(talks->by_conv);
}

void toa_talks_free(toa_talks *talks)
{
    g_hash_table_destroy(talks->by_conv);
}

const toa_talk *toa_talks_find(const toa_talks *talks, const toa_conversation *conv)
{
    return g_hash_table_lookup(talks->by_conv, conv);
}

static void wait_for_answer(toa_talk *talk, const toa_segment *segment)
{
    uint32_t end = toa_segment_end(segment);

    if ((segment->flags & TOA_FLAG_RST) || end == segment->seq) {
        return;
    }
    if (talk->n_waiting++ == 0) {
        talk->wait_frame = segment->frame;
        talk->wait_time = segment->time;
        talk->wait_end = talk->wait_last_end = end;
    } else {
        talk->wait_last_end = toa_seq_max(talk->wait_last_end, end);
    }
}

static void take_answer(toa_talk *talk, const toa_segment *segment)
{
    talk->answer_frame = segment->frame;
    talk->answer_time = segment->time;
    if (talk->n_waiting == 0) {
        return;
    }
    if ((segment->flags & TOA_FLAG_RST) || toa_seq_le(talk->wait_last_end, segment->ack)) {
        talk->n_waiting = 0;
    } else if (toa_seq_le(talk->wait_end, segment->ack)) {
        /* part of it; the rest is counted from here, later than true rather than earlier */
        talk->n_waiting = 1;
        talk->wait_frame = segment->frame;
        talk->wait_time = segment->time;
        talk->wait_end = talk->wait_last_end;
    }
}

void toa_talks_add(toa_talks *talks, const toa_layer *layer)
{
    const toa_segment *segment = layer->segment;
    toa_talk *talk = g_hash_table_lookup(talks->by_conv, layer->conversation);
    const toa_conversation *owner;

    if (!talk) {
        talk = g_new0(toa_talk, 1);
        talk->conv = layer->conversation;
        talk->first_frame = segment->frame;
        talk->first_time = segment->time;
        g_hash_table_insert(talks->by_conv, (gpointer)layer->conversation, talk);
    }
    talk->n_frames++;
    talk->last_frame = segment->frame;
    talk->last_time = segment->time;
    if (layer->unexplained || toa_tap_is_foreign(layer, &owner)) {
        return;
    }
    if (toa_tap_from_client(layer)) {
        wait_for_answer(talk, segment);
    } else {
        take_answer(talk, segment);
    }
}

static gint compare_talks(gconstpointer a, gconstpointer b)
{
    const toa_talk *left = *(const toa_talk *const *)a, *right = *(const toa_talk *const *)b;

    return (left->conv->stream > right->conv->stream) - (left->conv->stream < right->conv->stream);
}

GPtrArray *toa_talks_sorted(const toa_talks *talks)
{
    GPtrArray *sorted = g_ptr_array_sized_new(g_hash_table_size(talks->by_conv));
    GHashTableIter at;
    gpointer talk;

    g_hash_table_iter_init(&at, talks->by_conv);
    while (g_hash_table_iter_next(&at, NULL, &talk)) {
        g_ptr_array_add(sorted, talk);
    }
    g_ptr_array_sort(sorted, compare_talks);
    return sorted;
}
