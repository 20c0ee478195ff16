/* explain.c
 * "-z toa,explain[,N]" and "-z toa,claims[,N]": the text of tell/explain.h, or its claims, on standard output.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/explain.h"

#include "taps/parts.h"
#include "tell/explain.h"

#include <stdio.h>

typedef struct listener {
    toa_explain *explain;
    unsigned limit;
} listener;

static void *create(const unsigned *limit)
{
    listener *self = g_new(listener, 1);

    self->explain = toa_explain_new(toa_glue_config());
    self->limit = limit ? *limit : TOA_EXPLAIN_LIMIT;
    return self;
}

static void reset(void *data)
{
    toa_explain_reset(((listener *)data)->explain);
}

static tap_packet_status packet(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *tapped,
                                tap_flags_t flags _U_)
{
    toa_explain_add(((listener *)data)->explain, tapped, toa_tap_start(pinfo));
    return TAP_PACKET_REDRAW;
}

static void draw(void *data)
{
    const listener *self = data;
    char *text = toa_explain_tell(self->explain, self->limit, NULL);

    printf("\nTOA: crossed TCP connections\n%s", text);
    fflush(stdout);
    g_free(text);
}

static void draw_claims(void *data)
{
    const listener *self = data;

    g_free(toa_explain_tell(self->explain, self->limit, stdout));
    fflush(stdout);
}

static void destroy(void *data)
{
    toa_explain_free(((listener *)data)->explain);
    g_free(data);
}

void toa_tap_explain_register(void)
{
    static const toa_tap_text words = {"toa,explain", create, reset, packet, draw, destroy};
    static const toa_tap_text claims = {"toa,claims", create, reset, packet, draw_claims, destroy};

    toa_tap_text_register(&words);
    toa_tap_text_register(&claims);
}
