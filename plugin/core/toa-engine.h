/* toa-engine.h
 * The engine: segments in, findings out. It does not know Wireshark; the glue, the unit tests and the fuzzers all drive it
 * through this header.
 *
 * One engine per capture file. Segments must come in the order of the capture, once each.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_ENGINE_H
#define TOA_ENGINE_H

#include "core/option/config.h"
#include "core/model/conversation.h"
#include "core/model/finding.h"
#include "core/option/segment.h"

typedef struct toa_state toa_engine;

/* config is borrowed and must not change while the engine lives. */
toa_engine *toa_engine_new(const toa_config *config);
void toa_engine_free(toa_engine *engine);

/* The newest conversation between the two endpoints, in either direction; NULL: none yet. */
toa_conversation *toa_engine_find(toa_engine *engine, const toa_endpoint *source, const toa_endpoint *destination);

/* The caller has to find out tcp.stream only if this is true: for a new tuple, and for a SYN. */
static inline bool toa_engine_wants_stream(const toa_conversation *conv, const toa_segment *segment)
{
    return !conv || (segment->flags & (TOA_FLAG_SYN | TOA_FLAG_ACK)) == TOA_FLAG_SYN;
}

/* Result of feeding one segment. */
typedef struct toa_fed {
    toa_conversation *conversation;
    const toa_finding *findings; /* in the order of TOA_FINDINGS; valid until the next call */
    unsigned n_findings;
    bool copy;        /* the packet was captured before; nothing was learnt from it */
    bool unexplained; /* not its conversation's own, and nobody else's in this capture */
} toa_fed;

/* conv is what toa_engine_find returned; stream is tcp.stream, read only if toa_engine_wants_stream. It is kept to be shown
 * (core/model/identity.h), what is one connection does not depend on it. */
toa_fed toa_engine_feed(toa_engine *engine, toa_conversation *conv, const toa_segment *segment, uint32_t stream);

/* A segment that is not fed, of the conversation that toa_engine_find returned: Wireshark has it in this stream. */
void toa_engine_note_stream(toa_engine *engine, toa_conversation *conv, uint32_t stream, uint32_t frame,
                            int64_t time);

/* What earlier segments say about a TOA in this one, for toa_options_context. Returns the client that TOA named on
 * this conversation before, or NULL. *ret_neighbours: the source address has sent a TOA of this kind elsewhere. */
const toa_endpoint *toa_engine_remembered(toa_engine *engine, const toa_endpoint *source,
                                          const toa_endpoint *destination, uint8_t kind, bool *ret_neighbours);

/* The client that a TOA has named on this conversation; NULL: none. */
const toa_endpoint *toa_engine_named(const toa_conversation *conv);

/* Where conv's client has sent it, as direct server return says beside its SYN; NULL: nothing says so. */
const toa_endpoint *toa_engine_dialled(const toa_conversation *conv);

/* The other leg of conv's connection, NULL: not known. */
const toa_conversation *toa_engine_leg(const toa_conversation *conv);

/* Conversations so far, and bytes held for them, tables included. */
uint32_t toa_engine_conversations(const toa_engine *engine);
size_t toa_engine_memory(const toa_engine *engine);

/* ---- forgetting, for who feeds an engine for ever; the plugin keeps everything ---- */

/* Conversations that are remembered; and bytes of toa_engine_memory that were given back, and are used first. */
uint32_t toa_engine_remembers(const toa_engine *engine);
size_t toa_engine_spare(const toa_engine *engine);

typedef struct toa_forget {
    uint32_t n;     /* conversations to forget, at most */
    int64_t now;    /* time and number of the last segment */
    uint32_t frame;
    bool (*keeps)(void *context, const toa_conversation *conv); /* asked of those whose turn it is; NULL: nobody is kept */
    void (*on_forget)(void *context, const toa_conversation *conv); /* for each, before any of them goes; NULL: nobody */
    void (*on_forget_all)(void *context); /* behind the last of them, and before they go, if there are any; NULL: nobody */
    void *context;
} toa_forget;

typedef struct toa_forgotten {
    uint32_t closed; /* past TIME_WAIT */
    uint32_t idle;   /* others, those that were silent the longest */
} toa_forgotten;

/* Between two segments: forgets so many conversations, less those that are kept, closed ones that are past TIME_WAIT first, and all that
 * is known through them alone. What was returned of them, and the findings of the last segment, must not be used afterwards.
 * Takes a look at everything: some 100 ms with a million conversations. So forget many at a time. */
toa_forgotten toa_engine_forget(toa_engine *engine, const toa_forget *forget);

#endif
