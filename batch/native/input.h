/* input.h
 * A capture file that is open: descriptor, unpacking, frames.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_NATIVE_INPUT_H
#define TOA_NATIVE_INPUT_H

#include "frames/capture.h"
#include "frames/unpack.h"

typedef struct toa_input {
    int fd;
    toa_unpack *unpack;
    toa_capture capture;
} toa_input;

/* "-" is standard input. False: errno says why. */
bool toa_input_open(toa_input *input, const char *path);
void toa_input_close(toa_input *input);

#endif
