/* incidents.h
 * What reduce.sql found, in memory, for the three kinds of output.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_INCIDENTS_H
#define TOA_SCAN_INCIDENTS_H

#include "counts.h"
#include "options.h"
#include "reduce/database.h"

/* One side of an incident at one capture point. Times are corrected to the reference point's clock. */
typedef struct scan_flow {
    char *point, *client, *server, *key_client, *key_server;
    char source; /* of the key: '1' wire, '2' map, '3' leg, '4' TOA */
    gint64 number;
    gint64 first_time, last_time, closed_time, frames; /* closed_time 0: not seen to close */
    GArray *places; /* scan_place: its conversations in the files */
} scan_flow;

typedef struct scan_place {
    gint64 file, stream;
} scan_place;

/* One observation; own and other are 0 or 1: which of the incident's connections. Numbers are -1 if unknown. */
typedef struct scan_fact {
    char *finding, *severity, *point, *sender, *evidence, *cause; /* cause: NULL, or "untranslated" */
    unsigned own;
    gint64 file, frame, at, flags, seq, ack, ip_id, other_file, other_stream, other_frame, isn_error, times;
    gboolean across, has_isn_error;
} scan_fact;

typedef struct scan_incident {
    gint64 id[2]; /* connections; [0] began first; a self-connect has the same one twice */
    char *kind, *key;
    int severity; /* 2 warning, 1 note, 0 chat */
    gint64 first_time, last_time, rsts, segments, dup_acks, stale;
    gboolean across;
    int victim;                   /* 0 or 1: which connection waits in vain at the end of a reading; -1: none does */
    gint64 victim_file, victim_frame, victim_asked; /* since when, and how many segments that want an answer */
    GPtrArray *flows[2]; /* scan_flow */
    GPtrArray *facts;    /* scan_fact, by corrected time */
} scan_incident;

typedef struct scan_skew {
    char *point, *reference;
    gint64 skew, error, meetings, hops, component;
    guint members; /* points of the component */
} scan_skew;

/* One that the answer is about. */
typedef struct scan_capture {
    char *path, *host, *point, *signature, *state; /* signature: version of the plugin, and what its settings hash to */
    gint64 size, packets, first_time, last_time;
} scan_capture;

typedef struct scan_report {
    GPtrArray *incidents; /* scan_incident: warnings first, of them what is proven, then by time */
    GPtrArray *skews;     /* scan_skew, by point */
    GPtrArray *captures;  /* scan_capture, by path */
    GHashTable *paths;    /* gint64 file -> char *path, to be shown */
    GHashTable *local;    /* gint64 file -> char *path, to be opened: of captures of this host only */
    guint64 files, packets, conversations, points;
    guint warnings, notes; /* of all kinds, shown or not */
    guint confirmed, foreign, untranslated, stale; /* of the warnings */
    guint components; /* of the clocks, see scan_skew */
    guint crowds;     /* client endpoints and keys of too many connections to compare each with each */
    guint unseen, unseen_segments; /* connections of no incident that carry segments of one that no capture has; how many */
    gint64 unseen_file, unseen_frame; /* the first of them */
    guint64 forgotten_closed, forgotten_idle; /* conversations that readers forgot, to stay within their memory */
    guint signatures;     /* under how many plugins and settings the records were made */
    scan_counts counts;   /* of this run; the caller's */
} scan_report;

/* notes: also incidents that are no warnings. since and until as in scan_options. */
gboolean scan_report_load(scan_report *self, scan_db *db, gboolean notes, gint64 since, gint64 until, GError **error);
void scan_report_clear(scan_report *self);
/* Connections that there are to tell of: 1 for a self-connect, else 2. */
unsigned scan_incident_sides(const scan_incident *self);
const char *scan_report_path(const scan_report *self, gint64 file);
/* Whether there is an incident of that kind or a worse one. */
gboolean scan_report_counts(const scan_report *self, scan_fail_on kind);
/* How the clock of the point differs; NULL: no such point. */
const scan_skew *scan_report_skew(const scan_report *self, const char *point);

#endif
