/* show.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/show.h"

proto_item *toa_show_uint(proto_tree *tree, tvbuff_t *tvb, int hf, uint32_t value)
{
    proto_item *item = proto_tree_add_uint(tree, hf, tvb, 0, 0, value);

    proto_item_set_generated(item);
    return item;
}

void toa_show_expert(packet_info *pinfo, proto_item *item, expert_field *info)
{
    const char *protocol = pinfo->current_proto;

    pinfo->current_proto = "TOA"; /* otherwise IP's name, for the wrapper has no protocol, or TCP's */
    expert_add_info(pinfo, item, info);
    pinfo->current_proto = protocol;
}
