/* show-finding.h
 * Draws findings: their expert infos, fields toa.other.*, toa.evidence.* and toa.answer.*, and the words in the Info column.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SHOW_FINDING_H
#define TOA_SHOW_FINDING_H

#include "dissector/compat.h"

#include "tell/layer.h"

#include <epan/expert.h>
#include <epan/packet.h>

/* From proto_register_toa, with the protocol and its expert module. */
void toa_show_finding_register(int proto, expert_module_t *module);

/* One finding of the layer. tree may be NULL: then only the expert info is added, to title, which may be NULL, too. */
void toa_show_finding(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *title, const toa_layer *layer,
                      const toa_finding *finding);

/* On the victim: where the answer to this segment was captured. tree may be NULL. */
void toa_show_answer(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_answer *answer);

/* Puts the bracket in front of the Info column. */
void toa_show_info(packet_info *pinfo, const toa_layer *layer);

#endif
