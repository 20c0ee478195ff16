#include "device.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ETHERNET_HEADER = 14, RECEIVE_BUFFER = 8 * 1024 * 1024 };

static bool fail(const char *what, const char *name)
{
    fprintf(stderr, "%s %s: %s\n", what, name, strerror(errno));
    return false;
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
    unsigned v[6];

    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5]) != 6)
        return false;
    for (int i = 0; i < 6; i++)
        mac[i] = (uint8_t)v[i];
    return true;
}

/* The options without which a program would see its own packets, lose bursts, or not see offload. */
static bool set_packet_options(int fd)
{
    int one = 1, size = RECEIVE_BUFFER;

    return setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) == 0 &&
           setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) == 0;
}

bool device_open_ethernet(struct device *d, const char *interface, const char *next_mac)
{
    struct sockaddr_ll address;
    struct ifreq request;

    memset(d, 0, sizeof *d);
    memset(&address, 0, sizeof address);
    memset(&request, 0, sizeof request);
    d->ethernet = true;
    if (!parse_mac(next_mac, d->next_mac)) {
        errno = EINVAL;
        return fail("MAC address", next_mac);
    }
    d->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
    if (d->fd < 0 || !set_packet_options(d->fd) || ioctl(d->fd, SIOCGIFHWADDR, &request) < 0)
        return fail("interface", interface);
    memcpy(d->own_mac, request.ifr_hwaddr.sa_data, 6);
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = (int)if_nametoindex(interface);
    if (bind(d->fd, (struct sockaddr *)&address, sizeof address) < 0)
        return fail("bind to", interface);
    return true;
}

bool device_open_tun(struct device *d, const char *name, bool offload)
{
    struct ifreq request;
    unsigned long features = offload ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 : 0;

    memset(d, 0, sizeof *d);
    memset(&request, 0, sizeof request);
    d->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
    if (d->fd < 0 || ioctl(d->fd, TUNSETIFF, &request) < 0 || ioctl(d->fd, TUNSETOFFLOAD, features) < 0)
        return fail("TUN device", name);
    return true;
}

bool device_read(struct device *d, struct frame *ret_frame)
{
    struct virtio_net_hdr header;
    size_t skip = d->ethernet ? ETHERNET_HEADER : 0;
    struct iovec parts[2] = {{&header, sizeof header}, {ret_frame->buffer, sizeof ret_frame->buffer}};
    ssize_t got = readv(d->fd, parts, 2);

    ret_frame->len = 0;
    if (got < 0)
        return false;
    if ((size_t)got <= sizeof header + skip)
        return true;
    ret_frame->gso_size = header.gso_type == VIRTIO_NET_HDR_GSO_NONE ? 0 : header.gso_size;
    ret_frame->ip = ret_frame->buffer + skip;
    ret_frame->len = (size_t)got - sizeof header - skip;
    if (skip && get16(ret_frame->buffer + 12) != ETH_P_IP && get16(ret_frame->buffer + 12) != ETH_P_IPV6)
        ret_frame->len = 0;
    return true;
}

static void fill_offload(struct virtio_net_hdr *header, const uint8_t *ip, size_t link, uint16_t gso_size)
{
    bool v6 = ip[0] >> 4 == 6;
    size_t ip_header = v6 ? 40 : (size_t)(ip[0] & 0x0f) * 4;

    header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    header->gso_type = v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
    header->gso_size = gso_size;
    header->csum_start = (uint16_t)(link + ip_header);
    header->csum_offset = 16;
    header->hdr_len = (uint16_t)(link + ip_header + (size_t)(ip[ip_header + 12] >> 4) * 4);
}

bool device_write(struct device *d, const uint8_t *ip, size_t len, uint16_t gso_size)
{
    struct virtio_net_hdr header;
    uint8_t link[ETHERNET_HEADER];
    size_t link_len = d->ethernet ? ETHERNET_HEADER : 0;
    struct iovec parts[3] = {{&header, sizeof header}, {link, link_len}, {NULL, 0}};

    if (!len)
        return false;
    memset(&header, 0, sizeof header);
    if (gso_size)
        fill_offload(&header, ip, link_len, gso_size);
    memcpy(link, d->next_mac, 6);
    memcpy(link + 6, d->own_mac, 6);
    put16(link + 12, ip[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
    parts[2].iov_base = (void *)(uintptr_t)ip; /* writev() does not change it */
    parts[2].iov_len = len;
    if (writev(d->fd, parts, 3) >= 0)
        return true;
    if (errno != EAGAIN && errno != ENOBUFS && errno != EIO)
        fprintf(stderr, "write of %zu bytes: %s\n", len, strerror(errno));
    return false;
}
