/* labels.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_LABELS_H
#define TOA_LABELS_H

#include "dissector/compat.h"

#include <epan/packet.h>

/* toa_segment.network of the TCP layer that is about to be dissected. */
uint16_t toa_labels_of(const packet_info *pinfo);

#endif
