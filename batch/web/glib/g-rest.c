/* g-rest.c
 * Errors, time, SHA-256.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "g-rest.h"

#include "g-text.h"

#include <time.h>

GQuark g_quark_from_static_string(const char *text)
{
    (void)text;
    return 1;
}

void g_set_error(GError **error, GQuark domain, int code, const char *format, ...)
{
    va_list arguments;

    if (!error) {
        return;
    }
    *error = g_new0(GError, 1);
    (*error)->domain = domain;
    (*error)->code = code;
    va_start(arguments, format);
    (*error)->message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

void g_propagate_error(GError **error, GError *from)
{
    if (error) {
        *error = from;
    } else {
        g_clear_error(&from);
    }
}

void g_clear_error(GError **error)
{
    if (*error) {
        g_free((*error)->message);
        g_free(*error);
        *error = NULL;
    }
}

/* ---- time ---- */

struct GDateTime {
    struct tm parts;
};

GDateTime *g_date_time_new_from_unix_utc(gint64 seconds)
{
    time_t time = (time_t)seconds;
    GDateTime *self;

    if (seconds < -62135596800 || seconds > 253402300799) {
        return NULL;
    }
    self = g_new0(GDateTime, 1);
    gmtime_r(&time, &self->parts);
    return self;
}

char *g_date_time_format(GDateTime *time, const char *format)
{
    char text[128];

    text[strftime(text, sizeof text, format, &time->parts)] = 0;
    return g_strdup(text);
}

void g_date_time_unref(GDateTime *time)
{
    g_free(time);
}

/* ---- SHA-256 (FIPS 180-4) ---- */

struct GChecksum {
    guint32 state[8];
    guint64 length; /* bytes so far */
    guchar block[64];
    char text[65];
    gboolean closed;
};

static guint32 rotate(guint32 value, unsigned bits)
{
    return value >> bits | value << (32 - bits);
}

static void take_block(guint32 state[8], const guchar *block)
{
    static const guint32 constants[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
    guint32 words[64], v[8];

    for (unsigned i = 0; i < 16; i++) {
        words[i] = (guint32)block[i * 4] << 24 | (guint32)block[i * 4 + 1] << 16 | (guint32)block[i * 4 + 2] << 8 |
                   block[i * 4 + 3];
    }
    for (unsigned i = 16; i < 64; i++) {
        guint32 a = words[i - 15], b = words[i - 2];
        words[i] = words[i - 16] + words[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
                   (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
    memcpy(v, state, sizeof v);
    for (unsigned i = 0; i < 64; i++) {
        guint32 one = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) +
                      constants[i] + words[i];
        guint32 two = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
                      ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += one;
        v[0] = one + two;
    }
    for (unsigned i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

void g_checksum_reset(GChecksum *sum)
{
    static const guint32 first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    memcpy(sum->state, first, sizeof first);
    sum->length = 0;
    sum->closed = FALSE;
}

GChecksum *g_checksum_new(GChecksumType type)
{
    GChecksum *sum = g_new0(GChecksum, 1);

    (void)type;
    g_checksum_reset(sum);
    return sum;
}

void g_checksum_update(GChecksum *sum, const guchar *bytes, gssize length)
{
    while (length > 0) {
        gsize held = (gsize)(sum->length % 64), n = MIN(64 - held, (gsize)length);
        memcpy(sum->block + held, bytes, n);
        sum->length += n;
        bytes += n;
        length -= (gssize)n;
        if (held + n == 64) {
            take_block(sum->state, sum->block);
        }
    }
}

static void close_sum(GChecksum *sum)
{
    static const guchar padding[64] = {0x80};
    guint64 bits = sum->length * 8;
    guchar length[8];

    if (sum->closed) {
        return;
    }
    for (unsigned i = 0; i < 8; i++) {
        length[i] = (guchar)(bits >> (56 - 8 * i));
    }
    g_checksum_update(sum, padding, (gssize)(64 - (sum->length + 8) % 64));
    g_checksum_update(sum, length, sizeof length);
    sum->closed = TRUE;
}

void g_checksum_get_digest(GChecksum *sum, guint8 *digest, gsize *length)
{
    close_sum(sum);
    for (unsigned i = 0; i < 32; i++) {
        digest[i] = (guint8)(sum->state[i / 4] >> (24 - i % 4 * 8));
    }
    *length = 32;
}

const char *g_checksum_get_string(GChecksum *sum)
{
    close_sum(sum);
    for (unsigned i = 0; i < 8; i++) {
        snprintf(sum->text + (gsize)i * 8, 9, "%08x", sum->state[i]);
    }
    return sum->text;
}

void g_checksum_free(GChecksum *sum)
{
    g_free(sum);
}

/* ---- files ---- */

gboolean g_file_set_contents(const char *path, const char *text, gssize length, GError **error)
{
    (void)path;
    if (fwrite(text, 1, (gsize)length, stdout) != (gsize)length) {
        g_set_error(error, 1, 0, "the page was not kept");
        return FALSE;
    }
    return TRUE;
}
