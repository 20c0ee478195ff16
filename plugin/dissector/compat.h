/* compat.h
 * Everything that differs between the Wireshark versions this plugin is built for (4.0, 4.4, 4.6), but for the entry
 * points (plugin.c). Nothing else in the project looks at the version.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TOA_COMPAT_H
#define TOA_COMPAT_H

#include <wiretap/wtap.h> /* wtap_rec; epan/packet.h has it no longer in 4.4 */
#include <glib.h>
#include <stdbool.h>

#include <ws_version.h>

#define TOA_WIRESHARK_AT_LEAST(major, minor) \
    (WIRESHARK_VERSION_MAJOR > (major) || (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

/* Result of callbacks: gboolean became bool. */
#if TOA_WIRESHARK_AT_LEAST(4, 4)
typedef bool toa_bool;
#else
typedef gboolean toa_bool;
#endif

/* Big-endian numbers from memory: renamed in 4.6. */
#include <wsutil/pint.h>
#if TOA_WIRESHARK_AT_LEAST(4, 6)
#define toa_get16 pntohu16
#define toa_get32 pntohu32
#else
#define toa_get16 pntoh16
#define toa_get32 pntoh32
#endif

/* One byte of a tvb. */
#if TOA_WIRESHARK_AT_LEAST(4, 4)
#define toa_tvb_byte tvb_get_uint8
#else
#define toa_tvb_byte tvb_get_guint8
#endif

/* The TCP conversation between two endpoints as of this frame: another function finds it in 4.6. */
#if TOA_WIRESHARK_AT_LEAST(4, 6)
#define toa_find_conversation(pinfo, from, to, from_port, to_port) \
    find_conversation_strat_xtd(pinfo, (pinfo)->num, from, to, CONVERSATION_TCP, from_port, to_port, 0)
#else
#define toa_find_conversation(pinfo, from, to, from_port, to_port) \
    find_conversation((pinfo)->num, from, to, CONVERSATION_TCP, from_port, to_port, 0)
#endif

/* Conversation filters: the callbacks have got user data. */
#if TOA_WIRESHARK_AT_LEAST(4, 4)
#define TOA_FILTER_USER_DATA , void *user_data G_GNUC_UNUSED
#define toa_register_conversation_filter(protocol, name, valid, build) \
    register_conversation_filter(protocol, name, valid, build, NULL)
#else
#define TOA_FILTER_USER_DATA
#define toa_register_conversation_filter register_conversation_filter
#endif

/* Followers: new callbacks for the number of streams and sub-streams. */
#if TOA_WIRESHARK_AT_LEAST(4, 4)
#define toa_register_follow_stream(...) register_follow_stream(__VA_ARGS__, NULL, NULL)
#else
#define toa_register_follow_stream(...) register_follow_stream(__VA_ARGS__)
#endif

/* Statistics trees: the separator that puts a name into a submenu. */
#if TOA_WIRESHARK_AT_LEAST(4, 4)
#define TOA_SUBMENU "//"
#else
#define TOA_SUBMENU "/"
#endif

/* Result of a "-z" handler. */
#if TOA_WIRESHARK_AT_LEAST(4, 6)
#define TOA_STAT_RESULT bool
#define TOA_STAT_OK true
#else
#define TOA_STAT_RESULT void
#define TOA_STAT_OK
#endif

#endif
