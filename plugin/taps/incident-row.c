/* incident-row.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/incident-row.h"

#include "core/model/identity.h"
#include "core/model/key.h"

#include <epan/funnel.h>
#include <wsutil/str_util.h>

enum {
    COLUMN_VERDICT,
    COLUMN_VICTIM,
    COLUMN_STREAMS,
    COLUMN_SINCE,
    COLUMN_RSTS,
    COLUMN_SEGMENTS,
    COLUMN_KEY,
    COLUMN_DUP_ACKS,
    COLUMN_FIRST_FRAME,
    COLUMN_LAST_FRAME,
    COLUMN_EARLY,
    COLUMN_LATE,
    COLUMN_EVIDENCE,
    COLUMN_FILTER
};

/* The dialog of Wireshark shows some 565 pixels of a table when it opens: the columns needed first fit in, the key is cut. It sorts by
 * the first column. */
stat_tap_table_item toa_incident_columns[TOA_INCIDENT_COLUMNS] = {
    [COLUMN_VERDICT] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Verdict", "%s"},
    [COLUMN_VICTIM] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Victim", "%s"},
    [COLUMN_STREAMS] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Streams", "%s"},
    [COLUMN_SINCE] = {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Since s", "%s"},
    [COLUMN_RSTS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "RSTs", "%u"},
    [COLUMN_SEGMENTS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Segments", "%u"},
    [COLUMN_KEY] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Key at the server", "%s"},
    [COLUMN_DUP_ACKS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Dup ACKs", "%u"},
    [COLUMN_FIRST_FRAME] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "First frame", "%u"},
    [COLUMN_LAST_FRAME] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Last frame", "%u"},
    [COLUMN_EARLY] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Earlier connection", "%s"},
    [COLUMN_LATE] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Later connection", "%s"},
    [COLUMN_EVIDENCE] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Evidence", "%s"},
    [COLUMN_FILTER] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Filter", "%s"}};

/* tshark prints titles as they are and fields by their formats, both when all rows are there: they are made as wide as the widest
 * field, so that they stand below one another. The GUI aligns by itself, and would take the blanks for a part of the text. */
#define WIDTH_MAX 127
static struct {
    const char *name; /* without blanks */
    char title[WIDTH_MAX + 1], format[8];
    int width; /* 0: never widened */
} widened[TOA_INCIDENT_COLUMNS];

void toa_incident_row_free(void *row)
{
    stat_tap_table_item_type *items = row;

    for (unsigned i = 0; i < TOA_INCIDENT_COLUMNS; i++) {
        if (items[i].type == TABLE_ITEM_STRING) {
            g_free((char *)items[i].value.string_value);
        }
    }
    g_free(items);
}

/* Titles and fields as wide as they are. */
void toa_incident_columns_narrow(void)
{
    for (unsigned i = 0; i < TOA_INCIDENT_COLUMNS; i++) {
        if (widened[i].width) {
            widened[i].width = 0;
            toa_incident_columns[i].column_name = widened[i].name;
            toa_incident_columns[i].field_format = toa_incident_columns[i].type == TABLE_ITEM_UINT ? "%u" : "%s";
        }
    }
}

/* The GUI; tshark prints what would be in a window. */
static bool has_windows(void)
{
    const funnel_ops_t *ops = funnel_get_funnel_ops();

    return ops && ops->retap_packets;
}

/* Makes room for a field of so many characters. */
static void widen(unsigned column, size_t characters)
{
    stat_tap_table_item *item = &toa_incident_columns[column];
    bool is_right = item->align == TAP_ALIGN_RIGHT;
    int width;

    if (column == COLUMN_FILTER || has_windows()) {
        return;
    }
    if (!widened[column].width) {
        widened[column].name = item->column_name;
    }
    width = (int)MIN(MAX(characters, strlen(widened[column].name)), WIDTH_MAX);
    if (width > widened[column].width) {
        widened[column].width = width;
        g_snprintf(widened[column].title, sizeof widened[column].title, is_right ? "%*s" : "%-*s", width, widened[column].name);
        g_snprintf(widened[column].format, sizeof widened[column].format, "%%%s%d%s", is_right ? "" : "-", width,
                   item->type == TABLE_ITEM_UINT ? "u" : "s");
        item->column_name = widened[column].title;
        item->field_format = widened[column].format;
    }
}

static void set_uint(stat_tap_table_item_type *row, unsigned column, unsigned value)
{
    char digits[16];

    row[column].type = TABLE_ITEM_UINT;
    row[column].value.uint_value = value;
    widen(column, (size_t)g_snprintf(digits, sizeof digits, "%u", value));
}

/* Takes the text. */
static void set_text(stat_tap_table_item_type *row, unsigned column, char *text)
{
    if (row[column].type == TABLE_ITEM_STRING) {
        g_free((char *)row[column].value.string_value);
    }
    row[column].type = TABLE_ITEM_STRING;
    row[column].value.string_value = text;
    widen(column, (int)strlen(text));
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
static char *since_text(const toa_incident *incident, int64_t start)
{
    return ws_strdup_printf("%.6f", (double)(incident->first_time - start) / 1e9);
}

static char *victim_text(const toa_incident *incident, const toa_stats_table *stats_table)
{
    unsigned victims = toa_incident_victims(incident, stats_table);

    switch (victims) {
    case TOA_VICTIM_EARLY:
        return ws_strdup_printf("stream %u", incident->early->stream);
    case TOA_VICTIM_LATE:
        return ws_strdup_printf("stream %u", incident->late->stream);
    case 0:
        return g_strdup("none");
    default:
        return g_strdup("both");
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

void toa_incident_row_set_victim(const toa_incident *incident, const toa_stats_table *stats_table, stat_tap_table_item_type *row)
{
    set_text(row, COLUMN_VICTIM, incident ? victim_text(incident, stats_table) : g_strdup("?"));
}

bool toa_incident_row_knows_victim(const stat_tap_table_item_type *row)
{
    return !g_str_equal(row[COLUMN_VICTIM].value.string_value, "?");
}

void toa_incident_row_write(const toa_incident *incident, const toa_stats_table *stats_table, int64_t start,
                            stat_tap_table_item_type *row)
{
    const toa_conversation *early = incident->early, *late = incident->late;
    toa_load load = toa_incident_load(incident);

    set_text(row, COLUMN_VERDICT, g_strdup(toa_verdict_name(toa_incident_verdict(incident))));
    set_text(row, COLUMN_VICTIM, victim_text(incident, stats_table));
    set_text(row, COLUMN_STREAMS, ws_strdup_printf("%u, %u", early->stream, late->stream));
    set_text(row, COLUMN_KEY, key_text(incident));
    set_text(row, COLUMN_SINCE, since_text(incident, start));
    set_uint(row, COLUMN_RSTS, load.rsts);
    set_uint(row, COLUMN_SEGMENTS, load.segments);
    set_uint(row, COLUMN_DUP_ACKS, load.dup_acks);
    set_uint(row, COLUMN_FIRST_FRAME, incident->first_frame);
    set_uint(row, COLUMN_LAST_FRAME, incident->last_frame);
    set_text(row, COLUMN_EARLY, wire_text(early));
    set_text(row, COLUMN_LATE, wire_text(late));
    set_text(row, COLUMN_EVIDENCE, toa_evidence_text(incident->evidence));
    set_text(row, COLUMN_FILTER, filter_text(incident));
}
