# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures from facts: endpoints that count as Linux does, and segments of one connection that travel on the addresses of another.

A case's make.py says who sends what, when, and on whose addresses; numbers, timestamps and IP identifications follow:
    a = wire.connection('10.1.0.2:40001', '10.1.0.9:80')
    a.open(0.0)                        SYN, SYN-ACK, ACK
    a.client.data(0.1, 80)             80 bytes, then a.server.ack(0.1005)
    a.server.ack(2.0, on=b)            a's server answers, but on b's addresses
    a.client.rst(2.001, on=b)          a bare RST with the number that the client of a would use
Connections with one `stack` and one client endpoint are one four-tuple for their server, whose initial sequence numbers then
follow one clock (64 ns a step), as Linux makes them.
A segment that is told lost=True is captured, and does not arrive.
"""

import ipaddress
import random
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
START = 1764547200  # 2025-12-01 00:00 UTC


def parse(text):
    host, port = text.rsplit(':', 1)
    return ipaddress.ip_address(host.strip('[]')), int(port)


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Side:
    """One end of a connection, with the stack's counters."""

    def __init__(self, connection, address, ttl, number):
        self.connection, self.ttl = connection, ttl
        self.ip, self.port = parse(address)
        self.isn = self.next = number.randrange(1 << 32)
        self.id = number.randrange(1, 60000)
        self.clock = number.randrange(1 << 31)
        self.received = self.echo = 0   # next number expected of the peer, its last TSval
        self.peer = None

    def send(self, time, flags, length=0, on=None, again=False, lost=False, id=None):
        """again: the last segment of this side once more, with a new IP identification and timestamp."""
        connection = self.connection
        if flags & SYN and flags & ACK and not again and connection.stack:
            self.isn = self.next = connection.wire.clock_number(connection, time)
        number = self.next
        if again:
            number = (self.next - length - bool(flags & (SYN | FIN))) % 2**32
        stamp = (self.clock + round(time * 1000)) % 2**32 if connection.stamps else None
        if id is None:
            id = 0 if flags & SYN and flags & ACK else self.id
            self.id = (self.id + (id != 0)) % 65536 or 1
        connection.wire.segment(time, self, on or connection, flags, number, self.received if flags & ACK else 0, length, id,
                                stamp, self.echo if flags & ACK else 0)
        if not again:
            self.next = (number + length + bool(flags & (SYN | FIN))) % 2**32
        if not lost and on is None:
            self.peer.take(number, length + bool(flags & (SYN | FIN)), stamp)

    def take(self, number, length, stamp):
        self.received = (number + length) % 2**32 if length or not self.received else self.received
        self.echo = stamp or self.echo

    def syn(self, time, **more):
        self.send(time, SYN, **more)

    def ack(self, time, **more):
        self.send(time, ACK, **more)

    def data(self, time, length, push=True, **more):
        self.send(time, ACK | (PSH if push else 0), length, **more)

    def fin(self, time, **more):
        self.send(time, ACK | FIN, **more)

    def rst(self, time, number=None, on=None, ack=None, id=0):
        """What a stack sends that has no socket for a segment: no options, the number that the segment acknowledged."""
        wire = self.connection.wire
        wire.segment(time, self, on or self.connection, RST | (ACK if ack is not None else 0),
                     self.next if number is None else number, ack or 0, 0, id, None, 0, window=0)


class Connection:
    def __init__(self, wire, client, server, hops, stamps, stack):
        self.wire, self.stamps, self.stack = wire, stamps, stack
        self.client = Side(self, client, 64, wire.number)
        self.server = Side(self, server, 64 - hops, wire.number)
        self.client.peer, self.server.peer = self.server, self.client

    def open(self, time, rtt=0.0005):
        self.client.syn(time)
        self.server.send(time + rtt, SYN | ACK)
        self.client.ack(time + rtt + 0.00001)

    def ask(self, time, question=80, answer=200, rtt=0.0005):
        """A question, its acknowledgment, the answer, and that one's."""
        self.client.data(time, question)
        self.server.ack(time + rtt)
        self.server.data(time + rtt + 0.0001, answer)
        self.client.ack(time + rtt + 0.0002)

    def close(self, time, rtt=0.0005):
        self.client.fin(time)
        self.server.fin(time + rtt)
        self.client.ack(time + rtt + 0.00001)


class Wire:
    def __init__(self, seed):
        self.number = random.Random(seed)  # numbers are this project's own, and the same every time
        self.frames = []
        self.clocks = {}

    def connection(self, client, server, hops=3, stamps=True, stack=None):
        return Connection(self, client, server, hops, stamps, stack)

    def clock_number(self, connection, time):
        tuple_ = (connection.stack, connection.client.ip, connection.client.port)
        return (self.clocks.setdefault(tuple_, self.number.randrange(1 << 32)) + round(time * 1e9 / 64)) % 2**32

    def segment(self, time, side, on, flags, seq, ack, length, id, stamp, echo, window=None):
        forth = side is side.connection.client
        source, target = (on.client, on.server) if forth else (on.server, on.client)
        options = b''
        if flags & SYN:
            options = struct.pack('>BBHBB', 2, 4, 1460, 4, 2)
            options += struct.pack('>BBII', 8, 10, stamp, echo) if stamp is not None else b'\1\1'
            options += b'\1\3\3\7'
        elif stamp is not None:
            options = struct.pack('>BBBBII', 1, 1, 8, 10, stamp, echo)
        if window is None:
            window = (64240 if forth else 65160) if flags & SYN else 502
        header = struct.pack('>HHIIBBHHH', source.port, target.port, seq, ack, (20 + len(options)) // 4 << 4, flags, window, 0, 0)
        body = header + options + bytes(32 + i % 90 for i in range(length))
        ends = source.ip.packed + target.ip.packed
        pseudo = ends + (struct.pack('>BBH', 0, 6, len(body)) if source.ip.version == 4 else struct.pack('>IHBB', len(body), 0, 0, 6))
        body = body[:16] + struct.pack('>H', checksum(pseudo + body)) + body[18:]
        if source.ip.version == 4:
            ip = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(body), id, 0x4000, side.ttl, 6, 0) + ends
            ip = ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:]
        else:
            ip = struct.pack('>IHBB', 6 << 28, len(body), 6, side.ttl) + ends
        ethernet = bytes.fromhex('020000000001020000000002') + (b'\x08\0' if source.ip.version == 4 else b'\x86\xdd')
        self.frames.append((time, ethernet + ip + body))

    def write(self, path):
        with open(path, 'wb') as file:
            file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            for time, data in sorted(self.frames, key=lambda frame: frame[0]):
                micro = round(time * 1e6)
                file.write(struct.pack('<IIII', START + micro // 10**6, micro % 10**6, len(data), len(data)) + data)
