/* requests.h
 * Which segments the pictures need: of each capture that an incident was seen in, its connections around the time of the
 * incident. By wire tuple, not by tcp.stream: Wireshark's versions number streams differently, and a later one may have one
 * connection in two.
 *
 * Not here: how they are read (packets.h; the page in the browser has another way).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_REQUESTS_H
#define TOA_SCAN_REQUESTS_H

#include "reduce/incidents.h"

typedef struct scan_packet {
    gint64 file, frame, time; /* time as captured */
    gint64 flags, seq, ack, length, ip_id;
    char *source, *destination; /* as in scan_flow */
} scan_packet;

void scan_packet_free(gpointer packet);

typedef GHashTable scan_packets; /* gint64 file -> GPtrArray of scan_packet, in the order of frames */

/* What is wanted of one capture. */
typedef struct scan_request {
    GHashTable *tuples; /* "10.0.0.1:80 10.0.0.2:61902", in both orders */
    GHashTable *ports;  /* gint64 (scan_request_ports) of these, asked first where tuples are not text yet */
    GPtrArray *flows;   /* scan_flow of the report: one of each tuple */
    gint64 from, to;    /* ns as captured, whole seconds */
} scan_request;

static inline gint64 scan_request_ports(guint source, guint destination)
{
    return (gint64)source << 16 | destination;
}

/* Both as in scan_flow: "10.0.0.1:80", "[fd00::1]:80". Other connections of a tuple are among what is wanted. */
gboolean scan_request_has(const scan_request *self, const char *source, const char *destination);

/* scan_packet, each owned by the array (scan_packet_free); NULL: they cannot be read. path NULL: it is not on this host. */
typedef GPtrArray *(*scan_read_packets)(void *data, const char *path, const scan_request *request);

/* Reads those of the first max incidents. Free with g_hash_table_unref(). */
scan_packets *scan_requests_read(const scan_report *report, guint max, scan_read_packets read, void *data);

#endif
