/* serial.h
 * Arithmetic on numbers that wrap: TCP sequence numbers (32 bits) and IP identifications (16 bits).
 *
 * Source: RFC 9293 section 3.4 (modulo 2^32 comparison), RFC 1982.
 * Only meaningful while two numbers are less than half the number space apart; callers keep
 * their bounds within 2^30 of each other (see toa_side.low).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SERIAL_H
#define TOA_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

/* Signed distance from b to a: positive if a is ahead of b. */
static inline int32_t toa_seq_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static inline bool toa_seq_lt(uint32_t a, uint32_t b)
{
    return toa_seq_diff(a, b) < 0;
}

static inline bool toa_seq_le(uint32_t a, uint32_t b)
{
    return toa_seq_diff(a, b) <= 0;
}

/* low <= x <= high, all modulo 2^32; high must not be behind low. */
static inline bool toa_seq_within(uint32_t x, uint32_t low, uint32_t high)
{
    return (uint32_t)(x - low) <= (uint32_t)(high - low);
}

static inline uint32_t toa_seq_max(uint32_t a, uint32_t b)
{
    return toa_seq_lt(a, b) ? b : a;
}

static inline uint32_t toa_seq_min(uint32_t a, uint32_t b)
{
    return toa_seq_lt(a, b) ? a : b;
}

/* How far the identification `id` is ahead of `last`, 0 to 65535. */
static inline uint16_t toa_id_ahead(uint16_t id, uint16_t last)
{
    return (uint16_t)(id - last);
}

#endif
