/* filter.c
 * The conversation filter "TOA": all conversations of the post-rewrite key of the selected packet.
 *
 * Wireshark hands such a filter nothing but the packet_info, so the keys of its TCP layers (a tunnel has several) are
 * left there while the packet is dissected for display.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/parts.h"
#include "taps/taps.h"

#include <epan/conversation_filter.h>
#include <epan/proto_data.h>

/* In packet scope, outermost layer first: a layer's work is done when those above it are through. */
typedef struct note {
    const toa_conversation *conv;
    struct note *next;
} note;

static int proto = -1;

void toa_tap_filter_note(packet_info *pinfo, proto_tree *tree, const toa_conversation *conv)
{
    note *added;

    if (!tree || !PTREE_DATA(tree)->visible) {
        return;
    }
    added = wmem_new(pinfo->pool, note);
    added->conv = conv;
    added->next = p_get_proto_data(pinfo->pool, pinfo, proto, 0);
    p_set_proto_data(pinfo->pool, pinfo, proto, 0, added);
}

const toa_conversation *toa_tap_filter_last(packet_info *pinfo)
{
    const note *notes = p_get_proto_data(pinfo->pool, pinfo, proto, 0);

    while (notes && notes->next) {
        notes = notes->next;
    }
    return notes ? notes->conv : NULL;
}

static toa_bool filter_valid(packet_info *pinfo TOA_FILTER_USER_DATA)
{
    return p_get_proto_data(pinfo->pool, pinfo, proto, 0) != NULL;
}

static bool listed(const note *notes, const note *end, const toa_key *key)
{
    for (; notes != end; notes = notes->next) {
        if (notes->conv->key == key) {
            return true;
        }
    }
    return false;
}

static char *filter_build(packet_info *pinfo TOA_FILTER_USER_DATA)
{
    const note *notes = p_get_proto_data(pinfo->pool, pinfo, proto, 0);
    GString *text = g_string_new(NULL);

    for (const note *at = notes; at; at = at->next) {
        if (!listed(notes, at, at->conv->key)) {
            g_string_append_printf(text, "%stoa.stream == %u", text->len ? " or " : "", at->conv->key->stream);
        }
    }
    return g_string_free(text, FALSE);
}

void toa_tap_filter_register(int proto_toa)
{
    proto = proto_toa;
    toa_register_conversation_filter("toa", "TOA", filter_valid, filter_build);
}
