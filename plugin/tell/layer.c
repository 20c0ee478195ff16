/* layer.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/layer.h"

#include <string.h>

const toa_tap_evidence_name toa_tap_evidence[] = {
#define X(bit, id, name, text) {1u << (bit), name},
    TOA_EVIDENCE(X)
#undef X
};

const char *const toa_tap_key_source[] = {[TOA_KEY_WIRE] = "wire",
                                          [TOA_KEY_TOA] = "toa",
                                          [TOA_KEY_MAP] = "map",
                                          [TOA_KEY_LEG] = "leg",
                                          [TOA_KEY_PROVEN] = "proven"};

const char *toa_tap_finding_name(unsigned kind)
{
    return toa_finding_infos[kind].filter + strlen("toa.");
}

bool toa_tap_from_client(const toa_layer *layer)
{
    return toa_endpoint_equal(&layer->segment->source, toa_wire_client(layer->conversation));
}

bool toa_tap_kind_is_foreign(unsigned kind)
{
    toa_pair_role role = toa_finding_infos[kind].role;

    return role == TOA_PAIR_CROSSED || role == TOA_PAIR_STALE;
}

bool toa_tap_is_foreign(const toa_layer *layer, const toa_conversation **ret_owner)
{
    for (unsigned i = 0; i < layer->n_findings; i++) {
        if (toa_tap_kind_is_foreign(layer->findings[i].kind)) {
            *ret_owner = layer->findings[i].other;
            return true;
        }
    }
    return false;
}
