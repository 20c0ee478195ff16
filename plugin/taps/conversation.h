/* conversation.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TAP_CONVERSATION_H
#define TOA_TAP_CONVERSATION_H

/* Once, from toa_taps_register. */
void toa_tap_conversation_register(int proto_toa);

#endif
