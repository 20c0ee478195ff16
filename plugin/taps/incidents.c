/* incidents.c
 * "-z toa,incidents", Statistics > TOA Incidents, sharkd "nstat:toa,incidents": one row per pair of conversations.
 *
 * Wireshark keeps one table per process, whoever shows it, and calls nothing of ours when all packets are through:
 * so a row is written anew with every finding of its pair. It has no way to filter from a row, hence the last column.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/parts.h"
#include "tell/pairs.h"

#include <epan/stat_tap_ui.h>
#include <wsutil/str_util.h>

enum {
    COLUMN_FIRST_FRAME,
    COLUMN_LAST_FRAME,
    COLUMN_OVERLAP,
    COLUMN_VERDICT,
    COLUMN_RSTS,
    COLUMN_SEGMENTS,
    COLUMN_DUP_ACKS,
    COLUMN_EARLY_STREAM,
    COLUMN_EARLY,
    COLUMN_LATE_STREAM,
    COLUMN_LATE,
    COLUMN_KEY,
    COLUMN_EVIDENCE,
    COLUMN_FILTER,
    N_COLUMNS
};

static const char table_name[] = "TOA Incidents";

/* The GUI sorts by the first column. */
static stat_tap_table_item columns[N_COLUMNS] = {
    [COLUMN_FIRST_FRAME] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "First frame", "%11u"},
    [COLUMN_LAST_FRAME] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Last frame", "%10u"},
    [COLUMN_OVERLAP] = {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Overlap began", "%13s"},
    [COLUMN_VERDICT] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Verdict", "%-7s"},
    [COLUMN_RSTS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Foreign RSTs", "%12u"},
    [COLUMN_SEGMENTS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Foreign segments", "%16u"},
    [COLUMN_DUP_ACKS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Foreign dup ACKs", "%16u"},
    [COLUMN_EARLY_STREAM] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Earlier stream", "%14u"},
    [COLUMN_EARLY] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Earlier conversation", "%s"},
    [COLUMN_LATE_STREAM] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Later stream", "%12u"},
    [COLUMN_LATE] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Later conversation", "%s"},
    [COLUMN_KEY] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Post-rewrite key", "%s"},
    [COLUMN_EVIDENCE] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Evidence", "%s"},
    [COLUMN_FILTER] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Filter", "%s"}};

static tap_param parameters[] = {{PARAM_FILTER, "filter", "Filter", NULL, TRUE}};

/* What the table is made from; its incidents' user is the number of the row plus one. */
static toa_incidents gathered;
static int64_t gathered_start; /* 0: no packet yet */
/* Rows taken off the table. A second dialog empties the table that the first still shows and sorts by these. */
static GPtrArray *retired;

static void table_init(stat_tap_table_ui *ui);
static void table_reset(stat_tap_table *table);
static tap_packet_status table_packet(void *stat_data, packet_info *pinfo, epan_dissect_t *edt, const void *data,
                                      tap_flags_t flags);
static void table_free_item(stat_tap_table *table, guint row, guint column, stat_tap_table_item_type *item);

static stat_tap_table_ui table_ui = {.group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
                                     .title = table_name,
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
    gathered_start = 0;
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
    for (guint i = 0; i < table->num_elements; i++) {
        g_ptr_array_add(retired, table->elements[i]);
    }
    table->num_elements = 0;
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

static const char *format_key(const toa_key *key, char text[TOA_KEY_TEXT])
{
    return toa_key_format(&key->client->endpoint, &key->server->endpoint, text);
}

/* One key, or as far as is known two. */
static char *key_text(const toa_incident *incident)
{
    const toa_key *early = incident->early->key, *late = incident->late->key;
    char text[TOA_KEY_TEXT], other[TOA_KEY_TEXT];

    if (early == late) {
        return g_strdup(format_key(late, text));
    }
    return g_strconcat(format_key(early, text), " and ", format_key(late, other), NULL);
}

/* Seconds since the first frame. */
static char *overlap_text(const toa_incident *incident)
{
    int64_t time;

    if (!toa_incident_overlap(incident, &time)) {
        return g_strdup("none");
    }
    return ws_strdup_printf("%.6f", (double)(time - gathered_start) / 1e9);
}

static void write_row(const toa_incident *incident, stat_tap_table_item_type *row)
{
    const toa_conversation *early = incident->early, *late = incident->late;

    set_uint(&row[COLUMN_FIRST_FRAME], incident->first_frame);
    set_uint(&row[COLUMN_LAST_FRAME], incident->last_frame);
    set_text(&row[COLUMN_OVERLAP], overlap_text(incident));
    set_text(&row[COLUMN_VERDICT], g_strdup(toa_verdict_name(toa_incident_verdict(incident))));
    set_uint(&row[COLUMN_RSTS], toa_incident_rsts(incident));
    set_uint(&row[COLUMN_SEGMENTS], toa_incident_segments(incident));
    set_uint(&row[COLUMN_DUP_ACKS], incident->n[TOA_FINDING_FOREIGN_DUP_ACK]);
    set_uint(&row[COLUMN_EARLY_STREAM], early->stream);
    set_text(&row[COLUMN_EARLY], wire_text(early));
    set_uint(&row[COLUMN_LATE_STREAM], late->stream);
    set_text(&row[COLUMN_LATE], wire_text(late));
    set_text(&row[COLUMN_KEY], key_text(incident));
    set_text(&row[COLUMN_EVIDENCE], toa_evidence_text(incident->evidence));
    set_text(&row[COLUMN_FILTER],
             ws_strdup_printf("tcp.stream == %u or tcp.stream == %u", early->stream, late->stream));
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
    for (unsigned i = 0; table && i < layer->n_findings; i++) {
        stat_tap_table_item_type empty[N_COLUMNS] = {{.type = TABLE_ITEM_NONE}};
        bool is_new;
        toa_incident *incident = toa_incidents_add(&gathered, layer, &layer->findings[i], &is_new);
        if (!incident || !incident->first_frame) {
            continue;
        }
        if (is_new) {
            incident->user = GUINT_TO_POINTER(table->num_elements + 1);
            stat_tap_init_table_row(table, table->num_elements, N_COLUMNS, empty);
        }
        write_row(incident, table->elements[GPOINTER_TO_UINT(incident->user) - 1]);
        status = TAP_PACKET_REDRAW;
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
    g_ptr_array_free(retired, TRUE);
}

void toa_tap_incidents_register(void)
{
    toa_incidents_init(&gathered, toa_glue_config());
    retired = g_ptr_array_new_with_free_func(free_row);
    register_stat_tap_table_ui(&table_ui);
    register_shutdown_routine(shutdown);
}
