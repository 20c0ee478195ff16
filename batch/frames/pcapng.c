/* pcapng.c
 * Blocks: type(4) length(4) body length(4). What a packet needs comes from its section (byte order) and its interface.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "frames/pcapng.h"

#include <string.h>

/* Wireshark refuses longer blocks, whatever they are: the longest packet it knows (D-Bus, 128 MiB) and its options. */
#define BLOCK_MAX (32u + 128u * 1024 * 1024 + 131072u)

enum {
    SECTION = 0x0a0d0d0a,
    INTERFACE = 1,
    PACKET = 2,
    SIMPLE = 3,
    STATISTICS = 5,
    ENHANCED = 6,
    JOURNAL = 9,
    SECRETS = 10,
    CUSTOM_COPY = 0xbad,
    CUSTOM_NO_COPY = 0x40000bad,
    SYSDIG = 0x204,
    SYSDIG_2 = 0x216,
    SYSDIG_2_LARGE = 0x221
};

enum { OPTION_END = 0, OPTION_TSRESOL = 9, OPTION_FCS = 13, OPTION_TSOFFSET = 14, OPTION_FLAGS = 2, OPTION_IFDROP = 5 };

static uint32_t pad(uint32_t length)
{
    return (length + 3) & ~3u;
}

typedef struct toa_pcapng_option {
    const uint8_t *value;
    uint16_t code, length;
} toa_pcapng_option;

/* Steps to the next option. False: there is none, *at == end; or nonsense, *at != end. */
static bool next_option(const toa_capture *capture, const uint8_t **at, const uint8_t *end, toa_pcapng_option *ret_option)
{
    uint32_t left = (uint32_t)(end - *at), length;

    if (left < 4) {
        return false;
    }
    ret_option->code = toa_capture_get16(capture, *at);
    ret_option->length = toa_capture_get16(capture, *at + 2);
    length = pad(ret_option->length);
    if (length > left - 4) {
        return false;
    }
    if (ret_option->code == OPTION_END) {
        *at = end;
        return false;
    }
    ret_option->value = *at + 4;
    *at += 4 + length;
    return true;
}

/* ---- section and interface ---- */

static toa_read read_section(toa_capture *capture, const uint8_t *body, uint32_t length)
{
    uint16_t major, minor;

    if (length < 16) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "a section header is too short");
    }
    major = toa_capture_get16(capture, body + 4);
    minor = toa_capture_get16(capture, body + 6);
    if (major != 1 || (minor != 0 && minor != 2)) {
        return toa_capture_stop(capture, TOA_READ_UNKNOWN, "its pcapng version is neither 1.0 nor 1.2");
    }
    capture->n_interfaces = 0;
    return TOA_READ_FRAME;
}

static uint64_t units_of(uint8_t resolution)
{
    unsigned base = resolution & 0x80 ? 2 : 10, exponent = resolution & 0x7f;
    uint64_t units = 1;

    if (exponent >= (base == 2 ? 64u : 20u)) {
        return UINT64_MAX;
    }
    while (exponent--) {
        units *= base;
    }
    return units;
}

static toa_read read_interface(toa_capture *capture, const uint8_t *body, uint32_t length)
{
    const uint8_t *at = body + 8, *end = body + length;
    bool resolution = false, offset = false, fcs = false; /* the first of each counts */
    toa_interface *interface;
    toa_pcapng_option option;

    if (length < 8) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "an interface description is too short");
    }
    interface = toa_capture_interface(capture);
    if (!interface) {
        return toa_capture_stop(capture, TOA_READ_FAILED, NULL);
    }
    interface->link_type = toa_capture_get16(capture, body);
    interface->snaplen = toa_capture_get32(capture, body + 4);
    while (next_option(capture, &at, end, &option)) {
        if (option.code == OPTION_TSRESOL && option.length == 1 && !resolution) {
            interface->units = units_of(option.value[0]);
            resolution = true;
        } else if (option.code == OPTION_TSOFFSET && option.length == 8 && !offset) {
            interface->offset = (int64_t)toa_capture_get64(capture, option.value);
            offset = true;
        } else if (option.code == OPTION_FCS && option.length == 1 && !fcs) {
            interface->fcs = option.value[0] / 8;
            fcs = true;
        }
    }
    return at == end ? TOA_READ_FRAME : toa_capture_stop(capture, TOA_READ_DAMAGED, "an option does not fit its block");
}

static toa_read read_statistics(toa_capture *capture, const uint8_t *body, uint32_t length)
{
    const uint8_t *at = body + 12, *end = body + length;
    toa_pcapng_option option;

    if (length < 12) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "interface statistics are too short");
    }
    while (next_option(capture, &at, end, &option)) {
        if (option.code == OPTION_IFDROP && option.length == 8) {
            capture->drops += toa_capture_get64(capture, option.value);
        }
    }
    return at == end ? TOA_READ_FRAME : toa_capture_stop(capture, TOA_READ_DAMAGED, "an option does not fit its block");
}

/* Type(4) ... Those of TLS open nothing that TCP lies in; those of WireGuard, ZigBee and what may come do. */
static toa_read read_secrets(toa_capture *capture, const uint8_t *body, uint32_t length)
{
    enum { TLS = 0x544c534b };

    return length < 4 || toa_capture_get32(capture, body) == TLS
               ? TOA_READ_FRAME
               : toa_capture_stop(capture, TOA_READ_UNKNOWN, "it has secrets to decrypt packets with");
}

/* ---- packets ---- */

static void set_time(const toa_interface *interface, uint64_t stamp, toa_frame_bytes *frame)
{
    uint64_t fraction = stamp % interface->units * 1000000000u / interface->units; /* may wrap, as Wireshark's does */

    frame->time = toa_capture_time((int64_t)(stamp / interface->units + (uint64_t)interface->offset), (int32_t)fraction);
}

/* Options of a packet: but for its FCS, only whether they make sense. */
static bool read_packet_options(const toa_capture *capture, const uint8_t *at, const uint8_t *end, uint8_t *fcs)
{
    toa_pcapng_option option;

    while (next_option(capture, &at, end, &option)) {
        if (option.code == OPTION_FLAGS) {
            uint32_t flags;
            if (option.length != 4) {
                return false;
            }
            flags = toa_capture_get32(capture, option.value);
            *fcs = flags >> 5 & 0xf ? (uint8_t)(flags >> 5 & 0xf) : *fcs;
        }
    }
    return at == end;
}

static toa_read fill_frame(toa_capture *capture, uint32_t interface, uint32_t captured, uint32_t reported,
                           const uint8_t *bytes, toa_frame_bytes *ret_frame)
{
    const toa_interface *described = &capture->interfaces[interface];

    if (captured > TOA_FRAME_MAX) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "it has a packet longer than 262144 bytes");
    }
    *ret_frame = (toa_frame_bytes){.bytes = bytes,
                                   .captured = captured,
                                   .reported = reported,
                                   .interface = interface,
                                   .link_type = described->link_type,
                                   .fcs = described->fcs,
                                   .offset = capture->window.taken};
    toa_capture_bound(ret_frame);
    return TOA_READ_FRAME;
}

/* Enhanced: interface(4) high(4) low(4) captured(4) reported(4). The older packet block: interface(2) drops(2), then same. */
static toa_read read_packet(toa_capture *capture, uint32_t type, const uint8_t *body, uint32_t length,
                            toa_frame_bytes *ret_frame)
{
    uint32_t interface, captured;
    uint64_t stamp;

    if (length < 20) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "a packet block is too short");
    }
    interface = type == ENHANCED ? toa_capture_get32(capture, body) : toa_capture_get16(capture, body);
    stamp = (uint64_t)toa_capture_get32(capture, body + 4) << 32 | toa_capture_get32(capture, body + 8);
    captured = toa_capture_get32(capture, body + 12);
    if (captured > length - 20 || pad(captured) > length - 20) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "a packet does not fit its block");
    }
    if (interface >= capture->n_interfaces) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "a packet is from an interface that is not described");
    }
    if (fill_frame(capture, interface, captured, toa_capture_get32(capture, body + 16), body + 20, ret_frame) !=
        TOA_READ_FRAME) {
        return capture->last;
    }
    if (length > 20 + pad(captured) &&
        !read_packet_options(capture, body + 20 + pad(captured), body + length, &ret_frame->fcs)) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "an option does not fit its block");
    }
    set_time(&capture->interfaces[interface], stamp, ret_frame);
    return TOA_READ_FRAME;
}

/* Reported(4), then as much as the first interface's snapshot length allows. No time. */
static toa_read read_simple(toa_capture *capture, const uint8_t *body, uint32_t length, toa_frame_bytes *ret_frame)
{
    uint32_t reported, captured, snaplen;

    if (length < 4) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "a packet block is too short");
    }
    if (!capture->n_interfaces) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "a packet is from an interface that is not described");
    }
    reported = captured = toa_capture_get32(capture, body);
    snaplen = capture->interfaces[0].snaplen;
    if (snaplen && captured > snaplen) {
        captured = snaplen;
    }
    if (captured > length - 4 || pad(captured) > length - 4) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "a packet does not fit its block");
    }
    return fill_frame(capture, 0, captured, reported, body + 4, ret_frame);
}

/* ---- blocks ---- */

static toa_read read_block(toa_capture *capture, uint32_t type, const uint8_t *body, uint32_t length,
                           toa_frame_bytes *ret_frame, bool *ret_is_frame)
{
    switch (type) {
    case SECTION:
        return read_section(capture, body, length);
    case INTERFACE:
        return read_interface(capture, body, length);
    case STATISTICS:
        return read_statistics(capture, body, length);
    case PACKET:
    case ENHANCED:
        *ret_is_frame = true;
        return read_packet(capture, type, body, length, ret_frame);
    case SIMPLE:
        *ret_is_frame = true;
        return read_simple(capture, body, length, ret_frame);
    case SECRETS:
        return read_secrets(capture, body, length);
    case JOURNAL:
    case CUSTOM_COPY:
    case CUSTOM_NO_COPY:
    case SYSDIG:
    case SYSDIG_2:
    case SYSDIG_2_LARGE:
        return toa_capture_stop(capture, TOA_READ_UNKNOWN, "it has custom, journal or sysdig blocks");
    default:
        return TOA_READ_FRAME;
    }
}

/* A section's byte order is told inside its header. */
static toa_read find_byte_order(toa_capture *capture)
{
    size_t left;
    const uint8_t *head = toa_window_peek(&capture->window, 12, &left);
    uint32_t magic;

    if (!head) {
        return toa_capture_short(capture, true);
    }
    memcpy(&magic, head + 8, sizeof magic);
    capture->swapped = magic == 0x4d3c2b1a;
    return capture->swapped || magic == 0x1a2b3c4d
               ? TOA_READ_FRAME
               : toa_capture_stop(capture, TOA_READ_DAMAGED, "a section has no byte order");
}

/* What can be stepped over without being looked at need not be held. */
static bool is_read(uint32_t type)
{
    return type == SECTION || (type >= INTERFACE && type <= ENHANCED) || type == SECRETS;
}

static toa_read skip_block(toa_capture *capture, uint32_t length)
{
    const uint8_t *end;

    if (toa_window_skip(&capture->window, length - 4) < length - 4 ||
        !(end = toa_window_peek(&capture->window, 4, NULL))) {
        return toa_capture_short(capture, true);
    }
    if (pad(toa_capture_get32(capture, end)) != length) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "the two lengths of a block differ");
    }
    toa_window_take(&capture->window, 4);
    return TOA_READ_FRAME;
}

/* One block, at least its head is there. */
static toa_read take_block(toa_capture *capture, const uint8_t *head, toa_frame_bytes *ret_frame, bool *ret_is_frame)
{
    uint32_t type = toa_capture_get32(capture, head), length;

    if (type == SECTION && find_byte_order(capture) != TOA_READ_FRAME) {
        return capture->last;
    }
    head = toa_window_peek(&capture->window, 8, NULL);
    length = toa_capture_get32(capture, head + 4);
    if (length > BLOCK_MAX || pad(length) < 12) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "a block has a length that cannot be");
    }
    length = pad(length);
    if (!is_read(type)) {
        bool unused;
        return read_block(capture, type, NULL, 0, ret_frame, &unused) == TOA_READ_FRAME ? skip_block(capture, length)
                                                                                        : capture->last;
    }
    head = toa_window_peek(&capture->window, length, NULL);
    if (!head) {
        return toa_capture_short(capture, true);
    }
    if (read_block(capture, type, head + 8, length - 12, ret_frame, ret_is_frame) != TOA_READ_FRAME) {
        return capture->last;
    }
    if (pad(toa_capture_get32(capture, head + length - 4)) != length) {
        return toa_capture_stop(capture, TOA_READ_DAMAGED, "the two lengths of a block differ");
    }
    toa_window_take(&capture->window, length);
    return TOA_READ_FRAME;
}

static toa_read next_pcapng(toa_capture *capture, toa_frame_bytes *ret_frame)
{
    bool is_frame = false;

    while (!is_frame) {
        size_t left;
        const uint8_t *head = toa_window_peek(&capture->window, 8, &left);
        if (!head) {
            return toa_capture_short(capture, left > 0);
        }
        if (take_block(capture, head, ret_frame, &is_frame) != TOA_READ_FRAME) {
            return capture->last;
        }
    }
    ret_frame->number = ++capture->n_frames;
    return TOA_READ_FRAME;
}

/* What ends before its first section header does is no pcapng file: to Wireshark, too, it is something else. The header
 * itself is read as a block like others. */
toa_read toa_pcapng_open(toa_capture *capture)
{
    const uint8_t *head = toa_window_peek(&capture->window, 28, NULL);
    uint32_t length;

    if (head && find_byte_order(capture) != TOA_READ_FRAME) {
        return capture->last;
    }
    length = head ? pad(toa_capture_get32(capture, head + 4)) : 0;
    if (!head || (length <= 1u << 16 && !toa_window_peek(&capture->window, length, NULL))) {
        return capture->window.state < 0 ? toa_capture_short(capture, true)
                                         : toa_capture_stop(capture, TOA_READ_UNKNOWN, "it is no pcap or pcapng file");
    }
    capture->next = next_pcapng;
    return TOA_READ_FRAME;
}
