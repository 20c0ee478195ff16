/* labels.c
 * What is around a TCP layer, read from the frame as toa-read does (frames/layers.h), so that both tell one network.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/labels.h"

#include "frames/layers.h"

/* The link types that frames/layers.c knows, and how many layers are in front of TCP if there is nothing but link and IP:
 * Wireshark's "frame" counts, and so does "ethertype". */
static const struct link {
    int encapsulation;
    uint16_t link_type;
    uint8_t plain;
} links[] = {{WTAP_ENCAP_ETHERNET, 1, 4}, {WTAP_ENCAP_SLL, 113, 4},     {WTAP_ENCAP_SLL2, 276, 4}, {WTAP_ENCAP_RAW_IP, 101, 3},
             {WTAP_ENCAP_RAW_IP4, 228, 2}, {WTAP_ENCAP_RAW_IP6, 229, 2}, {WTAP_ENCAP_NULL, 0, 3},   {WTAP_ENCAP_LOOP, 108, 3},
             {WTAP_ENCAP_PPP, 9, 3},       {WTAP_ENCAP_PPP_ETHER, 51, 3}, {WTAP_ENCAP_CHDLC, 104, 3}};

static const struct link *find_link(int encapsulation)
{
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        if (links[i].encapsulation == encapsulation) {
            return &links[i];
        }
    }
    return NULL;
}

static uint16_t __attribute__((noinline)) read_network(const packet_info *pinfo, const struct link *link)
{
    tvbuff_t *tvb = pinfo->data_src ? get_data_source_tvb(pinfo->data_src->data) : NULL; /* the first one is the frame */
    toa_frame_bytes frame = {.link_type = link->link_type};

    if (!tvb || tvb_captured_length(tvb) == 0) {
        return 0;
    }
    frame.captured = tvb_captured_length(tvb);
    frame.reported = tvb_reported_length(tvb);
    frame.bytes = tvb_get_ptr(tvb, 0, (int)frame.captured);
    return toa_find_network(&frame);
}

uint16_t toa_labels_of(const packet_info *pinfo)
{
    const struct link *link;

    if (!pinfo->rec || pinfo->rec->rec_type != REC_TYPE_PACKET) {
        return 0;
    }
    link = find_link(pinfo->rec->rec_header.packet_header.pkt_encap);
    return link && pinfo->curr_layer_num > link->plain ? read_network(pinfo, link) : 0;
}
