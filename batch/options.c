/* options.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "options.h"

#include <stdlib.h>

static const char summary[] =
    "Runs tshark with the TOA plugin over captures, joins what the files say, and prints the\n"
    "incidents: pairs of TCP connections that a real server sees as one, and the segments that\n"
    "ended up on the wrong one. Folders are searched for *.pcap*, *.cap, *.cap.gz and *.dmp. A file\n"
    "NAME.records holds records of --records, here or on another host. - is standard input, which is kept\n"
    "in TMPDIR until it ends, and so is a FIFO that is named.";

static const char description[] =
    "CAPTURE POINTS\n"
    "  Files of one capture point are one rotated capture: they are read as one, in the order of their\n"
    "  first packets, and what was learnt in one file counts in all that follow.\n"
    "  Without --capture-point, files belong together when they lie in one folder and their names\n"
    "  differ in digits only (tcpdump -C/-G, dumpcap -b). Clocks of different points may differ:\n"
    "  the skew is estimated from connections seen at both and told with its error.\n"
    "\n"
    "  A capture is known by its content: copies, links and new names of one are read once. Its records\n"
    "  stay in the --db when the file is gone (--prune, --retain). The user's Wireshark profile has no\n"
    "  influence: all preferences of the plugin have their defaults, but for --map and -o.\n"
    "\n"
    "MAPS\n"
    "  A file of --map is known by what is in it: ipvsadm -Ln or -Sn; conntrack -L, or -E -o timestamp\n"
    "  (both times of a row); kubectl get services,endpointslices,nodes -A -o json, also in several\n"
    "  files; nft -j list ruleset (dnat rules, kube-proxy's chains); or lines VIP,port,RS,port[,from[,until]], times in ISO 8601\n"
    "  (UTC) or seconds since the epoch. A row does not count for connections that began when it did\n"
    "  not hold. Several servers of one VIP are candidates, among which the server's numbers choose.\n"
    "\n"
    "EXIT STATUS\n"
    "  0  no incident\n"
    "  1  incidents (--fail-on says which count; by default notes such as port reuse do not, and\n"
    "     segments of a connection of which there is no capture only with --strict)\n"
    "  2  an error: standard error says which file and why; the other files are done\n"
    "  3  both: incidents, and an error\n"
    "  A file that is still being written is no error: it is read as far as it goes.\n"
    "\n"
    "ENVIRONMENT\n"
    "  TSHARK  the tshark to run, when --tshark is not given. Else the launcher \"tshark\" of the\n"
    "          build tree that toa-scan lies in, else tshark of the PATH\n"
    "  TMPDIR  where records wait until a file is done, and the database without --db\n"
    "\n"
    "EXAMPLES\n"
    "  toa-scan incident.pcap\n"
    "  toa-scan -j 4 --db scan.sqlite --html report.html captures/\n"
    "  toa-scan --capture-point client='*client*' --capture-point rs='*rs*' captures/\n"
    "  ipvsadm -Ln > map.txt; toa-scan --map map.txt client.pcap\n"
    "  toa-scan --records - captures/ | ssh head 'cat > host7.records'; toa-scan *.records\n"
    "  dumpcap -q -i any -w - | toa-scan --watch --evidence /var/lib/toa -\n"
    "  toa-scan -q --fail-on confirmed --db scan.sqlite captures/ || mail -s 'crossed' ops < /dev/null";

static void free_point(gpointer data)
{
    scan_point *point = data;

    g_free(point->name);
    g_pattern_spec_free(point->glob);
    g_free(point);
}

static gboolean add_point(scan_options *self, const char *text, GError **error)
{
    const char *equals = strchr(text, '=');

    if (!equals || equals == text || !equals[1]) {
        g_set_error(error, SCAN_FAILURE, 0, "--capture-point %s: must be NAME=GLOB", text);
        return FALSE;
    }
    scan_point *point = g_new(scan_point, 1);
    point->name = g_strndup(text, (gsize)(equals - text));
    point->glob = g_pattern_spec_new(equals + 1);
    g_ptr_array_add(self->points, point);
    return TRUE;
}

/* A time that nanoseconds cannot hold (they end in 2262) is no limit. */
static gint64 to_ns(gint64 seconds, int microseconds)
{
    if (seconds >= G_MAXINT64 / SCAN_NS_PER_S) {
        return G_MAXINT64;
    }
    if (seconds <= G_MININT64 / SCAN_NS_PER_S) {
        return G_MININT64;
    }
    return seconds * SCAN_NS_PER_S + (gint64)microseconds * 1000;
}

/* ISO 8601 (local time without a zone), a date alone, or seconds since the epoch. */
static gboolean parse_time(const char *name, const char *text, gint64 *ret_ns, GError **error)
{
    if (!text) {
        return TRUE;
    }
    char *end;
    gint64 seconds = g_ascii_strtoll(text, &end, 10);
    if (*text && !*end && strlen(text) > 8) {
        *ret_ns = to_ns(seconds, 0);
        return TRUE;
    }
    char *full = strchr(text, 'T') || strchr(text, ' ') ? g_strdup(text) : g_strconcat(text, "T00:00:00", NULL);
    GTimeZone *local = g_time_zone_new_local();
    GDateTime *time = g_date_time_new_from_iso8601(full, local);
    if (time) {
        *ret_ns = to_ns(g_date_time_to_unix(time), g_date_time_get_microsecond(time));
        g_date_time_unref(time);
    } else {
        g_set_error(error, SCAN_FAILURE, 0, "--%s %s: must be like 2026-11-22T18:00:00Z, or seconds since the epoch",
                    name, text);
    }
    g_time_zone_unref(local);
    g_free(full);
    return time != NULL;
}

/* Bytes, or with K, M, G behind it. */
static gboolean parse_memory(scan_options *self, const char *text, GError **error)
{
    static const char units[] = "KMG";
    char *end = NULL;
    guint64 number = text ? g_ascii_strtoull(text, &end, 10) : 0;
    const char *unit = text && *end ? strchr(units, g_ascii_toupper(*end)) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;

    if (!text) {
        return TRUE;
    }
    if (!g_ascii_isdigit(*text) || !number || (*end && (!unit || end[1])) || number > (guint64)G_MAXINT64 >> shift) {
        g_set_error(error, SCAN_FAILURE, 0, "--memory %s: must be a number of bytes, or like 500M or 4G", text);
        return FALSE;
    }
    self->memory = (gint64)(number << shift);
    return TRUE;
}

static gboolean parse_fail_on(scan_options *self, const char *text, GError **error)
{
    static const char *const names[FAIL_ON_MAX] = {
        [FAIL_ON_CONFIRMED] = "confirmed", [FAIL_ON_FOREIGN] = "foreign", [FAIL_ON_UNTRANSLATED] = "untranslated",
        [FAIL_ON_STALE] = "stale", [FAIL_ON_COLLISION] = "collision", [FAIL_ON_NOTE] = "note"};

    self->fail_on = FAIL_ON_COLLISION;
    for (unsigned i = 0; text && i < FAIL_ON_MAX; i++) {
        if (g_str_equal(text, names[i])) {
            self->fail_on = (scan_fail_on)i;
            return TRUE;
        }
    }
    if (text) {
        g_set_error(error, SCAN_FAILURE, 0, "--fail-on %s: must be confirmed, foreign, untranslated, stale, collision or note",
                    text);
    }
    return text == NULL;
}

static gboolean parse_reader(scan_options *self, const char *text, GError **error)
{
    static const char *const names[SCAN_READER_MAX] = {
        [SCAN_READER_AUTO] = "auto", [SCAN_READER_NATIVE] = "native", [SCAN_READER_TSHARK] = "tshark"};

    for (unsigned i = 0; text && i < SCAN_READER_MAX; i++) {
        if (g_str_equal(text, names[i])) {
            self->reader = (scan_reader)i;
            return TRUE;
        }
    }
    if (text) {
        g_set_error(error, SCAN_FAILURE, 0, "--reader %s: must be auto, native or tshark", text);
    }
    return text == NULL;
}

static gboolean check_settings(char **settings, GError **error)
{
    for (char **setting = settings; setting && *setting; setting++) {
        if (!strchr(*setting, ':')) {
            g_set_error(error, SCAN_FAILURE, 0, "-o %s: must be NAME:VALUE", *setting);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean check_watch(const scan_options *self, GError **error)
{
    if (!self->watch) {
        if (self->evidence || self->ring || self->after >= 0) {
            g_set_error(error, SCAN_FAILURE, 0, "--evidence, --ring and --after need --watch");
        }
    } else if (!self->inputs || self->inputs[1]) {
        g_set_error(error, SCAN_FAILURE, 0, "--watch takes one input: - or the folder of a ring buffer");
    } else if (self->html_path || self->export_path || self->known_path || self->records_from || self->prune ||
               self->retain || self->reader == SCAN_READER_TSHARK) {
        g_set_error(error, SCAN_FAILURE, 0,
                    "--watch does not go with --html, --records, --known, --records-from, --prune, --retain, --reader tshark");
    } else if (self->ring < 0 || self->ring > 1 << 20 || self->after < -1 || self->after > 3600) {
        g_set_error(error, SCAN_FAILURE, 0, "--ring must be 1 to 1048576 MB, --after 0 to 3600 seconds");
    }
    return !*error;
}

static gboolean check(scan_options *self, char **points, const char *since, const char *until, GError **error)
{
    for (char **point = points; point && *point; point++) {
        if (!add_point(self, *point, error)) {
            return FALSE;
        }
    }
    if (!parse_time("since", since, &self->since, error) || !parse_time("until", until, &self->until, error)) {
        return FALSE;
    }
    if (self->since > self->until) {
        g_set_error(error, SCAN_FAILURE, 0, "--since is later than --until");
        return FALSE;
    }
    if (self->jobs < 0 || self->jobs > 1024) {
        g_set_error(error, SCAN_FAILURE, 0, "-j %d: must be 1 to 1024", self->jobs);
        return FALSE;
    }
    if (!self->jobs) {
        self->jobs = (int)g_get_num_processors();
    }
    if (self->max < 0) {
        g_set_error(error, SCAN_FAILURE, 0, "--max %d: must be 0 or more", self->max);
        return FALSE;
    }
    if (self->timeout < 0 || self->retain < 0) {
        g_set_error(error, SCAN_FAILURE, 0, "--timeout and --retain must be 0 or more");
        return FALSE;
    }
    if ((self->prune || self->retain) && !self->db_path) {
        g_set_error(error, SCAN_FAILURE, 0, "--prune and --retain need a --db");
        return FALSE;
    }
    if (self->known_path && g_str_equal(self->known_path, "-") && self->inputs &&
        g_strv_contains((const char *const *)self->inputs, "-")) {
        g_set_error(error, SCAN_FAILURE, 0, "standard input cannot be both a capture and the records of --known");
        return FALSE;
    }
    if (self->known_path && !self->export_path) {
        g_set_error(error, SCAN_FAILURE, 0, "--known needs --records");
        return FALSE;
    }
    if (self->shards < 1 || self->shards > 1000) {
        g_set_error(error, SCAN_FAILURE, 0, "--shards %d: must be 1 to 1000", self->shards);
        return FALSE;
    }
    if ((self->shard_path || self->results_from) &&
        (self->inputs || self->records_from || self->db_path || self->export_path || self->split_path ||
         (self->shard_path && self->results_from))) {
        g_set_error(error, SCAN_FAILURE, 0, "--shard and --results-from are all that is read: no FILE, no --db with them");
        return FALSE;
    }
    if (self->split_path && (self->export_path || self->results_path)) {
        g_set_error(error, SCAN_FAILURE, 0, "--split writes shards, and no --records or --results");
        return FALSE;
    }
    if (self->print_map && !self->map_paths) {
        g_set_error(error, SCAN_FAILURE, 0, "--print-map needs --map");
        return FALSE;
    }
    if (!self->print_map && !self->inputs && !self->records_from && !self->db_path && !self->shard_path && !self->results_from) {
        g_set_error(error, SCAN_FAILURE, 0, "no FILE or DIR; try --help");
        return FALSE;
    }
    if (!self->host) {
        self->host = g_strdup(g_get_host_name());
    }
    return TRUE;
}

gboolean scan_options_parse(scan_options *self, int *argc, char ***argv, GError **error)
{
    char **points = NULL, *since = NULL, *until = NULL, *fail_on = NULL, *reader = NULL, *memory = NULL;
    gboolean version = FALSE, ok;
    const GOptionEntry entries[] = {
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &self->jobs, "Run N tsharks at a time (default: one a core)", "N"},
        {"capture-point", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &points,
         "Files whose path matches GLOB are of capture point NAME; may be repeated", "NAME=GLOB"},
        {"map", 'm', 0, G_OPTION_ARG_FILENAME_ARRAY, &self->map_paths,
         "Which real server is behind a VIP: what ipvsadm, conntrack, kubectl or nft have printed, or a table (MAPS); may be "
         "repeated", "FILE"},
        {"print-map", 0, 0, G_OPTION_ARG_NONE, &self->print_map, "Print the rows of --map for the preference toa.map, and end", NULL},
        {"option", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &self->settings,
         "A preference, as for tshark -o; part of what a --db knows a reading by", "NAME:VALUE"},
        {"memory", 0, 0, G_OPTION_ARG_STRING, &memory,
         "For all readers together: fewer run at a time, and toa-read forgets connections rather than take more (default: 1G for "
         "that; for tshark three quarters of what is available)", "SIZE"},
        {"watch", 'w', 0, G_OPTION_ARG_NONE, &self->watch,
         "Watch an endless capture: - (from dumpcap -w -), or the folder of a ring buffer (dumpcap -b). Incidents are told when "
         "they happen; --memory is for all of it (default: 1 GiB)", NULL},
        {"evidence", 0, 0, G_OPTION_ARG_FILENAME, &self->evidence,
         "With --watch: write the packets of each incident to a file of its own", "FOLDER"},
        {"ring", 0, 0, G_OPTION_ARG_INT64, &self->ring,
         "With --evidence: so many megabytes of packets are kept for it (default: 64)", "MB"},
        {"after", 0, 0, G_OPTION_ARG_INT, &self->after, "With --evidence: it goes on for so long (default: 5)", "SECONDS"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &self->timeout,
         "Stop a tshark that takes longer for a file (default: half an hour and 2 s a megabyte)", "SECONDS"},
        {"since", 0, 0, G_OPTION_ARG_STRING, &since, "Only incidents with something at TIME or later; all files are read", "TIME"},
        {"until", 0, 0, G_OPTION_ARG_STRING, &until, "Only incidents that had begun by TIME", "TIME"},
        {"max", 0, 0, G_OPTION_ARG_INT, &self->max,
         "Tell the first N incidents in full (default 5; 0: all)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &self->json, "Print one JSON object", NULL},
        {"html", 0, 0, G_OPTION_ARG_FILENAME, &self->html_path, "Write a page with a picture of each incident", "FILE"},
        {"db", 0, 0, G_OPTION_ARG_FILENAME, &self->db_path,
         "Keep everything in an SQLite database; a second run does only what is new", "FILE"},
        {"records", 0, 0, G_OPTION_ARG_FILENAME, &self->export_path,
         "Write the records (NDJSON) instead of reducing them; - is standard output", "FILE"},
        {"known", 0, 0, G_OPTION_ARG_FILENAME, &self->known_path,
         "With --records: leave out captures that the \"file\" lines of these records name; - is standard input", "FILE"},
        {"records-from", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->records_from,
         "Take the *.records of a folder, too; may be repeated", "DIR"},
        {"split", 0, 0, G_OPTION_ARG_FILENAME, &self->split_path,
         "Write shards that can be reduced without each other into a new folder, instead of reducing all", "DIR"},
        {"shards", 0, 0, G_OPTION_ARG_INT, &self->shards, "How many of --split (default 2)", "N"},
        {"shard", 0, 0, G_OPTION_ARG_FILENAME, &self->shard_path, "Reduce this shard; - is standard input", "FILE"},
        {"results", 0, 0, G_OPTION_ARG_FILENAME, &self->results_path,
         "Write what was found (NDJSON) for --results-from, instead of telling it; - is standard output", "FILE"},
        {"results-from", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->results_from,
         "Tell the results of all shards: a file, or the *.results of a folder; may be repeated", "FILE|DIR"},
        {"prune", 0, 0, G_OPTION_ARG_NONE, &self->prune, "Drop captures of this host from the --db that are gone", NULL},
        {"retain", 0, 0, G_OPTION_ARG_INT, &self->retain, "Drop captures from the --db that ended so long ago", "DAYS"},
        {"fail-on", 0, 0, G_OPTION_ARG_STRING, &fail_on,
         "What makes the exit status 1: confirmed, foreign, untranslated, stale, collision (default) or note, and all before it",
         "KIND"},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &self->strict,
         "Exit status 1 also for segments that belong to a connection of which there is no capture", NULL},
        {"metrics", 0, 0, G_OPTION_ARG_FILENAME, &self->metrics_path,
         "Write numbers for monitoring (OpenMetrics text)", "FILE"},
        {"notes", 0, 0, G_OPTION_ARG_NONE, &self->notes, "Tell notes as well (port reuse, stale sessions ...)", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &self->quiet, "Print nothing but errors", NULL},
        {"reader", 0, 0, G_OPTION_ARG_STRING, &reader,
         "Who reads captures: native (toa-read, fast), tshark (all that Wireshark knows), or auto (default): the first, and "
         "the second where it is needed", "NAME"},
        {"tshark", 0, 0, G_OPTION_ARG_FILENAME, &self->tshark, "The tshark to run", "PROGRAM"},
        {"host", 0, 0, G_OPTION_ARG_STRING, &self->host, "Name of this host in the records", "NAME"},
        {"no-reduce", 0, 0, G_OPTION_ARG_NONE, &self->no_reduce, "Only fill the database", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->inputs, NULL, "FILE|DIR|-..."},
        G_OPTION_ENTRY_NULL};
    GOptionContext *context = g_option_context_new(NULL);

    self->points = g_ptr_array_new_with_free_func(free_point);
    self->since = G_MININT64;
    self->until = G_MAXINT64;
    self->max = 5;
    self->shards = 2;
    self->after = -1;
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context, summary);
    g_option_context_set_description(context, description);
    ok = g_option_context_parse(context, argc, argv, error);
    if (ok && version) {
        g_print("toa-scan %s\n", TOA_VERSION);
        exit(SCAN_CLEAN);
    }
    ok = ok && parse_fail_on(self, fail_on, error) && parse_reader(self, reader, error) &&
         parse_memory(self, memory, error) &&
         check_settings(self->settings, error) &&
         check_watch(self, error) && check(self, points, since, until, error);
    g_free(fail_on);
    g_free(reader);
    g_free(memory);
    g_option_context_free(context);
    g_strfreev(points);
    g_free(since);
    g_free(until);
    return ok;
}

void scan_options_clear(scan_options *self)
{
    g_strfreev(self->inputs);
    g_strfreev(self->records_from);
    g_strfreev(self->settings);
    g_strfreev(self->results_from);
    g_free(self->split_path);
    g_free(self->shard_path);
    g_free(self->results_path);
    g_free(self->metrics_path);
    g_free(self->known_path);
    g_clear_pointer(&self->points, g_ptr_array_unref);
    g_free(self->db_path);
    g_free(self->html_path);
    g_free(self->export_path);
    g_strfreev(self->map_paths);
    g_free(self->evidence);
    g_free(self->tshark);
    g_free(self->host);
}
