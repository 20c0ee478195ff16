/* crossings.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/crossings.h"

#include "core/base/table.h"

struct toa_crossings {
    GHashTable *answers; /* answered, to itself; owned */
    GHashTable *crossed; /* toa_conversation to GPtrArray of toa_conversation */
};

/* A frame may have several TCP layers, so the conversation is part of the key. */
typedef struct answered {
    const toa_conversation *conversation;
    uint32_t frame;
    toa_answer answer;
} answered;

static guint hash_answered(gconstpointer record)
{
    const answered *self = record;

    return (guint)toa_mix(toa_mix((uintptr_t)self->conversation) ^ self->frame);
}

static gboolean equal_answered(gconstpointer a, gconstpointer b)
{
    const answered *left = a, *right = b;

    return left->conversation == right->conversation && left->frame == right->frame;
}

static void free_crossed(void *list)
{
    g_ptr_array_free(list, TRUE);
}

toa_crossings *toa_crossings_new(void)
{
    toa_crossings *crossings = g_new(toa_crossings, 1);

    crossings->answers = g_hash_table_new_full(hash_answered, equal_answered, g_free, NULL);
    crossings->crossed = g_hash_table_new_full(NULL, NULL, NULL, free_crossed);
    return crossings;
}

void toa_crossings_free(toa_crossings *crossings)
{
    if (crossings) {
        g_hash_table_destroy(crossings->answers);
        g_hash_table_destroy(crossings->crossed);
        g_free(crossings);
    }
}

static bool from_client(const toa_segment *segment, const toa_conversation *conv)
{
    return toa_endpoint_equal(&segment->source, toa_wire_client(conv));
}

static void take_answer(toa_crossings *crossings, const toa_segment *segment, const toa_finding *finding)
{
    answered probe = {finding->other, finding->other_frame,
                      {finding->own, segment->frame, from_client(segment, finding->own)}};

    if (finding->other_frame && !g_hash_table_contains(crossings->answers, &probe)) {
        g_hash_table_add(crossings->answers, g_memdup2(&probe, sizeof probe));
    }
}

static void cross(toa_crossings *crossings, const toa_conversation *one, const toa_conversation *other)
{
    GPtrArray *list = g_hash_table_lookup(crossings->crossed, one);

    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(crossings->crossed, (gpointer)one, list);
    }
    if (list->len < TOA_CROSSED_MAX && !g_ptr_array_find(list, other, NULL)) {
        g_ptr_array_add(list, (gpointer)other);
    }
}

static bool is_crossing(unsigned kind)
{
    toa_pair_role role = toa_finding_infos[kind].role;

    return role == TOA_PAIR_PROVEN || role == TOA_PAIR_CROSSED || role == TOA_PAIR_DUP_ACK;
}

/* A proof has the evidence of the segment that completes it, but names the other's first frame. */
static bool names_cause(const toa_finding *finding)
{
    return (finding->evidence & TOA_EV_TRIGGER) && finding->kind != TOA_FINDING_CONFIRMED && is_crossing(finding->kind);
}

void toa_crossings_take(toa_crossings *crossings, const toa_segment *segment, const toa_finding *findings, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const toa_finding *finding = &findings[i];
        if (!finding->other) {
            continue;
        }
        if (is_crossing(finding->kind)) {
            cross(crossings, finding->own, finding->other);
            cross(crossings, finding->other, finding->own);
        }
        if (names_cause(finding)) {
            take_answer(crossings, segment, finding);
        }
    }
}

const toa_answer *toa_crossings_answer(const toa_crossings *crossings, const toa_segment *segment,
                                       const toa_conversation *conv)
{
    answered probe = {.conversation = conv, .frame = segment->frame};
    const answered *found;

    if (g_hash_table_size(crossings->answers) == 0) {
        return NULL;
    }
    found = g_hash_table_lookup(crossings->answers, &probe);
    /* the frame that a finding names goes the other way only if it is the cause, not one that was sent before */
    return found && found->answer.from_client != from_client(segment, conv) ? &found->answer : NULL;
}

const toa_conversation *const *toa_crossings_of(const toa_crossings *crossings, const toa_conversation *conv,
                                                unsigned *ret_n)
{
    const GPtrArray *list =
        g_hash_table_size(crossings->crossed) ? g_hash_table_lookup(crossings->crossed, conv) : NULL;

    *ret_n = list ? list->len : 0;
    return list ? (const toa_conversation *const *)(void *)list->pdata : NULL;
}
