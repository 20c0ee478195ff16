/* input.h
 * Takes a fuzzer's bytes apart. At the end everything reads as 0, so that short inputs are inputs too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct input {
    const uint8_t *bytes;
    size_t left;
} input;

static inline uint8_t take8(input *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->bytes++;
}

static inline uint16_t take16(input *in)
{
    uint16_t high = take8(in);

    return (uint16_t)(high << 8 | take8(in));
}

static inline uint32_t take32(input *in)
{
    uint32_t high = take16(in);

    return high << 16 | take16(in);
}

/* An assertion that stays in every build: libFuzzer keeps the input that breaks it. */
#define MUST(condition)                                                                  \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);      \
            abort();                                                                     \
        }                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
