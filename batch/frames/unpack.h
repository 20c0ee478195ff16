/* unpack.h
 * Compressed captures: gzip, zstd and LZ4 frames, told by their first bytes, several in a row. Apart from the reader, which
 * needs no library; each of the three is left out where its library is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FRAMES_UNPACK_H
#define TOA_FRAMES_UNPACK_H

#include "frames/window.h"

typedef struct toa_unpack toa_unpack;

/* Reads what packed gives, and gives it unpacked; what is not compressed is handed through. NULL: no memory. */
toa_unpack *toa_unpack_new(toa_source packed);
void toa_unpack_free(toa_unpack *unpack);

/* Borrows unpack. A stream that ends too early is TOA_SOURCE_DAMAGED. */
toa_source toa_unpack_source(toa_unpack *unpack);

#endif
