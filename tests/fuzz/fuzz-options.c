/* fuzz-options.c
 * Any bytes as the options of a TCP header, with any table of the user's: what the walk returns must hold together,
 * must be what a second, obvious reading of the same bytes says, and must not depend on bytes that are not there.
 *
 * Input: flags, kind253 and effective, number of user rows (5 bytes each), captured length, then option bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "input.h"

#include "core/option/config.h"

#include <string.h>

/* ---- the obvious reading ---- */

typedef struct plain {
    bool has_timestamps, has_scale;
    uint8_t scale, n_sack;
    uint32_t tsval, tsecr, sack[TOA_SACK_MAX][2];
} plain;

static uint32_t number(const uint8_t *bytes, unsigned size)
{
    uint32_t value = 0;

    while (size--) {
        value = value * 256 + *bytes++;
    }
    return value;
}

/* Timestamps, window scale and SACK, as RFC 9293, 7323 and 2018 have them. The last of several counts. */
static plain read_plain(const uint8_t *options, size_t size)
{
    plain out = {0};

    for (size_t at = 0; at < size && options[at] != 0;) {
        const uint8_t *option = options + at;
        if (option[0] == 1) {
            at++;
            continue;
        }
        if (at + 1 >= size || option[1] < 2 || at + option[1] > size) {
            break;
        }
        if (option[0] == 8 && option[1] == 10) {
            out.has_timestamps = true;
            out.tsval = number(option + 2, 4);
            out.tsecr = number(option + 6, 4);
        } else if (option[0] == 3 && option[1] == 3) {
            out.has_scale = true;
            out.scale = option[2] < 14 ? option[2] : 14;
        } else if (option[0] == 5) {
            for (unsigned i = 2; i + 8 <= option[1] && out.n_sack < TOA_SACK_MAX; i += 8, out.n_sack++) {
                out.sack[out.n_sack][0] = number(option + i, 4);
                out.sack[out.n_sack][1] = number(option + i + 4, 4);
            }
        }
        at += option[1];
    }
    return out;
}

static void check_plain(const toa_options *got, const uint8_t *options, size_t size)
{
    plain want = read_plain(options, size);

    MUST(got->has_timestamps == want.has_timestamps);
    MUST(got->tsval == want.tsval && got->tsecr == want.tsecr);
    MUST(got->has_scale == want.has_scale && got->scale == want.scale);
    MUST(got->n_sack == want.n_sack);
    MUST(memcmp(got->sack, want.sack, want.n_sack * sizeof want.sack[0]) == 0);
}

/* ---- what must hold of one item ---- */

static toa_endpoint address_at(const uint8_t *option, unsigned offset, unsigned size, unsigned port)
{
    return size == 16 ? toa_endpoint_ipv6(option + offset, (uint16_t)port)
                      : toa_endpoint_ipv4(option + offset, (uint16_t)port);
}

/* The first address of each layout, by the drawing of its bytes, not by the table of the plugin. */
static toa_endpoint first_address(const toa_item *item, const uint8_t *option, bool little)
{
    unsigned front = little ? (uint32_t)(option[2] | option[3] << 8) : number(option + 2, 2);

    switch ((toa_layout_id)item->layout) {
    case TOA_LAYOUT_PORT_IP4:
    case TOA_LAYOUT_VTOA:
    case TOA_LAYOUT_TTGW:
        return address_at(option, 4, 4, front);
    case TOA_LAYOUT_PORT_IP6:
    case TOA_LAYOUT_VTOA6:
        return address_at(option, 4, 16, front);
    case TOA_LAYOUT_IP4_PORT:
        return address_at(option, 2, 4, little ? (uint32_t)(option[6] | option[7] << 8) : number(option + 6, 2));
    case TOA_LAYOUT_IP6_PORT:
        return address_at(option, 2, 16, little ? (uint32_t)(option[18] | option[19] << 8) : number(option + 18, 2));
    case TOA_LAYOUT_VER_IP4:
        return address_at(option, 3, 4, 0);
    case TOA_LAYOUT_VER_IP6:
        return address_at(option, 3, 16, 0);
    case TOA_LAYOUT_IP4:
        return address_at(option, 2, 4, 0);
    case TOA_LAYOUT_IP6:
        return address_at(option, 2, 16, 0);
    default:
        abort();
    }
}

static void check_decoded(const toa_item *item, const uint8_t *option, const toa_option_table *table)
{
    const toa_address_info *info = &item->info;
    const toa_option_row *row = &table->rows[table->row_of[item->kind][item->length] - 1];
    toa_endpoint first;

    MUST(item->layout < TOA_LAYOUT_MAX && item->role < TOA_ROLE_MAX);
    MUST(info->has_client || info->has_vip || info->has_vpc);
    if (item->layout == TOA_LAYOUT_U32) {
        MUST(info->has_vpc && !info->has_client && !info->has_vip);
        MUST(info->vpc == number(option + 2, 4) || info->vpc_other == number(option + 2, 4));
        return;
    }
    first = first_address(item, option, row->little);
    MUST(info->has_vip == (item->role == TOA_ROLE_VIP || item->role == TOA_ROLE_CLIENT_VIP));
    MUST(info->has_client == (item->role != TOA_ROLE_VIP));
    MUST(toa_endpoint_equal(item->role == TOA_ROLE_VIP ? &info->vip : &info->client, &first));
}

static void check_items(const toa_options *got, const uint8_t *header, unsigned captured, unsigned length,
                        const toa_option_table *table)
{
    unsigned effective = 0, before = 0;

    MUST(got->n_items <= TOA_ITEMS_MAX);
    MUST(got->client_item >= -1 && got->client_item < (int)got->n_items);
    for (unsigned i = 0; i < got->n_items; i++) {
        const toa_item *item = &got->items[i];
        bool malformed = (item->flags & TOA_ITEM_MALFORMED) != 0;

        MUST(item->offset >= 20 && item->offset >= before && item->offset + 1u < captured);
        MUST(item->kind == header[item->offset] && item->length == header[item->offset + 1]);
        MUST(table->known[item->kind]);
        MUST(malformed || item->offset + item->length <= captured);
        MUST(malformed == !item->decoded);
        MUST(item->layout < TOA_LAYOUT_MAX || malformed);
        before = item->offset + (malformed ? 2u : item->length);
        effective += item->effective;
        MUST(!item->effective || (int)i == got->client_item);
        if (item->decoded) {
            check_decoded(item, header + item->offset, table);
        }
        MUST(captured < length || !(item->flags & TOA_ITEM_AFTER_EOL) || !item->effective);
    }
    MUST(effective == (got->client_item >= 0));
    if (got->client_item >= 0) {
        MUST(got->items[got->client_item].decoded && got->items[got->client_item].info.has_client);
    }
}

/* ---- one input ---- */

static void take_rows(input *in, toa_option_table *table)
{
    unsigned rows = take8(in) % 8;

    for (unsigned i = 0; i < rows; i++) {
        toa_option_row row = {.kind = take8(in), .length = take8(in), .layout = take8(in) % 16, .role = take8(in) % 6};
        row.little = take8(in) & 1;
        const char *refused = toa_option_table_add(table, &row);
        MUST(refused || table->row_of[row.kind][row.length] == table->n_rows);
    }
}

static bool same(const toa_options *a, const toa_options *b)
{
    if (a->n_items != b->n_items || a->client_item != b->client_item || a->n_sack != b->n_sack ||
        a->has_timestamps != b->has_timestamps || a->tsval != b->tsval || a->tsecr != b->tsecr) {
        return false;
    }
    for (unsigned i = 0; i < a->n_items; i++) {
        if (a->items[i].flags != b->items[i].flags || a->items[i].layout != b->items[i].layout ||
            a->items[i].role != b->items[i].role || a->items[i].offset != b->items[i].offset ||
            !toa_endpoint_equal(&a->items[i].info.client, &b->items[i].info.client)) {
            return false;
        }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    uint8_t setting = take8(&in), cut;
    toa_endpoint here = toa_endpoint_ipv4((const uint8_t[]){192, 168, 10, 5}, 61902);
    toa_endpoint there = toa_endpoint_ipv4((const uint8_t[]){10, 0, 0, 1}, 3306);
    toa_option_table table;
    toa_options_context context = {.table = &table, .kind253 = setting % 3, .effective = setting / 4 % 2,
                                   .tcp_flags = setting & 8 ? 0x02 : 0x10, .source = &here, .destination = &there,
                                   .remembered = setting & 16 ? &here : NULL, .neighbours = (setting & 32) != 0};
    unsigned length, captured;
    uint8_t *header;
    toa_options first, second;

    toa_option_table_init(&table);
    if (setting & 64) {
        take_rows(&in, &table);
    }
    cut = setting & 128 ? take8(&in) : 0;
    length = 20 + (unsigned)(in.left > 40 ? 40 : in.left + 3) / 4 * 4;
    captured = cut % 61 && cut % 61 < length ? cut % 61 : length;
    header = calloc(1, captured); /* exactly: a read behind it is seen */
    for (unsigned i = 20; i < captured; i++) {
        header[i] = take8(&in);
    }
    memset(&first, 0xa5, sizeof first); /* what is not written must not be read */
    memset(&second, 0x5a, sizeof second);
    toa_options_scan(header, captured, length, &context, &first);
    toa_options_scan(header, captured, length, &context, &second);
    MUST(same(&first, &second));
    if (captured > 20) {
        check_plain(&first, header + 20, captured - 20);
    } else {
        MUST(first.n_items == 0 && first.n_sack == 0 && !first.has_timestamps && first.client_item == -1);
    }
    check_items(&first, header, captured, length, &table);
    free(header);
    return 0;
}
