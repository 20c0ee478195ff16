/* stats.h
 * What a listener counts of each conversation: frames seen, and since when its client has been waiting for an answer.
 *
 * Memory: one record a conversation, none a frame.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_STATS_H
#define TOA_TELL_STATS_H

#include "tell/layer.h"

typedef struct toa_stats {
    const toa_conversation *conv;
    struct toa_stats *next; /* another conversation with this tcp.stream: Wireshark has merged two networks */
    int64_t first_time, last_time;
    int64_t answer_time;   /* last own segment of the server; with answer_frame */
    int64_t wait_time;     /* with n_waiting */
    uint32_t n_frames, first_frame, last_frame;
    uint32_t answer_frame; /* 0: the server has never answered with a segment of this conversation */
    uint32_t n_waiting;    /* the client's SYN, data, FIN, keepalives and probes since its last answered one */
    const toa_conversation *pending_on; /* carrier of the first of n_waiting: conv, or a later one with the same addresses */
    uint32_t n_again;      /* of them: with nothing new in it */
    uint32_t wait_frame;   /* first of them */
    uint32_t wait_end;     /* sequence number behind the first, and behind the last of them */
    uint32_t wait_last_end;
    int64_t foreign_time;  /* the last segment that is another conversation's: */
    uint32_t foreign_seq, foreign_ack; /* captured a second time, it has no finding, and is no answer either */
    uint16_t foreign_flags, foreign_id;
    uint32_t client_end;   /* behind the highest number that its client has used; with has_client_end */
    bool has_client_end;
    uint8_t fins;          /* bit 0 the client's, bit 1 the server's */
    uint8_t synack_ttl;    /* of the server's SYN-ACK; 0: not captured */
    int64_t ending_time;   /* when there were both, or a RST, whatever its number; 0: never */
    int64_t pending_time;  /* the last segment of n_waiting, so that its copy does not count as another */
    uint32_t pending_seq;
    uint16_t pending_id;
    uint32_t part;         /* where files are read as one: the last one that has to tell of it, from 1; */
    uint32_t part_frames, part_first_frame; /* what was seen of it there; no frames: something else there names it */
    uint32_t part_stream;
    int64_t part_first_time;
} toa_stats;

typedef struct toa_stats_table {
    GPtrArray *by_stream; /* toa_stats, owned; NULL: none. Looked at for every segment, and found without a hash */
    GHashTable *few;      /* instead, where few of many conversations are counted: toa_stats by its conv; else NULL */
    guint n;
    uint32_t part;         /* 0: one file, all that is told of it is told at the end */
    GPtrArray *part_stats; /* toa_stats of this part, borrowed */
} toa_stats_table;

void toa_stats_init(toa_stats_table *stats_table);
/* For few of an endless number of conversations, which come and go. */
void toa_stats_init_few(toa_stats_table *stats_table);
void toa_stats_reset(toa_stats_table *stats_table);
void toa_stats_free(toa_stats_table *stats_table);

/* Counts one layer. */
void toa_stats_add(toa_stats_table *stats_table, const toa_layer *layer);

/* Forgets one, if it was counted. Of few only. */
void toa_stats_drop(toa_stats_table *stats_table, const toa_conversation *conv);
/* Forgets those of conversations that the engine forgets; from now on they are few. asked_on of others may have gone, too. */
void toa_stats_forget(toa_stats_table *stats_table, GHashTable *conversations);
/* Bytes that are held. */
size_t toa_stats_memory(const toa_stats_table *stats_table);

/* What follows is of the next of several files. */
void toa_stats_next_part(toa_stats_table *stats_table);
/* The conversation is to be told of in this part, if only because something there names it. */
void toa_stats_name(toa_stats_table *stats_table, const toa_conversation *conv);

/* Connections that have the tcp.stream of this one, itself included. Not of few. */
unsigned toa_stats_siblings(const toa_stats_table *stats_table, const toa_conversation *conv);

/* NULL: no layer of it was counted (a filter). */
const toa_stats *toa_stats_find(const toa_stats_table *stats_table, const toa_conversation *conv);

/* All, or in parts those of this part, by tcp.stream. g_ptr_array_free it; the records stay with the table. */
GPtrArray *toa_stats_sorted(const toa_stats_table *stats_table);
/* Of them, those of these conversations. */
GPtrArray *toa_stats_of(const toa_stats_table *stats_table, GHashTable *conversations);

#endif
