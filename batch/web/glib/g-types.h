/* g-types.h
 * GLib's types and macros, as far as they are used.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_WEB_G_TYPES_H
#define TOA_WEB_G_TYPES_H

#include "core/base/host.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef int64_t gint64;
typedef int32_t gint32;
typedef uint64_t guint64;
typedef uint8_t guint8;
typedef ssize_t gssize;
typedef unsigned char guchar;
typedef uint32_t gunichar;
typedef guint32 GQuark;
typedef guint (*GHashFunc)(gconstpointer key);
typedef gboolean (*GEqualFunc)(gconstpointer a, gconstpointer b);

#define G_MAXINT64 INT64_MAX
#define G_MININT64 INT64_MIN
#define G_GINT64_CONSTANT(value) INT64_C(value)
#define G_GINT64_FORMAT PRId64
#define G_GUINT64_FORMAT PRIu64
#define G_GNUC_UNUSED __attribute__((unused))
#ifdef __MINGW32__ /* the unit tests for Windows are compiled with these words, too */
#define G_GNUC_PRINTF(text, first) __attribute__((format(gnu_printf, text, first)))
#else
#define G_GNUC_PRINTF(text, first) __attribute__((format(printf, text, first)))
#endif
#define G_N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define G_STRINGIFY_ARG(text) #text
#define G_STRINGIFY(text) G_STRINGIFY_ARG(text)
#define G_STATIC_ASSERT(condition) _Static_assert(condition, #condition)
#define G_USEC_PER_SEC 1000000
#define GUINT_TO_POINTER(number) ((gpointer)(uintptr_t)(number))
#define GPOINTER_TO_UINT(pointer) ((guint)(uintptr_t)(pointer))
#define ABS(a) ((a) < 0 ? -(a) : (a))
#define CLAMP(a, low, high) ((a) > (high) ? (high) : (a) < (low) ? (low) : (a))

#endif
