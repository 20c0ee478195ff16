/* traffic-damage.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "traffic.h"

static toa_segment *at(const traffic *t, guint i)
{
    return &g_array_index(t->segments, toa_segment, i);
}

static gint by_time(gconstpointer a, gconstpointer b)
{
    int64_t left = ((const toa_segment *)a)->time, right = ((const toa_segment *)b)->time;

    return left < right ? -1 : left > right;
}

void traffic_sort(traffic *t)
{
    g_array_sort(t->segments, by_time); /* stable */
}

void traffic_drop(traffic *t, unsigned permille)
{
    guint kept = 0;

    for (guint i = 0; i < t->segments->len; i++) {
        if (!chance(t, permille)) {
            *at(t, kept++) = *at(t, i);
        }
    }
    g_array_set_size(t->segments, kept);
}

void traffic_double(traffic *t, unsigned permille, int64_t spread)
{
    GArray *before = t->segments;

    t->segments = g_array_new(FALSE, FALSE, sizeof(toa_segment));
    for (guint i = 0; i < before->len; i++) {
        toa_segment segment = g_array_index(before, toa_segment, i);
        g_array_append_val(t->segments, segment);
        if (chance(t, permille)) {
            segment.time += spread ? (int64_t)below(t, (unsigned)spread) : 0;
            segment.ttl = (uint8_t)(segment.ttl - 1);
            segment.interface += below(t, 2);
            g_array_append_val(t->segments, segment);
        }
    }
    g_array_free(before, TRUE);
    traffic_sort(t);
}

void traffic_shuffle(traffic *t, unsigned permille, bool with_times)
{
    for (guint i = 0; i + 3 < t->segments->len; i++) {
        toa_segment *one = at(t, i), *two = at(t, i + 1 + below(t, 3)), swap = *one;
        int64_t first = one->time, second = two->time;
        if (chance(t, permille) && ABS(second - first) <= 3 * MS) {
            *one = *two;
            *two = swap;
            if (!with_times) {
                one->time = first;
                two->time = second;
            }
        }
    }
}

void traffic_behead(traffic *t, unsigned permille)
{
    g_array_remove_range(t->segments, 0, t->segments->len * permille / 1000);
}

void traffic_without_timestamps(traffic *t)
{
    for (guint i = 0; i < t->segments->len; i++) {
        at(t, i)->options.has_timestamps = false;
    }
}

void traffic_without_ip_id(traffic *t)
{
    for (guint i = 0; i < t->segments->len; i++) {
        at(t, i)->ip_id = 0;
    }
}

void traffic_without_toa(traffic *t)
{
    for (guint i = 0; i < t->segments->len; i++) {
        at(t, i)->options.n_items = 0;
        at(t, i)->options.client_item = -1;
    }
}

void traffic_shift_numbers(traffic *t, uint32_t by)
{
    for (guint i = 0; i < t->segments->len; i++) {
        toa_segment *segment = at(t, i);
        if (segment->seq != 0 || !(segment->flags & RST)) { /* a refusal's 0 is no number */
            segment->seq += by;
        }
        segment->ack += segment->flags & ACK ? by : 0;
        for (unsigned j = 0; j < segment->options.n_sack; j++) {
            segment->options.sack[j][0] += by;
            segment->options.sack[j][1] += by;
        }
    }
}

void traffic_shift_times(traffic *t, int64_t by)
{
    for (guint i = 0; i < t->segments->len; i++) {
        at(t, i)->time += by;
    }
}

char *traffic_run(const traffic *t, story **ret_story)
{
    story *s = story_new();
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < t->segments->len; i++) {
        toa_segment segment = *at(t, i);
        story_feed(s, &segment);
        for (unsigned j = 0; j < s->fed.n_findings; j++) {
            const toa_finding *finding = &s->fed.findings[j];
            g_string_append_printf(text, "%u %s own %u other %d frame %u evidence 0x%x count %u isn %" G_GINT64_FORMAT "\n",
                                   s->frame, toa_finding_infos[finding->kind].filter, finding->own->stream,
                                   finding->other ? (int)finding->other->stream : -1, finding->other_frame,
                                   finding->evidence, finding->count, finding->isn_error);
        }
    }
    if (ret_story) {
        *ret_story = s;
    } else {
        story_free(s);
    }
    return g_string_free(text, FALSE);
}
