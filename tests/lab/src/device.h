/* device.h: the two kinds of network device a lab program reads packets from: an Ethernet interface (AF_PACKET) and a
 * TUN device. Both carry the virtio-net header in front of each packet, which says whether the packet is one that
 * segmentation offload left in one piece. */
#ifndef LAB_DEVICE_H
#define LAB_DEVICE_H

#include "packet.h"

struct device {
    int fd;
    bool ethernet;
    uint8_t own_mac[6], next_mac[6]; /* Ethernet only */
};

/* One received IP packet, at most PACKET_MAX bytes. gso_size 0: a packet of its own; else the payload of each part. */
struct frame {
    uint16_t gso_size;
    size_t len;
    uint8_t *ip;
    uint8_t buffer[PACKET_MAX + 64];
};

/* Return false after a message on stderr. next_mac is text, "02:00:00:00:00:01". */
bool device_open_ethernet(struct device *d, const char *interface, const char *next_mac);
bool device_open_tun(struct device *d, const char *name, bool offload);

/* Returns false when nothing (more) is there to read. A frame that is no IP packet has len 0. */
bool device_read(struct device *d, struct frame *ret_frame);

/* Sends one IP packet; gso_size as in struct frame (the checksum must be partial then). False: it was not sent. */
bool device_write(struct device *d, const uint8_t *ip, size_t len, uint16_t gso_size);

#endif
