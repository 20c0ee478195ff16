/* json.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_JSON_H
#define TOA_SCAN_JSON_H

#include "reduce/incidents.h"

#include <stdio.h>

void scan_report_json(const scan_report *report, FILE *output);

#endif
