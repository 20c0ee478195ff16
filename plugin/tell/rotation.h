/* rotation.h
 * Several files that are read as one capture: frames are numbered on from file to file for the engine, and told by file and
 * number within it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_ROTATION_H
#define TOA_TELL_ROTATION_H

#include <glib.h>

#include <stdint.h>

typedef struct toa_rotation_file {
    char *name;      /* what records call it */
    uint32_t before; /* frames of all files before it */
} toa_rotation_file;

typedef struct toa_rotation {
    GArray *files; /* toa_rotation_file, in the order of reading */
} toa_rotation;

void toa_rotation_init(toa_rotation *rotation);
void toa_rotation_clear(toa_rotation *rotation);

/* The next file begins, behind so many frames. name is copied. */
void toa_rotation_add(toa_rotation *rotation, const char *name, uint32_t before);

/* The file that the frame is of, frames counted from 1 over all of them. NULL: there is no file. */
const toa_rotation_file *toa_rotation_find(const toa_rotation *rotation, uint32_t frame);

#endif
