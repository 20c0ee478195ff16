/* stream.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_STREAM_H
#define TOA_STREAM_H

#include "dissector/compat.h"

#include <epan/packet.h>

#include "core/base/endpoint.h"

/* tcp.stream of a segment between the two that TCP has dissected in this pass. False: TCP has no conversation for it. */
bool toa_stream_of(packet_info *pinfo, const toa_endpoint *from, const toa_endpoint *to, uint32_t *ret_stream);

#endif
