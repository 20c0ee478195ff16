/* capture.c: captures at several points at once, one file a point, all with the kernel's clock and started together.
 *
 * usage: capture NAMESPACE:INTERFACE:FILE...
 *
 * FILE may be - (one point only): standard output, and no line "ready" on it.
 * Writes nanosecond pcap: Ethernet, or raw IP on a TUN device. TCP only (the lab has neither ARP nor ICMP to show).
 * One process enters the namespaces one after the other; a socket stays in the namespace it was made in.
 */
#include "packet.h"
#include "program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { POINTS_MAX = 8, SNAPLEN = 262144, LINKTYPE_ETHERNET = 1, LINKTYPE_RAW = 101 };
enum { RECEIVE_BUFFER = 64 * 1024 * 1024 };

struct point {
    int fd;
    FILE *file;
    bool loopback; /* every packet is seen twice there: going out and coming in */
    size_t link;   /* length of the link header */
};

static void die(const char *what, const char *name)
{
    fprintf(stderr, "capture: %s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static void write_file_header(struct point *p, bool raw)
{
    const uint32_t header[6] = {0xa1b23c4d, 2u | 4u << 16, 0, 0, SNAPLEN, raw ? LINKTYPE_RAW : LINKTYPE_ETHERNET};

    fwrite(header, sizeof header, 1, p->file);
    fflush(p->file);
}

static void enter_namespace(const char *name)
{
    char path[256];
    int fd;

    snprintf(path, sizeof path, "/run/netns/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
        die("namespace", name);
    close(fd);
}

static void open_point(struct point *p, char *text)
{
    const char *space = strtok(text, ":"), *interface = strtok(NULL, ":"), *path = strtok(NULL, "");
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    struct ifreq request;
    int one = 1, size = RECEIVE_BUFFER;

    if (!path)
        die("argument", text);
    enter_namespace(space);
    memset(&request, 0, sizeof request);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
    p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->fd < 0 || ioctl(p->fd, SIOCGIFHWADDR, &request) < 0)
        die("interface", interface);
    p->loopback = request.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
    p->link = request.ifr_hwaddr.sa_family == ARPHRD_NONE ? 0 : 14;
    address.sll_ifindex = (int)if_nametoindex(interface);
    if (setsockopt(p->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one) < 0 ||
        setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0 ||
        bind(p->fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("capture on", interface);
    p->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    if (!p->file)
        die("file", path);
    write_file_header(p, p->link == 0);
}

static bool timestamp_of(struct msghdr *message, struct timespec *ret_time)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
            memcpy(ret_time, CMSG_DATA(c), sizeof *ret_time);
            return true;
        }
    }
    return false;
}

/* Takes one packet; returns false when none is there. */
static bool take(struct point *p)
{
    static uint8_t data[SNAPLEN];
    char control[256];
    struct sockaddr_ll from;
    struct iovec part = {data, sizeof data};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1,
                             .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(p->fd, &message, 0);
    struct timespec t;
    struct packet parsed;
    uint32_t header[4];

    if (got < 0)
        return false;
    if ((p->loopback && from.sll_pkttype == PACKET_OUTGOING) || (size_t)got <= p->link ||
        !packet_parse(data + p->link, (size_t)got - p->link, &parsed) || !timestamp_of(&message, &t))
        return true;
    header[0] = (uint32_t)t.tv_sec;
    header[1] = (uint32_t)t.tv_nsec;
    header[2] = header[3] = (uint32_t)got;
    fwrite(header, sizeof header, 1, p->file);
    fwrite(data, (size_t)got, 1, p->file);
    fflush(p->file); /* a reader may follow the file while it grows */
    return true;
}

int main(int argc, char **argv)
{
    static struct point points[POINTS_MAX];
    struct pollfd fds[POINTS_MAX];
    size_t count = (size_t)(argc - 1);
    bool more = true;

    program_start();
    if (argc < 2 || count > POINTS_MAX) {
        fputs("usage: capture NAMESPACE:INTERFACE:FILE...\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        open_point(&points[i], argv[i + 1]);
        fds[i] = (struct pollfd){points[i].fd, POLLIN, 0};
    }
    if (points[0].file != stdout)
        program_ready();
    while (program_wait(fds, count, -1))
        for (size_t i = 0; i < count; i++)
            while (take(&points[i]))
                ;
    while (more) { /* what came before the signal is still written */
        more = false;
        for (size_t i = 0; i < count; i++)
            more |= take(&points[i]);
    }
    for (size_t i = 0; i < count; i++)
        fclose(points[i].file);
    return 0;
}
