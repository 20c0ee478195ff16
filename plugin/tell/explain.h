/* explain.h
 * Gathers what the stories of story.h are made of, and tells them in the order in which the incidents were found: the text
 * of "-z toa,explain" and of Tools > TOA > Explain, and the claims of "-z toa,claims".
 *
 * Memory: one record a conversation, a ring of frames, a few findings of each kind for each incident.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_EXPLAIN_H
#define TOA_TELL_EXPLAIN_H

#include "tell/layer.h"

#include <stdio.h>

/* How many incidents are told in full unless the user asks for more. */
#define TOA_EXPLAIN_LIMIT 5

typedef struct toa_explain toa_explain;

/* config is borrowed, and read whenever a file begins or is told. */
toa_explain *toa_explain_new(const toa_config *config);
void toa_explain_free(toa_explain *explain);
/* As at the beginning of a file. */
void toa_explain_reset(toa_explain *explain);

/* Takes a layer that has a conversation. start: time of the first frame of the file, ns since the epoch. */
void toa_explain_add(toa_explain *explain, const toa_layer *layer, int64_t start);

/* The text, `limit` incidents of it in full (0: all); g_free it. claims: where its claims go, NULL: nowhere. */
char *toa_explain_tell(const toa_explain *explain, unsigned limit, FILE *claims);

#endif
