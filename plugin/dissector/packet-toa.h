/* packet-toa.h
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef PACKET_TOA_H
#define PACKET_TOA_H

void proto_register_toa(void);
void proto_reg_handoff_toa(void);

#endif
