/* incidents.c
 * "-z toa,incidents", Statistics > TOA Incidents, sharkd "nstat:toa,incidents": one row per pair of conversations.
 *
 * Wireshark keeps one table per process, whoever shows it, and calls nothing of ours when all packets are through:
 * so a row is written anew with every finding of its pair. It has no way to filter from a row, hence the last column.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/incidents.h"

#include "taps/incident-row.h"
#include "taps/parts.h"
#include "core/toa-engine.h"
#include "tell/settle.h"

static const char table_name[] = "TOA Incidents";

static tap_param parameters[] = {{PARAM_FILTER, "filter", "Filter", NULL, TRUE}};

/* Up to this many pairs are merged anew with every finding, so that an event has one row; beyond it, each pair has a row of
 * its own. */
#define SETTLED_MAX 64
/* Of a conversation in more rows than this, each change of whether it waits is shown in the first of them; in the others the
 * victim is "?". */
#define FOLLOWED_MAX 1024

/* A conversation of incidents: its own segments have no finding, but they change who waits, in all its rows. */
typedef struct involved {
    GArray *rows; /* guint, from 1, rising */
    int64_t wait_time;
    unsigned asked; /* 0, 1, 2: more */
    bool again, closed;
} involved;

/* What the table is made from. toa_incident.user of an incident with a row is the row's number plus one. */
static toa_incidents gathered;
static toa_stats_table gathered_stats;
static GHashTable *rows_of;    /* toa_conversation to involved */
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
                                     .nfields = TOA_INCIDENT_COLUMNS,
                                     .fields = toa_incident_columns,
                                     .nparams = array_length(parameters),
                                     .params = parameters};

static void reset_gathered(void)
{
    toa_incident_columns_narrow();
    toa_incidents_reset(&gathered);
    toa_stats_reset(&gathered_stats);
    g_hash_table_remove_all(rows_of);
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
    stat_tap_add_table(ui, stat_tap_init_table(table_name, TOA_INCIDENT_COLUMNS, 0, NULL));
}

static void table_reset(stat_tap_table *table)
{
    drop_rows(table);
    reset_gathered();
}

static void table_free_item(stat_tap_table *table _U_, guint row _U_, guint column _U_, stat_tap_table_item_type *item)
{
    if (item->type == TABLE_ITEM_STRING) {
        g_free((char *)item->value.string_value);
        item->value.string_value = NULL;
    }
}

static void free_involved(void *record)
{
    involved *self = record;

    g_array_free(self->rows, TRUE);
    g_free(self);
}

static involved *involve(const toa_conversation *conv, guint row)
{
    involved *self = g_hash_table_lookup(rows_of, conv);

    if (!self) {
        self = g_new0(involved, 1);
        self->rows = g_array_new(FALSE, FALSE, sizeof row);
        g_hash_table_insert(rows_of, (gpointer)conv, self);
    }
    if (self->rows->len < FOLLOWED_MAX && (!self->rows->len || g_array_index(self->rows, guint, self->rows->len - 1) < row)) {
        g_array_append_val(self->rows, row);
    }
    return self;
}

/* Whether the row shows each change of it. */
static bool is_followed(const involved *self, guint row)
{
    return row <= g_array_index(self->rows, guint, self->rows->len - 1);
}

/* Gives a pair its own row; which pairs are one event is known later. */
static void show_pair(stat_tap_table *table, toa_incident *incident)
{
    stat_tap_table_item_type empty[TOA_INCIDENT_COLUMNS] = {{.type = TABLE_ITEM_NONE}};
    const involved *early, *late;
    guint row;

    if (!incident->user) {
        incident->user = GUINT_TO_POINTER(table->num_elements + 1);
        stat_tap_init_table_row(table, table->num_elements, TOA_INCIDENT_COLUMNS, empty);
    }
    row = GPOINTER_TO_UINT(incident->user);
    early = involve(incident->early, row);
    late = involve(incident->late, row);
    toa_incident_row_write(incident, &gathered_stats, gathered_start, table->elements[row - 1]);
    if (!is_followed(early, row) || !is_followed(late, row)) {
        toa_incident_row_set_victim(NULL, &gathered_stats, table->elements[row - 1]);
    }
}

/* One row an event. Looks at all pairs, so it is for captures with few of them. */
static void show_settled(stat_tap_table *table)
{
    GPtrArray *now = toa_incidents_settled(&gathered, true, NULL);

    g_hash_table_remove_all(rows_of);
    if (now->len != table->num_elements) {
        drop_rows(table);
    }
    for (guint i = 0; i < now->len; i++) {
        toa_incident *incident = now->pdata[i];
        incident->user = i < table->num_elements ? GUINT_TO_POINTER(i + 1) : NULL;
        show_pair(table, incident);
    }
    g_ptr_array_free(now, TRUE);
}

/* Few pairs: the segment may have changed who waits, or shown that two conversations are legs of one connection. */
static bool show_few(stat_tap_table *table, const toa_conversation *conv)
{
    const toa_conversation *leg = toa_engine_leg(conv);
    bool is_involved = g_hash_table_contains(rows_of, conv) || (leg && g_hash_table_contains(rows_of, leg));

    if (is_involved) {
        show_settled(table);
    }
    return is_involved;
}

static bool has_changed(involved *self, const toa_conversation *conv)
{
    const toa_stats *stats = toa_stats_find(&gathered_stats, conv);
    involved now = {self->rows, stats->n_waiting ? stats->wait_time : 0, MIN(stats->n_waiting, 2), stats->n_again > 0,
                    (conv->flags & TOA_CONV_CLOSED) != 0};
    bool is_changed =
        now.wait_time != self->wait_time || now.asked != self->asked || now.again != self->again || now.closed != self->closed;

    *self = now;
    return is_changed;
}

static bool show_waiting(stat_tap_table *table, const toa_conversation *conv)
{
    involved *self = gathered.list->len > 0 ? g_hash_table_lookup(rows_of, conv) : NULL;

    if (gathered.list->len > 0 && gathered.list->len <= SETTLED_MAX) {
        return show_few(table, conv);
    }
    if (!self || !has_changed(self, conv)) {
        return false;
    }
    for (guint i = 0; i < self->rows->len; i++) {
        guint row = g_array_index(self->rows, guint, i);
        const toa_incident *incident = gathered.list->pdata[row - 1];
        stat_tap_table_item_type *fields = table->elements[row - 1];
        if (toa_incident_row_knows_victim(fields)) {
            toa_incident_row_set_victim(incident, &gathered_stats, fields);
        }
    }
    return true;
}

/* There are too many pairs to merge: from now on each has its own row. */
static void show_all_pairs(stat_tap_table *table)
{
    drop_rows(table);
    g_hash_table_remove_all(rows_of);
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
    g_hash_table_destroy(rows_of);
    g_ptr_array_free(retired, TRUE);
}

void toa_tap_incidents_register(void)
{
    toa_incidents_init(&gathered, toa_glue_config());
    toa_stats_init(&gathered_stats);
    rows_of = g_hash_table_new_full(NULL, NULL, NULL, free_involved);
    retired = g_ptr_array_new_with_free_func(toa_incident_row_free);
    register_stat_tap_table_ui(&table_ui);
    register_shutdown_routine(shutdown);
}
