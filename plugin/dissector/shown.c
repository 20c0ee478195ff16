/* shown.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/shown.h"

#include <epan/proto_data.h>

static int proto = -1;

void toa_shown_register(int proto_toa)
{
    proto = proto_toa;
}

void toa_shown_note(packet_info *pinfo, proto_tree *tree, const toa_conversation *conv)
{
    toa_shown *added;

    if (!tree || !PTREE_DATA(tree)->visible) {
        return;
    }
    added = wmem_new(pinfo->pool, toa_shown);
    added->conv = conv;
    added->next = toa_shown_of(pinfo);
    p_set_proto_data(pinfo->pool, pinfo, proto, 0, added);
}

const toa_shown *toa_shown_of(packet_info *pinfo)
{
    return p_get_proto_data(pinfo->pool, pinfo, proto, 0);
}

const toa_conversation *toa_shown_innermost(packet_info *pinfo)
{
    const toa_shown *at = toa_shown_of(pinfo);

    while (at && at->next) {
        at = at->next;
    }
    return at ? at->conv : NULL;
}
