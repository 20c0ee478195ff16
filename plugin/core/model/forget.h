/* forget.h
 * Takes conversations out of everything that is remembered, for an engine that reads without end. Many at once: one pass over
 * everything finds the pointers to them, so that no back pointers need be kept while segments are fed. The order of the steps,
 * and what other modules have to take out between them, is toa_engine_forget's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_FORGET_H
#define TOA_FORGET_H

#include "core/model/state.h"

typedef struct toa_victims {
    GArray *numbers;   /* uint32_t: of the conversations to be forgotten; free it with toa_victims_clear */
    uint32_t n_closed; /* how many of them are closed and past TIME_WAIT */
    uint32_t age;      /* frames since the last segment of any of them */
} toa_victims;

/* Chooses n: first those that are closed and past TIME_WAIT, then those that were silent for the most frames. now and frame are
 * those of the newest segment. Frames, because the times of a capture may be anything. */
void toa_forget_choose(const toa_state *state, uint32_t n, int64_t now, uint32_t frame, toa_victims *ret_victims);
/* The i-th of them, counted from 0, stays after all; the last takes its place. */
void toa_victims_spare(const toa_state *state, toa_victims *victims, guint i, int64_t now);
void toa_victims_clear(toa_victims *victims);

static inline toa_conversation *toa_victim(const toa_state *state, const toa_victims *victims, guint i)
{
    return toa_table_at(&state->conversations, g_array_index(victims->numbers, uint32_t, i));
}

/* Takes them out of groups, keys, servers' lists and indexes. From then on they have no key, which marks them as gone. */
void toa_forget_leave(toa_state *state, const toa_victims *victims);

/* ... and out of everything else, with the pairs, paths, keys and parties that nothing needs any more. Parties that are marked
 * already stay. */
void toa_forget_finish(toa_state *state, const toa_victims *victims);

#endif
