/* format.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/format.h"

#include "core/option/segment.h"

#include <stdlib.h>

toa_read toa_capture_stop(toa_capture *capture, toa_read read, const char *reason)
{
    capture->last = read;
    capture->reason = reason;
    return read;
}

toa_read toa_capture_short(toa_capture *capture, bool any)
{
    if (capture->window.state == TOA_SOURCE_FAILED) {
        return toa_capture_stop(capture, TOA_READ_FAILED, NULL);
    }
    if (capture->window.state == TOA_SOURCE_DAMAGED) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "its compressed data cannot be unpacked any further");
    }
    return any ? toa_capture_stop(capture, TOA_READ_CUT, "it ends in the middle of a packet")
               : toa_capture_stop(capture, TOA_READ_END, NULL);
}

toa_interface *toa_capture_interface(toa_capture *capture)
{
    if (capture->n_interfaces == capture->room_interfaces) {
        size_t room = capture->room_interfaces ? capture->room_interfaces * 2 : 4;
        toa_interface *interfaces = realloc(capture->interfaces, room * sizeof *interfaces);
        if (!interfaces) {
            return NULL;
        }
        capture->interfaces = interfaces;
        capture->room_interfaces = room;
    }
    capture->interfaces[capture->n_interfaces] = (toa_interface){.units = 1000000};
    return &capture->interfaces[capture->n_interfaces++];
}

int64_t toa_capture_time(int64_t seconds, int32_t nanoseconds)
{
    seconds = seconds < -TOA_SECONDS_MAX ? -TOA_SECONDS_MAX : seconds > TOA_SECONDS_MAX ? TOA_SECONDS_MAX : seconds;
    return seconds * TOA_SECOND + nanoseconds;
}

void toa_capture_bound(toa_frame_bytes *frame)
{
    frame->reported = frame->reported > INT32_MAX ? INT32_MAX : frame->reported;
    frame->reported = frame->reported < frame->captured ? frame->captured : frame->reported;
}
