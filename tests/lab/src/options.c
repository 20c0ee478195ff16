#include "options.h"

#include <string.h>

enum { NOT_FOUND = OPTIONS_MAX };

/* Start of the first option of this kind (and length, unless 0). Stops at EOL and at bad lengths. */
static size_t find(const struct edit *e, uint8_t kind, uint8_t length)
{
    size_t at = 0;

    while (at < e->options_len && e->options[at] != OPT_EOL) {
        if (e->options[at] == OPT_NOP) {
            at++;
            continue;
        }
        if (at + 1 >= e->options_len || e->options[at + 1] < 2 || at + e->options[at + 1] > e->options_len)
            break;
        if (e->options[at] == kind && (!length || e->options[at + 1] == length))
            return at;
        at += e->options[at + 1];
    }
    return NOT_FOUND;
}

bool toa_insert(struct edit *e, struct toa_variant v, const struct endpoint *client)
{
    size_t addr_len = client->family == 4 ? 4 : 16;

    if (v.length != addr_len + 4 || e->options_len + v.length > OPTIONS_MAX)
        return false;
    memmove(e->options + v.length, e->options, e->options_len);
    e->options[0] = v.kind;
    e->options[1] = v.length;
    put16(e->options + 2, client->port);
    memcpy(e->options + 4, client->addr, addr_len);
    e->options_len += v.length;
    return true;
}

bool toa_find(const struct edit *e, struct toa_variant v, struct endpoint *ret_client, size_t *ret_at)
{
    size_t at = find(e, v.kind, v.length);

    if (at >= NOT_FOUND || (v.length != 8 && v.length != 20))
        return false;
    memset(ret_client, 0, sizeof *ret_client);
    ret_client->family = v.length == 8 ? 4 : 6;
    ret_client->port = get16(e->options + at + 2);
    memcpy(ret_client->addr, e->options + at + 4, v.length - 4u);
    *ret_at = at;
    return true;
}

void toa_remove(struct edit *e, struct toa_variant v, size_t at)
{
    memmove(e->options + at, e->options + at + v.length, e->options_len - at - v.length);
    e->options_len -= v.length;
}

void toa_overwrite(struct edit *e, struct toa_variant v, size_t at)
{
    memset(e->options + at, OPT_NOP, v.length);
}

void options_drop_timestamps(struct edit *e)
{
    size_t at = find(e, OPT_TIMESTAMPS, 10);

    if (at < NOT_FOUND)
        memset(e->options + at, OPT_NOP, 10);
}

void options_lower_mss(struct edit *e, uint16_t by)
{
    size_t at = find(e, OPT_MSS, 4);

    if (at < NOT_FOUND && get16(e->options + at + 2) > by)
        put16(e->options + at + 2, (uint16_t)(get16(e->options + at + 2) - by));
}

void options_shift_sack(struct edit *e, uint32_t add)
{
    size_t at = find(e, OPT_SACK, 0), edge;

    if (at >= NOT_FOUND)
        return;
    for (edge = at + 2; edge + 4 <= at + e->options[at + 1]; edge += 4)
        put32(e->options + edge, get32(e->options + edge) + add);
}
