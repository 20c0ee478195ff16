#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the special captures of the invisibility test into a directory.

    make-captures.py DIRECTORY

Each capture holds cases of one kind; a comment says why a case is there.
Cases do not share a four-tuple, so that none changes what another one shows,
except where the sharing is the case.
"""

import os
import struct
import sys

sys.dont_write_bytecode = True      # no __pycache__ in the source tree

from option_cases import NOT_TOA, TOA
from packets import (ACK, ETHERNET, ETH_MPLS, ETH_TEB, ETH_VLAN, FIN, NULL, PPP,
                     PSH, RAW, RST, SLL, SYN, URG, Capture, Connection, addr,
                     eth, fragment6, geneve, gre, icmp, ip, ip4, ip6, segment,
                     tcp, udp, vxlan)

C4, S4 = '10.112.8.41', '10.112.61.163'
C6, S6 = '2001:db8::41', '2001:db8::163'
O4, P4 = '192.0.2.1', '192.0.2.2'           # outer addresses of tunnels
O6, P6 = '2001:db8:ffff::1', '2001:db8:ffff::2'
TOA_OPTION = 'fe08f1cec0a80a05'

REQUEST = b'GET /index.html HTTP/1.1\r\nHost: test\r\n\r\n'
REPLY = b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
# A MySQL greeting: its dissector reads far into the payload, so a cut capture
# makes it throw, through the plugin's wrapper.
GREETING = bytes.fromhex(
    '4a0000000a352e372e333300 08000000 5a1f2c3d4e5f6071 00 fff7 21 0200 ff81 15'
    '00000000000000000000 4142434445464748494a4b4c 00'
    '6d7973716c5f6e61746976655f70617373776f726400')


def plain():
    """Ordinary connections: the state that TCP's own analysis keeps (streams,
    retransmissions, windows, reassembly) must come out the same."""
    out = Capture()
    for client, server in ((C4, S4), (C6, S6)):
        # Port 7777: has no dissector of its own; `-d tcp.port==7777,http`
        # reassembles the reply from two segments.
        c = Connection(client, server, 40000, 7777)
        out.add_ip(*c.open(), c.send(0, PSH | ACK, REQUEST),
                   c.send(1, ACK, REPLY[:20]), c.send(1, PSH | ACK, REPLY[20:]),
                   c.send(0, ACK), *c.close())
        # Retransmission, duplicate ACKs, out of order, keep-alive, zero window.
        c = Connection(client, server, 40001, 7777)
        out.add_ip(*c.open('020405b4010303070402'), c.send(0, PSH | ACK, b'a' * 100),
                   c.send(0, PSH | ACK, b'a' * 100, seq=1001))
        second = c.send(1, ACK, b'b' * 50)
        third = c.send(1, ACK, b'c' * 50)
        out.add_ip(third, c.send(0, ACK, ack=500001), c.send(0, ACK, ack=500001),
                   c.send(0, ACK, ack=500001, options='0101050a0007a1530007a185'),
                   second, c.send(0, ACK, window=0),
                   c.send(1, ACK, b'\0', seq=c.next[1] - 1), c.send(0, ACK),
                   c.send(1, RST | ACK), c.send(0, RST, seq=5, ack=0))
        # The four-tuple again with a new ISN: a new tcp.stream.
        c = Connection(client, server, 40001, 7777, 7000000, 9000000)
        out.add_ip(*c.open(), c.send(0, PSH | ACK, REQUEST), *c.close())
        # Starts in the middle; urgent data; SYN and FIN together; no flags.
        c = Connection(client, server, 40002, 7777)
        out.add_ip(c.send(1, PSH | ACK, REPLY), c.send(0, URG | ACK, b'!', urgent=1),
                   c.send(0, SYN | FIN), c.send(0, 0))
        # Protocols with desegmentation and one of a bundled plugin (OPC UA), so
        # that a launcher that loses the bundled plugins is noticed.
        c = Connection(client, server, 40003, 3306)
        out.add_ip(*c.open(), c.send(1, ACK, GREETING[:30]),
                   c.send(1, PSH | ACK, GREETING[30:]), c.send(0, RST))
        c = Connection(client, server, 40004, 4840)
        out.add_ip(*c.open(), c.send(0, PSH | ACK, b'HELF' + struct.pack(
            '<IIIIIII', 40, 0, 65536, 65536, 0, 0, 8) + b'opc.tcp:'))
        # A length field of 0 with 300 bytes behind it (segmentation offload),
        # and Ethernet padding behind a short segment.
        out.add(eth(ip(client, server, 6, tcp(client, server, 40005, 7777, ACK,
                                              data=b'z' * 300), length=0)))
        out.add(eth(segment(client, server, 40006, 7777, ACK)) + b'\0' * 10)
    return out


def tunnels():
    """TCP in each common tunnel. The inner connection has a stream of its own;
    the same inner connection is sent through each tunnel in turn with other
    ports, and once with the outer addresses as inner ones."""
    out = Capture()
    wraps = [
        lambda p: eth(ip4(O4, P4, 4 if p[0] >> 4 == 4 else 41, p)),     # IPIP, 6in4
        lambda p: eth(ip6(O6, P6, 4 if p[0] >> 4 == 4 else 41, p)),     # 4in6, 6in6
        lambda p: eth(ip4(O4, P4, 4, ip4(P4, O4, 4 if p[0] >> 4 == 4 else 41, p))),
        lambda p: eth(ip4(O4, P4, 47, gre(p))),
        lambda p: eth(ip4(O4, P4, 47, gre(eth(p), ETH_TEB, key=99))),
        lambda p: eth(ip4(O4, P4, 17, udp(O4, P4, 50000, 4789, vxlan(eth(p))))),
        lambda p: eth(ip6(O6, P6, 17, udp(O6, P6, 50000, 4789, vxlan(eth(p))))),
        lambda p: eth(ip4(O4, P4, 17, udp(O4, P4, 50000, 6081, geneve(eth(p))))),
        # Authentication header: takes TCP's handle from ip.proto by itself.
        lambda p: eth(ip4(O4, P4, 51, bytes.fromhex('04040000' '00000101' '00000001')
                          + b'\x11' * 12 + p) if p[0] >> 4 == 4 else
                      ip6(O6, P6, 51, bytes.fromhex('29040000' '00000101' '00000001')
                          + b'\x11' * 12 + p)),
        # VLAN in VLAN and MPLS: no tunnel by IP, other code in front of IP.
        lambda p: eth(struct.pack('!HHHH', 5, ETH_VLAN, 6,
                                  0x86dd if p[0] >> 4 == 6 else 0x0800) + p, ETH_VLAN),
        lambda p: eth(bytes.fromhex('00010140') + p, ETH_MPLS),
        # OpenFlow PACKET_IN: an Ethernet frame in a TCP payload, so one frame
        # has TCP outside and inside.
        openflow(Connection(O4, P4, 45555, 6653)),
    ]
    port = 41000
    for wrap in wraps:
        for ends in ((C4, S4), (C6, S6), (O4, P4)):
            port += 1
            c = Connection(*ends, port, 7777)
            packets = c.open() + [c.send(0, PSH | ACK, REQUEST),
                                  c.send(1, PSH | ACK, REPLY), c.send(1, RST)]
            for packet in packets:
                out.add(wrap(packet))
    # AYIYA hands its payload to ip.proto without the IP header's values (NULL).
    c = Connection(O4, P4, 41100, 7777)
    for packet in c.open():
        out.add_ip(ip4(O4, P4, 17, udp(O4, P4, 5072, 5072, bytes.fromhex(
            '41520106' '5f000000') + b'\x22' * 36 + packet[20:])))
    # IPv6 extension headers in front of TCP: hop-by-hop, routing, destination.
    c = Connection(C6, S6, 41101, 7777)
    for packet in c.open():
        out.add_ip(ip6(C6, S6, 0, bytes.fromhex('3c00010400000000' '0600010400000000')
                       + packet[40:]),
                   ip6(C6, S6, 43, bytes.fromhex('0602000100000000') + addr(S6)
                       + packet[40:]))
    return out


def openflow(outer):
    def wrap(packet):
        frame = eth(packet)
        head = struct.pack('!BBHIIHHBB', 1, 10, 18 + len(frame), 1, 0xffffffff,
                           len(frame), 1, 0, 0)
        return eth(outer.send(0, PSH | ACK, head + frame))
    return wrap


def icmp_errors():
    """TCP quoted in ICMP errors. Stock TCP counts quoted segments of 20 bytes
    and more into the real connection; the plugin must leave that alone."""
    out = Capture()
    port = 42000
    for client, server, router, kinds in (
            (C4, S4, '10.112.0.1', ((3, 3), (3, 4), (11, 0), (5, 1))),
            (C6, S6, 'fe80::1', ((1, 4), (2, 0), (3, 0)))):
        head = 40 if ':' in client else 20
        for kind, code in kinds:
            # 0 to 40 bytes of the TCP header, and the whole segment.
            for quoted in (0, 4, 8, 12, 19, 20, 28, 40, None):
                port += 1
                c = Connection(client, server, port, 7777)
                out.add_ip(*c.open('020405b4' + 'fd06f1ce0102' + '0101'))
                packet = c.send(0, PSH | ACK, b'q' * 60, options='fe06f1ce01020101')
                cut = packet if quoted is None else packet[:head + quoted]
                out.add_ip(packet, icmp(router, client, kind, code, cut, 1280),
                           c.send(0, PSH | ACK, b'r' * 10), c.send(1, ACK))
        # Quoted connection that the capture has never seen; a quoted RST and a
        # quoted SYN (a stream of its own in stock); a quoted TOA option.
        for flags, options in ((RST, ''), (SYN, '020405b4'), (ACK, ''),
                               (SYN, TOA_OPTION)):
            port += 1
            packet = segment(client, server, port, 7777, flags, options=options)
            out.add_ip(icmp(router, client, *kinds[0], packet))
            out.add_ip(icmp(router, client, *kinds[0], packet[:head + 20]))
        # An error about an IPIP packet: IP in IP in the quotation.
        inner = segment(client, server, port + 1, 7777, SYN)
        proto = 41 if ':' in client else 4
        out.add_ip(icmp(router, client, *kinds[0], ip4(O4, P4, proto, inner)
                        if head == 20 else ip6(O6, P6, proto, inner)))
    return out


def fragments():
    """Fragments of TCP segments. With reassembly TCP is called on the last
    fragment; without it on the first one, whose length is unknown."""
    out = Capture()
    orders = [(0, 1), (1, 0), (0, 1, 2), (2, 0, 1), (2, 1, 0), (0, 1, 1), (0, 2),
              (1, 2), (0,), (0, 0, 1, 2)]
    port = 43000
    for ends in ((C4, S4), (C6, S6)):
        for order in orders:
            # Cut behind 8, 24 (in the header) or 64 bytes of TCP.
            for first in (8, 24, 64):
                port += 1
                c = Connection(*ends, port, 7777)
                out.add_ip(*c.open())
                data = c.send(0, PSH | ACK, REQUEST * 3, options='fe06f1ce01020101')
                payload = data[40 if ':' in ends[0] else 20:]
                count = max(order) + 1 if max(order) else 2
                step = (len(payload) - first) // (count - 1) // 8 * 8
                cuts = [0] + [first + step * n for n in range(count - 1)]
                cuts.append(len(payload))
                for piece in order:
                    start, end = cuts[piece], cuts[piece + 1]
                    out.add_ip(fragment(ends, port, start, end, payload))
                out.add_ip(c.send(1, ACK), c.send(0, RST))
    # IPv6 atomic fragment; fragments inside IPIP; overlap with other bytes.
    port += 1
    c = Connection(C6, S6, port, 7777)
    out.add_ip(*(ip6(C6, S6, 44, fragment6(6, 0, 0, port, p[40:])) for p in c.open()))
    c = Connection(C4, S4, port + 1, 7777)
    payload = c.send(0, PSH | ACK, REQUEST)[20:]
    for start, end in ((0, 24), (24, len(payload))):
        out.add_ip(ip4(O4, P4, 4, fragment((C4, S4), port + 1, start, end, payload)))
    c = Connection(C4, S4, port + 2, 7777)
    payload = c.send(0, PSH | ACK, REQUEST)[20:]
    out.add_ip(fragment((C4, S4), port + 2, 0, 32, payload),
               fragment((C4, S4), port + 2, 24, 48, b'#' * 64),
               fragment((C4, S4), port + 2, 32, len(payload), payload))
    return out


def fragment(ends, ident, start, end, payload):
    more = end < len(payload)
    if ':' in ends[0]:
        return ip6(*ends, 44, fragment6(6, start, more, ident, payload[start:end]))
    return ip4(*ends, 6, payload[start:end], ident=ident, flags=int(more), offset=start)


def options(cases, first_port):
    """Each option block in a SYN, in its SYN-ACK, and in two later segments
    of the client, over IPv4 and over IPv6."""
    out = Capture()
    for ends in ((C4, S4), (C6, S6)):
        for number, block in enumerate(cases):
            c = Connection(*ends, first_port + number, 7777)
            out.add_ip(c.send(0, SYN, options=block), c.send(1, SYN | ACK, options=block),
                       c.send(0, ACK, options=block),
                       c.send(0, PSH | ACK, b'data', options=block),
                       c.send(1, ACK), c.send(1, RST))
    return out


def snaplen():
    """Frames cut by the capture's snap length: inside the IP header, at many
    points of the TCP header and of its options, in the payload. TCP or the
    payload's dissector throws, through the plugin's wrapper."""
    out = Capture()
    port = 46000
    for client, server in ((C4, S4), (C6, S6)):
        head = 54 if ':' in client else 34
        for block in ('020405b40402080a0001000200000000' '01030307',
                      'fe06f1ce01020101' 'c807f1ce010203' '01', TOA_OPTION):
            for cut in (-2, 0, 1, 4, 8, 12, 13, 14, 16, 18, 20, 21, 22, 23, 24, 25,
                        26, 28, 30, 33, 36, 39, 40, 50):
                port += 1
                c = Connection(client, server, port, 7777)
                for packet in (c.send(0, SYN, options=block),
                               c.send(1, SYN | ACK, options=block),
                               c.send(0, PSH | ACK, REQUEST, options=block),
                               c.send(1, RST)):
                    frame = eth(packet)
                    out.add(frame[:head + cut], len(frame))
        for cut in (24, 30, 35, 45, 70):
            port += 1
            c = Connection(client, server, port, 3306)
            for packet in c.open() + [c.send(1, PSH | ACK, GREETING),
                                      c.send(0, ACK), c.send(1, RST)]:
                frame = eth(packet)
                out.add(frame[:head + cut], len(frame))
        # Not cut, but wrong: IP length shorter than the TCP header, and data
        # offsets that are too small or go past the segment.
        for hdr_len in (0, 4, 16, 60):
            port += 1
            payload = tcp(client, server, port, 7777, ACK, hdr_len=hdr_len)
            out.add_ip(ip(client, server, 6, payload))
        for length in (0, 4, 8, 13, 16, 19):
            port += 1
            payload = tcp(client, server, port, 7777, SYN, options=TOA_OPTION)
            out.add_ip(ip(client, server, 6, payload,
                          length=length + (0 if ':' in client else 20)))
    return out


def tcp_in_tcp():
    """TCP in TCP, for the helper tcp-in-tcp.lua: on port 4444 through the
    table ip.proto (both layers pass the plugin), on port 4445 by TCP's name
    (the inner one does not). The outer and inner four-tuple are equal in the
    last case; the inner layer may throw in the cut ones. An inner TOA must be
    found without the header of the wrong layer being looked at."""
    out = Capture()
    for ends in ((C4, S4), (C6, S6)):
        for server_port in (4444, 4445):
            outer = Connection(*ends, 47000, server_port)
            out.add_ip(*outer.open())
            for cport, sport in ((47001, 7777), (47000, server_port)):
                inner = Connection(*ends, cport, sport)
                head = 40 if ':' in ends[0] else 20
                for packet in inner.open('020405b4fe06f1ce0102') + [
                        inner.send(0, PSH | ACK, REQUEST), inner.send(1, RST),
                        inner.send(0, ACK, options=TOA_OPTION)]:
                    out.add_ip(outer.send(0, PSH | ACK, packet[head:]))
                frame = eth(outer.send(0, PSH | ACK, inner.send(0, ACK, REQUEST)[head:]))
                for cut in (4, 16, 25):
                    out.add(frame[:14 + head + 20 + cut], len(frame))
            out.add_ip(outer.send(1, ACK), outer.send(1, RST))
    return out


def endpoints():
    """Equal or odd endpoints. A self-connect has a finding of its own, on its
    SYN only; nothing else of the frames may change. A simultaneous open and
    ports 0 take the branches in which the roles are not clear."""
    out = Capture()
    for self, other in (('127.0.0.1', C4), ('::1', C6)):
        loop = Connection(self, self, 48000, 48000)
        syn = loop.send(0, SYN, options='020405b40402')
        out.add_ip(syn, loop.send(0, SYN | ACK, seq=1000, ack=1001), loop.send(0, ACK,
                   seq=1001, ack=1001), loop.send(0, PSH | ACK, b'me', seq=1001, ack=1001))
        # Both sides send a SYN; equal ports on both sides.
        c = Connection(self, other, 48001, 48001)
        out.add_ip(c.send(0, SYN), c.send(1, SYN, ack=0),
                   c.send(0, SYN | ACK, seq=1000), c.send(1, SYN | ACK, seq=500000),
                   c.send(0, RST))
        c = Connection(self, other, 0, 0)
        out.add_ip(*c.open(), *c.close())
        # Only answers: RST without a connection, SYN-ACK without SYN.
        out.add_ip(segment(other, self, 48002, 80, RST, 0),
                   segment(other, self, 48002, 80, SYN | ACK, 77, 78))
    out.add_ip(segment('0.0.0.0', '255.255.255.255', 48003, 80, SYN),
               segment('224.0.0.1', '224.0.0.1', 48003, 48003, SYN))
    return out


def checksums():
    """Bad, zero and partial checksums. With TCP's check on, a bad one changes
    what TCP does with the segment (no reassembly, other colour and text)."""
    out = Capture()
    for number, ends in enumerate(((C4, S4), (C6, S6))):
        for bad in (0, 1, 0xffff, 0x1234):
            c = Connection(*ends, 49000 + number * 10 + (bad & 7), 7777)
            out.add_ip(*c.open(), c.send(0, PSH | ACK, REQUEST, bad=bad),
                       c.send(1, ACK, REPLY[:10], bad=bad), c.send(1, ACK, REPLY[10:]),
                       c.send(1, RST, bad=bad), c.send(0, SYN, seq=99, bad=bad))
    # A bad IP header checksum: IP shows it and goes on.
    payload = tcp(C4, S4, 49100, 7777, SYN, options='020405b4')
    out.add_ip(ip4(C4, S4, 6, payload, bad=1))
    # Fields at their limits: sequence numbers that wrap, window 0, IP-ID 0.
    c = Connection(C4, S4, 49101, 7777, 0xfffffff0, 0xffffffff)
    out.add_ip(*c.open(), c.send(0, ACK, REQUEST), c.send(1, ACK, REPLY), *c.close())
    return out


def links():
    """The same TCP below other link types (Ethernet's length and padding rules
    do not apply there); pcapng, one interface a link type."""
    out = Capture()
    port = 50000
    for ends in ((C4, S4), (C6, S6)):
        six = ':' in ends[0]
        for link, head in ((ETHERNET, eth(b'', 0x86dd if six else 0x0800)), (RAW, b''),
                           (NULL, struct.pack('<I', 10 if six else 2)),
                           (PPP, bytes.fromhex('ff030057' if six else 'ff030021')),
                           (SLL, bytes.fromhex('0000030400060000000000000000')
                            + struct.pack('!H', 0x86dd if six else 0x0800))):
            port += 1
            c = Connection(*ends, port, 7777)
            for packet in c.open() + [c.send(0, PSH | ACK, REQUEST), c.send(1, RST)]:
                out.add(head + packet, link=link)
    return out


CAPTURES = {
    'plain': plain, 'tunnels': tunnels, 'icmp': icmp_errors,
    'fragments': fragments, 'options-other': lambda: options(NOT_TOA, 44000),
    'options-toa': lambda: options(TOA, 45000), 'snaplen': snaplen,
    'tcp-in-tcp': tcp_in_tcp, 'endpoints': endpoints, 'checksums': checksums,
}


def write_all(directory):
    """Write every capture; returns the paths."""
    paths = []
    for name, make in CAPTURES.items():
        paths.append(os.path.join(directory, name + '.pcap'))
        make().write_pcap(paths[-1])
    paths.append(os.path.join(directory, 'links.pcapng'))
    links().write_pcapng(paths[-1])
    # A file that ends inside a packet: message and exit code of tshark's own.
    paths.append(os.path.join(directory, 'cut-short.pcap'))
    checksums().write_pcap(paths[-1])
    os.truncate(paths[-1], os.path.getsize(paths[-1]) - 7)
    for path in paths:
        os.chmod(path, 0o644)
    return paths


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    print('\n'.join(write_all(sys.argv[1])))
