/* whole.h
 * Whether everything that an engine remembers points to something that it remembers, and is counted right. For unit tests and
 * fuzzers; aborts with the reason if not. Takes a look at everything.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef WHOLE_H
#define WHOLE_H

#include "core/model/state.h"

void whole_check(const toa_state *state);

#endif
