# SPDX-License-Identifier: GPL-2.0-or-later
"""Small captures made of TCP segments, in memory: what no real capture has at hand."""

import socket
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def tcp(source, destination, seq, ack, flags, payload=b'', options=b''):
    """One segment; an endpoint is (address, port), options a multiple of four bytes. Checksums stay 0."""
    return struct.pack('!HHIIBBHHH', source[1], destination[1], seq & 0xffffffff, ack & 0xffffffff,
                       5 + len(options) // 4 << 4, flags, 65000, 0, 0) + options + payload


def toa(client):
    """The option that names the client: kind 254, port before address."""
    return struct.pack('!BBH4s', 254, 8, client[1], socket.inet_aton(client[0]))


def ipv4(source, destination, protocol, payload):
    return struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(destination)) + payload


def segment(source, destination, *numbers, **more):
    return ipv4(source[0], destination[0], socket.IPPROTO_TCP, tcp(source, destination, *numbers, **more))


def write(path, packets, step=1_000_000):
    """packets: IPv4 packets, `step` ns apart, less than a second all together. Link type RAW, nanoseconds."""
    with open(path, 'wb') as out:
        out.write(struct.pack('<IHHiIII', 0xa1b23c4d, 2, 4, 0, 0, 65535, 101))
        for number, packet in enumerate(packets):
            out.write(struct.pack('<IIII', 1700000000, number * step, len(packet), len(packet)) + packet)
