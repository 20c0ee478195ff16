/* show-option.h
 * Draws an option that carries an address: fields toa.kind to toa.effective, and the expert infos about one option.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SHOW_OPTION_H
#define TOA_SHOW_OPTION_H

#include "dissector/compat.h"

#include "tell/layer.h"

#include <epan/expert.h>
#include <epan/packet.h>

/* From proto_register_toa, with the protocol and its expert module. */
void toa_show_option_register(int proto, expert_module_t *module);

/* One option; tvb begins with its kind byte. */
void toa_show_one_option(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_item *item);

/* Options that the TCP dissector does not pass on: behind End of Option List, or longer than the header. */
void toa_show_unreached_options(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_layer *layer);

#endif
