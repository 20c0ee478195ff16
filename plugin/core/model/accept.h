/* accept.h
 * What a segment changes in a conversation: the only place that writes a side's numbers.
 *
 * Not here: whether the segment is the conversation's own (conversation.h), and whose else it is (core/judge).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_ACCEPT_H
#define TOA_ACCEPT_H

#include "core/model/conversation.h"

/* Takes a segment's numbers as the conversation's own. sender is the index of its side. */
void toa_conversation_accept(toa_conversation *conv, unsigned sender, const toa_segment *segment);

/* The conversation's numbers are from now on those of this segment, on both sides. */
void toa_conversation_resume(toa_conversation *conv, unsigned sender, const toa_segment *segment);

/* An unexplained segment (R13): remembers it. True if it makes, with the one before, two data segments in a row:
 * then its numbers have become the conversation's own. */
bool toa_conversation_stray(toa_conversation *conv, unsigned sender, const toa_segment *segment);

/* A segment of this side was captured on another conversation, with its seq and ack that much higher than the
 * conversation's own (R6). A SYN or RST never sets its numbers. */
void toa_conversation_credit(toa_conversation *conv, unsigned sender, const toa_segment *segment, uint32_t seq_shift,
                             uint32_t ack_shift);

#endif
