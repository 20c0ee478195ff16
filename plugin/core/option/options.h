/* options.h
 * One walk over the options of a TCP header: what every segment needs (timestamps, window scale, SACK) and the
 * options that carry addresses, with their meaning decided by everything else in the segment.
 *
 * Not here: what earlier segments said. Questions that need them are left as flags for the engine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_OPTIONS_H
#define TOA_OPTIONS_H

#include "core/option/layout.h"

/* A header has at most 40 option bytes; the shortest TOA has 6. */
#define TOA_ITEMS_MAX 8
#define TOA_SACK_MAX 4

/* toa_item.flags: what there is to say about one option; each is an expert info, filter "toa." and
 * the name. X(bit number, enumerator, name). CHANGED is set by the glue: it takes what earlier segments said. */
#define TOA_ITEM_FLAGS(X)                                                                            \
    X(0, MALFORMED, malformed)   /* wrong length for its kind, or longer than the header */          \
    X(1, AMBIGUOUS, ambiguous)   /* could also be an ExID option */                                  \
    X(2, CONFLICT, conflict)     /* another option of this segment names another client */           \
    X(3, CHANGED, changed)       /* the conversation carried another address before */               \
    X(4, AFTER_EOL, after_eol)   /* behind End of Option List: receivers do not see it */            \
    X(5, SUSPICIOUS, suspicious) /* no client has such an address */                                 \
    X(6, REDUNDANT, redundant)   /* names the endpoint that is on the wire anyway */                 \
    X(7, NO_PORT, no_port)       /* the variant has no port */

enum {
#define X(bit, id, name) TOA_ITEM_##id = 1 << bit,
    TOA_ITEM_FLAGS(X)
#undef X
};

/* One option that carries an address. */
typedef struct toa_item {
    uint8_t offset; /* of the kind byte, from the start of the TCP header */
    uint8_t kind;
    uint8_t length;
    uint8_t layout; /* toa_layout_id */
    uint8_t role;   /* toa_role */
    bool decoded;   /* info is valid; false for a malformed one */
    bool effective; /* the client address that the receiver uses */
    uint16_t flags; /* TOA_ITEM_* */
    toa_address_info info;
} toa_item;

typedef enum toa_kind253 { TOA_KIND253_AUTO, TOA_KIND253_PORT_FIRST, TOA_KIND253_ADDRESS_FIRST } toa_kind253;
typedef enum toa_effective { TOA_EFFECTIVE_FIRST, TOA_EFFECTIVE_LAST } toa_effective;

/* What the walk needs to know. */
typedef struct toa_options_context {
    const toa_option_table *table;
    toa_kind253 kind253;
    toa_effective effective;
    uint16_t tcp_flags;            /* of the header */
    const toa_endpoint *source;    /* of the segment; for TOA_ITEM_REDUNDANT */
    const toa_endpoint *destination;
    const toa_endpoint *remembered; /* client that this conversation's TOA named before, or NULL */
    bool neighbours;               /* other conversations of this source carried a TOA */
} toa_options_context;

/* Result. Plain value. */
typedef struct toa_options {
    bool has_timestamps;
    bool has_scale;
    bool context_matters; /* remembered and neighbours had, or could have had, a say */
    uint8_t scale; /* 0 to 14; higher values are taken as 14 (RFC 7323 section 2.3) */
    uint8_t n_sack;
    uint8_t n_items;
    int8_t client_item; /* index of the effective client, -1: none */
    uint32_t tsval, tsecr;
    uint32_t sack[TOA_SACK_MAX][2]; /* left and right edge */
    toa_item items[TOA_ITEMS_MAX];
} toa_options;

/* Walks header[20 .. header_length); captured is how many bytes of the header are there. Never reads behind either,
 * stops at the first option that makes no sense. Writes all of *ret_options but unused array elements. */
void toa_options_scan(const uint8_t *header, unsigned captured, unsigned header_length,
                      const toa_options_context *context, toa_options *ret_options);

static inline uint32_t toa_read32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The same for what nearly every segment of an established connection has: no options, or NOP NOP timestamps (RFC 7323
 * appendix A). False, *ret_options unfinished, if it is something else. */
static inline bool toa_options_scan_usual(const uint8_t *header, unsigned captured, unsigned header_length,
                                          toa_options *ret_options)
{
    ret_options->has_timestamps = false;
    ret_options->has_scale = false;
    ret_options->context_matters = false;
    ret_options->scale = 0;
    ret_options->n_sack = 0;
    ret_options->n_items = 0;
    ret_options->client_item = -1;
    ret_options->tsval = ret_options->tsecr = 0;
    if (header_length != 32 || captured < 32 || toa_read32(header + 20) != 0x0101080a) {
        return header_length == 20;
    }
    ret_options->has_timestamps = true;
    ret_options->tsval = toa_read32(header + 24);
    ret_options->tsecr = toa_read32(header + 28);
    return true;
}

#endif
