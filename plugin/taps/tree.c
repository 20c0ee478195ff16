/* tree.c
 * "-z toa,tree", Statistics > TOA: which variants of the option were seen, and how many findings of each kind.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/tree.h"

#include "taps/parts.h"

#include <epan/stats_tree.h>

#include <stdio.h>

static const char segments_name[] = "Segments";
static const char options_name[] = "Options that carry an address";
static const char remarks_name[] = "Remarks on options";
static const char findings_name[] = "Findings";

/* Room for "kind 254, length 8: port-ip4, client and VIP". */
#define VARIANT_TEXT 80

static const char *const role_names[TOA_ROLE_MAX] = {
#define X(id, name, title) [TOA_ROLE_##id] = name,
    TOA_ROLES(X)
#undef X
};

static const struct {
    unsigned flag;
    const char *name;
} remarks[] = {
#define X(bit, id, name) {TOA_ITEM_##id, #name},
    TOA_ITEM_FLAGS(X)
#undef X
};

static void init(stats_tree *st)
{
    stats_tree_create_node(st, segments_name, 0, STAT_DT_INT, TRUE);
    stats_tree_create_node(st, options_name, 0, STAT_DT_INT, TRUE);
    stats_tree_create_node(st, remarks_name, 0, STAT_DT_INT, TRUE);
    stats_tree_create_node(st, findings_name, 0, STAT_DT_INT, TRUE);
}

static void tick(stats_tree *st, const char *group, const char *name)
{
    tick_stat_node(st, group, 0, TRUE);
    tick_stat_node(st, name, stats_tree_parent_id_by_name(st, group), FALSE);
}

static void count_option(stats_tree *st, const toa_item *item)
{
    char text[VARIANT_TEXT];

    if (item->layout < TOA_LAYOUT_MAX && item->role < TOA_ROLE_MAX) {
        snprintf(text, sizeof text, "kind %u, length %u: %s, %s", item->kind, item->length,
                 toa_layouts[item->layout].name, role_names[item->role]);
    } else {
        snprintf(text, sizeof text, "kind %u, length %u", item->kind, item->length);
    }
    tick(st, options_name, text);
    for (unsigned i = 0; i < array_length(remarks); i++) {
        if (item->flags & remarks[i].flag) {
            tick(st, remarks_name, remarks[i].name);
        }
    }
}

static const char *segment_kind(const toa_layer *layer)
{
    const toa_conversation *owner;

    if (toa_tap_is_foreign(layer, &owner)) {
        return "of another conversation";
    }
    return layer->unexplained ? "unexplained" : "own";
}

static tap_packet_status packet(stats_tree *st, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *data,
                                tap_flags_t flags _U_)
{
    const toa_layer *layer = data;
    const toa_options *options = &layer->segment->options;

    tick(st, segments_name, segment_kind(layer));
    for (unsigned i = 0; i < options->n_items; i++) {
        count_option(st, &options->items[i]);
    }
    if (layer->segment->vip.family != TOA_FAMILY_NONE) {
        tick(st, options_name, "beside a SYN, direct server return: VIP");
    }
    for (unsigned i = 0; i < layer->n_findings; i++) {
        tick(st, findings_name, toa_tap_finding_name(layer->findings[i].kind));
    }
    return TAP_PACKET_REDRAW;
}

void toa_tap_tree_register(void)
{
    stats_tree_register_plugin("toa", "toa", "TOA" TOA_SUBMENU "Variants and Findings", TL_REQUIRES_NOTHING, packet,
                               init, NULL);
}
