/* text.h
 * Plain text for a terminal: paragraphs of at most 100 columns, times and durations.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_TEXT_H
#define TOA_TELL_TEXT_H

#include "core/base/endpoint.h"

#include <glib.h>
#include <stdint.h>

#define TOA_TEXT_COLUMNS 100

/* Adds text as one paragraph. The first line begins with mark ("- " or ""), the others align behind it. Words are
 * separated by single spaces; a word that is too long for a line gets one of its own. */
void toa_text_paragraph(GString *out, const char *mark, const char *text);
/* Same with what was gathered in text, and empties it. */
void toa_text_flush(GString *out, const char *mark, GString *text);

/* An empty line and the title. */
void toa_text_heading(GString *out, const char *title);

/* Appends "0.306666 s", time since start. */
void toa_text_time(GString *out, int64_t time, int64_t start);

/* Appends "frame 30 (0.719692 s)". */
void toa_text_frame(GString *out, uint32_t frame, int64_t time, int64_t start);

/* Appends "2026-11-22 18:58:13.798 UTC". */
void toa_text_date(GString *out, int64_t time);

/* Appends a length of time in the unit that suits it: "0.258 ms", "6.7 s", "12 min". */
void toa_text_duration(GString *out, int64_t ns);

/* Appends "1 frame" or "7 frames". */
void toa_text_count(GString *out, uint32_t n, const char *singular, const char *plural);

void toa_text_endpoint(GString *out, const toa_endpoint *endpoint);

#endif
