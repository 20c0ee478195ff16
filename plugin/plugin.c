/* plugin.c
 * What Wireshark looks for in a plugin: the version it was built for, and its entry point, which registers the
 * dissector and the taps on it. Nothing else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/compat.h"

#include "dissector/packet-toa.h"
#include "taps/taps.h"

#include <epan/proto.h>

#if TOA_WIRESHARK_AT_LEAST(4, 4)
#include <wsutil/plugins.h>
#endif

#define TOA_EXPORT __attribute__((visibility("default")))

TOA_EXPORT extern const char plugin_version[];
TOA_EXPORT extern const int plugin_want_major;
TOA_EXPORT extern const int plugin_want_minor;
TOA_EXPORT void plugin_register(void);

const char plugin_version[] = TOA_VERSION;
const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

#if TOA_WIRESHARK_AT_LEAST(4, 4)
TOA_EXPORT uint32_t plugin_describe(void);

uint32_t plugin_describe(void)
{
    return WS_PLUGIN_DESC_DISSECTOR;
}
#endif

static void register_all(void)
{
    proto_register_toa();
    toa_taps_register(proto_get_id_by_filter_name("toa"));
}

void plugin_register(void)
{
    static proto_plugin plugin;

    plugin.register_protoinfo = register_all;
    plugin.register_handoff = proto_reg_handoff_toa;
    proto_register_plugin(&plugin);
}
