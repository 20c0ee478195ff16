# SPDX-License-Identifier: GPL-2.0-or-later
"""Byte-exact packet builders and capture writers for the test captures.

Only the Python standard library, no clock and no random numbers: the same
source always writes the same bytes, so a difference that a run reports can be
looked at again later.

Every builder returns bytes. Addresses are text, as in the capture's display.
"""

import ipaddress
import struct

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << n for n in range(8))

# Link types (www.tcpdump.org/linktypes.html)
NULL, ETHERNET, PPP, RAW, SLL = 0, 1, 9, 101, 113

ETH_IP4, ETH_IP6, ETH_VLAN, ETH_MPLS, ETH_TEB = (
    0x0800, 0x86dd, 0x8100, 0x8847, 0x6558)


def addr(text):
    return ipaddress.ip_address(text).packed


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo(src, dst, proto, length):
    if ':' in src:
        return addr(src) + addr(dst) + struct.pack('!II', length, proto)
    return addr(src) + addr(dst) + struct.pack('!HH', proto, length)


def pad4(options):
    """Pad option bytes with NOPs to a multiple of 4, as TCP needs it."""
    return options + b'\x01' * (-len(options) % 4)


def tcp(src, dst, sport, dport, flags, seq=1000, ack=0, options=b'', data=b'',
        window=64240, bad=0, hdr_len=None, urgent=0):
    """A TCP segment. `options` may be bytes or hex text; `bad` is XORed into
    the checksum; `hdr_len` (bytes) overrides the data offset."""
    if isinstance(options, str):
        options = bytes.fromhex(options)
    options = pad4(options)
    words = (20 + len(options)) // 4 if hdr_len is None else hdr_len // 4
    head = struct.pack('!HHIIBBH', sport, dport, seq & 0xffffffff,
                       ack & 0xffffffff, (words & 15) << 4, flags, window)
    tail = struct.pack('!H', urgent) + options + data
    total = len(head) + 2 + len(tail)
    whole = pseudo(src, dst, 6, total) + head + b'\0\0' + tail
    return head + struct.pack('!H', checksum(whole) ^ bad) + tail


def udp(src, dst, sport, dport, data):
    head = struct.pack('!HHHH', sport, dport, 8 + len(data), 0)
    csum = checksum(pseudo(src, dst, 17, 8 + len(data)) + head + data)
    return head[:6] + struct.pack('!H', csum or 0xffff) + data


def ip4(src, dst, proto, data, ident=1, flags=2, offset=0, ttl=64, length=None,
        bad=0, options=b''):
    """An IPv4 packet; `flags` 1 is more-fragments, 2 don't-fragment; `offset`
    in bytes; `length` overrides the total length field."""
    ihl = 20 + len(options)
    total = ihl + len(data) if length is None else length
    head = struct.pack('!BBHHHBBH4s4s', 0x40 | ihl // 4, 0, total, ident & 0xffff,
                       flags << 13 | offset // 8, ttl, proto, 0, addr(src),
                       addr(dst)) + options
    csum = checksum(head) ^ bad
    return head[:10] + struct.pack('!H', csum) + head[12:] + data


def ip6(src, dst, proto, data, hop=64, length=None):
    return struct.pack('!IHBB', 6 << 28, len(data) if length is None else length,
                       proto, hop) + addr(src) + addr(dst) + data


def ip(src, dst, proto, data, **more):
    return (ip6 if ':' in src else ip4)(src, dst, proto, data, **more)


def segment(src, dst, *args, ident=1, **more):
    """A TCP segment in its IP packet."""
    payload = tcp(src, dst, *args, **more)
    if ':' in src:
        return ip6(src, dst, 6, payload)
    return ip4(src, dst, 6, payload, ident=ident)


def fragment6(proto, offset, more, ident, data):
    """An IPv6 fragment header in front of `data`."""
    return struct.pack('!BBHI', proto, 0, offset | more, ident) + data


def icmp(src, dst, kind, code, quoted, word=0):
    """An ICMP or ICMPv6 error that quotes the bytes `quoted`."""
    body = struct.pack('!I', word) + quoted
    if ':' in src:
        length = 4 + len(body)
        csum = checksum(pseudo(src, dst, 58, length)
                        + struct.pack('!BBH', kind, code, 0) + body)
        return ip6(src, dst, 58, struct.pack('!BBH', kind, code, csum) + body)
    csum = checksum(struct.pack('!BBH', kind, code, 0) + body)
    return ip4(src, dst, 1, struct.pack('!BBH', kind, code, csum) + body)


def eth(payload, kind=None):
    """Ethernet II; the type follows from the IP version unless given."""
    if kind is None:
        kind = ETH_IP6 if payload and payload[0] >> 4 == 6 else ETH_IP4
    return (bytes.fromhex('020000000002' '020000000001')
            + struct.pack('!H', kind) + payload)


def gre(payload, kind=None, key=None):
    if kind is None:
        kind = ETH_IP6 if payload[0] >> 4 == 6 else ETH_IP4
    if key is None:
        return struct.pack('!HH', 0, kind) + payload
    return struct.pack('!HHI', 0x2000, kind, key) + payload


def vxlan(frame, vni=7):
    return struct.pack('!II', 0x08000000, vni << 8) + frame


def geneve(frame, vni=9):
    return struct.pack('!HHI', 0, ETH_TEB, vni << 8) + frame


class Connection:
    """Two endpoints that number their own segments, so that a case reads as
    the exchange it stands for."""

    def __init__(self, client, server, cport, sport, cisn=1000, sisn=500000):
        self.ends = (client, server)
        self.ports = (cport, sport)
        self.next = [cisn, sisn]
        self.ids = [100, 9000]

    def send(self, who, flags, data=b'', seq=None, ack=None, **more):
        """A segment of `who` (0 client, 1 server). With `seq` given the
        numbers do not advance: a retransmission or an odd segment."""
        other = 1 - who
        number = self.next[who] if seq is None else seq
        if ack is None:
            ack = self.next[other] if flags & ACK else 0
        self.ids[who] += 1
        packet = segment(self.ends[who], self.ends[other], self.ports[who],
                         self.ports[other], flags, number, ack, data=data,
                         ident=self.ids[who], **more)
        if seq is None:
            self.next[who] += len(data) + bool(flags & SYN) + bool(flags & FIN)
        return packet

    def open(self, options='020405b40402'):
        """The three packets of the handshake."""
        return [self.send(0, SYN, options=options),
                self.send(1, SYN | ACK, options=options),
                self.send(0, ACK)]

    def close(self):
        return [self.send(0, FIN | ACK), self.send(1, FIN | ACK),
                self.send(0, ACK)]


class Capture:
    """Frames in order, one millisecond apart, written as pcap (one link type)
    or pcapng (one interface a link type)."""

    def __init__(self, link=ETHERNET):
        self.link = link
        self.frames = []

    def add(self, data, length=None, link=None):
        """`length` is the length on the wire when `data` is cut short."""
        self.frames.append((data, length or len(data),
                            self.link if link is None else link))

    def add_ip(self, *packets):
        for packet in packets:
            self.add(eth(packet))

    def write_pcap(self, path):
        with open(path, 'wb') as out:
            out.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144,
                                  self.link))
            for number, (data, length, _) in enumerate(self.frames):
                out.write(struct.pack('<IIII', 1600000000 + number // 1000,
                                      number % 1000 * 1000, len(data), length))
                out.write(data)

    def write_pcapng(self, path):
        links = sorted({link for _, _, link in self.frames})
        with open(path, 'wb') as out:
            out.write(block(0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1)))
            for link in links:
                out.write(block(1, struct.pack('<HHI', link, 0, 262144)))
            for number, (data, length, link) in enumerate(self.frames):
                stamp = 1600000000000000 + number * 1000
                out.write(block(6, struct.pack(
                    '<IIIII', links.index(link), stamp >> 32, stamp & 0xffffffff,
                    len(data), length) + data))


def block(kind, body):
    body += b'\0' * (-len(body) % 4)
    size = struct.pack('<I', len(body) + 12)
    return struct.pack('<I', kind) + size + body + size
