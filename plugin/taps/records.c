/* records.c
 * "-z toa,records": the records of tell/records.h on standard output.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "taps/records.h"

#include "taps/parts.h"
#include "tell/records.h"

static void *create(const unsigned *limit _U_)
{
    toa_records *records = g_new0(toa_records, 1);

    toa_records_init(records, toa_glue_config(), stdout);
    return records;
}

static void reset(void *data)
{
    toa_records_reset(data);
}

static tap_packet_status packet(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *tapped,
                                tap_flags_t flags _U_)
{
    toa_records_add(data, tapped);
    return TAP_PACKET_REDRAW;
}

static void draw(void *data)
{
    toa_records_finish(data);
}

static void destroy(void *data)
{
    toa_records_free(data);
    g_free(data);
}

void toa_tap_records_register(void)
{
    static const toa_tap_text text = {"toa,records", create, reset, packet, draw, destroy};

    toa_tap_text_register(&text);
}
