/* lanes.h
 * The frames that tell an incident, drawn between the endpoints of its two connections:
 *
 *      frame        time   10.0.0.1:40000        10.0.0.9:3306         10.0.0.2:3306
 *         13    0.306923   |<-- ACK of stream 0 -|                     |
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_LANES_H
#define TOA_TELL_LANES_H

#include "tell/claims.h"
#include "core/model/conversation.h"

/* Frames in one picture, at most. */
#define TOA_SCENES_MAX 10

typedef struct toa_scene {
    const toa_conversation *conv; /* carries it */
    int64_t time;
    uint32_t frame, length, owner; /* owner: stream whose numbers it has; that of conv as a rule */
    uint16_t flags;
    bool from_client;
} toa_scene;

/* Appends the picture of n scenes, in any order, twice the same is drawn once; early and late are the two connections. */
void toa_lanes_draw(const toa_conversation *early, const toa_conversation *late, toa_scene *scenes, unsigned n,
                    toa_teller *teller);

#endif
