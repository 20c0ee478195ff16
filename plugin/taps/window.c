/* window.c
 * Tools > TOA > Explain: the text of "-z toa,explain" in a window of Wireshark. The same interface that Wireshark has for
 * Lua scripts (epan/funnel.h) opens it; tshark has no windows and never calls this.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/window.h"

#include "taps/parts.h"
#include "tell/explain.h"

#include <epan/funnel.h>

static tap_packet_status packet(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *tapped,
                                tap_flags_t flags _U_)
{
    toa_explain_add(data, tapped, toa_tap_start(pinfo));
    return TAP_PACKET_DONT_REDRAW;
}

static void reset(void *data)
{
    toa_explain_reset(data);
}

/* The text belongs to the capture as it is now; the window stays, and another call opens another. */
static void show(const funnel_ops_t *ops, const toa_explain *explain)
{
    funnel_text_window_t *window = ops->new_text_window(ops->ops_id, "TOA: crossed TCP connections");
    char *text = toa_explain_tell(explain, TOA_EXPLAIN_LIMIT, NULL);

    if (window) {
        ops->set_text(window, text);
    }
    g_free(text);
}

static void explain_capture(gpointer data _U_)
{
    const funnel_ops_t *ops = funnel_get_funnel_ops();
    toa_explain *explain;
    GString *error;

    if (!ops || !ops->new_text_window || !ops->retap_packets || !ops->ops_id) {
        return;
    }
    explain = toa_explain_new(toa_glue_config());
    error = register_tap_listener("toa", explain, NULL, TL_REQUIRES_NOTHING, reset, packet, NULL, NULL);
    if (error) {
        g_string_free(error, TRUE);
    } else {
        ops->retap_packets(ops->ops_id);
        show(ops, explain);
        remove_tap_listener(explain);
    }
    toa_explain_free(explain);
}

void toa_tap_window_register(void)
{
    funnel_register_menu("TOA/Explain", REGISTER_TOOLS_GROUP_UNSORTED, explain_capture, NULL, NULL, FALSE);
}
