/* stats.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/stats.h"

#include "core/base/serial.h"

void toa_talks_init(toa_talks *talks)
{
    talks->by_stream = g_ptr_array_new();
    talks->few = NULL;
    talks->n = 0;
    talks->part = 0;
    talks->part_talks = g_ptr_array_new();
}

void toa_talks_init_few(toa_talks *talks)
{
    toa_talks_init(talks);
    talks->few = g_hash_table_new_full(NULL, NULL, NULL, g_free);
}

#ifndef TOA_NO_GLIB /* the page drops none */
void toa_talks_drop(toa_talks *talks, const toa_conversation *conv)
{
    talks->n -= g_hash_table_remove(talks->few, conv) ? 1 : 0;
}
#endif

void toa_talks_reset(toa_talks *talks)
{
    if (talks->few) {
        g_hash_table_remove_all(talks->few);
    }
    for (guint i = 0; i < talks->by_stream->len; i++) {
        for (toa_talk *talk = talks->by_stream->pdata[i], *next; talk; talk = next) {
            next = talk->next;
            g_free(talk);
        }
    }
    g_ptr_array_set_size(talks->by_stream, 0);
    g_ptr_array_set_size(talks->part_talks, 0);
    talks->n = 0;
    talks->part = 0;
}

void toa_talks_free(toa_talks *talks)
{
    toa_talks_reset(talks);
    g_ptr_array_free(talks->by_stream, TRUE);
    g_clear_pointer(&talks->few, g_hash_table_destroy);
    g_ptr_array_free(talks->part_talks, TRUE);
}

static toa_talk *find(const toa_talks *talks, const toa_conversation *conv)
{
    toa_talk *talk = conv->stream < talks->by_stream->len ? talks->by_stream->pdata[conv->stream] : NULL;

    if (talks->few) {
        return g_hash_table_lookup(talks->few, conv);
    }
    while (talk && talk->conv != conv) {
        talk = talk->next;
    }
    return talk;
}

const toa_talk *toa_talks_find(const toa_talks *talks, const toa_conversation *conv)
{
    return find(talks, conv);
}

static toa_talk *add_talk(toa_talks *talks, const toa_conversation *conv, const toa_segment *segment)
{
    toa_talk *talk = g_new0(toa_talk, 1);

    talk->conv = conv;
    talk->first_frame = segment->frame;
    talk->first_time = segment->time;
    talks->n++;
    if (talks->few) {
        g_hash_table_insert(talks->few, (gpointer)conv, talk);
        return talk;
    }
    if (conv->stream >= talks->by_stream->len) { /* Wireshark counts streams: it grows with the capture */
        g_ptr_array_set_size(talks->by_stream, (gint)conv->stream + 1);
    }
    talk->next = talks->by_stream->pdata[conv->stream];
    talks->by_stream->pdata[conv->stream] = talk;
    return talk;
}

/* ---- parts ---- */

void toa_talks_next_part(toa_talks *talks)
{
    talks->part++;
    g_ptr_array_set_size(talks->part_talks, 0);
}

static void join_part(toa_talks *talks, toa_talk *talk)
{
    if (talk->part != talks->part) {
        talk->part = talks->part;
        talk->part_frames = 0;
        g_ptr_array_add(talks->part_talks, talk);
    }
}

void toa_talks_name(toa_talks *talks, const toa_conversation *conv)
{
    toa_talk *talk = talks->part && conv ? find(talks, conv) : NULL;

    if (talk) {
        join_part(talks, talk);
    }
}

static void count_in_part(toa_talks *talks, toa_talk *talk, const toa_layer *layer)
{
    join_part(talks, talk);
    if (talk->part_frames++ == 0) {
        talk->part_first_frame = layer->segment->frame;
        talk->part_first_time = layer->segment->time;
        talk->part_stream = layer->file_stream;
    }
}

/* ---- counting ---- */

/* The segment was captured twice. A retransmission has a new identification, or comes later. */
static bool is_copy_of_asked(const toa_talk *talk, const toa_segment *segment)
{
    return talk->n_waiting > 0 && segment->seq == talk->asked_seq && segment->ip_id == talk->asked_id &&
           segment->time - talk->asked_time <= TOA_COPY_NS / 10;
}

static void wait_for_answer(toa_talk *talk, const toa_conversation *carrier, const toa_segment *segment)
{
    uint32_t end = toa_segment_end(segment);
    /* a keepalive or a window probe asks, too: it has the last number again, and any segment of the server answers it */
    bool probe = talk->has_client_end && segment->length == 0 && segment->seq == talk->client_end - 1;

    if ((segment->flags & TOA_FLAG_RST) || (end == segment->seq && !probe) || is_copy_of_asked(talk, segment)) {
        return;
    }
    talk->asked_time = segment->time;
    talk->asked_seq = segment->seq;
    talk->asked_id = segment->ip_id;
    end = probe ? talk->client_end : end;
    talk->client_end = talk->has_client_end ? toa_seq_max(talk->client_end, end) : end;
    talk->has_client_end = true;
    if (talk->n_waiting++ == 0) {
        talk->asked_on = carrier;
        talk->wait_frame = segment->frame;
        talk->wait_time = segment->time;
        talk->wait_end = talk->wait_last_end = end;
        talk->n_again = 0;
    } else {
        talk->n_again += toa_seq_le(end, talk->wait_last_end);
        talk->wait_last_end = toa_seq_max(talk->wait_last_end, end);
    }
}

static void take_acknowledgment(toa_talk *talk, const toa_segment *segment)
{
    if (talk->n_waiting == 0) {
        return;
    }
    if ((segment->flags & TOA_FLAG_RST) || toa_seq_le(talk->wait_last_end, segment->ack)) {
        talk->n_waiting = 0;
    } else if (toa_seq_le(talk->wait_end, segment->ack)) {
        /* only a part was answered; the rest counts from here, which is rather too late than too early */
        talk->n_waiting = 1;
        talk->wait_frame = segment->frame;
        talk->wait_time = segment->time;
        talk->wait_end = talk->wait_last_end;
    }
}

/* What is an earlier connection's of the same addresses: its client may still ask there, when the later one is answered. A RST
 * in answer may go to the later one's client: who asks again after it has not got it. */
static void take_earlier(toa_talks *talks, const toa_conversation *owner, const toa_layer *layer)
{
    const toa_segment *segment = layer->segment;
    toa_talk *talk = find(talks, owner);

    if (!talk) {
        return;
    }
    if (!toa_tap_from_client(layer)) {
        if (!(segment->flags & TOA_FLAG_RST)) {
            take_acknowledgment(talk, segment);
        }
    } else if (segment->length > 0) {
        wait_for_answer(talk, layer->conversation, segment);
    }
}

static void take_answer(toa_talk *talk, const toa_segment *segment)
{
    talk->answer_frame = segment->frame;
    talk->answer_time = segment->time;
    take_acknowledgment(talk, segment);
}

static void remember_foreign(toa_talk *talk, const toa_segment *segment)
{
    talk->foreign_time = segment->time;
    talk->foreign_seq = segment->seq;
    talk->foreign_ack = segment->ack;
    talk->foreign_flags = segment->flags;
    talk->foreign_id = segment->ip_id;
}

static bool is_copy_of_foreign(const toa_talk *talk, const toa_segment *segment)
{
    return talk->foreign_time && segment->time - talk->foreign_time <= TOA_COPY_NS && segment->seq == talk->foreign_seq &&
           segment->ack == talk->foreign_ack && segment->flags == talk->foreign_flags && segment->ip_id == talk->foreign_id;
}

void toa_talks_add(toa_talks *talks, const toa_layer *layer)
{
    const toa_segment *segment = layer->segment;
    toa_talk *talk = find(talks, layer->conversation);
    const toa_conversation *owner;

    if (!talk) {
        talk = add_talk(talks, layer->conversation, segment);
    }
    talk->n_frames++;
    talk->last_frame = segment->frame;
    talk->last_time = segment->time;
    if (talks->part) {
        count_in_part(talks, talk, layer);
    }
    if (toa_tap_is_foreign(layer, &owner)) {
        remember_foreign(talk, segment);
        if (owner && toa_same_wire(owner, layer->conversation)) {
            take_earlier(talks, owner, layer);
        }
        return;
    }
    if (layer->unexplained || is_copy_of_foreign(talk, segment)) {
        return;
    }
    if (toa_tap_from_client(layer)) {
        wait_for_answer(talk, layer->conversation, segment);
    } else {
        take_answer(talk, segment);
    }
}

static gint compare_streams(gconstpointer a, gconstpointer b)
{
    const toa_talk *const *x = a, *const *y = b;
    const toa_conversation *left = (*x)->conv, *right = (*y)->conv;

    return left->stream < right->stream ? -1 : left->stream > right->stream ? 1 : toa_began_before(left, right) ? -1 : 1;
}

GPtrArray *toa_talks_sorted(const toa_talks *talks)
{
    GPtrArray *sorted = g_ptr_array_sized_new(talks->n);

    if (talks->part) {
        g_ptr_array_extend(sorted, talks->part_talks, NULL, NULL);
        g_ptr_array_sort(sorted, compare_streams);
        return sorted;
    }
    for (guint i = 0; i < talks->by_stream->len; i++) {
        for (toa_talk *talk = talks->by_stream->pdata[i]; talk; talk = talk->next) {
            g_ptr_array_add(sorted, talk);
        }
    }
    return sorted;
}
