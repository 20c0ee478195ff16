/* packet-toa.c
 * The two protocols of TOA and their trees. Draws what the glue and the engine have found, and decides nothing. Fields and
 * expert infos are in show-option, show-conversation and show-finding.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/compat.h"

#include "dissector/packet-toa.h"
#include "dissector/glue.h"
#include "dissector/prefs.h"
#include "dissector/show-conversation.h"
#include "dissector/show-finding.h"
#include "dissector/show-option.h"
#include "dissector/shown.h"

#include <epan/expert.h>
#include <epan/packet.h>
#include <epan/tap.h>

static int proto_toa = -1;
static int proto_toa_conv = -1;
static int toa_tap = -1;
/* The two protocols as fields: Wireshark notes there whether a filter or column uses them or one of their fields. */
static struct {
    const header_field_info *option, *conversation;
} referable;

static int ett_conv = -1;

/* The tree will be read: it is visible, or a filter, column or -e names one of our fields. Otherwise the tree exists for other
 * dissectors only, and filling it would be wasted. This is proto_field_is_referenced for both protocols, without its calls. */
static inline bool is_read(proto_tree *tree)
{
    return PTREE_DATA(tree)->visible || !PTREE_DATA(tree)->fake_protocols ||
           referable.option->ref_type != HF_REF_TYPE_NONE || referable.conversation->ref_type != HF_REF_TYPE_NONE;
}

/* ... or an expert info needs an item to be attached to. */
static bool wants_tree(proto_tree *tree, const toa_layer *layer)
{
    return tree && layer->conversation && (layer->n_findings || layer->answer || is_read(tree));
}

static void tap_layer(packet_info *pinfo, const toa_layer *layer)
{
    toa_layer *tapped = wmem_memdup(pinfo->pool, layer, sizeof *layer);

    /* listeners are called after the frame, when the wrapper's segment is gone */
    tapped->segment = wmem_memdup(pinfo->pool, layer->segment, sizeof *layer->segment);
    tap_queue_packet(toa_tap, pinfo, tapped);
}

static void show_layer_in_tree(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_layer *layer)
{
    proto_item *title = proto_tree_add_item(tree, proto_toa_conv, tvb, 0, 0, ENC_NA);
    proto_tree *conv_tree = proto_item_add_subtree(title, ett_conv);

    proto_item_set_generated(title);
    toa_show_conversation(tvb, conv_tree, title, layer->conversation, pinfo->num);
    toa_shown_note(pinfo, tree, layer->conversation);
    toa_show_unreached_options(tvb, pinfo, conv_tree, layer);
    for (unsigned i = 0; i < layer->n_findings; i++) {
        toa_show_finding(tvb, pinfo, conv_tree, title, layer, &layer->findings[i]);
    }
    if (layer->answer) {
        toa_show_answer(tvb, pinfo, conv_tree, layer->answer);
    }
}

static bool shows_layer(proto_tree *tree, const toa_layer *layer)
{
    return layer->n_findings || layer->segment->options.n_items || (tree && is_read(tree)) || have_tap_listener(toa_tap);
}

static void show_layer(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_layer *layer)
{
    if (layer->conversation && have_tap_listener(toa_tap)) {
        tap_layer(pinfo, layer);
    }
    if (wants_tree(tree, layer)) {
        show_layer_in_tree(tvb, pinfo, tree, layer);
    } else if (layer->n_findings || layer->segment->options.n_items) {
        toa_show_unreached_options(tvb, pinfo, tree, layer);
        for (unsigned i = 0; i < layer->n_findings; i++) {
            toa_show_finding(tvb, pinfo, NULL, NULL, layer, &layer->findings[i]);
        }
    }
    if (layer->answer && !wants_tree(tree, layer)) {
        toa_show_answer(tvb, pinfo, NULL, layer->answer);
    }
    if (toa_prefs_info() && (layer->n_findings || layer->answer)) {
        toa_show_info(pinfo, layer);
    }
}

/* ---- registration ---- */

void proto_register_toa(void)
{
    static int *trees[] = {&ett_conv};
    static const toa_glue_hooks hooks = {toa_show_one_option, shows_layer, show_layer};
    expert_module_t *module;

    /* tshark prints ports in "-z conv" only for protocols whose short name begins with TCP, UDP or SCTP */
    proto_toa = proto_register_protocol("TCP Option Address", "TCP-TOA", "toa");
    proto_toa_conv = proto_register_protocol("TOA Conversation", "TOA-CONV", "toa.conv");
    module = expert_register_protocol(proto_toa);
    toa_show_option_register(proto_toa, module);
    toa_show_conversation_register(proto_toa);
    toa_show_finding_register(proto_toa, module);
    proto_register_subtree_array(trees, array_length(trees));
    referable.option = proto_registrar_get_nth((guint)proto_toa);
    referable.conversation = proto_registrar_get_nth((guint)proto_toa_conv);
    toa_prefs_register(proto_toa);
    toa_glue_register(proto_toa, &hooks);
    toa_shown_register(proto_toa);
    toa_tap = register_tap("toa"); /* data: a toa_layer for each TCP layer that was analysed */
}

void proto_reg_handoff_toa(void)
{
    toa_glue_handoff();
}
