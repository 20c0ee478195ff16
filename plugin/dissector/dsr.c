/* dsr.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/compat.h"

#include "dissector/dsr.h"

#include "core/option/layout.h"

static struct {
    int proto, ett;
    int ip, ipv6, port, layout, role;
} shown = {.ett = -1};

void toa_dsr_register(int proto_toa)
{
    static int *trees[] = {&shown.ett};

    shown.proto = proto_toa;
    shown.ip = proto_registrar_get_id_byname("toa.vip.ip");
    shown.ipv6 = proto_registrar_get_id_byname("toa.vip.ipv6");
    shown.port = proto_registrar_get_id_byname("toa.vip.port");
    shown.layout = proto_registrar_get_id_byname("toa.layout");
    shown.role = proto_registrar_get_id_byname("toa.role");
    proto_register_subtree_array(trees, array_length(trees));
}

static const struct {
    uint8_t layout;
    const char *where;
} kinds[] = {[TOA_DSR_NONE] = {0, ""},
             [TOA_DSR_IP4] = {TOA_CARRIER_DSR_IP4, "IPv4 option"},
             [TOA_DSR_IP6] = {TOA_CARRIER_DSR_IP6, "IPv6 destination option"},
             [TOA_DSR_GENEVE4] = {TOA_CARRIER_DSR_GENEVE, "GENEVE option"},
             [TOA_DSR_GENEVE6] = {TOA_CARRIER_DSR_GENEVE, "GENEVE option"}};

void toa_dsr_show(packet_info *pinfo, proto_tree *tree, const toa_dsr *dsr)
{
    tvbuff_t *tvb = toa_labels_frame(pinfo);
    bool v6 = dsr->vip.family == TOA_FAMILY_IPV6;
    char text[TOA_ENDPOINT_TEXT];
    int offset = (int)dsr->offset;
    proto_item *title, *item;
    proto_tree *dsr_tree;

    if (!tree || !tvb) {
        return;
    }
    title = proto_tree_add_item(tree, shown.proto, tvb, offset, dsr->length, ENC_NA);
    proto_item_set_text(title, "TOA: VIP %s, direct server return (%s)", toa_endpoint_format(&dsr->vip, text),
                        kinds[dsr->kind].where);
    dsr_tree = proto_item_add_subtree(title, shown.ett);
    item = proto_tree_add_uint(dsr_tree, shown.layout, tvb, offset, dsr->length, kinds[dsr->kind].layout);
    proto_item_set_generated(item);
    item = proto_tree_add_uint(dsr_tree, shown.role, tvb, offset, dsr->length, TOA_ROLE_VIP);
    proto_item_set_generated(item);
    proto_tree_add_item(dsr_tree, v6 ? shown.ipv6 : shown.ip, tvb, offset + dsr->address, v6 ? 16 : 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(dsr_tree, shown.port, tvb, offset + dsr->port, 2, ENC_BIG_ENDIAN);
}
