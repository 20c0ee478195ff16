/* filter.c
 * The conversation filter "TOA": all conversations of the post-rewrite key of the selected packet.
 *
 * Wireshark hands such a filter nothing but the packet_info, so the keys of its TCP layers (a tunnel has several) are
 * left there while the packet is dissected for display.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/filter.h"

#include "dissector/shown.h"

#include <epan/conversation_filter.h>

static toa_bool filter_valid(packet_info *pinfo TOA_FILTER_USER_DATA)
{
    return toa_shown_of(pinfo) != NULL;
}

static bool listed(const toa_shown *notes, const toa_shown *end, const toa_key *key)
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
    const toa_shown *notes = toa_shown_of(pinfo);
    GString *text = g_string_new(NULL);

    for (const toa_shown *at = notes; at; at = at->next) {
        if (!listed(notes, at, at->conv->key)) {
            g_string_append_printf(text, "%stoa.stream == %u", text->len ? " or " : "", at->conv->key->stream);
        }
    }
    return g_string_free(text, FALSE);
}

void toa_tap_filter_register(void)
{
    toa_register_conversation_filter("toa", "TOA", filter_valid, filter_build);
}
