/* words.h
 * Incidents in words: shared by the text and the page.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_WORDS_H
#define TOA_SCAN_WORDS_H

#include "reduce/incidents.h"

/* "2026-11-22 18:04:05.123456" in UTC. All results: free with g_free(). */
char *scan_words_time(gint64 ns);
/* "3.7 s", "80 us"; is_signed: a plus as well. */
char *scan_words_span(gint64 ns, gboolean is_signed);
/* What the incident is. */
const char *scan_words_kind(const char *kind);
/* "SYN,ACK", "RST", "ACK" ...; "" if unknown. */
const char *scan_words_flags(gint64 flags);
/* The union of the facts' evidence, one sentence each; NULL-terminated, free with g_strfreev(). */
char **scan_words_evidence(const scan_incident *incident);
/* "client > server", when, and how much of it was seen. */
char *scan_words_flow(const scan_flow *flow);
/* What happened and who suffers, one paragraph. */
char *scan_words_story(const scan_incident *incident);
/* Who waits in vain, since when; NULL: nobody, as far as is known. */
char *scan_words_victim(const scan_report *report, const scan_incident *incident);
/* Segments whose owner was not captured, and what to do about it; NULL: there are none. */
char *scan_words_unseen(const scan_report *report);
/* What was read again, and what could not be, of earlier files; NULL: nothing of the kind. */
char *scan_words_past(const scan_counts *counts);
/* Connections that readers had no memory for; NULL: none. */
char *scan_words_forgotten(const scan_report *report);
/* A display filter that shows the wire tuple of the flow. */
char *scan_words_tuple(const scan_flow *flow);
/* The same for both conversations. */
char *scan_words_filter(const scan_incident *incident);
/* "3 read, 1 cut short": what became of the files of this run; "" if there were none. */
char *scan_words_counts(const scan_counts *counts);
/* "A: its clock is 3.7 s ahead of that of B, to within 80 us", or that A met nobody; NULL for the reference of others. */
char *scan_words_skew(const scan_skew *skew);
/* Which points have clocks that can be compared, if not all; NULL: all, or none. */
char *scan_words_groups(const scan_report *report);

#endif
