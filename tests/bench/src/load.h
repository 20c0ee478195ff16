/* load.h
 * Loads for the core: functions from the number of a segment to the segment, so that the generator has no memory of
 * its own and does not disturb the caches of what is measured.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "core/toa-engine.h"

typedef struct load_packet {
    uint8_t header[60]; /* of TCP; only the options are filled in */
    unsigned header_length;
    toa_segment segment; /* without options */
    uint32_t stream;
} load_packet;

typedef struct load_size {
    uint64_t conversations;
    uint64_t per_conversation; /* segments */
    uint64_t window;           /* so many conversations at a time, from SYN to FIN; 0: all of them in turn */
} load_size;

typedef struct load_kind {
    const char *name;
    const char *text;
    load_size size; /* default, of the friendly load with the same number of segments, too */
    void (*fill)(const load_size *size, uint64_t i, load_packet *packet);
} load_kind;

extern const load_kind loads[]; /* loads[0] is the friendly one; the last has no name */

#endif
