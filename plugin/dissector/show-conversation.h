/* show-conversation.h
 * Draws what the post-rewrite conversation of a TCP layer is: fields toa.stream to toa.crossed.stream.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SHOW_CONVERSATION_H
#define TOA_SHOW_CONVERSATION_H

#include "dissector/compat.h"

#include "core/toa-engine.h"

#include <epan/packet.h>

/* From proto_register_toa. */
void toa_show_conversation_register(int proto);

/* Fills tree, and the title above it. frame: the one being dissected. */
void toa_show_conversation(tvbuff_t *tvb, proto_tree *tree, proto_item *title, const toa_conversation *conv, uint32_t frame);

#endif
