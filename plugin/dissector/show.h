/* show.h
 * What the files that draw have in common: items that are not in the packet's bytes, and expert infos.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SHOW_H
#define TOA_SHOW_H

#include "dissector/compat.h"

#include <epan/expert.h>
#include <epan/packet.h>

/* A generated item of an unsigned field, which highlights no byte. */
proto_item *toa_show_uint(proto_tree *tree, tvbuff_t *tvb, int hf, uint32_t value);

/* Adds the expert info as one of TOA; item may be NULL. */
void toa_show_expert(packet_info *pinfo, proto_item *item, expert_field *info);

#endif
