/* shown.h
 * The conversations of a packet that is dissected to be looked at, left in packet scope for what Wireshark calls with nothing
 * but the packet_info: conversation filters, Follow Stream.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SHOWN_H
#define TOA_SHOWN_H

#include "dissector/compat.h"

#include <epan/packet.h>

#include "core/model/conversation.h"

/* Innermost TCP layer last: a layer's work is done when those above it are through. */
typedef struct toa_shown {
    const toa_conversation *conv;
    const struct toa_shown *next;
} toa_shown;

/* From proto_register_toa. */
void toa_shown_register(int proto_toa);

/* Remembers that this TCP layer of the frame belongs to conv. Does nothing unless the frame is dissected to be looked at. */
void toa_shown_note(packet_info *pinfo, proto_tree *tree, const toa_conversation *conv);

/* All that were remembered, outermost layer first; NULL: none. */
const toa_shown *toa_shown_of(packet_info *pinfo);

/* The innermost one; NULL: none. */
const toa_conversation *toa_shown_innermost(packet_info *pinfo);

#endif
