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

#include "dissector/option-hook.h"
#include "tell/layer.h"

/* Hooks for packet-toa.c. tree is NULL if there is none; expert infos are wanted even then. */
typedef struct toa_glue_hooks {
    toa_show_option show_option;
    /* false: show_layer would do nothing, and need not be called */
    bool (*shows_layer)(proto_tree *tree, const toa_layer *layer);
    /* after TCP and everything above it */
    void (*show_layer)(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_layer *layer);
} toa_glue_hooks;

/* From proto_register_toa. */
void toa_glue_register(int proto_toa, const toa_glue_hooks *hooks);
/* From proto_reg_handoff_toa; may be called again. */
void toa_glue_handoff(void);

/* "client > server" (core/model/key.h), valid until the next call. The key's stream is not part of it: it can change (group.c). */
const char *toa_glue_key_text(const toa_key *key);

/* The conversations that conv is crossed with, as far as is known by now: on the first pass from the segments so far, later
 * from all. *ret_n of them. */
const toa_conversation *const *toa_glue_crossed(const toa_conversation *conv, unsigned *ret_n);

/* Settings in force since the file was opened, or dissected again. */
const toa_config *toa_glue_config(void);

#endif
