/* dsr.h
 * Shows the VIP that direct server return puts beside a SYN. IP's and GENEVE's own dissectors still show the option's bytes.
 * This only adds a line, so nothing is lost where something else uses the option's number.
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
