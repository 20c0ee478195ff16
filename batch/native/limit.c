/* limit.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "native/limit.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* For what is not counted: the program, windows of input, what is written, lists while something is forgotten. */
#define ASIDE ((size_t)24 << 20)
/* What an engine has before it knows anyone, and as much again. */
#define LEAST ((size_t)4 << 20)
/* Segments between two looks at the memory: one may make an index of a server's thousands of conversations. */
#define LOOK 64u

void toa_limit_init(toa_limit *limit, size_t memory, toa_engine *engine, const toa_limit_user *user, void *data)
{
    *limit = (toa_limit){.engine = engine, .user = user, .data = data};
    /* memory of conversations is used again for conversations, that of what hangs on them for such: as much as the limit of the
     * one and two fifths of the other are held at worst, where first all is the one and then the other */
    if (memory) {
        limit->bytes = MAX((memory - MIN(ASIDE, memory / 2)) / 10 * 7, LEAST);
    }
}

/* Memory that was given back is used again, so as much may be held as the limit, and a little less used. Where more is held all the
 * same, because other things are needed now than were given back, so much less is used. */
static bool is_tight(const toa_limit *self, size_t sixteenths)
{
    size_t spare, limit = self->bytes, held = self->user->beside(self->data, &spare) + toa_engine_memory(self->engine);
    size_t used = held - spare - toa_engine_spare(self->engine);
    size_t over = held > limit / 16 * 17 ? held - limit / 16 * 17 : 0;

    return held > limit && used > limit / 16 * sixteenths - MIN(over, limit / 2);
}

bool toa_limit_is_reached(toa_limit *limit)
{
    return limit->bytes && ++limit->segments % LOOK == 0 && is_tight(limit, 15);
}

/* ---- forgetting ---- */

typedef struct forgetting {
    const toa_limit *limit;
    GHashTable *needed, *gone;
} forgetting;

static bool keeps(void *context, const toa_conversation *conv)
{
    return g_hash_table_contains(((const forgetting *)context)->needed, conv);
}

static void on_forget(void *context, const toa_conversation *conv)
{
    g_hash_table_add(((forgetting *)context)->gone, (gpointer)conv);
}

static void on_forget_all(void *context)
{
    const forgetting *self = context;

    self->limit->user->forget(self->limit->data, self->gone);
}

static void forget(toa_limit *self, uint32_t n, int64_t time, uint32_t frame)
{
    forgetting context = {self, self->user->needs(self->data), g_hash_table_new(NULL, NULL)};
    const toa_forget request = {.n = n,
                                .now = time,
                                .frame = frame,
                                .keeps = keeps,
                                .on_forget = on_forget,
                                .on_forget_all = on_forget_all,
                                .context = &context};
    toa_forgotten forgotten = toa_engine_forget(self->engine, &request);

    self->closed += forgotten.closed;
    self->idle += forgotten.idle;
    g_hash_table_destroy(context.needed);
    g_hash_table_destroy(context.gone);
    if (self->user->after) {
        self->user->after(self->data);
    }
}

void toa_limit_make_room(toa_limit *limit, int64_t time, uint32_t frame)
{
    uint32_t remembered = toa_engine_remembers(limit->engine), n = remembered / 8 + 1, gone;

    do {
        forget(limit, n, time, frame);
        gone = remembered - toa_engine_remembers(limit->engine);
        remembered -= gone;
        n = gone < n / 2 ? MIN(n * 2, remembered) : remembered / 8 + 1; /* most were needed: it is the turn of others, too */
    } while (is_tight(limit, 14) && n < remembered);
#ifdef __GLIBC__
    malloc_trim(0); /* what was given back lies between what was not */
#endif
}
