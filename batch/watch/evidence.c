/* evidence.c
 *
 *   block   type(4) length(4) body, padded to 4 bytes, length(4) again; in this machine's byte order
 *   option  code(2) length(2) value, padded to 4 bytes
 *
 * Source: draft-ietf-opsawg-pcapng.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "watch/evidence.h"

#include "frames/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HELD_MAX (256u * 1024)
enum { OPTION_END = 0, OPTION_COMMENT = 1, OPTION_APPLICATION = 4, OPTION_TSRESOL = 9, OPTION_FCS = 13 };

static void put(GByteArray *into, const void *bytes, size_t n)
{
    static const guint8 zeros[4];

    g_byte_array_append(into, bytes, (guint)n);
    g_byte_array_append(into, zeros, (guint)(-n & 3));
}

static void put32(GByteArray *into, uint32_t value)
{
    put(into, &value, sizeof value);
}

static void put_option(GByteArray *into, uint16_t code, const void *value, size_t length)
{
    uint16_t head[2] = {code, (uint16_t)MIN(length, 65000u)};

    put(into, head, sizeof head);
    put(into, value, head[1]);
}

static guint begin_block(GByteArray *into, uint32_t type)
{
    guint at = into->len;

    put32(into, type);
    put32(into, 0);
    return at;
}

static void end_block(GByteArray *into, guint at)
{
    uint32_t length = into->len - at + 4;

    put32(into, length);
    memcpy(into->data + at + 4, &length, sizeof length);
}

static void put_section(GByteArray *into, const char *comment)
{
    static const char application[] = "toa-scan --watch " TOA_VERSION;
    const uint16_t version[2] = {1, 0};
    const int64_t length = -1;
    guint at = begin_block(into, 0x0a0d0d0a);

    put32(into, 0x1a2b3c4d);
    put(into, version, sizeof version);
    put(into, &length, sizeof length);
    put_option(into, OPTION_COMMENT, comment, strlen(comment));
    put_option(into, OPTION_APPLICATION, application, sizeof application - 1);
    put32(into, OPTION_END);
    end_block(into, at);
}

typedef struct interface {
    uint32_t number;
    uint16_t link_type;
    uint8_t fcs;
} interface;

/* Its number in the file, where it is described when its first packet comes. */
static uint32_t find_interface(toa_evidence *self, const toa_frame_bytes *frame)
{
    const uint8_t nanoseconds = 9, fcs = (uint8_t)(frame->fcs * 8);
    interface new = {frame->interface, frame->link_type, frame->fcs};
    uint16_t types[2] = {frame->link_type, 0};
    guint at;

    for (guint i = 0; i < self->interfaces->len; i++) {
        const interface *known = &g_array_index(self->interfaces, interface, i);
        if (known->number == new.number && known->link_type == new.link_type && known->fcs == new.fcs) {
            return i;
        }
    }
    if (self->interfaces->len >= 4096) { /* nobody has so many; a damaged capture may */
        return self->interfaces->len - 1;
    }
    g_array_append_val(self->interfaces, new);
    at = begin_block(self->held, 1);
    put(self->held, types, sizeof types);
    put32(self->held, 0); /* no snapshot length */
    put_option(self->held, OPTION_TSRESOL, &nanoseconds, 1);
    if (fcs) {
        put_option(self->held, OPTION_FCS, &fcs, 1);
    }
    put32(self->held, OPTION_END);
    end_block(self->held, at);
    return self->interfaces->len - 1;
}

toa_evidence *toa_evidence_new(const char *folder, const char *name, const char *comment)
{
    char *path = g_build_filename(folder, name, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    toa_evidence *self;

    if (fd < 0) {
        g_free(path);
        return NULL;
    }
    self = g_new0(toa_evidence, 1);
    *self = (toa_evidence){.path = path,
                           .fd = fd,
                           .held = g_byte_array_new(),
                           .interfaces = g_array_new(FALSE, FALSE, sizeof(interface)),
                           .numbers = g_hash_table_new(NULL, NULL)};
    put_section(self->held, comment);
    return self;
}

void toa_evidence_want(toa_evidence *self, const toa_endpoint *a, const toa_endpoint *b, uint32_t hash)
{
    if (!toa_evidence_wants(self, a, b, hash) && self->n_tuples < TOA_EVIDENCE_TUPLES) {
        self->tuples[self->n_tuples][0] = *a;
        self->tuples[self->n_tuples][1] = *b;
        self->hashes[self->n_tuples++] = hash;
    }
}

bool toa_evidence_wants(const toa_evidence *self, const toa_endpoint *a, const toa_endpoint *b, uint32_t hash)
{
    for (unsigned i = 0; i < self->n_tuples; i++) {
        const toa_endpoint *ends = self->tuples[i];
        if (self->hashes[i] == hash && ((toa_endpoint_equal(&ends[0], a) && toa_endpoint_equal(&ends[1], b)) ||
                                        (toa_endpoint_equal(&ends[0], b) && toa_endpoint_equal(&ends[1], a)))) {
            return true;
        }
    }
    return false;
}

void toa_evidence_add(toa_evidence *self, const toa_frame_bytes *frame, const char *comment)
{
    uint64_t time = frame->time > 0 ? (uint64_t)frame->time : 0;
    uint32_t number;
    guint at;

    if (self->fd < 0) {
        return;
    }
    number = find_interface(self, frame);
    at = begin_block(self->held, 6);
    put32(self->held, number);
    put32(self->held, (uint32_t)(time >> 32));
    put32(self->held, (uint32_t)time);
    put32(self->held, frame->captured);
    put32(self->held, frame->reported);
    put(self->held, frame->bytes, frame->captured);
    if (comment) {
        put_option(self->held, OPTION_COMMENT, comment, strlen(comment));
        put32(self->held, OPTION_END);
    }
    end_block(self->held, at);
    self->n++;
    g_hash_table_insert(self->numbers, GUINT_TO_POINTER(frame->number), GUINT_TO_POINTER(self->n));
    if (self->held->len > HELD_MAX) {
        toa_evidence_flush(self);
    }
}

/* The hash alone might be another tuple's. */
static bool is_wanted(const toa_evidence *self, const toa_frame_bytes *frame, uint32_t hash)
{
    toa_tcp_layer layer;
    bool maybe = false;

    for (unsigned i = 0; i < self->n_tuples; i++) {
        maybe |= self->hashes[i] == hash;
    }
    if (!maybe || toa_find_tcp(frame, &layer) != TOA_FOUND_TCP || layer.captured < 4) {
        return false;
    }
    layer.source.port = (uint16_t)(layer.header[0] << 8 | layer.header[1]);
    layer.destination.port = (uint16_t)(layer.header[2] << 8 | layer.header[3]);
    return toa_evidence_wants(self, &layer.source, &layer.destination, hash);
}

void toa_evidence_add_ring(toa_evidence *self, const toa_ring *ring, uint32_t commented, const char *comment)
{
    toa_ring_cursor cursor = {0, 0};
    toa_frame_bytes frame;
    uint32_t hash;

    while (ring->bytes && toa_ring_next(ring, &cursor, &frame, &hash)) {
        if (is_wanted(self, &frame, hash)) {
            toa_evidence_add(self, &frame, frame.number == commented ? comment : NULL);
        }
    }
}

/* All of it, or as if nothing had been written. */
static bool write_all(toa_evidence *self)
{
    size_t at = 0;

    while (at < self->held->len) {
        ssize_t n = write(self->fd, self->held->data + at, self->held->len - at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            self->why = n < 0 ? errno : ENOSPC;
            return false;
        }
        at += (size_t)n;
    }
    self->written += at;
    return true;
}

bool toa_evidence_flush(toa_evidence *self)
{
    if (self->fd < 0) {
        return self->why == 0;
    }
    if (!write_all(self)) {
        if (ftruncate(self->fd, (off_t)self->written) != 0) {
            self->written = 0; /* half a block is at its end: nothing can be said for it */
        }
        close(self->fd);
        self->fd = -1;
        if (self->written == 0) {
            unlink(self->path);
        }
    }
    g_byte_array_set_size(self->held, 0);
    return self->why == 0;
}

uint32_t toa_evidence_number(const toa_evidence *self, uint32_t frame)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(self->numbers, GUINT_TO_POINTER(frame)));
}

void toa_evidence_close(toa_evidence *self)
{
    toa_evidence_flush(self);
    if (self->fd >= 0) {
        close(self->fd);
        self->fd = -1;
    }
}

void toa_evidence_free(toa_evidence *self)
{
    toa_evidence_close(self);
    g_byte_array_free(self->held, TRUE);
    g_array_free(self->interfaces, TRUE);
    g_hash_table_destroy(self->numbers);
    g_free(self->path);
    g_free(self);
}
