/* inet.h
 * inet_pton and inet_ntop, where Windows has them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <ws2tcpip.h>
