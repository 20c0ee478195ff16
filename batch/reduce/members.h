/* members.h
 * The members of one line of JSON. Reads flat objects and passes over what is nested in a member, to a fixed depth: an array of
 * strings alone is a value. Takes no memory but for texts, and never calls itself.
 *
 * Not here: which members a record must have, and what they may be (record.h).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_MEMBERS_H
#define TOA_SCAN_MEMBERS_H

#include <glib.h>

#define SCAN_MEMBERS_MAX 96

/* What a member is; texts as offsets, because the buffer may move. */
typedef enum scan_member_type {
    MEMBER_NULL,
    MEMBER_NUMBER, /* an integer of 64 bits */
    MEMBER_BOOL,
    MEMBER_TEXT,
    MEMBER_WORDS, /* an array of strings */
    MEMBER_OTHER
} scan_member_type;

typedef struct scan_member {
    size_t name, text; /* text: of MEMBER_TEXT; of MEMBER_WORDS all of them, with commas */
    gint64 number;
    scan_member_type type;
} scan_member;

typedef struct scan_members {
    scan_member list[SCAN_MEMBERS_MAX];
    unsigned n;
    const GString *texts; /* borrowed */
} scan_members;

/* The line, with or without its newline; it need not end with NUL. Texts are appended. False: it is not one flat object in
 * UTF-8. */
gboolean scan_members_parse(scan_members *self, const char *line, size_t length, GString *texts);

/* Valid until something is appended to the texts. */
const char *scan_members_text(const scan_members *self, size_t offset);

/* NULL: not there, or null. *ret_twice is set if it is there twice, so that two readers could take different ones. */
const scan_member *scan_members_find(const scan_members *self, const char *name, gboolean *ret_twice);

#endif
