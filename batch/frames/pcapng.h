/* pcapng.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_PCAPNG_H
#define TOA_FRAMES_PCAPNG_H

#include "frames/format.h"

/* The capture begins with a section header: from now on capture->next reads its packets. */
toa_read toa_pcapng_open(toa_capture *capture);

#endif
