/* files.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "watch/files.h"

#include "watch/say.h"

#include <errno.h>

#define FILES_MAX 32

static void want(toa_evidence *evidence, const toa_conversation *conv)
{
    if (conv) {
        toa_evidence_want(evidence, &conv->wire[0], &conv->wire[1], conv->hash);
    }
}

void toa_files_want(toa_evidence *evidence, const toa_incident *incident)
{
    want(evidence, incident->early);
    want(evidence, incident->late);
    want(evidence, toa_engine_leg(incident->early));
    want(evidence, toa_engine_leg(incident->late));
}

static char *file_name(const toa_open *open)
{
    GDateTime *time = g_date_time_new_from_unix_utc(open->last_time / TOA_SECOND);
    char *date = time ? g_date_time_format(time, "%Y%m%d-%H%M%S") : g_strdup("0");
    char *name = g_strdup_printf("incident-%s-%" G_GUINT64_FORMAT "-%08x.pcapng", date, open->id, g_random_int());

    g_free(date);
    g_clear_pointer(&time, g_date_time_unref);
    return name;
}

void toa_files_end(toa_files *self, toa_open *open)
{
    if (!open->evidence_until) {
        return;
    }
    toa_evidence_close(open->evidence);
    if (open->evidence->why) {
        self->n_failed++;
        toa_watch_say("%s: %s; %s", open->evidence_path, g_strerror(open->evidence->why),
                      open->evidence->written ? "it ends there" : "told without its packets");
    } else {
        self->n_written++;
    }
    if (!open->evidence->written) {
        g_clear_pointer(&open->evidence_path, g_free);
    }
    open->evidence_until = 0;
    self->n_open--;
}

void toa_files_begin(toa_files *self, toa_open *open, const toa_layer *layer, const toa_report_place *place)
{
    char *name, *summary, *comment;

    if (self->n_open >= FILES_MAX) {
        self->n_left_out++;
        return;
    }
    name = file_name(open);
    summary = toa_report_summary(open);
    open->evidence = toa_evidence_new(self->folder, name, summary);
    if (open->evidence) {
        self->n_open++;
        open->evidence_path = g_strdup(open->evidence->path);
        open->evidence_until = MAX(1, open->last_time + self->after);
        toa_files_want(open->evidence, toa_open_best(open));
        comment = toa_report_comment(layer, place);
        toa_evidence_add_ring(open->evidence, self->ring, place->frame, comment);
        g_free(comment);
        if (!toa_evidence_flush(open->evidence)) {
            toa_files_end(self, open);
        }
    } else {
        self->n_failed++;
        toa_watch_say("%s/%s: %s; told without its packets", self->folder, name, g_strerror(errno));
    }
    g_free(summary);
    g_free(name);
}

void toa_files_add(const toa_files *self, const GPtrArray *events, const toa_layer *layer, const toa_frame_bytes *frame,
                   const toa_report_place *place)
{
    const toa_conversation *conv = layer->conversation;
    char *comment = NULL;

    for (guint i = 0; self->n_open && i < events->len; i++) {
        toa_open *open = events->pdata[i];
        if (frame->time <= open->evidence_until && open->evidence_until &&
            toa_evidence_wants(open->evidence, &conv->wire[0], &conv->wire[1], conv->hash)) {
            comment = comment ? comment : toa_report_comment(layer, place);
            toa_evidence_add(open->evidence, frame, comment);
        }
    }
    g_free(comment);
}

void toa_files_tick(toa_files *self, toa_open *open, gint64 now, gint64 silent)
{
    if (open->evidence_until &&
        (!toa_evidence_flush(open->evidence) || now > open->evidence_until || silent > self->after + 2 * TOA_SECOND)) {
        toa_files_end(self, open);
    }
}
