/* clock.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/clock.h"

#define MS INT64_C(1000000)

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Time from SYN to SYN-ACK as captured; 0 if the SYN is missing. */
static int64_t handshake_time(const toa_conversation *conv)
{
    return conv->syn_time ? max64(conv->synack_time - conv->syn_time, 0) : 0;
}

/* The server made each SYN-ACK at some time between SYN and SYN-ACK as captured; clocks drift by up to 1 ppm. */
static int64_t tolerance(const toa_conversation *x, const toa_conversation *y, int64_t apart)
{
    int64_t transit = max64(max64(handshake_time(x), handshake_time(y)), MS / 10);

    return min64(transit, apart / 100) + min64(4 * MS, apart / 1000000);
}

int64_t toa_clock_limit(uint32_t n_tuples)
{
    /* n^2 / 2 pairs, each hit by chance with 2 x tolerance / period: their product stays below 1 / 1000 */
    return TOA_CLOCK_PERIOD / 1000 / n_tuples / n_tuples;
}

int64_t toa_clock_budget(uint32_t n)
{
    /* 1 / 500 n for the n-th, until that is less than 1 ms: the first 274 of them make 1.2 % */
    return max64(MS, TOA_CLOCK_PERIOD / 1000 / n);
}

bool toa_clock_match(const toa_conversation *x, const toa_conversation *y, int64_t limit, int64_t *ret_error)
{
    const toa_conversation *early = x->synack_time < y->synack_time ? x : y, *late = early == x ? y : x;
    int64_t apart = late->synack_time - early->synack_time;
    int64_t by_isn = (int64_t)(uint32_t)(late->side[!late->client].isn - early->side[!early->client].isn) * 64;
    int64_t error = by_isn - apart % TOA_CLOCK_PERIOD;

    if (error > TOA_CLOCK_PERIOD / 2) {
        error -= TOA_CLOCK_PERIOD;
    } else if (error < -TOA_CLOCK_PERIOD / 2) {
        error += TOA_CLOCK_PERIOD;
    }
    *ret_error = error;
    return (error < 0 ? -error : error) <= min64(tolerance(x, y, apart), limit);
}

uint32_t toa_clock_reach(int64_t limit)
{
    /* one more because of the positions within buckets, one because the last bucket of the period is shorter */
    return limit > 0 ? (uint32_t)(limit / TOA_CLOCK_BUCKET) + 2 : 0;
}

uint32_t toa_clock_bucket(const toa_conversation *conv)
{
    int64_t phase = (conv->synack_time - (int64_t)conv->side[!conv->client].isn * 64) % TOA_CLOCK_PERIOD;

    if (phase < 0) {
        phase += TOA_CLOCK_PERIOD;
    }
    return (uint32_t)(phase / TOA_CLOCK_BUCKET);
}
