/* pairs.h
 * Findings gathered by the two connections they are about, in the order in which the first was made.
 *
 * Not here: what is said of such a pair (incident.h), which pairs are one event (settle.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_PAIRS_H
#define TOA_TELL_PAIRS_H

#include "tell/incident.h"

typedef struct toa_incidents {
    const toa_config *config; /* borrowed; read with every finding */
    GPtrArray *list;     /* toa_incident, those that are incidents, borrowed from by_pair */
    GHashTable *by_pair; /* all pairs, owns the records */
} toa_incidents;

void toa_incidents_init(toa_incidents *incidents, const toa_config *config);
/* Empty again, as after init. */
void toa_incidents_reset(toa_incidents *incidents);
void toa_incidents_free(toa_incidents *incidents);

/* Pairs that are none: keys used again; keys shared where the user has said that nobody rewrites; keys shared by
 * connections that the server keeps apart. */
typedef struct toa_others {
    uint32_t reused, shared, kept_apart;
} toa_others;
toa_others toa_incidents_others(const toa_incidents *incidents);

/* Takes one finding of a layer. Returns its pair's record, NULL for a finding that names nobody else. *ret_new: it has
 * become an incident by this finding, and is the last of the list. */
toa_incident *toa_incidents_add(toa_incidents *incidents, const toa_layer *layer, const toa_finding *finding,
                                bool *ret_new);

/* Drops the pairs of which one is among these conversations, which the engine forgets. */
void toa_incidents_forget(toa_incidents *incidents, GHashTable *conversations);
/* Bytes that are held. */
size_t toa_incidents_memory(const toa_incidents *incidents);

#endif
