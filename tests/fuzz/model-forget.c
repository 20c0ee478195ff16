/* model-forget.c
 * Who is forgotten, asked of every two of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "model.h"

#include "../unit/whole.h"

typedef struct watch {
    const known *known;
    bool *gone;
} watch;

static void note(void *context, const toa_conversation *conv)
{
    watch *self = context;
    unsigned i = 0;

    while (i < self->known->n && self->known->list[i] != conv) {
        i++;
    }
    MUST(i < self->known->n && !self->gone[i]);
    self->gone[i] = true;
}

typedef struct candidate {
    bool over; /* closed, and past TIME_WAIT */
    uint32_t heard;
} candidate;

static candidate candidate_of(const toa_state *state, const toa_conversation *conv, int64_t now)
{
    candidate c = {.over = (conv->flags & TOA_CONV_CLOSED) && now - conv->close_time > state->config->time_wait,
                   .heard = conv->first_frame};

    for (unsigned i = 0; i < 2; i++) {
        c.heard = conv->side[i].last_frame > c.heard ? conv->side[i].last_frame : c.heard;
    }
    return c;
}

void model_forget(toa_state *state, const known *known, unsigned n, int64_t now, uint32_t frame,
                  bool ret_gone[CONVERSATIONS_MAX])
{
    candidate all[CONVERSATIONS_MAX];
    watch self = {known, ret_gone};
    const toa_forget request = {.n = n, .now = now, .frame = frame, .on_forget = note, .context = &self};
    unsigned n_gone = 0, n_over = 0;
    toa_forgotten forgotten;

    for (unsigned i = 0; i < known->n; i++) {
        all[i] = candidate_of(state, known->list[i], now);
        ret_gone[i] = false;
    }
    forgotten = toa_engine_forget(state, &request);
    for (unsigned i = 0; i < known->n; i++) {
        n_gone += ret_gone[i];
        n_over += ret_gone[i] && all[i].over;
        for (unsigned j = 0; j < known->n && ret_gone[i]; j++) {
            MUST(ret_gone[j] || all[i].over >= all[j].over);
            MUST(ret_gone[j] || all[i].over > all[j].over || all[i].heard <= all[j].heard);
        }
    }
    MUST(n_gone == (n < known->n ? n : known->n));
    MUST(forgotten.closed == n_over && forgotten.idle == n_gone - n_over);
    MUST(toa_engine_remembers(state) == known->n - n_gone);
    whole_check(state);
}
