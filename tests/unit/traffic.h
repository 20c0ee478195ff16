/* traffic.h
 * Generated captures for property tests: many connections as healthy stacks and networks make them, and incidents;
 * and the ways in which a capture is damaged.
 *
 * Healthy means: no two connections have one post-rewrite key at a time. Everything else happens: losses before and
 * behind the capture point, retransmissions, duplicate ACKs with SACK, keep-alives, refused and reset connections, reuse
 * of ports, both legs of load-balanced and NATed connections, one client port towards many servers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include "story.h"

enum { TRAFFIC_CLIENTS = 6, TRAFFIC_PORTS = 3, TRAFFIC_SERVERS = 5 }; /* few, so that tuples are reused */

typedef struct traffic {
    story *stacks;    /* clock and random numbers of the generator; no segment is fed to it */
    GArray *segments; /* toa_segment, in the order of the capture */
    bool single_legs; /* the capture sees one leg of each connection only */
    int64_t busy[TRAFFIC_CLIENTS][TRAFFIC_PORTS][TRAFFIC_SERVERS][2]; /* until when the tuple is in use */
} traffic;

/* A random number below the limit; true in so many of 1000 cases. */
static inline unsigned below(traffic *t, unsigned limit)
{
    return story_random(t->stacks) % limit;
}

static inline bool chance(traffic *t, unsigned permille)
{
    return below(t, 1000) < permille;
}

traffic *traffic_new(uint64_t seed);
void traffic_free(traffic *t);

/* So many healthy connections, begun within `span` ns. */
void traffic_add_healthy(traffic *t, unsigned connections, int64_t span);
/* A direct conversation and one through a load balancer that a rewriting server takes for one: captured at the client,
 * or at the server with TOA. Challenge, crossed data, RST. */
void traffic_add_incident(traffic *t, bool at_client);
/* Call once, when all is added. */
void traffic_sort(traffic *t);

/* Damage; permille says how much of it. */
void traffic_drop(traffic *t, unsigned permille);
/* Doubled within `spread` ns, with another TTL, some with another interface; 0: the copy is the next frame. */
void traffic_double(traffic *t, unsigned permille, int64_t spread);
/* Swaps frames with one of the next three, at most 3 ms later; with their times, or the times stay in order. */
void traffic_shuffle(traffic *t, unsigned permille, bool with_times);
/* The first part is missing. */
void traffic_behead(traffic *t, unsigned permille);
void traffic_without_timestamps(traffic *t);
void traffic_without_ip_id(traffic *t);
void traffic_without_toa(traffic *t);
/* Adds a constant to all numbers, or to all times. */
void traffic_shift_numbers(traffic *t, uint32_t by);
void traffic_shift_times(traffic *t, int64_t by);

/* Feeds it to a new engine; the findings as text, one a line. Free with g_free. *ret_story, if not NULL, is the story to
 * look at and free; story->count has the numbers. */
char *traffic_run(const traffic *t, story **ret_story);

#endif
