/* lanes.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/lanes.h"

#include "tell/text.h"
#include "tell/evidence-record.h"

#include <stdlib.h>
#include <string.h>

#define LANES_MAX 4
#define MARGIN 23 /* columns before the first lane */
#define LABEL 22  /* columns of the last lane's name: an IPv4 endpoint */

typedef struct lanes {
    const toa_endpoint *at[LANES_MAX];
    unsigned n, width;
} lanes;

static unsigned lane_of(const lanes *self, const toa_endpoint *endpoint)
{
    unsigned i = 0;

    while (i < self->n && !toa_endpoint_equal(self->at[i], endpoint)) {
        i++;
    }
    return i;
}

static void add_lane(lanes *self, const toa_endpoint *endpoint)
{
    if (self->n < LANES_MAX && lane_of(self, endpoint) == self->n) {
        self->at[self->n++] = endpoint;
    }
}

/* Clients left, servers right; the earlier connection outside. */
static void set_up(lanes *self, const toa_conversation *early, const toa_conversation *late)
{
    self->n = 0;
    add_lane(self, toa_wire_client(early));
    add_lane(self, toa_wire_client(late));
    add_lane(self, toa_wire_server(late));
    add_lane(self, toa_wire_server(early));
    self->width = (TOA_TEXT_COLUMNS - MARGIN - LABEL) / MAX(self->n - 1, 1u);
}

static void pad(GString *line, unsigned columns)
{
    while (line->len < columns) {
        g_string_append_c(line, ' ');
    }
}

/* Names of the lanes; long ones (IPv6) get a letter, and stand below. */
static void draw_head(lanes *self, toa_teller *teller)
{
    char text[TOA_ENDPOINT_TEXT];
    bool fits = true;

    for (unsigned i = 0; i < self->n; i++) {
        fits = fits && strlen(toa_endpoint_format(self->at[i], text)) < self->width;
    }
    for (unsigned i = 0; !fits && i < self->n; i++) {
        g_string_append_printf(teller->out, "    %c is %s\n", 'A' + (char)i, toa_endpoint_format(self->at[i], text));
    }
    g_string_append(teller->text, "   frame       time s");
    for (unsigned i = 0; i < self->n; i++) {
        pad(teller->text, MARGIN + i * self->width);
        if (fits) {
            g_string_append(teller->text, toa_endpoint_format(self->at[i], text));
        } else {
            g_string_append_c(teller->text, 'A' + (char)i);
        }
    }
    toa_end_line(teller);
}

/* "|<-- label ----|" between two lanes, bars at the others. */
static void draw_arrow(const lanes *self, unsigned from, unsigned to, const char *label, GString *line)
{
    unsigned left = MIN(from, to), right = MAX(from, to), last = self->n - 1;
    unsigned begin = MARGIN + left * self->width, end = MARGIN + right * self->width;
    size_t length = strlen(label);
    unsigned room = end - begin - 1, space;

    for (unsigned i = 0; i < left; i++) {
        pad(line, MARGIN + i * self->width);
        g_string_append_c(line, '|');
    }
    pad(line, begin);
    g_string_append(line, from <= to ? "|" : "|<");
    space = room > length + 3 ? room - (unsigned)length - 3 : 0; /* two blanks and the tip */
    for (unsigned i = 0; i < space / 2; i++) {
        g_string_append_c(line, '-');
    }
    g_string_append_printf(line, " %s ", label);
    for (unsigned i = 0; i < space - space / 2; i++) {
        g_string_append_c(line, '-');
    }
    g_string_append(line, from <= to ? ">|" : "|");
    for (unsigned i = right + 1; i <= last; i++) {
        pad(line, MARGIN + i * self->width);
        g_string_append_c(line, '|');
    }
}

static void draw_scene(const lanes *self, const toa_scene *scene, toa_teller *teller)
{
    const toa_endpoint *client = toa_wire_client(scene->conv), *server = toa_wire_server(scene->conv);
    const toa_endpoint *from = scene->from_client ? client : server, *to = scene->from_client ? server : client;
    unsigned lane_from = lane_of(self, from), lane_to = lane_of(self, to);
    toa_claim claim = {.kind = TOA_CLAIM_ROW, .frame = scene->frame, .time = scene->time,
                       .stream = scene->conv->stream, .other_stream = scene->owner, .value = scene->flags,
                       .base = scene->length, .from = from, .to = to};
    GString *line = g_string_new(NULL), *label = g_string_new(toa_segment_name(scene->flags, scene->length));

    if (lane_from < self->n && lane_to < self->n && lane_from != lane_to) { /* otherwise it is a leg without a lane */
        if (scene->owner != scene->conv->stream) {
            bool against = scene->from_client && (scene->flags & TOA_FLAG_RST); /* meant for its own connection */
            g_string_append_printf(label, " %s stream %u", against ? "against" : "of", scene->owner);
        } else if (scene->length && !(scene->flags & TOA_FLAG_SYN)) {
            g_string_append_printf(label, " (%u)", scene->length);
        }
        g_string_append_printf(line, "%8u %12.6f", scene->frame, (double)(scene->time - teller->start) / 1e9);
        draw_arrow(self, lane_from, lane_to, label->str, line);
        claim.word = line->str;
        toa_say(teller, &claim);
        toa_end_line(teller);
    }
    g_string_free(line, TRUE);
    g_string_free(label, TRUE);
}

static int compare_scenes(const void *a, const void *b)
{
    const toa_scene *left = a, *right = b;

    if (left->frame != right->frame) {
        return (left->frame > right->frame) - (left->frame < right->frame);
    }
    return (left->owner == left->conv->stream) - (right->owner == right->conv->stream); /* findings come before other frames */
}

void toa_lanes_draw(const toa_conversation *early, const toa_conversation *late, toa_scene *scenes, unsigned n,
                    toa_teller *teller)
{
    lanes self;

    if (!n) {
        return;
    }
    set_up(&self, early, late);
    qsort(scenes, n, sizeof *scenes, compare_scenes);
    draw_head(&self, teller);
    for (unsigned i = 0; i < n; i++) {
        if (i == 0 || scenes[i].frame != scenes[i - 1].frame) {
            draw_scene(&self, &scenes[i], teller);
        }
    }
}
