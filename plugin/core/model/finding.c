/* finding.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "core/model/finding.h"

const toa_finding_info toa_finding_infos[TOA_FINDING_MAX] = {
#define X(id, name, severity, role, text) [TOA_FINDING_##id] = {name, severity, TOA_PAIR_##role, text},
    TOA_FINDINGS(X)
#undef X
};
