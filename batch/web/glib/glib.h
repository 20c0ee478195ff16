/* glib.h
 * What batch/ and plugin/tell use of GLib, for the page in the browser, where there is none: the same names, the same
 * behaviour as far as it is used. What the core wants is in core/base/host.h. Nothing here is thread-safe.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WEB_GLIB_H
#define TOA_WEB_GLIB_H

#include "g-containers.h"
#include "g-rest.h"
#include "g-text.h"

#endif
