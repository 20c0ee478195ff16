/* parts.h
 * The parts behind taps.h, and the few things that several of them need.
 *
 * All listeners get a toa_layer (glue.h). Conversations belong to the engine: pointers to them are good until the
 * listener is reset, which Wireshark does before it closes a file or dissects it again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TAP_PARTS_H
#define TOA_TAP_PARTS_H

#include "dissector/glue.h"

#include <epan/tap.h>

/* Called once, from proto_register_toa. */
void toa_tap_conversation_register(int proto_toa);
void toa_tap_explain_register(void);
void toa_tap_filter_register(int proto_toa);
void toa_tap_follow_register(int proto_toa);
void toa_tap_incidents_register(void);
void toa_tap_records_register(void);
void toa_tap_tree_register(void);
void toa_tap_window_register(void);

/* A statistic that tshark prints: "-z name[,N][,filter]". limit is N, NULL if there is none. */
typedef struct toa_tap_text {
    const char *name;
    void *(*create)(const unsigned *limit);
    tap_reset_cb reset;
    tap_packet_cb packet;
    tap_draw_cb draw;
    tap_finish_cb free;
} toa_tap_text;

/* text must be static. */
void toa_tap_text_register(const toa_tap_text *text);

/* Borrows the endpoint's bytes. */
address toa_tap_address(const toa_endpoint *endpoint);

/* The innermost conversation of a packet that is dissected to be looked at, NULL: none. */
const toa_conversation *toa_tap_filter_last(packet_info *pinfo);

/* Time of the first frame (or of the last time reference before this frame), ns since the epoch. */
int64_t toa_tap_start(const packet_info *pinfo);

#endif
