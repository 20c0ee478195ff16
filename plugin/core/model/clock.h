/* clock.h
 * The clock in initial sequence numbers: a Linux server computes ISN = hash(four-tuple) + time / 64 ns
 * (net/core/secure_seq.c, RFC 6528). Two SYN-ACKs whose ISNs fit one clock were made for one four-tuple.
 * Rule R10 (plugin/doc/rules.md).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_CLOCK_H
#define TOA_CLOCK_H

#include "core/model/conversation.h"

/* 2^32 x 64 ns: after this time the ISNs of a tuple come round again. */
#define TOA_CLOCK_PERIOD INT64_C(274877906944)
/* Width of a bucket of toa_clock_bucket, and how many there are. */
#define TOA_CLOCK_BUCKET INT64_C(1000000)
#define TOA_CLOCK_BUCKETS (TOA_CLOCK_PERIOD / TOA_CLOCK_BUCKET + 1)

/* x and y have SYN-ACKs (TOA_CONV_SYNACK_SEEN). How far y's and x's ISN are from one clock, in ns, -137 s to +137 s:
 * the numbers' distance less the captured time between. True if that is within what capture and transit explain, and no
 * more than limit. */
bool toa_clock_match(const toa_conversation *x, const toa_conversation *y, int64_t limit, int64_t *ret_error);

/* The limit in a group of so many wire tuples: a match by accident among all its pairs must stay as rare as 1 in 1000 (a
 * scanner with one source port has a million pairs). A connection of a tuple that fitted nobody's clock counts like a tuple of
 * its own; one that fitted is no new chance. */
int64_t toa_clock_limit(uint32_t n_tuples);

/* The limit for the n-th pair of this capture of which nothing else is known: accidents of all of them stay as rare as one
 * in 80 captures, without those within 1 ms (7 in a million pairs). */
int64_t toa_clock_budget(uint32_t n);

/* Linux derives the ISN of a connection that replaces one in TIME_WAIT from the old one's next number:
 * tw_snd_nxt + 65535 + 2 (tcp_timewait_state_process, net/ipv4/tcp_minisocks.c). */
static inline uint32_t toa_clock_recycled(uint32_t next)
{
    return next + 65537u;
}

/* The number from which this ISN would be derived. */
static inline uint32_t toa_clock_not_recycled(uint32_t isn)
{
    return isn - 65537u;
}

/* Phase of a conversation's SYN-ACK on the clock, as a bucket number: matching pairs are at most a few buckets apart,
 * modulo TOA_CLOCK_BUCKETS. */
uint32_t toa_clock_bucket(const toa_conversation *conv);
/* Two that toa_clock_match allows within this limit are less than so many buckets apart; 0: no two can match. */
uint32_t toa_clock_reach(int64_t limit);

#endif
