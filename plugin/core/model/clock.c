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

/* The SYN-ACK was made somewhere between SYN and SYN-ACK as captured; clocks drift by up to 1 ppm. */
static int64_t tolerance(const toa_conversation *x, const toa_conversation *y, int64_t apart)
{
    int64_t transit = max64(max64(handshake_time(x), handshake_time(y)), MS / 10);

    return min64(MS, min64(transit, apart / 100)) + min64(4 * MS, apart / 1000000);
}

/* n^2 / 2 pairs, each hit by chance with 2 x tolerance / period: their product stays below 1 / 1000. */
static int64_t chance_limit(uint32_t n_group)
{
    return TOA_CLOCK_PERIOD / 1000 / n_group / n_group;
}

bool toa_clock_match(const toa_conversation *x, const toa_conversation *y, uint32_t n_group, int64_t *ret_error)
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
    return (error < 0 ? -error : error) <= min64(tolerance(x, y, apart), chance_limit(n_group));
}

uint32_t toa_clock_reach(uint32_t n_group)
{
    int64_t limit = min64(5 * MS, chance_limit(n_group)); /* 1 ms of transit and 4 ms of drift, see tolerance() */

    /* one more for where in their buckets the two are, one for the last bucket of the period, which is a short one */
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
