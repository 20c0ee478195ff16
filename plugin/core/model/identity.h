/* identity.h
 * Defines one connection: one wire tuple in one network (network.h), and one initial sequence number of the client. A SYN that
 * repeats the number repeats the connection, whatever has happened meanwhile.
 *
 * Wireshark numbers streams by rules of its own, which change: from 4.4 on a SYN that is sent again after a RST begins a new
 * tcp.stream. So nothing here depends on the stream; a conversation only remembers all streams that it was given, to show them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_IDENTITY_H
#define TOA_IDENTITY_H

#include "core/model/conversation.h"

struct toa_state;

/* The conversation that a SYN (without ACK) repeats: newest, the newest one of its tuple in its network, or an earlier one.
 * NULL: the SYN begins a new one. */
toa_conversation *toa_identity_find(toa_conversation *newest, const toa_segment *segment);

/* The same for a SYN that is being fed and that Wireshark has in this stream, which is noted. */
toa_conversation *toa_identity_of_syn(struct toa_state *state, toa_conversation *newest, const toa_segment *segment, uint32_t stream);

/* Wireshark has conv in this stream from this frame on. Without effect if conv is known to be in it. */
void toa_identity_stream(struct toa_state *state, toa_conversation *conv, uint32_t stream, uint32_t frame, int64_t time);

/* Its tcp.stream as of that frame. */
uint32_t toa_stream_at(const toa_conversation *conv, uint32_t frame);

/* The last one so far. */
uint32_t toa_stream_last(const toa_conversation *conv);

/* Streams that it has gone on in after the first (conv->stream), oldest first; *ret_n of them. NULL: none. */
const toa_stream_from *toa_streams_more(const toa_conversation *conv, uint32_t *ret_n);

/* Gives back the memory that the streams of one conversation take. */
void toa_identity_forget(struct toa_state *state, toa_extra *extra);

#endif
