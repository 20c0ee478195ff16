/* dsr.h
 * Shows the VIP that direct server return puts beside a SYN. IP's and GENEVE's own dissectors show the option's bytes as ever;
 * this adds a line of its own, so that nothing has to be handed back where something else uses the numbers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_DSR_H
#define TOA_DSR_H

#include "dissector/labels.h"

/* From proto_register_toa, when its fields are there. */
void toa_dsr_register(int proto_toa);

/* Adds fields toa.vip.*, toa.layout and toa.role to the tree, which may be NULL. */
void toa_dsr_show(packet_info *pinfo, proto_tree *tree, const toa_dsr *dsr);

#endif
