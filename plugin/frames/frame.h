/* frame.h
 * One captured frame, as bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_FRAME_H
#define TOA_FRAMES_FRAME_H

#include <stdint.h>

typedef struct toa_frame_bytes {
    const uint8_t *bytes; /* good until the next frame is read */
    int64_t time;         /* ns since the epoch, held within TOA_SECONDS_MAX; 0 if the block has none */
    uint32_t captured, reported; /* bytes there, and on the wire: captured <= reported */
    uint32_t number;      /* from 1 */
    uint32_t interface;   /* pcapng: its number in the section */
    uint16_t link_type;   /* LINKTYPE_*, see tcpdump.org/linktypes.html */
    uint8_t fcs;          /* bytes of a frame check sequence at the end, if the file says so */
    uint64_t offset;      /* in the (unpacked) file, of the record */
} toa_frame_bytes;

#endif
