/* layout.h
 * What the bytes of one TCP option that carries a client address mean: a table of layouts, a table of
 * the (kind, length) pairs in use, and the user's rows on top.
 *
 * Not here: deciding between meanings by what else is in the segment (options.h). The source of each row is the code or
 * documentation of a vendor's kernel module; plugin/doc/reference.md, "Option variants", names it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_LAYOUT_H
#define TOA_LAYOUT_H

#include "core/base/endpoint.h"

/* X(enumerator, name in toa.layout and in the preference table).
 * Bytes count from the option's kind byte; all but the vpc id of vtoa are in network order. */
#define TOA_LAYOUTS(X)          \
    X(PORT_IP4, "port-ip4")     \
    X(IP4_PORT, "ip4-port")     \
    X(PORT_IP6, "port-ip6")     \
    X(IP6_PORT, "ip6-port")     \
    X(VER_IP4, "ver-ip4")       \
    X(VER_IP6, "ver-ip6")       \
    X(IP4, "ip4")               \
    X(IP6, "ip6")               \
    X(VTOA, "vtoa")             \
    X(VTOA6, "vtoa6")           \
    X(TTGW, "ttgw")             \
    X(U32, "u32")

typedef enum toa_layout_id {
#define X(id, name) TOA_LAYOUT_##id,
    TOA_LAYOUTS(X)
#undef X
    TOA_LAYOUT_MAX
} toa_layout_id;

/* X(enumerator, name in preferences and statistics, name in trees): whose address it is. */
#define TOA_ROLES(X)             \
    X(CLIENT, "client", "Client") \
    X(VIP, "VIP", "VIP")          \
    X(VPC, "VPC id", "VPC id")    \
    X(CLIENT_VIP, "client and VIP", "Client and VIP")

/* Layouts outside of TCP's options, as they are numbered in toa.layout: what carries the VIP of direct server return beside a SYN
 * (frames/dsr.h). X(enumerator, name) */
#define TOA_CARRIERS(X)       \
    X(DSR_IP4, "dsr-ip4")     \
    X(DSR_IP6, "dsr-ip6")     \
    X(DSR_GENEVE, "dsr-geneve")

enum {
    TOA_CARRIER_BELOW = 63,
#define X(id, name) TOA_CARRIER_##id,
    TOA_CARRIERS(X)
#undef X
};

typedef enum toa_role { /* toa.role */
#define X(id, name, title) TOA_ROLE_##id,
    TOA_ROLES(X)
#undef X
    TOA_ROLE_MAX
} toa_role;

/* Where a layout keeps its parts; offsets from the kind byte, 0 = part is absent. */
typedef struct toa_layout {
    const char *name;
    uint8_t length;   /* shortest option that holds the layout, kind and length bytes included */
    uint8_t family;   /* TOA_FAMILY_* of the addresses */
    uint8_t address;  /* the client's address, or the VIP's in a row with role VIP */
    uint8_t port;
    uint8_t vip;      /* the VIP in a layout that holds both */
    uint8_t vip_port;
    uint8_t vpc;
    uint8_t vpc_size;
    uint8_t vpc_little; /* the vpc id is written in host order of x86 */
    uint8_t version;
} toa_layout;

/* Conditions on a built-in row that options.c checks against the rest of the segment. */
typedef enum toa_condition {
    TOA_IF_ALWAYS,
    TOA_IF_NOT_EXID,   /* 253/254: bytes 2-3 may be an ExID of RFC 6994 instead of a port */
    TOA_IF_253,        /* 253/8: four meanings */
    TOA_IF_253_V6,     /* 253/20: VIP beside a 254, else client */
    TOA_IF_VERSION_1,  /* kind 28: the version byte must be 1 */
    TOA_IF_WITH_200    /* 201, 202: only beside a 200/8 */
} toa_condition;

/* One (kind, length) in use. */
typedef struct toa_option_row {
    uint8_t kind;
    uint8_t length;
    uint8_t layout;    /* toa_layout_id */
    uint8_t role;      /* toa_role */
    uint8_t little;    /* port and u32 are little-endian */
    uint8_t condition; /* toa_condition; always TOA_IF_ALWAYS in a user's row */
} toa_option_row;

/* Highest number of user rows; more cannot be in force at once than there are (kind, length) pairs. */
#define TOA_OPTION_ROWS_MAX 200

/* Every (kind, length) to its row. Plain value, no ownership. */
typedef struct toa_option_table {
    uint8_t row_of[256][41];  /* 1 + index into rows, 0: not a TOA */
    uint8_t named[256];       /* the user has a row of this kind: a wrong length is malformed */
    uint8_t known[256];       /* any row of this kind */
    toa_option_row rows[TOA_OPTION_ROWS_MAX + 32];
    unsigned n_rows;
} toa_option_table;

/* What one option says. Endpoints without port keep port 0. */
typedef struct toa_address_info {
    toa_endpoint client;
    toa_endpoint vip;
    uint32_t vpc;
    uint32_t vpc_other; /* the same bytes in the other byte order */
    uint8_t version;
    bool has_client, has_client_port, has_vip, has_vip_port, has_vpc, has_version;
} toa_address_info;

extern const toa_layout toa_layouts[TOA_LAYOUT_MAX];

/* Fills the table with the built-in rows only. */
void toa_option_table_init(toa_option_table *table);

/* Says why a user's row cannot be (static text), or NULL if it can. */
const char *toa_option_row_error(unsigned kind, unsigned length, unsigned layout, unsigned role);

/* Adds a user's row above the built-in ones. Returns NULL, or why it was refused (static text): the table is
 * then as before. */
const char *toa_option_table_add(toa_option_table *table, const toa_option_row *row);

/* Decodes an option of row->layout with row->role. The caller has checked that `length` bytes are there; at least
 * toa_layouts[row->layout].length of them are needed, or nothing is read and false is returned. */
bool toa_layout_decode(const toa_option_row *row, const uint8_t *option, unsigned length, toa_address_info *ret_info);

#endif
