/* parts.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/parts.h"

#include <epan/stat_tap_ui.h>
#include <wsutil/report_message.h>

#include <stdlib.h>
#include <string.h>

address toa_tap_address(const toa_endpoint *endpoint)
{
    bool v6 = endpoint->family == TOA_FAMILY_IPV6;
    address result;

    set_address(&result, v6 ? AT_IPv6 : AT_IPv4, v6 ? 16 : 4, endpoint->address);
    return result;
}

int64_t toa_tap_start(const packet_info *pinfo)
{
    nstime_t start;

    nstime_delta(&start, &pinfo->abs_ts, &pinfo->rel_ts);
    return CLAMP((int64_t)start.secs, -TOA_SECONDS_MAX, TOA_SECONDS_MAX) * TOA_SECOND + start.nsecs;
}

/* ---- statistics printed by tshark ---- */

/* Reads a number that ends at a comma or at the end, which no filter looks like, and moves behind it. False: there is none. */
static bool read_limit(const char **at, unsigned *ret_limit)
{
    char *end;
    unsigned long value = strtoul(*at, &end, 10);

    if (!g_ascii_isdigit(**at) || (*end && *end != ',')) {
        return false;
    }
    *ret_limit = (unsigned)MIN(value, UINT_MAX);
    *at = *end ? end + 1 : NULL;
    return true;
}

static TOA_STAT_RESULT listen(const char *argument, void *data)
{
    const toa_tap_text *text = data;
    size_t length = strlen(text->name);
    const char *filter = argument[length] == ',' ? argument + length + 1 : NULL;
    unsigned limit;
    bool limited = filter && read_limit(&filter, &limit);
    void *state = text->create(limited ? &limit : NULL);
    GString *error = register_tap_listener("toa", state, filter, TL_REQUIRES_NOTHING, text->reset, text->packet,
                                           text->draw, text->free);

    if (error) {
        report_failure("-z %s: %s", text->name, error->str);
        g_string_free(error, TRUE);
        text->free(state);
        exit(1); /* as tshark does for its own taps: a script must not take silence for a clean capture */
    }
    return TOA_STAT_OK;
}

void toa_tap_text_register(const toa_tap_text *text)
{
    stat_tap_ui ui = {
        .group = REGISTER_PACKET_STAT_GROUP_UNSORTED, .cli_string = text->name, .tap_init_cb = listen};

    register_stat_tap_ui(&ui, (void *)text);
}
