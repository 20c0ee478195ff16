/* session.h: the load balancer's session table. One session is one client connection to one VIP port. */
#ifndef LAB_SESSION_H
#define LAB_SESSION_H

#include "packet.h"

enum { SESSIONS_MAX = 1024 };

struct session {
    struct endpoint client, vip; /* the connection the client sees */
    struct endpoint local, rs;   /* the connection the real server's wire sees */
    uint32_t client_isn;         /* of the SYN that began the session, as the client sent it */
    uint32_t client_delta;       /* added to the client's sequence numbers */
    uint32_t server_shift;       /* added to the real server's: what a SYN proxy does */
    uint32_t rs_isn;
    bool rs_isn_known;
    bool client_fin, server_fin;
    bool closed;                 /* a SYN starts the session anew */
    uint32_t client_next;        /* next numbers of both sides, as the real server's wire has them */
    uint32_t server_next;
};

struct session_table {
    struct session *entries[SESSIONS_MAX];
    size_t count;
};

/* Both return NULL if there is none. */
struct session *session_by_client(const struct session_table *t, const struct endpoint *client,
                                  const struct endpoint *vip);
struct session *session_by_local(const struct session_table *t, const struct endpoint *local,
                                 const struct endpoint *rs);

/* NULL when the table is full. The table owns the session until session_forget_all(). */
struct session *session_add(struct session_table *t);
void session_forget_all(struct session_table *t);

/* A session (or its next life on a closed one) begins: all that is learnt per connection is set back. */
void session_restart(struct session *s, uint32_t client_isn, uint32_t client_delta);

/* Takes note of what a segment tells about the connection's state. Numbers as on the real server's wire. */
void session_track(struct session *s, bool from_client, uint8_t flags, uint32_t next);

#endif
