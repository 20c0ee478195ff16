/* incidents.c
 * "-z toa,incidents", Statistics > TOA Incidents, sharkd "nstat:toa,incidents": one row per pair of conversations.
 *
 * Wireshark keeps one table per process, whoever shows it, and calls nothing of ours when all packets are through:
 * so a row is written anew with every finding of its pair. It has no way to filter from a row, hence the last column.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/incidents.h"

#include "taps/parts.h"
#include "core/model/identity.h"
#include "core/model/key.h"
#include "tell/settle.h"

#include <epan/stat_tap_ui.h>
#include <wsutil/str_util.h>

enum {
    COLUMN_VERDICT,
    COLUMN_VICTIM,
    COLUMN_STREAMS,
    COLUMN_KEY,
    COLUMN_SINCE,
    COLUMN_RSTS,
    COLUMN_SEGMENTS,
    COLUMN_DUP_ACKS,
    COLUMN_FIRST_FRAME,
    COLUMN_LAST_FRAME,
    COLUMN_EARLY,
    COLUMN_LATE,
    COLUMN_EVIDENCE,
    COLUMN_FILTER,
    N_COLUMNS
};

static const char table_name[] = "TOA Incidents";

/* tshark prints titles as they are and fields by their formats: the widths of both are equal, so that they stand below one
 * another. The GUI sorts by the first column. */
static stat_tap_table_item columns[N_COLUMNS] = {
    [COLUMN_VERDICT] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Verdict       ", "%-14s"},
    [COLUMN_VICTIM] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Victim    ", "%-10s"},
    [COLUMN_STREAMS] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Streams ", "%-8s"},
    [COLUMN_KEY] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Key at the server                                          ", "%-59s"},
    [COLUMN_SINCE] = {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "   Since s", "%10s"},
    [COLUMN_RSTS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "RSTs", "%4u"},
    [COLUMN_SEGMENTS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Segments", "%8u"},
    [COLUMN_DUP_ACKS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Dup ACKs", "%8u"},
    [COLUMN_FIRST_FRAME] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "First frame", "%11u"},
    [COLUMN_LAST_FRAME] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Last frame", "%10u"},
    [COLUMN_EARLY] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Earlier connection                        ", "%-42s"},
    [COLUMN_LATE] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Later connection                          ", "%-42s"},
    [COLUMN_EVIDENCE] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Evidence                      ", "%-30s"},
    [COLUMN_FILTER] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Filter", "%s"}};

static tap_param parameters[] = {{PARAM_FILTER, "filter", "Filter", NULL, TRUE}};

/* Up to this many pairs are merged anew with every finding, so that an event has one row; beyond it, each pair has a row of
 * its own. */
#define SETTLED_MAX 64

/* What the table is made from. toa_incident.user of an incident with a row is the row's number plus one. */
static toa_incidents gathered;
static toa_stats_table gathered_stats;
static GPtrArray *settled;
/* Each conversation of an incident, to the row of the last it is in: whether it waits changes with its own segments. */
static GHashTable *row_of;
static int64_t gathered_start; /* 0: no packet yet */
/* Rows taken off the table. A second dialog empties the table that the first still shows and sorts by these. */
static GPtrArray *retired;

static void table_init(stat_tap_table_ui *ui);
static void table_reset(stat_tap_table *table);
static tap_packet_status table_packet(void *stat_data, packet_info *pinfo, epan_dissect_t *edt, const void *data,
                                      tap_flags_t flags);
static void table_free_item(stat_tap_table *table, guint row, guint column, stat_tap_table_item_type *item);

static stat_tap_table_ui table_ui = {.group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
                                     .title = table_name, /* no place in a submenu: Wireshark 4.0 shows a slash as it is */
                                     .tap_name = "toa",
                                     .cli_string = "toa,incidents",
                                     .stat_tap_init_cb = table_init,
                                     .packet_func = table_packet,
                                     .stat_tap_reset_table_cb = table_reset,
                                     .stat_tap_free_table_item_cb = table_free_item,
                                     .nfields = N_COLUMNS,
                                     .fields = columns,
                                     .nparams = array_length(parameters),
                                     .params = parameters};

static void free_row(void *row)
{
    stat_tap_table_item_type *items = row;

    for (unsigned i = 0; i < N_COLUMNS; i++) {
        if (items[i].type == TABLE_ITEM_STRING) {
            g_free((char *)items[i].value.string_value);
        }
    }
    g_free(items);
}

static void reset_gathered(void)
{
    toa_incidents_reset(&gathered);
    toa_stats_reset(&gathered_stats);
    g_hash_table_remove_all(row_of);
    g_ptr_array_set_size(settled, 0);
    gathered_start = 0;
}

static void drop_rows(stat_tap_table *table)
{
    for (guint i = 0; i < table->num_elements; i++) {
        g_ptr_array_add(retired, table->elements[i]);
    }
    table->num_elements = 0;
}

static void table_init(stat_tap_table_ui *ui)
{
    stat_tap_table *table = stat_tap_find_table(ui, table_name);

    if (ui->refcount <= 1) {
        g_ptr_array_set_size(retired, 0); /* no other dialog is open */
    }
    if (table) {
        table_reset(table);
        return;
    }
    reset_gathered();
    stat_tap_add_table(ui, stat_tap_init_table(table_name, N_COLUMNS, 0, NULL));
}

static void table_reset(stat_tap_table *table)
{
    drop_rows(table);
    reset_gathered();
}

static void table_free_item(stat_tap_table *table _U_, guint row _U_, guint column _U_,
                            stat_tap_table_item_type *item)
{
    if (item->type == TABLE_ITEM_STRING) {
        g_free((char *)item->value.string_value);
        item->value.string_value = NULL;
    }
}

static void set_uint(stat_tap_table_item_type *item, unsigned value)
{
    item->type = TABLE_ITEM_UINT;
    item->value.uint_value = value;
}

/* Takes the text. */
static void set_text(stat_tap_table_item_type *item, char *text)
{
    if (item->type == TABLE_ITEM_STRING) {
        g_free((char *)item->value.string_value);
    }
    item->type = TABLE_ITEM_STRING;
    item->value.string_value = text;
}

static char *wire_text(const toa_conversation *conv)
{
    char text[TOA_KEY_TEXT];

    return g_strdup(toa_key_format(toa_wire_client(conv), toa_wire_server(conv), text));
}

static const char *format_key(const toa_key *key, char text[TOA_KEY_NAME])
{
    return toa_key_name(key, text);
}

/* The key; two keys, if they are not known to be one. */
static char *key_text(const toa_incident *incident)
{
    const toa_key *early = incident->early->key, *late = incident->late->key;
    char text[TOA_KEY_NAME], other[TOA_KEY_NAME];

    if (early == late) {
        return g_strdup(format_key(late, text));
    }
    return g_strconcat(format_key(early, text), " and ", format_key(late, other), NULL);
}

/* Seconds after the first frame. */
static char *since_text(const toa_incident *incident)
{
    return ws_strdup_printf("%.6f", (double)(incident->first_time - gathered_start) / 1e9);
}

static char *victim_text(const toa_incident *incident)
{
    unsigned victims = toa_incident_victims(incident, &gathered_stats);

    switch (victims) {
    case TOA_VICTIM_EARLY: return ws_strdup_printf("stream %u", incident->early->stream);
    case TOA_VICTIM_LATE: return ws_strdup_printf("stream %u", incident->late->stream);
    case 0: return g_strdup("none");
    default: return g_strdup("both");
    }
}

static void append_streams(GString *text, const toa_conversation *conv)
{
    uint32_t n;
    const toa_stream_from *more = toa_streams_more(conv, &n);

    g_string_append_printf(text, "%stcp.stream == %u", text->len ? " or " : "", conv->stream);
    for (uint32_t i = 0; i < MIN(n, TOA_CROSSED_MAX); i++) {
        g_string_append_printf(text, " or tcp.stream == %u", more[i].stream);
    }
}

static char *filter_text(const toa_incident *incident)
{
    GString *text = g_string_new(NULL);

    append_streams(text, incident->early);
    append_streams(text, incident->late);
    return g_string_free(text, FALSE);
}

static void write_row(const toa_incident *incident, stat_tap_table_item_type *row)
{
    const toa_conversation *early = incident->early, *late = incident->late;
    toa_load load = toa_incident_load(incident);

    set_text(&row[COLUMN_VERDICT], g_strdup(toa_verdict_name(toa_incident_verdict(incident))));
    set_text(&row[COLUMN_VICTIM], victim_text(incident));
    set_text(&row[COLUMN_STREAMS], ws_strdup_printf("%u, %u", early->stream, late->stream));
    set_text(&row[COLUMN_KEY], key_text(incident));
    set_text(&row[COLUMN_SINCE], since_text(incident));
    set_uint(&row[COLUMN_RSTS], load.rsts);
    set_uint(&row[COLUMN_SEGMENTS], load.segments);
    set_uint(&row[COLUMN_DUP_ACKS], load.dup_acks);
    set_uint(&row[COLUMN_FIRST_FRAME], incident->first_frame);
    set_uint(&row[COLUMN_LAST_FRAME], incident->last_frame);
    set_text(&row[COLUMN_EARLY], wire_text(early));
    set_text(&row[COLUMN_LATE], wire_text(late));
    set_text(&row[COLUMN_EVIDENCE], toa_evidence_text(incident->evidence));
    set_text(&row[COLUMN_FILTER], filter_text(incident));
}

/* Gives a pair its own row; which pairs are one event is known later. */
static void show_pair(stat_tap_table *table, toa_incident *incident)
{
    stat_tap_table_item_type empty[N_COLUMNS] = {{.type = TABLE_ITEM_NONE}};

    if (!incident->user) {
        incident->user = GUINT_TO_POINTER(table->num_elements + 1);
        stat_tap_init_table_row(table, table->num_elements, N_COLUMNS, empty);
    }
    g_hash_table_insert(row_of, (gpointer)incident->early, incident->user);
    g_hash_table_insert(row_of, (gpointer)incident->late, incident->user);
    write_row(incident, table->elements[GPOINTER_TO_UINT(incident->user) - 1]);
}

/* One row an event. Looks at all pairs, so it is for captures with few of them. */
static void show_settled(stat_tap_table *table)
{
    GPtrArray *now = toa_incidents_settled(&gathered, true, NULL);

    g_hash_table_remove_all(row_of);
    if (now->len != table->num_elements) {
        drop_rows(table);
    }
    for (guint i = 0; i < now->len; i++) {
        toa_incident *incident = now->pdata[i];
        incident->user = i < table->num_elements ? GUINT_TO_POINTER(i + 1) : NULL;
        show_pair(table, incident);
    }
    g_ptr_array_free(settled, TRUE);
    settled = now;
}

/* The victim's own segments have no finding, but they say since when it waits. */
static bool show_waiting(stat_tap_table *table, const toa_conversation *conv)
{
    guint row = GPOINTER_TO_UINT(g_hash_table_lookup(row_of, conv));
    const toa_incident *incident = NULL;

    if (!row || row > table->num_elements) {
        return false;
    }
    if (gathered.list->len <= SETTLED_MAX && settled->len > 1) {
        show_settled(table); /* this segment may have shown that two conversations are legs of one connection */
        return true;
    }
    if (gathered.list->len <= SETTLED_MAX) {
        incident = settled->pdata[row - 1];
    } else {
        incident = gathered.list->pdata[row - 1];
    }
    set_text(&table->elements[row - 1][COLUMN_VICTIM], victim_text(incident));
    return true;
}

/* There are too many pairs to merge: from now on each has its own row. */
static void show_all_pairs(stat_tap_table *table)
{
    drop_rows(table);
    g_hash_table_remove_all(row_of);
    for (guint i = 0; i < gathered.list->len; i++) {
        ((toa_incident *)gathered.list->pdata[i])->user = NULL;
        show_pair(table, gathered.list->pdata[i]);
    }
}

static void show_finding(stat_tap_table *table, toa_incident *incident, bool is_new)
{
    if (gathered.list->len <= SETTLED_MAX) {
        show_settled(table);
    } else if (is_new && gathered.list->len == SETTLED_MAX + 1) {
        show_all_pairs(table);
    } else {
        show_pair(table, incident);
    }
}

static tap_packet_status table_packet(void *stat_data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *data,
                                      tap_flags_t flags _U_)
{
    stat_tap_table *table = stat_tap_find_table(((stat_data_t *)stat_data)->stat_tap_data, table_name);
    const toa_layer *layer = data;
    tap_packet_status status = TAP_PACKET_DONT_REDRAW;

    if (!gathered_start) {
        gathered_start = toa_tap_start(pinfo);
    }
    if (!table) {
        return status;
    }
    toa_stats_add(&gathered_stats, layer);
    if (show_waiting(table, layer->conversation)) {
        status = TAP_PACKET_REDRAW;
    }
    for (unsigned i = 0; i < layer->n_findings; i++) {
        bool is_new;
        toa_incident *incident = toa_incidents_add(&gathered, layer, &layer->findings[i], &is_new);
        if (incident && incident->first_frame) {
            show_finding(table, incident, is_new);
            status = TAP_PACKET_REDRAW;
        }
    }
    return status;
}

static void shutdown(void)
{
    if (table_ui.tables) {
        free_stat_tables(&table_ui);
        g_array_free(table_ui.tables, TRUE);
        table_ui.tables = NULL;
    }
    toa_incidents_free(&gathered);
    toa_stats_free(&gathered_stats);
    g_hash_table_destroy(row_of);
    g_ptr_array_free(settled, TRUE);
    g_ptr_array_free(retired, TRUE);
}

void toa_tap_incidents_register(void)
{
    toa_incidents_init(&gathered, toa_glue_config());
    toa_stats_init(&gathered_stats);
    row_of = g_hash_table_new(NULL, NULL);
    settled = g_ptr_array_new_with_free_func(g_free);
    retired = g_ptr_array_new_with_free_func(free_row);
    register_stat_tap_table_ui(&table_ui);
    register_shutdown_routine(shutdown);
}
