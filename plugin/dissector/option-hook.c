/* option-hook.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/compat.h"

#include "dissector/option-hook.h"

#include <epan/dissectors/packet-tcp.h>

/* Everything here is set up once per program run, but for `header`. */
static struct {
    protocol_t *protocol;
    const toa_config *config;
    toa_show_option show;
    dissector_table_t table;
    dissector_handle_t former[256]; /* NULL: the kind was unknown to Wireshark */
    dissector_handle_t own[256];    /* made when the kind is first taken */
    bool taken[256];
    const toa_header *header; /* being dissected */
    int proto_unknown, hf_kind, hf_length, hf_payload;
    int ett_unknown;
} hook;

const toa_header *toa_option_hook_enter(const toa_header *header)
{
    const toa_header *outer = hook.header;

    hook.header = header;
    return outer;
}

void toa_option_hook_leave(const toa_header *outer)
{
    hook.header = outer;
}

/* What TCP shows for an unknown kind; its own function for that is not exported. */
static void show_unknown(tvbuff_t *tvb, proto_tree *tree)
{
    proto_tree *option_tree;
    int length = (int)tvb_reported_length(tvb);

    option_tree = proto_item_add_subtree(proto_tree_add_item(tree, hook.proto_unknown, tvb, 0, -1, ENC_NA),
                                         hook.ett_unknown);
    proto_tree_add_item(option_tree, hook.hf_kind, tvb, 0, 1, ENC_BIG_ENDIAN);
    proto_tree_add_item(option_tree, hook.hf_length, tvb, 1, 1, ENC_BIG_ENDIAN);
    if (length > 2) {
        proto_tree_add_item(option_tree, hook.hf_payload, tvb, 2, length - 2, ENC_NA);
    }
}

static int hand_back(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    dissector_handle_t former = hook.former[toa_tvb_byte(tvb, 0)];

    if (former) {
        return call_dissector_only(former, tvb, pinfo, tree, data);
    }
    show_unknown(tvb, tree);
    return (int)tvb_captured_length(tvb);
}

/* A TCP header that did not come through the wrapper has other bytes. */
static bool in_header(const uint8_t *option)
{
    return hook.header && option >= hook.header->bytes && option < hook.header->bytes + hook.header->captured;
}

/* The item of the option at these bytes of the header, as the walk over all of it found it. */
static const toa_item *find_item(const uint8_t *option)
{
    const toa_header *header = hook.header;
    size_t offset = (size_t)(option - header->bytes);

    for (unsigned i = 0; i < header->options->n_items; i++) {
        if (header->options->items[i].offset == offset) {
            return &header->options->items[i];
        }
    }
    return NULL;
}

/* TCP was called by name or by the user's Decode As, not through the wrapper: the option is judged by itself. */
static bool scan_alone(tvbuff_t *tvb, const struct tcpheader *tcp, toa_options *ret_options)
{
    const toa_config *config = hook.config;
    uint8_t header[60] = {0};
    unsigned length = MIN(tvb_captured_length(tvb), 40u);
    toa_endpoint nobody = {.family = TOA_FAMILY_NONE};
    toa_options_context context = {.table = &config->options,
                                   .kind253 = config->kind253,
                                   .effective = config->effective,
                                   .tcp_flags = tcp ? tcp->th_flags : 0,
                                   .source = &nobody,
                                   .destination = &nobody};

    tvb_memcpy(tvb, header + 20, 0, length);
    toa_options_scan(header, 20 + length, 20 + length, &context, ret_options);
    return ret_options->n_items == 1;
}

static int dissect_option(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const toa_item *item = NULL;
    const uint8_t *option;
    toa_options alone;

    if (!proto_is_protocol_enabled(hook.protocol) || tvb_captured_length(tvb) < tvb_reported_length(tvb)) {
        return hand_back(tvb, pinfo, tree, data);
    }
    option = tvb_get_ptr(tvb, 0, -1);
    if (in_header(option)) {
        item = find_item(option);
    } else if (scan_alone(tvb, data, &alone)) {
        item = &alone.items[0];
    }
    if (!item) {
        return hand_back(tvb, pinfo, tree, data);
    }
    hook.show(tvb, pinfo, tree, item);
    return (int)tvb_captured_length(tvb); /* never 0: then Wireshark would show it as Data */
}

/* TCP prints the name of the handle's protocol into its "Options:" line. So a handle of ours bears the protocol that was
 * there, and for a kind without one a nameless child of TCP whose short name is what TCP prints for unknown kinds.
 * Being TCP's children, they are not switched off with "toa", which would turn the option into Data. */
static dissector_handle_t make_handle(unsigned kind)
{
    int proto;

    if (hook.former[kind]) {
        proto = dissector_handle_get_protocol_index(hook.former[kind]);
    } else {
        /* the registry keeps the pointers */
        char *name = g_strdup_printf("TCP Option - Unknown (0x%02x)", kind);
        char *short_name = g_strdup_printf("Unknown (0x%02x)", kind);
        char *filter = g_strdup_printf("tcp.options.toa_kind_%u", kind);
        proto = proto_register_protocol_in_name_only(name, short_name, filter, proto_get_id_by_filter_name("tcp"),
                                                     FT_BYTES);
    }
    return create_dissector_handle(dissect_option, proto);
}

void toa_option_hook_kinds(const toa_option_table *table)
{
    for (unsigned kind = 2; kind < 256 && hook.table; kind++) {
        if (table->known[kind] && !hook.taken[kind]) {
            if (!hook.own[kind]) {
                hook.former[kind] = dissector_get_uint_handle(hook.table, kind);
                hook.own[kind] = make_handle(kind);
            }
            dissector_add_uint("tcp.option", kind, hook.own[kind]);
            hook.taken[kind] = true;
        } else if (!table->known[kind] && hook.taken[kind]) {
            if (hook.former[kind]) {
                dissector_add_uint("tcp.option", kind, hook.former[kind]);
            } else {
                dissector_delete_uint("tcp.option", kind, hook.own[kind]);
            }
            hook.taken[kind] = false;
        }
    }
}

void toa_option_hook_register_tree(void)
{
    static int *trees[] = {&hook.ett_unknown};

    hook.ett_unknown = -1;
    proto_register_subtree_array(trees, array_length(trees));
}

void toa_option_hook_register(protocol_t *protocol, const toa_config *config, toa_show_option show)
{
    toa_option_table builtin;

    hook.protocol = protocol;
    hook.config = config;
    hook.show = show;
    hook.table = find_dissector_table("tcp.option");
    hook.proto_unknown = proto_registrar_get_id_byname("tcp.options.unknown"); /* not a protocol to the other look-up */
    hook.hf_kind = proto_registrar_get_id_byname("tcp.option_kind");
    hook.hf_length = proto_registrar_get_id_byname("tcp.option_len");
    hook.hf_payload = proto_registrar_get_id_byname("tcp.options.unknown.payload");
    toa_option_table_init(&builtin);
    toa_option_hook_kinds(&builtin);
}
