/* echod.c: a small TCP server whose accepted connections can be aborted on command.
 *
 * usage: echod PORT...
 *
 * Answers what it gets with "e:" and the same bytes; a segment that begins with "bulk N" is answered with N bytes.
 * Commands on standard input, each answered with a line "ok COUNT" (connections it was done to):
 *   abort   SO_LINGER 0 and close: RST, ACK      finish  close: FIN      count
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

/* fds[0] is standard input, then the listeners, then the accepted connections; owed: bytes of bulk still to send. */
struct server {
    struct pollfd fds[SOCKETS_MAX];
    size_t owed[SOCKETS_MAX];
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
    s->owed[i] = s->owed[s->count];
}

static void accept_all(struct server *s, int listener)
{
    int one = 1, fd;

    while (s->count < SOCKETS_MAX && (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        s->owed[s->count] = 0;
        s->fds[s->count++] = (struct pollfd){fd, POLLIN, 0};
    }
}

/* Sends as much of the owed bytes as goes out now, and asks to be called again for the rest. */
static void send_owed(struct server *s, size_t i)
{
    static char filler[CHUNK]; /* not zeros: a dissector on this port may take those for many empty packets */
    ssize_t sent = 1;

    memset(filler, 'x', sizeof filler);
    while (s->owed[i] && sent > 0) {
        sent = send(s->fds[i].fd, filler, s->owed[i] < CHUNK ? s->owed[i] : CHUNK, MSG_NOSIGNAL);
        if (sent > 0)
            s->owed[i] -= (size_t)sent;
        else if (errno != EAGAIN)
            s->owed[i] = 0;
    }
    s->fds[i].events = s->owed[i] ? POLLIN | POLLOUT : POLLIN;
}

/* Reads and answers; false when the connection is over. */
static bool serve(struct server *s, size_t i)
{
    static char data[CHUNK + 3];
    ssize_t got = recv(s->fds[i].fd, data + 2, CHUNK, 0);
    unsigned long bulk;

    if (got < 0 && errno == EAGAIN)
        return true;
    if (got <= 0)
        return false;
    data[2 + got] = '\0';
    if (sscanf(data + 2, "bulk %8lu", &bulk) == 1) {
        s->owed[i] += bulk;
        send_owed(s, i);
        return true;
    }
    memcpy(data, "e:", 2);
    if (send(s->fds[i].fd, data, (size_t)got + 2, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
        return false;
    return true;
}

static void obey(struct server *s, const char *line)
{
    const struct linger hard = {1, 0};
    size_t done = s->count - s->listeners - 1;
    bool abort_them = strcmp(line, "abort") == 0;

    if (abort_them || strcmp(line, "finish") == 0) {
        while (s->count > s->listeners + 1) {
            size_t i = s->count - 1;

            if (abort_them)
                setsockopt(s->fds[i].fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
            drop(s, i);
        }
    }
    printf("ok %zu\n", done);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct server s;
    char line[COMMAND_MAX];

    program_start();
    s.fds[s.count++] = (struct pollfd){STDIN_FILENO, POLLIN, 0};
    for (int i = 1; i < argc && i <= LISTENERS_MAX; i++)
        s.fds[s.count++] = (struct pollfd){listen_on((uint16_t)number_or_exit(argv[i], 1, 65535)), POLLIN, 0};
    s.listeners = s.count - 1;
    program_ready();
    while (program_wait(s.fds, s.count, -1)) {
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
    }
    return 0;
}
