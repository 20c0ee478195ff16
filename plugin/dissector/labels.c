/* labels.c
 * The encapsulation of a TCP layer, read from the frame as toa-read does (frames/layers.h), so that both see the same network.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "dissector/labels.h"

/* The link types that frames/layers.c knows, how many layers are in front of TCP if there is nothing but link and IP:
 * Wireshark's "frame" counts, and so does "ethertype"; and how many bytes are in front of IP, at least. */
static const struct link {
    int encapsulation;
    uint16_t link_type;
    uint8_t plain;
    uint8_t header;
} links[] = {{WTAP_ENCAP_ETHERNET, 1, 4, 14}, {WTAP_ENCAP_SLL, 113, 4, 16},   {WTAP_ENCAP_SLL2, 276, 4, 20},
             {WTAP_ENCAP_RAW_IP, 101, 3, 0},  {WTAP_ENCAP_RAW_IP4, 228, 2, 0}, {WTAP_ENCAP_RAW_IP6, 229, 2, 0},
             {WTAP_ENCAP_NULL, 0, 3, 4},      {WTAP_ENCAP_LOOP, 108, 3, 4},   {WTAP_ENCAP_PPP, 9, 3, 0},
             {WTAP_ENCAP_PPP_ETHER, 51, 3, 0}, {WTAP_ENCAP_CHDLC, 104, 3, 0}};

/* IP header with the shortest option that direct server return uses. */
#define DSR_HEADER_MIN 28

static const struct link *find_link(int encapsulation)
{
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        if (links[i].encapsulation == encapsulation) {
            return &links[i];
        }
    }
    return NULL;
}

tvbuff_t *toa_labels_frame(const packet_info *pinfo)
{
    tvbuff_t *tvb = pinfo->data_src ? get_data_source_tvb(pinfo->data_src->data) : NULL; /* the first one is the frame */

    return tvb && tvb_captured_length(tvb) ? tvb : NULL;
}

static bool read_frame(const packet_info *pinfo, const struct link *link, toa_frame_bytes *ret_frame)
{
    tvbuff_t *tvb = toa_labels_frame(pinfo);

    if (!tvb) {
        return false;
    }
    *ret_frame = (toa_frame_bytes){.link_type = link->link_type};
    ret_frame->captured = tvb_captured_length(tvb);
    ret_frame->reported = tvb_reported_length(tvb);
    ret_frame->bytes = tvb_get_ptr(tvb, 0, (int)ret_frame->captured);
    return true;
}

static uint16_t __attribute__((noinline)) read_network(const packet_info *pinfo, const struct link *link)
{
    toa_frame_bytes frame;

    return read_frame(pinfo, link, &frame) ? toa_find_network(&frame) : 0;
}

static const struct link *link_of(const packet_info *pinfo)
{
    return pinfo->rec && pinfo->rec->rec_type == REC_TYPE_PACKET
               ? find_link(pinfo->rec->rec_header.packet_header.pkt_encap)
               : NULL;
}

uint16_t toa_labels_of(const packet_info *pinfo)
{
    const struct link *link = link_of(pinfo);

    return link && pinfo->curr_layer_num > link->plain ? read_network(pinfo, link) : 0;
}

/* Between the start of the frame and this TCP header there is no room for such an option. */
static bool is_near(const toa_frame_bytes *frame, const struct link *link, const uint8_t *header)
{
    return header >= frame->bytes && header < frame->bytes + link->header + DSR_HEADER_MIN;
}

void toa_labels_dsr(const packet_info *pinfo, const uint8_t *header, toa_dsr *ret_dsr)
{
    const struct link *link = link_of(pinfo);
    toa_frame_bytes frame;
    toa_tcp_layer layer;

    ret_dsr->kind = TOA_DSR_NONE;
    if (link && read_frame(pinfo, link, &frame) && !is_near(&frame, link, header) &&
        toa_find_tcp(&frame, &layer) == TOA_FOUND_TCP && layer.header == header) {
        *ret_dsr = layer.dsr; /* another header: a layer that the walk did not reach, or a reassembled packet */
    }
}
