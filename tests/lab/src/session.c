#include "session.h"

#include <stdlib.h>

struct session *session_by_client(const struct session_table *t, const struct endpoint *client,
                                  const struct endpoint *vip)
{
    for (size_t i = t->count; i-- > 0;)
        if (endpoint_equal(&t->entries[i]->client, client) && endpoint_equal(&t->entries[i]->vip, vip))
            return t->entries[i];
    return NULL;
}

struct session *session_by_local(const struct session_table *t, const struct endpoint *local, const struct endpoint *rs)
{
    /* From the newest, here and above: a small port range is used again while the old session is still there. */
    for (size_t i = t->count; i-- > 0;)
        if (endpoint_equal(&t->entries[i]->local, local) && endpoint_equal(&t->entries[i]->rs, rs))
            return t->entries[i];
    return NULL;
}

struct session *session_add(struct session_table *t)
{
    struct session *s = t->count < SESSIONS_MAX ? calloc(1, sizeof *s) : NULL;

    if (s)
        t->entries[t->count++] = s;
    return s;
}

void session_forget_all(struct session_table *t)
{
    while (t->count)
        free(t->entries[--t->count]);
}

void session_restart(struct session *s, uint32_t client_isn, uint32_t client_delta)
{
    s->client_isn = client_isn;
    s->client_delta = client_delta;
    s->rs_isn_known = false;
    s->client_fin = s->server_fin = s->closed = false;
}

void session_track(struct session *s, bool from_client, uint8_t flags, uint32_t next)
{
    if (from_client)
        s->client_next = next;
    else
        s->server_next = next;
    if (flags & TCP_FIN)
        *(from_client ? &s->client_fin : &s->server_fin) = true;
    if (flags & TCP_RST || (s->client_fin && s->server_fin))
        s->closed = true;
}
