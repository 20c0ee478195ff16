/* capture.h
 * Frames from pcap and pcapng: both byte orders, micro- and nanoseconds, several interfaces with link types, time
 * resolutions and offsets of their own; from files and pipes, as far as they have been written. Knows no Wireshark, no GLib.
 *
 * Never trusts a length: nothing is read or kept because a field says so. Where a file is damaged, Wireshark's reader
 * (wiretap 4.0) is the model for what still counts: all that comes before.
 *
 * Not read, and said so (TOA_READ_UNKNOWN): other file formats, the modified pcap formats, pcap versions but 2.4, and
 * blocks of pcapng that Wireshark numbers as frames though they are no packets (custom, sysdig, journal): without them the
 * numbers of the frames behind would differ.
 * Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, wiretap/libpcap.c and pcapng.c of Wireshark 4.0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_CAPTURE_H
#define TOA_FRAMES_CAPTURE_H

#include "frames/format.h"

void toa_capture_init(toa_capture *capture, toa_source source);
void toa_capture_clear(toa_capture *capture);

/* The next frame. Once it returns anything but TOA_READ_FRAME it always does. */
toa_read toa_capture_next(toa_capture *capture, toa_frame_bytes *ret_frame);

#endif
