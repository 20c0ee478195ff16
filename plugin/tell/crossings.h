/* crossings.h
 * What findings say about other frames than their own: which segment was answered on another conversation, and which
 * conversations are crossed. The victim's frames carry no finding; this is how they show what has become of them.
 *
 * Not here: any judgement. A finding with a cause names the frame of the other conversation that drew the segment it is
 * on (other_frame, with the evidence "trigger"); turned round, that frame was answered there.
 * Memory: one record a finding that names a cause, and one a crossed conversation. Owned by whoever makes it; one per
 * capture file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_CROSSINGS_H
#define TOA_TELL_CROSSINGS_H

#include "core/model/conversation.h"
#include "core/model/finding.h"

#include <glib.h>

/* At most this many crossed conversations are kept for each conversation, the first ones. Every frame shows all of them. */
#define TOA_CROSSED_MAX 16

typedef struct toa_crossings toa_crossings;

/* Where a segment was answered. */
typedef struct toa_answer {
    const toa_conversation *conversation; /* another one than that of the segment */
    uint32_t frame;
    bool from_client; /* the answer is from the client of its conversation */
} toa_answer;

toa_crossings *toa_crossings_new(void);
void toa_crossings_free(toa_crossings *crossings);

/* Takes the findings of one segment. First pass only, in the order of the frames. */
void toa_crossings_take(toa_crossings *crossings, const toa_segment *segment, const toa_finding *findings, unsigned n);

/* The first segment elsewhere that answers `segment` of conv; NULL: none is known. */
const toa_answer *toa_crossings_answer(const toa_crossings *crossings, const toa_segment *segment,
                                       const toa_conversation *conv);

/* The conversations that conv is crossed with by now; *ret_n of them, NULL for none. Good until the next is taken. */
const toa_conversation *const *toa_crossings_of(const toa_crossings *crossings, const toa_conversation *conv,
                                                unsigned *ret_n);

#endif
