/* chain.h
 * The rotated files of one capture point, read into one engine in the order of their first packets: what was learnt in one
 * file counts in all that follow. A file's lines are final when the next one begins, for a finding never depends on what
 * comes later; so a run can go on from where another has ended, if it first reads, silently, what that one had still open.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_NATIVE_CHAIN_H
#define TOA_NATIVE_CHAIN_H

#include "frames/capture.h"
#include "native/run.h"

typedef struct toa_link {
    char *path;
    char *name;  /* in the records */
    bool known;  /* its lines are: in front of all that are not, it is read to learn from */
    /* filled in by toa_chain_read: */
    int64_t first_time;
    unsigned number; /* as given */
} toa_link;

/* How a file ended, the worst last. */
typedef enum toa_ending {
    TOA_ENDING_DONE,
    TOA_ENDING_CUT,   /* "cut short": what came before is told */
    TOA_ENDING_LEFT,  /* "left": Wireshark can read more of it, the lines are not all */
    TOA_ENDING_FAILED /* "failed": not read */
} toa_ending;

/* For who takes the records in the same process: all lines of a file are written, and flushed, between the two calls.
 * number is the file's place among those that were added; why as of toa_chain_judge. */
typedef struct toa_chain_watch {
    void (*begin)(void *data, unsigned number);
    void (*end)(void *data, unsigned number, toa_ending ending, const char *why);
    void *data;
} toa_chain_watch;

typedef struct toa_chain {
    GArray *links; /* toa_link */
    bool all;      /* what can be read will do, though Wireshark could find more */
    const toa_chain_watch *watch; /* borrowed; NULL: what is wrong with a file is said on standard error */
} toa_chain;

void toa_chain_init(toa_chain *chain);
void toa_chain_clear(toa_chain *chain);

/* Copies the texts. */
void toa_chain_add(toa_chain *chain, const char *path, const char *name, bool known);
/* As many as there are: "+" or "-" (known), the name, a line feed, the path, a NUL. False: something else. */
bool toa_chain_add_list(toa_chain *chain, FILE *list);

/* Of the one file that was read last; *ret_why is static, or in room; NULL: nothing to say. */
toa_ending toa_chain_judge(toa_read last, const toa_capture *capture, const toa_native *native, bool all, char *room,
                           size_t size, const char **ret_why);

/* Reads all of them, with records to native's file, and says what is wrong with which: to watch, or on standard error.
 * Returns the worst ending. */
toa_ending toa_chain_read(toa_chain *chain, toa_native *native);

#endif
