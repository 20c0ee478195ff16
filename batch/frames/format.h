/* format.h
 * A capture that is being read, for the readers of the two formats (capture.c has pcap, pcapng.c pcapng). Not for others: they
 * use capture.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_FORMAT_H
#define TOA_FRAMES_FORMAT_H

#include "frames/frame.h"
#include "frames/window.h"

#include <stdbool.h>

typedef enum toa_read {
    TOA_READ_FRAME,
    TOA_READ_END,     /* of a capture that is complete */
    TOA_READ_CUT,     /* it ends in the middle of a record */
    TOA_READ_DAMAGED, /* a record that makes no sense: nothing behind it can be read */
    TOA_READ_FAILED,  /* the source: errno says why */
    TOA_READ_UNKNOWN  /* a format or block that is not read here */
} toa_read;

typedef struct toa_interface {
    uint64_t units;  /* per second */
    int64_t offset;  /* s */
    uint32_t snaplen;
    uint16_t link_type;
    uint8_t fcs;
} toa_interface;

typedef struct toa_capture {
    toa_window window;
    toa_read (*next)(struct toa_capture *capture, toa_frame_bytes *ret_frame); /* NULL: not looked at yet */
    toa_read last;       /* not FRAME: nothing comes any more */
    const char *reason;  /* static text, when last is CUT, DAMAGED or UNKNOWN */
    uint32_t n_frames;
    uint64_t drops;      /* told by interface statistics (pcapng), summed */
    toa_interface *interfaces; /* pcap: one */
    size_t n_interfaces, room_interfaces;
    bool swapped;        /* its byte order is not this machine's */
    bool nanoseconds;    /* pcap */
} toa_capture;

/* A frame longer than this is damage (WTAP_MAX_PACKET_SIZE_STANDARD). */
#define TOA_FRAME_MAX 262144u

toa_read toa_capture_stop(toa_capture *capture, toa_read read, const char *reason);
/* There are fewer bytes than wanted; any: but some. */
toa_read toa_capture_short(toa_capture *capture, bool any);
/* NULL: no memory. */
toa_interface *toa_capture_interface(toa_capture *capture);
/* Makes the reported length one that Wireshark would take: up to 2^31 - 1, and no less than what was captured. */
void toa_capture_bound(toa_frame_bytes *frame);
int64_t toa_capture_time(int64_t seconds, int32_t nanoseconds);

static inline uint16_t toa_capture_get16(const toa_capture *capture, const uint8_t *at)
{
    uint16_t value;

    __builtin_memcpy(&value, at, sizeof value);
    return capture->swapped ? __builtin_bswap16(value) : value;
}

static inline uint32_t toa_capture_get32(const toa_capture *capture, const uint8_t *at)
{
    uint32_t value;

    __builtin_memcpy(&value, at, sizeof value);
    return capture->swapped ? __builtin_bswap32(value) : value;
}

static inline uint64_t toa_capture_get64(const toa_capture *capture, const uint8_t *at)
{
    uint64_t value;

    __builtin_memcpy(&value, at, sizeof value);
    return capture->swapped ? __builtin_bswap64(value) : value;
}

#endif
