/* options.h: the TCP options that the load balancer and the real server's module touch.
 * All functions work on the option list of a struct edit and keep it at OPTIONS_MAX bytes or less. */
#ifndef LAB_OPTIONS_H
#define LAB_OPTIONS_H

#include "packet.h"

/* A TOA variant: kind and length; length 8 holds port and IPv4 address, length 20 port and IPv6 address. */
struct toa_variant {
    uint8_t kind;
    uint8_t length;
};

/* Adds the option in front of the list. Returns false (and changes nothing) if there is no room for it. */
bool toa_insert(struct edit *e, struct toa_variant v, const struct endpoint *client);

/* Looks for the variant; on success fills the client's endpoint and where the option starts. */
bool toa_find(const struct edit *e, struct toa_variant v, struct endpoint *ret_client, size_t *ret_at);

void toa_remove(struct edit *e, struct toa_variant v, size_t at);    /* the list gets shorter */
void toa_overwrite(struct edit *e, struct toa_variant v, size_t at); /* NOPs take its place */

void options_drop_timestamps(struct edit *e);                 /* NOPs take their place, as LVS does on a SYN */
void options_lower_mss(struct edit *e, uint16_t by);
void options_shift_sack(struct edit *e, uint32_t add);        /* every edge of every SACK block */

#endif
