/* columns.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "reduce/columns.h"

#define N(name) {name, NULL, COLUMN_NUMBER}
#define T(name) {name, NULL, COLUMN_TEXT}
#define E(name) {name, NULL, COLUMN_ENDPOINT}
#define E_IF_KNOWN(name) {name, NULL, COLUMN_ENDPOINT_IF_KNOWN}
/* "from" and "count" are words of SQL */
#define SEGMENT                                                                                                     \
    {"sender", "from", COLUMN_TEXT}, N("flags"), N("seq"), N("ack"), N("length"), N("ip_id"), N("tsval"), N("tsecr")

static const scan_column conversation[] = {
    N("stream"),      N("key_stream"),    E("client"),            E("server"),     E("key_client"),
    E("key_server"),  T("key_source"),    E_IF_KNOWN("toa"),   N("leg_stream"), T("roles"),
    N("first_frame"), N("last_frame"),    N("first_time"),        N("last_time"),  N("frames"),
    N("closed_time"), N("syn_time"),      N("synack_time"),       N("client_isn"), N("client_low"),
    N("client_next"), N("client_ack"),    N("client_tsval"),      N("client_ip_id"),
    N("server_isn"),  N("server_low"),    N("server_next"),       N("server_ack"), N("server_tsval"),
    N("server_ip_id"), N("client_timestamps"), N("server_timestamps"), N("rtt_ns"),
};

static const scan_column finding[] = {
    T("finding"),      T("severity"),   N("frame"), N("time"), N("stream"), SEGMENT, N("other_stream"),
    N("other_frame"),  {"evidence", NULL, COLUMN_WORDS}, N("ip_id_delta"), N("isn_error_ns"),
    {"repeats", "count", COLUMN_NUMBER},
};

static const scan_column unexplained[] = {N("frame"), N("time"), N("stream"), SEGMENT};

const scan_table scan_tables[TABLE_MAX] = {
    [TABLE_CONVERSATION] = {"conversation", conversation, G_N_ELEMENTS(conversation)},
    [TABLE_FINDING] = {"finding", finding, G_N_ELEMENTS(finding)},
    [TABLE_UNEXPLAINED] = {"unexplained", unexplained, G_N_ELEMENTS(unexplained)},
};
