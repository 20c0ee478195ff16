/* options.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/option/options.h"

#include <string.h>

enum { OPT_EOL = 0, OPT_NOP = 1, OPT_WSCALE = 3, OPT_SACK = 5, OPT_TIMESTAMPS = 8 };
enum { FLAG_SYN = 0x02 };
enum { EXID_TFO = 0xf989, EXID_HOST_ID = 0x0348 };

/* ExIDs known to Wireshark 4.0 to 4.6 and to IANA, without SMC-R (0xE2D4, length always 6) and AccECN (0xACCE, length
 * always 4 + 3n): those cannot have the length of a TOA. */
static const uint16_t exids[] = {0x00ac, 0x0348, 0x0a0d, 0x0ca0, 0x0ed0, 0x454e,
                                 0x5323, 0x75ec, 0xacc0, 0xacc1, 0xf989, 0xf990};

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* True if 16 bits are a registered ExID (RFC 6994, IANA) that an option of this kind and length can be. */
static bool exid_possible(uint8_t kind, uint8_t length, uint16_t exid)
{
    if (exid == EXID_HOST_ID && kind != 253) {
        return false;
    }
    if (length < 4) {
        return false;
    }
    for (size_t i = 0; i < sizeof exids / sizeof exids[0]; i++) {
        if (exids[i] == exid) {
            return true;
        }
    }
    return false;
}

/* State of one walk. */
typedef struct walk {
    const uint8_t *header;
    unsigned end;        /* first byte that is not an option byte or not captured */
    unsigned header_end; /* first byte behind the header */
    const toa_options_context *context;
    toa_options *out;
    unsigned n_real;     /* options other than NOP seen */
    unsigned last_real;  /* offset of the last of them */
    bool first_is_toa;   /* the first of them is items[0] */
    bool after_eol;
} walk;

static void read_standard(walk *w, unsigned offset, unsigned length)
{
    const uint8_t *option = w->header + offset;
    toa_options *out = w->out;

    switch (option[0]) {
    case OPT_TIMESTAMPS:
        if (length == 10) {
            out->has_timestamps = true;
            out->tsval = toa_read32(option + 2);
            out->tsecr = toa_read32(option + 6);
        }
        break;
    case OPT_WSCALE:
        if (length == 3) {
            out->has_scale = true;
            out->scale = option[2] > 14 ? 14 : option[2];
        }
        break;
    case OPT_SACK:
        for (unsigned at = 2; at + 8 <= length && out->n_sack < TOA_SACK_MAX; at += 8) {
            out->sack[out->n_sack][0] = toa_read32(option + at);
            out->sack[out->n_sack][1] = toa_read32(option + at + 4);
            out->n_sack++;
        }
        break;
    default:
        break;
    }
}

static toa_item *new_item(walk *w, unsigned offset, unsigned length)
{
    toa_item *item;

    if (w->out->n_items >= TOA_ITEMS_MAX) {
        return NULL;
    }
    item = &w->out->items[w->out->n_items++];
    memset(item, 0, sizeof *item);
    item->offset = (uint8_t)offset;
    item->kind = w->header[offset];
    item->length = (uint8_t)length;
    if (w->after_eol) {
        item->flags |= TOA_ITEM_AFTER_EOL;
    }
    return item;
}

/* An option of a kind that the tables know. missing: its length byte points behind the header. */
static void note_candidate(walk *w, unsigned offset, unsigned length, bool missing)
{
    const toa_option_table *table = w->context->table;
    uint8_t kind = w->header[offset];
    unsigned row = length <= 40 ? table->row_of[kind][length] : 0;
    toa_item *item;

    if (row == 0 && !table->named[kind]) {
        return;
    }
    item = new_item(w, offset, length);
    if (!item) {
        return;
    }
    if (row == 0 || missing) {
        item->flags |= TOA_ITEM_MALFORMED;
        item->layout = row ? table->rows[row - 1].layout : TOA_LAYOUT_MAX;
        item->role = row ? table->rows[row - 1].role : TOA_ROLE_CLIENT;
    }
}

static void walk_options(walk *w)
{
    const toa_option_table *table = w->context->table;
    unsigned offset = 20;

    while (offset < w->end) {
        uint8_t kind = w->header[offset];
        unsigned length;

        if (kind == OPT_NOP || kind == OPT_EOL) {
            w->after_eol |= kind == OPT_EOL;
            offset++;
            continue;
        }
        if (offset + 1 >= w->end) {
            return; /* no length byte: nothing to know, the TCP dissector says so */
        }
        length = w->header[offset + 1];
        if (length < 2) {
            return;
        }
        if (offset + length > w->end) {
            /* cut by the header: malformed; cut by the snapshot length: simply not seen */
            if (offset + length > w->header_end && w->end == w->header_end && table->known[kind]) {
                note_candidate(w, offset, length, true);
            }
            return;
        }
        if (!w->after_eol) {
            read_standard(w, offset, length);
            w->last_real = offset;
            w->n_real++;
        }
        if (table->known[kind]) {
            note_candidate(w, offset, length, false);
            w->first_is_toa |= w->n_real == 1 && !w->after_eol && w->out->n_items == 1;
        }
        offset += length;
    }
}

/* ---- meaning of the candidates ---- */

static bool packet_has(const toa_options *options, uint8_t kind, uint8_t length)
{
    for (unsigned i = 0; i < options->n_items; i++) {
        const toa_item *item = &options->items[i];
        if (item->kind == kind && (length == 0 || item->length == length) && !(item->flags & TOA_ITEM_MALFORMED)) {
            return true;
        }
    }
    return false;
}

static bool remembered(const walk *w, const toa_item *item, const toa_option_row *row)
{
    toa_address_info info;

    return w->context->remembered && toa_layout_decode(row, w->header + item->offset, item->length, &info) &&
           info.has_client && toa_endpoint_equal(&info.client, w->context->remembered);
}

/* 253/254 whose bytes 2-3 are an ExID: an address all the same, with a note unless something speaks for it. */
static void note_exid(const walk *w, toa_item *item, const toa_option_row *row)
{
    uint16_t exid = get16(w->header + item->offset + 2);

    if (!exid_possible(item->kind, item->length, exid)) {
        return;
    }
    w->out->context_matters = true;
    if (exid == EXID_TFO && !(w->context->tcp_flags & FLAG_SYN)) {
        return; /* a Fast Open cookie travels on SYN and SYN-ACK only (RFC 7413) */
    }
    if ((w->first_is_toa && item == &w->out->items[0]) || w->context->neighbours || remembered(w, item, row)) {
        return;
    }
    item->flags |= TOA_ITEM_AMBIGUOUS;
}

/* 253/8: HOST_ID, VIP beside a 254, address-first VIP of smartnat, or a client. False: not a TOA. */
static bool resolve_253(const walk *w, const toa_item *item, toa_option_row *row)
{
    bool syn_and_last = (w->context->tcp_flags & FLAG_SYN) && w->last_real == item->offset;
    bool host_id = get16(w->header + item->offset + 2) == EXID_HOST_ID;

    w->out->context_matters |= host_id;
    if (host_id && !remembered(w, item, row)) {
        return false; /* RFC 7974 */
    }
    if (packet_has(w->out, 254, 8) || packet_has(w->out, 254, 20)) {
        row->role = TOA_ROLE_VIP;
        return true;
    }
    if (w->context->kind253 == TOA_KIND253_ADDRESS_FIRST) {
        row->layout = TOA_LAYOUT_IP4_PORT;
        row->role = syn_and_last ? TOA_ROLE_VIP : TOA_ROLE_CLIENT;
    } else if (w->context->kind253 == TOA_KIND253_AUTO && syn_and_last) {
        row->layout = TOA_LAYOUT_IP4_PORT;
        row->role = TOA_ROLE_VIP;
    }
    return true;
}

/* Turns a candidate into a decoded item. False: it is no TOA here, hand it back. */
static bool resolve_item(const walk *w, toa_item *item)
{
    const toa_option_table *table = w->context->table;
    const uint8_t *option = w->header + item->offset;
    toa_option_row row;

    if (item->flags & TOA_ITEM_MALFORMED) {
        return true;
    }
    row = table->rows[table->row_of[item->kind][item->length] - 1];
    switch ((toa_condition)row.condition) {
    case TOA_IF_ALWAYS:
        break;
    case TOA_IF_NOT_EXID:
        note_exid(w, item, &row);
        break;
    case TOA_IF_253:
        if (!resolve_253(w, item, &row)) {
            return false;
        }
        if (row.layout == TOA_LAYOUT_PORT_IP4) { /* in an address-first option bytes 2-3 are no port */
            note_exid(w, item, &row);
        }
        break;
    case TOA_IF_253_V6:
        if (packet_has(w->out, 254, 0)) {
            row.role = TOA_ROLE_VIP;
        }
        note_exid(w, item, &row);
        break;
    case TOA_IF_VERSION_1:
        if (option[2] != 1) {
            return false;
        }
        break;
    case TOA_IF_WITH_200:
        if (!packet_has(w->out, 200, 8)) {
            return false;
        }
        break;
    }
    item->layout = row.layout;
    item->role = row.role;
    item->decoded = toa_layout_decode(&row, option, item->length, &item->info);
    return item->decoded;
}

static void note_address(const walk *w, toa_item *item)
{
    const toa_address_info *info = &item->info;

    if ((info->has_client && toa_endpoint_suspicious(&info->client, info->has_client_port)) ||
        (info->has_vip && toa_endpoint_suspicious(&info->vip, info->has_vip_port))) {
        item->flags |= TOA_ITEM_SUSPICIOUS;
    }
    if (!info->has_client) {
        return;
    }
    if (!info->has_client_port) {
        item->flags |= TOA_ITEM_NO_PORT;
        if (toa_endpoint_same_address(&info->client, w->context->source) ||
            toa_endpoint_same_address(&info->client, w->context->destination)) {
            item->flags |= TOA_ITEM_REDUNDANT;
        }
    } else if (toa_endpoint_equal(&info->client, w->context->source) ||
               toa_endpoint_equal(&info->client, w->context->destination)) {
        item->flags |= TOA_ITEM_REDUNDANT;
    }
}

/* A variant without port says less, not something else. */
static bool same_client(const toa_address_info *a, const toa_address_info *b)
{
    return toa_endpoint_same_address(&a->client, &b->client) &&
           (!a->has_client_port || !b->has_client_port || a->client.port == b->client.port);
}

/* Which client address counts, and whether there are two different ones. */
static void choose_client(toa_options *options, toa_effective effective)
{
    const toa_item *seen = NULL;
    bool conflict = false;

    for (unsigned i = 0; i < options->n_items; i++) {
        toa_item *item = &options->items[i];
        if (!item->decoded || !item->info.has_client || (item->flags & TOA_ITEM_AFTER_EOL)) {
            continue;
        }
        conflict |= seen && !same_client(&seen->info, &item->info);
        seen = item;
        if (options->client_item < 0 || effective == TOA_EFFECTIVE_LAST) {
            options->client_item = (int8_t)i;
        }
    }
    if (options->client_item >= 0) {
        options->items[options->client_item].effective = true;
    }
    for (unsigned i = 0; conflict && i < options->n_items; i++) {
        toa_item *item = &options->items[i];
        if (item->decoded && item->info.has_client && !(item->flags & TOA_ITEM_AFTER_EOL)) {
            item->flags |= TOA_ITEM_CONFLICT;
        }
    }
}

static void resolve_items(walk *w)
{
    toa_options *options = w->out;
    bool keep[TOA_ITEMS_MAX];
    unsigned kept = 0;

    /* all first, then drop: a condition looks at its neighbours */
    for (unsigned i = 0; i < options->n_items; i++) {
        keep[i] = resolve_item(w, &options->items[i]);
    }
    for (unsigned i = 0; i < options->n_items; i++) {
        if (!keep[i]) {
            continue;
        }
        if (kept != i) {
            options->items[kept] = options->items[i];
        }
        if (options->items[kept].decoded) {
            note_address(w, &options->items[kept]);
        }
        kept++;
    }
    options->n_items = (uint8_t)kept;
    choose_client(options, w->context->effective);
}

void toa_options_scan(const uint8_t *header, unsigned captured, unsigned header_length,
                      const toa_options_context *context, toa_options *ret_options)
{
    walk w = {.header = header, .context = context, .out = ret_options, .header_end = header_length};

    if (toa_options_scan_usual(header, captured, header_length, ret_options)) {
        return;
    }
    w.end = captured < header_length ? captured : header_length;
    if (w.end <= 20) {
        return;
    }
    walk_options(&w);
    if (ret_options->n_items) {
        resolve_items(&w);
    }
}
