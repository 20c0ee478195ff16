/* offload.c: switches segmentation, receive and checksum offload of an interface on or off.
 *
 * usage: offload on|off INTERFACE...
 *
 * With offload on, a capture on a virtual interface shows segments larger than the MTU and unfinished checksums.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    uint32_t command;
    const char *name;
} FEATURES[] = {
    {ETHTOOL_STSO, "tso"}, {ETHTOOL_SGSO, "gso"}, {ETHTOOL_SGRO, "gro"}, {ETHTOOL_STXCSUM, "tx checksum"},
};

static int set_all(int fd, const char *interface, uint32_t on)
{
    struct ethtool_value value;
    struct ifreq request;

    for (size_t i = 0; i < sizeof FEATURES / sizeof FEATURES[0]; i++) {
        /* Segmentation needs the checksum: on in this order, off in the other. */
        size_t k = on ? sizeof FEATURES / sizeof FEATURES[0] - 1 - i : i;

        memset(&request, 0, sizeof request);
        snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
        value.cmd = FEATURES[k].command;
        value.data = on;
        request.ifr_data = (void *)&value;
        if (ioctl(fd, SIOCETHTOOL, &request) < 0) {
            fprintf(stderr, "offload: %s of %s: %s\n", FEATURES[k].name, interface, strerror(errno));
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bad = 0;

    if (argc < 3 || fd < 0) {
        fputs("usage: offload on|off INTERFACE...\n", stderr);
        return 2;
    }
    for (int i = 2; i < argc; i++)
        bad |= set_all(fd, argv[i], strcmp(argv[1], "on") == 0);
    close(fd);
    return bad;
}
