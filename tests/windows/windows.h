/* windows.h
 * What Windows lacks of POSIX and core/base/host.c uses: included in front of every file of these tests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "glib/glib.h"

int getentropy(void *into, size_t count);
