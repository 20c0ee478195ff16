/* places.h
 * What to change, by what is known of the place: which products let a crossing happen, or answer from the wrong address, how each
 * is recognised, what ends it, and who says so.
 *
 * A crossing needs the destination rewritten to the server's own address, and the client's address and port kept.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_PLACES_H
#define TOA_TELL_PLACES_H

#include "core/toa-engine.h"
#include "tell/claims.h"

typedef enum toa_place {
    TOA_PLACE_UNKNOWN, /* no option was seen: any product of the table */
    TOA_PLACE_TOA,     /* a TOA option names the client: LVS and relatives */
    TOA_PLACE_DSR      /* direct server return has named a VIP: Cilium */
} toa_place;

/* What is known of the place of two crossed conversations. */
toa_place toa_place_of(const toa_conversation *one, const toa_conversation *other);

/* Adds lines: what to change where two connections have become one. A list of products is told once by one teller. */
void toa_places_crossed(toa_place place, toa_teller *teller);
/* The same where answers are not translated back. */
void toa_places_untranslated(toa_teller *teller);

#endif
