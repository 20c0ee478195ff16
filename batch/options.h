/* options.h
 * The command line of toa-scan.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_OPTIONS_H
#define TOA_SCAN_OPTIONS_H

#include "scan.h"

/* --capture-point NAME=GLOB */
typedef struct scan_point {
    char *name;
    GPatternSpec *glob;
} scan_point;

/* What --fail-on counts for the exit code: this and all that is worse. */
typedef enum scan_fail_on {
    FAIL_ON_CONFIRMED,
    FAIL_ON_FOREIGN,
    FAIL_ON_UNTRANSLATED,
    FAIL_ON_STALE,
    FAIL_ON_COLLISION,
    FAIL_ON_NOTE,
    FAIL_ON_MAX
} scan_fail_on;

/* Who reads captures: AUTO is toa-read, and tshark where that says that it cannot. */
typedef enum scan_reader { SCAN_READER_AUTO, SCAN_READER_NATIVE, SCAN_READER_TSHARK, SCAN_READER_MAX } scan_reader;

typedef struct scan_options {
    char **inputs;     /* files and folders, at least one unless db_path names an earlier run's database */
    char **records_from; /* files of records, and folders of such; may be NULL */
    char **settings;   /* NAME:VALUE of -o; may be NULL */
    GPtrArray *points; /* scan_point, in the order given: the first match wins */
    char *db_path;     /* NULL: a temporary one */
    char *html_path;
    char *export_path; /* --records; "-" is standard output */
    char *metrics_path;
    char *split_path;    /* --split: a folder */
    char *shard_path;    /* --shard; "-" is standard input */
    char *results_path;  /* --results; "-" is standard output */
    char **results_from; /* files and folders of results; may be NULL */
    char *known_path;  /* records of captures not to read again; "-" is standard input */
    char **map_paths;  /* --map; may be NULL */
    gboolean print_map;
    char *tshark;      /* NULL: look for one */
    char *host;        /* name of this host in file identities */
    gint64 since, until; /* ns since the epoch; G_MININT64 and G_MAXINT64: no limit */
    scan_fail_on fail_on;
    scan_reader reader;
    int jobs;
    gint64 memory; /* bytes for all readers that run at a time; 0: as scan_memory_default() */
    gboolean watch;  /* with what follows: an endless capture */
    char *evidence;  /* folder for its incidents' packets; NULL: none are written */
    gint64 ring;     /* MiB; 0: default */
    int after;       /* seconds; -1: default */
    int timeout; /* seconds for a file; 0: by its size */
    int retain;  /* days; 0: for ever */
    int shards; /* of --split */
    int max; /* incidents told in full in the text; 0: all */
    gboolean strict; /* segments of connections that no capture has count for the exit code */
    gboolean json, notes, quiet, no_reduce, prune;
} scan_options;

/* Parses argv; false with an error that says what to correct. --help and --version print and exit. */
gboolean scan_options_parse(scan_options *self, int *argc, char ***argv, GError **error);
void scan_options_clear(scan_options *self);

#endif
