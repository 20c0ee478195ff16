/* evidence.h
 * The file of one incident: pcapng with the packets of its conversations, from before it was noticed to some seconds after.
 * Readable by its owner only; what cannot be written any more (a full disk) leaves a file that is whole up to there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WATCH_EVIDENCE_H
#define TOA_WATCH_EVIDENCE_H

#include "frames/frame.h"
#include "core/base/endpoint.h"
#include "watch/ring.h"

#include <glib.h>

/* Wire tuples whose packets are taken. */
#define TOA_EVIDENCE_TUPLES 6

typedef struct toa_evidence {
    char *path;
    int fd;              /* -1: closed */
    int why;             /* errno of what could not be written; 0: all was */
    GByteArray *held;    /* whole blocks that are not written yet */
    guint64 written;     /* bytes that are whole blocks */
    GArray *interfaces;  /* (link type, number) in the order of their blocks */
    GHashTable *numbers; /* of the frame, to its number in the file */
    uint32_t n;          /* packets */
    toa_endpoint tuples[TOA_EVIDENCE_TUPLES][2];
    uint32_t hashes[TOA_EVIDENCE_TUPLES];
    unsigned n_tuples;
} toa_evidence;

/* A new file in the folder, with a name that is its own. comment: of the whole. NULL with errno: it cannot be made. */
toa_evidence *toa_evidence_new(const char *folder, const char *name, const char *comment);

/* Packets of this tuple belong to it, too. hash: by which the ring knows them. */
void toa_evidence_want(toa_evidence *evidence, const toa_endpoint *a, const toa_endpoint *b, uint32_t hash);
bool toa_evidence_wants(const toa_evidence *evidence, const toa_endpoint *a, const toa_endpoint *b, uint32_t hash);

/* comment NULL: none. Written when there is much, and by flush. */
void toa_evidence_add(toa_evidence *evidence, const toa_frame_bytes *frame, const char *comment);
/* Those of the ring that it wants; comment is that of frame number `commented`, 0: none. */
void toa_evidence_add_ring(toa_evidence *evidence, const toa_ring *ring, uint32_t commented, const char *comment);

/* False: something could not be written; it is closed, and why says it. */
bool toa_evidence_flush(toa_evidence *evidence);

/* Writes what is held, and closes; its numbers can still be asked for. */
void toa_evidence_close(toa_evidence *evidence);

/* Number in the file of a frame; 0: it is not in. */
uint32_t toa_evidence_number(const toa_evidence *evidence, uint32_t frame);

/* Closes it, if it is open. */
void toa_evidence_free(toa_evidence *evidence);

#endif
