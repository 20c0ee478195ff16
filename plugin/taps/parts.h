/* parts.h
 * The few things that several outputs need.
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

/* Time of the first frame (or of the last time reference before this frame), ns since the epoch. */
int64_t toa_tap_start(const packet_info *pinfo);

#endif
