/* json.h
 * Writes JSON, one object a line, members in the order they are put. No nesting but one array of texts: that is all that
 * records need.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TELL_JSON_H
#define TOA_TELL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct toa_json {
    FILE *file;
    bool follows; /* a member or element has been written where we are */
    unsigned n_held;
    char held[2048]; /* of the line, not given to file yet */
} toa_json;

void toa_json_begin(toa_json *out);
/* Ends the object and the line. */
void toa_json_end(toa_json *out);

/* value NULL: null. */
void toa_json_text(toa_json *out, const char *name, const char *value);
/* known false: null. */
void toa_json_number(toa_json *out, const char *name, bool known, int64_t value);
void toa_json_bool(toa_json *out, const char *name, bool known, bool value);

void toa_json_array_begin(toa_json *out, const char *name);
void toa_json_element(toa_json *out, const char *value);
void toa_json_array_end(toa_json *out);

#endif
