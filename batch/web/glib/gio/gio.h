/* gio.h
 * batch/scan.h asks for it; all that is used of it in the page is GLib's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "glib.h"
