/* text.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_SCAN_TEXT_H
#define TOA_SCAN_TEXT_H

#include "reduce/incidents.h"

#include <stdio.h>

/* A line for each incident, then the first max of them in full; 0: all. */
void scan_report_text(const scan_report *report, guint max, FILE *output);

#endif
