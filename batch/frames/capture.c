/* capture.c
 * Tells the formats apart, and reads pcap itself.
 *
 *   file    magic(4) version(2.2) zone(4) accuracy(4) snaplen(4) link type and FCS(4)
 *   record  seconds(4) micro- or nanoseconds(4) captured(4) reported(4) bytes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/capture.h"

#include "frames/pcapng.h"

#include <stdlib.h>

void toa_capture_init(toa_capture *capture, toa_source source)
{
    *capture = (toa_capture){.last = TOA_READ_FRAME};
    toa_window_init(&capture->window, source);
}

void toa_capture_clear(toa_capture *capture)
{
    toa_window_clear(&capture->window);
    free(capture->interfaces);
    capture->interfaces = NULL;
}

/* ---- pcap ---- */

static toa_read next_pcap(toa_capture *capture, toa_frame_bytes *ret_frame)
{
    const toa_interface *interface = &capture->interfaces[0];
    size_t left;
    const uint8_t *head = toa_window_peek(&capture->window, 16, &left);
    uint32_t captured, fraction;

    if (!head) {
        return toa_capture_short(capture, left > 0);
    }
    captured = toa_capture_get32(capture, head + 8);
    if (captured > TOA_FRAME_MAX) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "it has a packet longer than 262144 bytes");
    }
    head = toa_window_peek(&capture->window, 16 + captured, NULL);
    if (!head) {
        return toa_capture_short(capture, true);
    }
    fraction = toa_capture_get32(capture, head + 4);
    *ret_frame = (toa_frame_bytes){.bytes = head + 16,
                                   .captured = captured,
                                   .reported = toa_capture_get32(capture, head + 12),
                                   .number = ++capture->n_frames,
                                   .link_type = interface->link_type,
                                   .fcs = interface->fcs,
                                   .offset = capture->window.taken};
    /* a fraction beyond one second is taken as it is, in 32 bits, as Wireshark does */
    ret_frame->time = toa_capture_time(toa_capture_get32(capture, head),
                                       (int32_t)(capture->nanoseconds ? fraction : fraction * 1000u));
    toa_capture_bound(ret_frame);
    toa_window_take(&capture->window, 16 + captured);
    return TOA_READ_FRAME;
}

static toa_read open_pcap(toa_capture *capture)
{
    enum { MICRO = 0xa1b2c3d4, NANO = 0xa1b23c4d };
    const uint8_t *head = toa_window_peek(&capture->window, 24, NULL);
    toa_interface *interface;
    uint32_t magic, network;

    if (!head) {
        return capture->window.state < 0 ? toa_capture_short(capture, true)
                                         : toa_capture_stop(capture, TOA_READ_UNKNOWN, "it is no pcap or pcapng file");
    }
    magic = toa_capture_get32(capture, head);
    capture->swapped = magic == __builtin_bswap32(MICRO) || magic == __builtin_bswap32(NANO);
    magic = toa_capture_get32(capture, head);
    if (magic != MICRO && magic != NANO) {
        return toa_capture_stop(capture, TOA_READ_UNKNOWN, "it is no pcap or pcapng file");
    }
    if (toa_capture_get16(capture, head + 4) != 2 || toa_capture_get16(capture, head + 6) != 4) {
        return toa_capture_stop(capture, TOA_READ_UNKNOWN, "its pcap version is not 2.4");
    }
    capture->nanoseconds = magic == NANO;
    network = toa_capture_get32(capture, head + 20);
    interface = toa_capture_interface(capture);
    if (!interface) {
        return toa_capture_stop(capture, TOA_READ_FAILED, NULL);
    }
    interface->link_type = (uint16_t)network;
    interface->fcs = network & 0x04000000 ? (uint8_t)((network >> 28) * 2) : 0;
    if ((network & 0x03ffffff) > UINT16_MAX) {
        return toa_capture_stop(capture, TOA_READ_UNKNOWN, "its link type is not known");
    }
    toa_window_take(&capture->window, 24);
    capture->next = next_pcap;
    return TOA_READ_FRAME;
}

/* ---- either ---- */

static toa_read open_file(toa_capture *capture)
{
    static const uint8_t section[4] = {0x0a, 0x0d, 0x0d, 0x0a};
    size_t left;
    const uint8_t *head = toa_window_peek(&capture->window, 4, &left);

    if (!head) {
        return capture->window.state < 0 ? toa_capture_short(capture, true)
                                         : toa_capture_stop(capture, TOA_READ_UNKNOWN, "it is no pcap or pcapng file");
    }
    return __builtin_memcmp(head, section, 4) == 0 ? toa_pcapng_open(capture) : open_pcap(capture);
}

toa_read toa_capture_next(toa_capture *capture, toa_frame_bytes *ret_frame)
{
    if (capture->last != TOA_READ_FRAME || (!capture->next && open_file(capture) != TOA_READ_FRAME)) {
        return capture->last;
    }
    return capture->next(capture, ret_frame);
}
