/* tree.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_TAP_TREE_H
#define TOA_TAP_TREE_H

/* Once, from toa_taps_register. */
void toa_tap_tree_register(void);

#endif
