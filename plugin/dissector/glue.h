/* glue.h
 * Between Wireshark and the engine: turns TCP layers into segments, feeds each once, keeps what was found per frame,
 * and takes over the TCP options that carry addresses. Decides nothing and draws nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_GLUE_H
#define TOA_GLUE_H

#include "dissector/compat.h"

#include <epan/packet.h>

#include "core/toa-engine.h"

/* Times are kept within so many seconds of the epoch (year 2112), so that nanoseconds and their differences fit 64 bits;
 * only a broken capture has others. */
#define TOA_SECONDS_MAX INT64_C(4500000000)

/* One TCP layer being shown or tapped. */
typedef struct toa_layer {
    const toa_segment *segment;
    const toa_conversation *conversation; /* NULL: analysis is off, or the layer cannot be analysed */
    const toa_finding *findings;
    unsigned n_findings;
    unsigned header_length; /* of TCP */
    tvbuff_t *tvb;          /* header and payload; as long as the frame is being dissected and tapped */
    bool unexplained; /* neither its conversation's own segment nor anybody else's */
    bool first_pass;
} toa_layer;

/* Hooks for packet-toa.c. All are called with tree NULL if there is none; expert infos are wanted all the same. */
typedef struct toa_glue_hooks {
    /* an option that carries an address; tvb begins with its kind byte */
    void (*show_option)(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_item *item);
    /* false: show_layer would do nothing, and need not be called */
    bool (*shows_layer)(proto_tree *tree, const toa_layer *layer);
    /* after TCP and everything above it */
    void (*show_layer)(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_layer *layer);
} toa_glue_hooks;

/* From proto_register_toa. */
void toa_glue_register(int proto_toa, const toa_glue_hooks *hooks);
/* From proto_reg_handoff_toa; may be called again. */
void toa_glue_handoff(void);

/* The heading of a conversation with its key, and the key alone, which is the end of it. Both are kept until the file is
 * closed. */
const char *toa_glue_key_title(const toa_key *key, const char **ret_key_text);

/* Settings in force since the file was opened, or dissected again. */
const toa_config *toa_glue_config(void);

#endif
