/* limit.h
 * An engine within a limit of memory, for who reads more than memory holds: toa-read, toa-watch and the page. When what is held
 * reaches the limit, conversations are forgotten: closed ones that are past TIME_WAIT first, then those that were silent for the
 * longest. Below it nothing is, so nothing is told otherwise than without a limit.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_NATIVE_LIMIT_H
#define TOA_NATIVE_LIMIT_H

#include "core/toa-engine.h"

#include <glib.h>

/* Who has an engine, and more beside it that grows with its conversations. */
typedef struct toa_limit_user {
    /* Bytes held beside the engine's; *ret_spare: of them, those that are used again for what comes. */
    size_t (*beside)(const void *data, size_t *ret_spare);
    /* Conversations that are not to be forgotten. g_hash_table_destroy is called for it. */
    GHashTable *(*needs)(void *data);
    /* These go when it returns. */
    void (*forget)(void *data, GHashTable *conversations);
    /* They have gone. NULL: nothing to do. */
    void (*after)(void *data);
} toa_limit_user;

typedef struct toa_limit {
    toa_engine *engine;         /* borrowed */
    const toa_limit_user *user; /* borrowed */
    void *data;
    size_t bytes;          /* that may be held for conversations; 0: no limit */
    uint64_t closed, idle; /* forgotten so far: past TIME_WAIT, others */
    unsigned segments;
} toa_limit;

/* memory: bytes for the whole program; 0: no limit, nothing is ever forgotten. */
void toa_limit_init(toa_limit *limit, size_t memory, toa_engine *engine, const toa_limit_user *user, void *data);

/* Behind each segment: whether it is time to forget. Cheap. */
bool toa_limit_is_reached(toa_limit *limit);

/* Forgets so many that there is room again. time and frame of the last segment. */
void toa_limit_make_room(toa_limit *limit, int64_t time, uint32_t frame);

#endif
