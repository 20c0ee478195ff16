/* option-hook.h
 * Takes over the kinds of TCP options that carry addresses in the table tcp.option, and gives back to the former
 * dissector every option that is something else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_OPTION_HOOK_H
#define TOA_OPTION_HOOK_H

#include "dissector/compat.h"

#include <epan/packet.h>

#include "core/option/config.h"

/* The TCP header that is being dissected. */
typedef struct toa_header {
    const uint8_t *bytes; /* of the tvb */
    unsigned captured;    /* of length */
    unsigned length;
    const toa_options *options;
} toa_header;

/* Draws an option that carries an address; tvb begins with its kind byte. tree may be NULL; expert infos are wanted even
 * then. */
typedef void (*toa_show_option)(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const toa_item *item);

/* config is borrowed as long as the program runs, and read for an option that is judged by itself. The first is called from
 * proto_register_toa, the second from proto_reg_handoff_toa, when TCP has filled its table. */
void toa_option_hook_register_tree(void);
void toa_option_hook_register(protocol_t *protocol, const toa_config *config, toa_show_option show);

/* Takes exactly the kinds of the table: others that were taken before are given back. */
void toa_option_hook_kinds(const toa_option_table *table);

/* The options of `header` come next, until toa_option_hook_leave gets what was returned here. Nests. */
const toa_header *toa_option_hook_enter(const toa_header *header);
void toa_option_hook_leave(const toa_header *outer);

#endif
