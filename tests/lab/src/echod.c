/* echod.c: a small TCP server whose accepted connections can be aborted on command.
 *
 * usage: echod PORT...
 *
 * Answers what it gets with "e:" and the same bytes, but for what begins with one of these words:
 *   bulk N           answered with N bytes          push N MS SIZE   N times SIZE bytes, one every MS milliseconds
 *   mute             nothing is read any more       keep             the server's own keep-alive probes, every second
 *   sink             read and not answered, from now on
 * Bytes 0x16 and 0x17 begin a TLS-like record: bytes 5 to 8 say how long the answer is.
 * Commands on standard input, each answered with a line "ok COUNT" (connections it was done to), to all connections or to
 * those of one client port:
 *   abort [PORT]   SO_LINGER 0 and close: RST, ACK      finish [PORT]  close: FIN      count
 */
#include "program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTENERS_MAX = 8, SOCKETS_MAX = 512, CHUNK = 65536 };

struct state {
    size_t owed; /* bytes still to send */
    unsigned pushes, every, size; /* every: milliseconds */
    uint64_t due;
    bool sink;
    uint16_t port; /* the client's */
};

/* fds[0] is standard input, then the listeners, then the accepted connections. */
struct server {
    struct pollfd fds[SOCKETS_MAX];
    struct state state[SOCKETS_MAX];
    size_t listeners, count;
};

static int listen_on(uint16_t port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, zero = 0;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 128) < 0) {
        fprintf(stderr, "echod: port %u: %s\n", port, strerror(errno));
        exit(1);
    }
    return fd;
}

static void drop(struct server *s, size_t i)
{
    close(s->fds[i].fd);
    s->count--;
    s->fds[i] = s->fds[s->count];
    s->state[i] = s->state[s->count];
}

static void accept_all(struct server *s, int listener)
{
    struct sockaddr_in6 peer;
    socklen_t size = sizeof peer;
    int one = 1, fd;

    while (s->count < SOCKETS_MAX &&
           (fd = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        s->state[s->count] = (struct state){.port = ntohs(peer.sin6_port)};
        s->fds[s->count++] = (struct pollfd){fd, POLLIN, 0};
    }
}

/* Sends as much of the owed bytes as goes out now, and asks to be called again for the rest. */
static void send_owed(struct server *s, size_t i)
{
    static char filler[CHUNK]; /* not zeros: a dissector on this port may take those for many empty packets */
    ssize_t sent = 1;

    memset(filler, 'x', sizeof filler);
    while (s->state[i].owed && sent > 0) {
        sent = send(s->fds[i].fd, filler, s->state[i].owed < CHUNK ? s->state[i].owed : CHUNK, MSG_NOSIGNAL);
        if (sent > 0)
            s->state[i].owed -= (size_t)sent;
        else if (errno != EAGAIN)
            s->state[i].owed = 0;
    }
    s->fds[i].events = (short)((s->fds[i].events & POLLIN) | (s->state[i].owed ? POLLOUT : 0));
}

static void keep_alive(int fd)
{
    int one = 1;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &one, sizeof one);
}

/* Obeys a word in what the client has sent; false if there is none. */
static bool asked(struct server *s, size_t i, const char *data, size_t len)
{
    struct state *c = &s->state[i];
    const uint8_t *bytes = (const uint8_t *)data;
    unsigned long bulk;

    if (len >= 9 && (bytes[0] == 0x16 || bytes[0] == 0x17))
        c->owed += (size_t)bytes[5] << 24 | (size_t)bytes[6] << 16 | (size_t)bytes[7] << 8 | bytes[8];
    else if (sscanf(data, "bulk %8lu", &bulk) == 1)
        c->owed += bulk;
    else if (sscanf(data, "push %6u %6u %6u", &c->pushes, &c->every, &c->size) == 3)
        c->due = now_ns() + c->every * 1000000ull;
    else if (strncmp(data, "mute", 4) == 0)
        s->fds[i].events = 0;
    else if (strncmp(data, "sink", 4) == 0)
        c->sink = true;
    else if (strncmp(data, "keep", 4) == 0)
        keep_alive(s->fds[i].fd);
    else
        return c->sink;
    send_owed(s, i);
    return true;
}

/* Sends the pushes that are due; returns the milliseconds until the next one, -1 if there is none. */
static int push(struct server *s)
{
    uint64_t now = now_ns();
    int wait = -1;

    for (size_t i = s->listeners + 1; i < s->count; i++) {
        struct state *c = &s->state[i];

        if (c->pushes && c->due <= now) {
            c->pushes--;
            c->owed += c->size;
            c->due = now + c->every * 1000000ull;
            send_owed(s, i);
        }
        if (c->pushes && (wait < 0 || (int)((c->due - now) / 1000000) < wait))
            wait = (int)((c->due - now) / 1000000) + 1;
    }
    return wait;
}

/* Reads and answers; false when the connection is over. */
static bool serve(struct server *s, size_t i)
{
    static char data[CHUNK + 3];
    ssize_t got = recv(s->fds[i].fd, data + 2, CHUNK, 0);

    if (got < 0 && errno == EAGAIN)
        return true;
    if (got <= 0)
        return false;
    data[2 + got] = '\0';
    if (asked(s, i, data + 2, (size_t)got))
        return true;
    memcpy(data, "e:", 2);
    if (send(s->fds[i].fd, data, (size_t)got + 2, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
        return false;
    return true;
}

static void obey(struct server *s, const char *line)
{
    const struct linger hard = {1, 0};
    size_t done = 0;
    bool abort_them = strncmp(line, "abort", 5) == 0, count = strcmp(line, "count") == 0;
    unsigned port = 0;

    sscanf(line, "%*s %5u", &port);
    for (size_t i = s->count; i-- > s->listeners + 1;) {
        if (port && s->state[i].port != port)
            continue;
        done++;
        if (count)
            continue;
        if (abort_them)
            setsockopt(s->fds[i].fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        drop(s, i);
    }
    printf("ok %zu\n", done);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct server s;
    char line[COMMAND_MAX];
    int wait = -1;

    program_start();
    s.fds[s.count++] = (struct pollfd){STDIN_FILENO, POLLIN, 0};
    for (int i = 1; i < argc && i <= LISTENERS_MAX; i++)
        s.fds[s.count++] = (struct pollfd){listen_on((uint16_t)number_or_exit(argv[i], 1, 65535)), POLLIN, 0};
    s.listeners = s.count - 1;
    program_ready();
    while (program_wait(s.fds, s.count, wait)) {
        while (program_command(line))
            obey(&s, line);
        for (size_t i = 1; i <= s.listeners; i++)
            accept_all(&s, s.fds[i].fd);
        for (size_t i = s.count; i-- > s.listeners + 1;) {
            if (s.fds[i].revents & POLLOUT)
                send_owed(&s, i);
            if (s.fds[i].revents & (POLLIN | POLLERR | POLLHUP) && !serve(&s, i))
                drop(&s, i);
        }
        wait = push(&s);
    }
    return 0;
}
