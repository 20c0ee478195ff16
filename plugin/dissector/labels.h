/* labels.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_LABELS_H
#define TOA_LABELS_H

#include "dissector/compat.h"

#include <epan/packet.h>

#include "frames/layers.h"

/* toa_segment.network of the TCP layer that is about to be dissected. */
uint16_t toa_labels_of(const packet_info *pinfo);

/* The VIP that direct server return has put beside this SYN, whose TCP header begins at header; kind TOA_DSR_NONE: none. Offsets
 * are in toa_labels_frame. */
void toa_labels_dsr(const packet_info *pinfo, const uint8_t *header, toa_dsr *ret_dsr);

/* The frame itself, which a reassembled packet is not; NULL: none. */
tvbuff_t *toa_labels_frame(const packet_info *pinfo);

#endif
