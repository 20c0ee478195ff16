/* incident-row.h
 * A row of the table of incidents: its columns, their widths, and what each says of an incident.
 *
 * Not here: which incidents have a row, and when it is written anew (incidents.c).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TAP_INCIDENT_ROW_H
#define TOA_TAP_INCIDENT_ROW_H

#include "tell/incident.h"

#include <epan/stat_tap_ui.h>

#define TOA_INCIDENT_COLUMNS 14

extern stat_tap_table_item toa_incident_columns[TOA_INCIDENT_COLUMNS];

/* Titles and formats as wide as they are by themselves: for an empty table. */
void toa_incident_columns_narrow(void);

/* start: time of the first frame. The row may be new (TABLE_ITEM_NONE). */
void toa_incident_row_write(const toa_incident *incident, const toa_stats_table *stats_table, int64_t start,
                            stat_tap_table_item_type *row);

/* Its victim alone, anew; incident NULL: "?", it is not followed any more. */
void toa_incident_row_set_victim(const toa_incident *incident, const toa_stats_table *stats_table, stat_tap_table_item_type *row);
bool toa_incident_row_knows_victim(const stat_tap_table_item_type *row);

/* Frees the texts, and the row. */
void toa_incident_row_free(void *row);

#endif
