/* taps.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/taps.h"

#include "taps/conversation.h"
#include "taps/explain.h"
#include "taps/filter.h"
#include "taps/follow.h"
#include "taps/incidents.h"
#include "taps/records.h"
#include "taps/tree.h"
#include "taps/window.h"

void toa_taps_register(int proto_toa)
{
    toa_tap_conversation_register(proto_toa);
    toa_tap_filter_register();
    toa_tap_follow_register(proto_toa);
    toa_tap_incidents_register();
    toa_tap_explain_register();
    toa_tap_records_register();
    toa_tap_window_register();
    toa_tap_tree_register(); /* not from a tap_plugin: sharkd calls none */
}
